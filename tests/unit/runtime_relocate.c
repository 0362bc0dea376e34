/* Which fields of another kernel's tracepoint can stand for the one that an image was made for. */
#include "runtime/tracer/tracer.h"

#include "runtime/load/relocate.h"
#include "tests/unit/test.h"

static struct arena *arena;

static bool fits(const struct image_reloc *r, struct tracepoint_field f)
{
	struct tracepoint_format format = { 0 };

	f.name = STR("field");
	vec_push(arena, &format.fields, ((struct tracepoint_field){ .name = STR("other"), .size = f.size }));
	vec_push(arena, &format.fields, f);
	return relocate_fits(r, &format);
}

int main(void)
{
	struct image_reloc number = { .field = STR("field"), .size = 8, .width = 8 };
	struct image_reloc text = { .field = STR("field"), .size = 16 };
	struct image_reloc place = { .field = STR("field"), .size = 4, .loc = LOC_DATA };

	arena = arena_new();
	CHECK(fits(&number, (struct tracepoint_field){ .size = 8 }));
	CHECK(fits(&number, (struct tracepoint_field){ .size = 8, .is_signed = true }));
	/* io_uring_queue_async_work's flags have 4 bytes on 6.1 and 8 on 6.12. */
	CHECK(fits(&number, (struct tracepoint_field){ .size = 4 }));
	CHECK(!fits(&number, (struct tracepoint_field){ .size = 4, .is_signed = true }));
	CHECK(!fits(&number, (struct tracepoint_field){ .size = 3 }));
	number.size = number.width = 4;
	CHECK(!fits(&number, (struct tracepoint_field){ .size = 8 }));
	CHECK(fits(&text, (struct tracepoint_field){ .size = 16 }));
	CHECK(!fits(&text, (struct tracepoint_field){ .size = 8 }));
	CHECK(fits(&place, (struct tracepoint_field){ .size = 4, .data_loc = true }));
	CHECK(!fits(&place, (struct tracepoint_field){ .size = 4 }));
	CHECK(!fits(&place, (struct tracepoint_field){ .size = 4, .rel_loc = true }));
	CHECK(!fits(&number, (struct tracepoint_field){ .size = 4, .data_loc = true }));
	number.field = STR("gone");
	CHECK(!fits(&number, (struct tracepoint_field){ .size = 4 }));
	arena_free(arena);
	return test_end();
}
