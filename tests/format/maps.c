#include "tests/format/harness.h"
#include "tests/unit/test.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/hist.h"
#include "language/map_kinds.h"
#include "runtime/print/value.h"

#define CPUS 1024 /* more than a test machine has; the kernel reads the possible ones */

static unsigned possible_cpus(void)
{
	unsigned first, last = 0;
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");

	if (f && fscanf(f, "%u-%u", &first, &last) < 1)
		last = 0;
	if (f)
		fclose(f);
	return last + 1;
}

/* A map as the compiler declares it, real in the kernel. Its index in the image. */
static uint32_t add_map(struct harness *h, const char *name, uint32_t key, uint32_t value)
{
	enum type_kind_id kind = harness_types[value].kind;
	enum map_kind_id map_kind = kind == TYPE_count || kind == TYPE_hist ? MAP_percpu_hash : MAP_hash;
	uint32_t n = h->image.maps.n;
	int *fds = arena_many(h->runtime.arena, int, n + 1);

	vec_push(h->runtime.arena, &h->image.maps,
	    ((struct image_map){ .name = str_of(name),
		.generation = IMAGE_NONE,
		.elf_name = STR("m"),
		.key_type = key,
		.value_type = value,
		.kind = map_kind }));
	if (n)
		memcpy(fds, h->runtime.map_fds, n * sizeof(int));
	fds[n] =
	    bpf_map_create(map_kinds[map_kind].type, "m", key == IMAGE_NONE ? 8 : harness_types[key].size,
		harness_types[value].size, key == IMAGE_NONE ? 1 : 1000, NULL);
	CHECK(fds[n] >= 0);
	h->runtime.map_fds = fds;
	return n;
}

static void set(struct harness *h, uint32_t map, const void *key, const void *value)
{
	CHECK_INT(bpf_map_update_elem(h->runtime.map_fds[map], key, value, BPF_ANY), 0);
}

static void set_number(struct harness *h, uint32_t map, int64_t key, int64_t value)
{
	set(h, map, &key, &value);
}

/* One on each CPU. */
static void set_count(struct harness *h, uint32_t map, const char *key, uint64_t each)
{
	uint64_t values[CPUS];
	char bytes[16] = "";

	memcpy(bytes, key, strlen(key));
	for (unsigned i = 0; i < CPUS; i++)
		values[i] = each;
	set(h, map, bytes, values);
}

static void set_hist(struct harness *h, uint32_t map, int64_t key, const int64_t *values, unsigned n)
{
	uint64_t *counters = calloc(CPUS, 65 * 8);

	for (unsigned i = 0; i < n; i++)
		counters[hist_bucket(values[i], 0) + i % h->runtime.n_cpus * 65]++;
	set(h, map, &key, counters);
	free(counters);
}

static void begin(struct harness *h, enum output_form form)
{
	harness_begin(h, form);
	h->runtime.n_cpus = possible_cpus();
}

static void end(struct harness *h)
{
	for (size_t i = 0; i < h->image.maps.n; i++)
		close(h->runtime.map_fds[i]);
	harness_end(h);
}

static void numbers(void)
{
	struct harness h;
	uint32_t a, none;

	begin(&h, OUTPUT_TEXT);
	a = add_map(&h, "@a", T_KEY1, T_I64);
	none = add_map(&h, "@", IMAGE_NONE, T_I64);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "");
	set_number(&h, a, 1, 20);
	set_number(&h, a, -2, 10);
	set_number(&h, a, 3, -5);
	set_number(&h, a, 0, 20);
	set_number(&h, none, 0, 0);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "@: 0\n@a[3]: -5\n@a[-2]: 10\n@a[0]: 20\n@a[1]: 20\n");
	maps_print(&h.runtime, a, 2, 0);
	CHECK_PRINTED(&h, "@a[0]: 20\n@a[1]: 20\n");
	maps_print(&h.runtime, a, 0, 10);
	CHECK_PRINTED(&h, "@a[3]: 0\n@a[-2]: 1\n@a[0]: 2\n@a[1]: 2\n");
	maps_zero(&h.runtime, a);
	maps_clear(&h.runtime, none);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "@a[-2]: 0\n@a[0]: 0\n@a[1]: 0\n@a[3]: 0\n");
	maps_clear(&h.runtime, a);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "");
	end(&h);
}

static void strings_and_tuples(void)
{
	static const struct {
		uint64_t number;
		char text[16];
	} key = { 7, "a\"b" }, other = { 7, "a" };
	struct harness h;

	for (int json = 0; json < 2; json++) {
		uint32_t s, t;

		begin(&h, json ? OUTPUT_JSON : OUTPUT_TEXT);
		s = add_map(&h, "@s", T_TUPLE, T_STR16);
		t = add_map(&h, "@t", IMAGE_NONE, T_TUPLE);
		set(&h, s, &key, "value\0\0\0\0\0\0\0\0\0\0");
		set(&h, s, &other, "zzzzz\0\0\0\0\0\0\0\0\0\0");
		set(&h, t, &(uint64_t){ 0 }, &other);
		maps_print_all(&h.runtime);
		CHECK_PRINTED(&h, json ? "{\"type\": \"map\", \"data\": {\"@s\": {\"7,a\": \"zzzzz\", "
					 "\"7,a\\\"b\": \"value\"}}}\n"
					 "{\"type\": \"map\", \"data\": {\"@t\": [7,\"a\"]}}\n"
				       : "@s[7, a]: zzzzz\n@s[7, a\"b]: value\n@t: (7, a)\n");
		end(&h);
	}
}

/* A damaged image: nothing may be read beyond what there is room for. */
static void wrong_description(void)
{
	FILE *before = stderr, *null = fopen("/dev/null", "we");
	struct harness h;
	uint32_t c;

	begin(&h, OUTPUT_TEXT);
	c = add_map(&h, "@c", T_KEYSTR, T_COUNT);
	set_count(&h, c, "z", 1);
	stderr = null;
	h.image.maps.v[c].kind = MAP_hash;
	maps_print(&h.runtime, c, 0, 0);
	h.image.maps.v[c].kind = MAP_percpu_hash;
	h.image.maps.v[c].value_type = T_HIST;
	maps_print(&h.runtime, c, 0, 0);
	h.image.maps.v[c].value_type = T_COUNT;
	h.image.maps.v[c].key_type = T_NESTED;
	maps_print(&h.runtime, c, 0, 0);
	stderr = before;
	fclose(null);
	CHECK_PRINTED(&h, "");
	end(&h);
}

static void counts(void)
{
	struct harness h;
	uint32_t c;
	struct str want;

	begin(&h, OUTPUT_JSON);
	c = add_map(&h, "@c", T_KEYSTR, T_COUNT);
	set_count(&h, c, "z", 1);
	set_count(&h, c, "a", 2);
	maps_print(&h.runtime, c, 0, 0);
	want =
	    str_format(h.runtime.arena, "{\"type\": \"map\", \"data\": {\"@c\": {\"z\": %u, \"a\": %u}}}\n",
		h.runtime.n_cpus, 2 * h.runtime.n_cpus);
	CHECK_PRINTED(&h, want.p);
	maps_zero(&h.runtime, c);
	maps_print(&h.runtime, c, 1, 0);
	CHECK_PRINTED(&h, "{\"type\": \"map\", \"data\": {\"@c\": {\"z\": 0}}}\n");
	end(&h);
}

#define FULL "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
#define HALF "@@@@@@@@@@@@@@@@@@@@@@@@@@                          "
#define EMPTY "                                                    "

static void histograms(void)
{
	static const int64_t some[] = { 1, 1, 2, 1500, 1500 }, ends[] = { -1, INT64_MIN, 0, INT64_MAX };
	struct harness h;
	uint32_t x;

	begin(&h, OUTPUT_TEXT);
	x = add_map(&h, "@h", T_KEY1, T_HIST);
	set_hist(&h, x, 4, some, 3);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "@h[4]: \n"
			  "[1]                    2 |" FULL "|\n"
			  "[2, 4)                 1 |" HALF "|\n"
			  "\n");
	set_hist(&h, x, 5, some + 3, 2);
	set_hist(&h, x, 6, some + 3, 1);
	maps_print(&h.runtime, x, 2, 0);
	CHECK_PRINTED(&h, "@h[5]: \n"
			  "[1K, 2K)               2 |" FULL "|\n"
			  "\n"
			  "@h[4]: \n"
			  "[1]                    2 |" FULL "|\n"
			  "[2, 4)                 1 |" HALF "|\n"
			  "\n");
	maps_clear(&h.runtime, x);
	set_hist(&h, x, 0, ends, 3);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "@h[0]: \n"
			  "(..., 0)               2 |" FULL "|\n"
			  "[0]                    1 |" HALF "|\n"
			  "\n");
	set_hist(&h, x, 0, ends + 3, 1);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "@h[0]: \n"
			  "[4E, 8E)               1 |" FULL "|\n"
			  "\n");
	maps_zero(&h.runtime, x);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "@h[0]: \n\n");
	end(&h);
}

static void histograms_json(void)
{
	static const int64_t some[] = { -1, 2 };
	struct harness h;
	uint32_t x;

	begin(&h, OUTPUT_JSON);
	x = add_map(&h, "@h", IMAGE_NONE, T_HIST);
	set_hist(&h, x, 0, some, 2);
	maps_print_all(&h.runtime);
	CHECK_PRINTED(&h, "{\"type\": \"hist\", \"data\": {\"@h\": [{\"max\": -1, \"count\": 1}, "
			  "{\"min\": 0, \"max\": 0, \"count\": 0}, {\"min\": 1, \"max\": 1, \"count\": 0}, "
			  "{\"min\": 2, \"max\": 3, \"count\": 1}]}}\n");
	end(&h);
}

/* More than one batch, each element once. */
static void many(void)
{
	struct harness h;
	char want[16];
	struct str text, line;
	uint32_t a;

	begin(&h, OUTPUT_TEXT);
	a = add_map(&h, "@a", T_KEY1, T_HIST);
	for (int64_t i = 0; i < 1000; i++)
		set_hist(&h, a, i, &i, 1);
	maps_print_all(&h.runtime);
	text = harness_text(&h);
	for (int i = 0; i < 1000; i++) {
		snprintf(want, sizeof(want), "@a[%d]: ", i);
		for (int k = 0; k < 3; k++) { /* name, bar, blank */
			line = str_split(text, '\n', &text);
			if (k == 0)
				CHECK_STR(line, want);
		}
	}
	CHECK_INT(text.n, 0);
	end(&h);
}

int main(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "probe", 8, 8, 1, NULL);

	if (fd < 0) {
		printf("no BPF maps here (%s): left out\n1 passed, 0 failed\n", strerror(errno));
		return 0;
	}
	close(fd);
	numbers();
	strings_and_tuples();
	counts();
	wrong_description();
	histograms();
	histograms_json();
	many();
	return test_end();
}
