/*
 * Records from the output buffer. The first byte chooses text or JSON; then come a
 * length and so many bytes of an image's section (0: the image below is used);
 * the rest is one record.
 */
#include "image/codec.h"
#include "runtime/events/event.h"
#include "tests/format/harness.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One record with a printf("%s") and a print() of every type, a time, and text in its tail. */
static void own_image(struct harness *h)
{
	struct arena *a = h->runtime.arena;
	uint32_t n = sizeof(harness_types) / sizeof(harness_types[0]), offset = 8;
	struct image_action *actions = arena_many(a, struct image_action, 2 * n + 2);
	struct image_field *fields = arena_many(a, struct image_field, n + 2);

	for (uint32_t i = 0; i < n + 2; i++) {
		bool tail = i == n, time = i == n + 1;

		fields[i] = (struct image_field){ .type = tail   ? T_STR16
							  : time ? T_U64
								 : i,
			.offset = offset,
			.tail = tail,
			.is_time = time };
		offset += tail ? 8 : harness_types[fields[i].type].size;
		actions[i] = (struct image_action){ .builtin = time ? STR("time") : STR("print"),
			.map = IMAGE_NONE,
			.n_fields = 1,
			.fields = &fields[i] };
		if (i < n && i != T_HIST)
			actions[n + 2 + i - (i > T_HIST)] = (struct image_action){ .builtin = STR("printf"),
				.format = STR("%-20.12s|"),
				.map = IMAGE_NONE,
				.n_fields = 1,
				.fields = &fields[i] };
	}
	vec_push(a, &h->image.records,
	    ((struct image_record){
		.size = offset, .tail_size = 64, .n_actions = 2 * n + 1, .actions = actions }));
}

/* The image that precedes the record; false when it is refused. */
static bool given_image(struct harness *h, const uint8_t *data, size_t size)
{
	struct codec c = { .arena = h->runtime.arena, .reading = true, .in = data, .size = size };

	h->image = (struct image){ 0 };
	codec_image(&c, &h->image);
	return c.error.n == 0 && image_check(h->runtime.arena, &h->image).n == 0;
}

static void one(struct harness *h, const uint8_t *data, size_t size)
{
	size_t n = data[1] | data[2] << 8;
	static FILE *null;
	FILE *before = stderr;

	data += 3;
	size -= 3;
	if (n > size || (n && !given_image(h, data, n)))
		return;
	if (!n)
		own_image(h);
	h->runtime.map_fds = arena_many(h->runtime.arena, int, h->image.maps.n);
	memset(h->runtime.map_fds, 0xff, h->image.maps.n * sizeof(int));
	if (!null)
		null = fopen("/dev/null", "w");
	stderr = null;
	if (events_prepare(&h->runtime) == 0) {
		event_handle(&h->runtime, data + n, size - n);
		maps_print_all(&h->runtime);
	}
	stderr = before;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	if (size < 3)
		return 0;
	harness_begin(&h, data[0] & 1 ? OUTPUT_JSON : OUTPUT_TEXT);
	one(&h, data, size);
	harness_end(&h);
	return 0;
}
