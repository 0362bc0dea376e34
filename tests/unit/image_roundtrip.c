#include "image/codec.h"
#include "tests/unit/image_sample.h"
#include "tests/unit/test.h"

#include <errno.h>

static struct arena *arena;

static struct str written(const struct image *image)
{
	struct image copy = *image;
	struct codec c = { .arena = arena };

	codec_image(&c, &copy);
	return (struct str){ (const char *)c.out.v, c.out.n };
}

static int read_back(struct str bytes, struct image *image, struct codec *c)
{
	*c = (struct codec){
		.arena = arena, .reading = true, .in = (const uint8_t *)bytes.p, .size = bytes.n
	};
	*image = (struct image){ 0 };
	codec_image(c, image);
	return c->error.n ? -1 : 0;
}

static void codec_keeps_everything(void)
{
	struct image sample, back;
	struct codec c;
	struct str first, second;

	sample_image(arena, &sample);
	first = written(&sample);
	CHECK_INT(read_back(first, &back, &c), 0);
	second = written(&back);
	CHECK(str_eq(first, second));
	CHECK_INT(image_check(arena, &back).n, 0);
	CHECK_INT(back.types.v[2].items[1].offset, 8);
	CHECK_INT(back.records.v[0].actions[0].numbers[1], INT64_MIN);
	CHECK(back.records.v[0].actions[0].fields[1].tail);
	CHECK_INT(back.attaches.v[0].probe, PROBE_kprobe);
	CHECK(back.attaches.v[0].condition_negated && !back.attaches.v[1].condition_negated);
	CHECK_INT(back.attaches.v[0].offset, -1);
	CHECK_INT(back.parameters.n, 2);
	CHECK_STR(back.parameters.v[0].fallback, "-5");
	CHECK_INT(back.parameters.v[1].skip, 2);
	CHECK_INT(back.n_fixed, 1);
	CHECK_STR(back.relocs.v[0].field, "prev_pid");
	CHECK_INT(back.programs.v[0].params[1].number, 3);
	CHECK_INT(back.externs.v[0].kind, EXTERN_func_exists);
}

/* Every prefix is refused, and never read beyond its end (ASan watches). */
static void cut_off(void)
{
	struct image sample, back;
	struct str whole;

	sample_image(arena, &sample);
	whole = written(&sample);
	for (size_t n = 0; n < whole.n; n++) {
		char *copy = malloc(n ? n : 1);
		struct codec c;

		memcpy(copy, whole.p, n);
		CHECK(read_back((struct str){ copy, n }, &back, &c) < 0);
		free(copy);
	}
}

static void other_versions(void)
{
	struct image sample, back;
	struct codec c;
	struct str whole;

	sample_image(arena, &sample);
	whole = written(&sample);
	((char *)whole.p)[8] = 99;
	CHECK(read_back(whole, &back, &c) < 0);
	CHECK(c.other_version);
	CHECK_STR(c.error, "it has version 99 of the format, and this btrun reads version 9");
	((char *)whole.p)[0] = 'x';
	CHECK(read_back(whole, &back, &c) < 0);
	CHECK(!c.other_version);
}

static void unknown_words(void)
{
	struct image sample, back;
	struct codec c;
	struct str whole;
	char *at;

	sample_image(arena, &sample);
	whole = written(&sample);
	at = memmem(whole.p, whole.n, "tuple", 5);
	CHECK(at != NULL);
	at[0] = 'q';
	CHECK(read_back(whole, &back, &c) < 0);
	CHECK_STR(c.error, "the list of types has the unknown word \"quple\"");
}

/* Each breaks one rule. */
static void break_one(struct image *m, int rule)
{
	static const struct image_item overlapping[] = { { .type = 0 }, { .type = 1, .offset = 1 } };

	switch (rule) {
	case 0:
		m->types.v[0].size = 3;
		break;
	case 1:
		m->types.v[3].element = 3;
		break;
	case 2:
		m->types.v[3].count = 5;
		break;
	case 3:
		m->types.v[2].items = overlapping;
		break;
	case 4:
		m->types.v[4].count = 6;
		break;
	case 5:
		m->records.v[0].size = 23;
		break;
	case 6:
		m->records.v[0].actions[0].map = 1;
		break;
	case 7:
		m->records.v[0].actions[0].span.end = 999;
		break;
	case 8:
		m->maps.v[0].key_type = 0;
		break;
	case 9:
		m->maps.v[0].value_type = 99;
		break;
	case 10:
		m->programs.v[0].n_attach = 3;
		break;
	case 11:
		m->programs.v[0].attach = UINT32_MAX;
		break;
	case 12:
		m->counters.v[0].map = 5;
		break;
	case 13:
		m->externs.v[0].offset = 2;
		break;
	case 14:
		m->relocs.v[0].insn = 4;
		break;
	case 15:
		m->records.v[0].actions[0].fields[0].type = 99;
		break;
	case 16:
		m->records.v[0].actions[0].fields[0].offset = 4;
		break;
	case 17:
		m->records.v[0].actions[0].fields[0].tail = true;
		break;
	case 18:
		m->maps.v[0].value_type = 5;
		break;
	case 19:
		m->attaches.v[0].text.n = 0;
		break;
	case 20:
		m->maps.v[0].kind = MAP_events;
		break;
	}
}

static void rules(void)
{
	for (int rule = 0; rule < 21; rule++) {
		struct image sample, broken;
		struct codec c;

		sample_image(arena, &sample);
		CHECK_INT(read_back(written(&sample), &broken, &c), 0);
		break_one(&broken, rule);
		TEST_RESULT_(image_check(arena, &broken).n > 0, "rule %d is not checked", rule);
	}
}

static int shell(const char *command, int fd)
{
	char text[200];

	snprintf(text, sizeof(text), command, (int)getpid(), fd);
	return system(text);
}

/* In an object as LLVM makes it, which other tools must still read. */
static void in_an_object(void)
{
	struct image sample, back;
	struct str before, after, why;
	int fd = sample_object();

	if (fd < 0) {
		puts("no clang for BPF here: the object test is left out");
		return;
	}
	sample_image(arena, &sample);
	before = sample_bytes(arena, fd);
	CHECK_INT(image_read(arena, before.p, before.n, &back, &why), -EINVAL);
	CHECK_STR(why, "it has no section .btrun, so btrun did not make it");
	CHECK_INT(image_write(fd, &sample), 0);
	after = sample_bytes(arena, fd);
	CHECK_INT(image_read(arena, after.p, after.n, &back, &why), 0);
	CHECK_INT(why.n, 0);
	CHECK(str_eq(written(&sample), written(&back)));
	CHECK_INT(image_write(fd, &sample), -EEXIST);
	if (system("command -v llvm-readelf-19 bpftool > /dev/null") == 0) {
		CHECK_INT(shell("llvm-objdump-19 -d /proc/%d/fd/%d | grep -q '<first>:'", fd), 0);
		CHECK_INT(
		    shell("llvm-readelf-19 -S /proc/%d/fd/%d 2>&1 | grep -q ' .btrun  *PROGBITS'", fd), 0);
		CHECK_INT(shell("/usr/sbin/bpftool btf dump file /proc/%d/fd/%d | grep -q first", fd), 0);
	}
	close(fd);
}

static void no_object(void)
{
	static const char *const texts[] = { "", "\177ELF", "BEGIN { exit(); }", "\177ELF\2\1\1" };
	struct image sample, back;
	struct str why;
	int fd = memfd_create("empty", 0);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK_INT(image_read(arena, texts[i], strlen(texts[i]), &back, &why), -EINVAL);
		CHECK(why.n > 0);
	}
	sample_image(arena, &sample);
	CHECK_INT(image_write(fd, &sample), -ENOEXEC);
	close(fd);
}

int main(void)
{
	arena = arena_new();
	codec_keeps_everything();
	cut_off();
	other_versions();
	unknown_words();
	rules();
	in_an_object();
	no_object();
	arena_free(arena);
	return test_end();
}
