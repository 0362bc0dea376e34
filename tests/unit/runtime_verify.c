/* From a verifier's log and an object's line information to a place in the script. */
#include "tests/unit/image_sample.h"

#include "runtime/load/verifier_log.h"
#include "tests/unit/test.h"

#include "runtime/tracer/tracer.h"

static void test_last(void)
{
	struct str essence = { 0 };
	uint32_t insn = 0;

	CHECK(verify_last(STR("libbpf: prog 'p': BPF program load failed: Permission denied\n"
			      "0: R1=ctx(off=0,imm=0) R10=fp0\n"
			      "; x = *p;\n"
			      "0: (b7) r1 = 0\n"
			      "17: (79) r2 = *(u64 *)(r1 +8)\n"
			      "R1 invalid mem access 'scalar'\n"
			      "processed 2 insns (limit 1000000) max_states_per_insn 0\n"),
	    &insn, &essence));
	CHECK_INT(insn, 17);
	CHECK_STR(essence, "R1 invalid mem access 'scalar'");
	CHECK(!verify_last(
	    STR("libbpf: prog 'p': BPF program load failed: Operation not permitted\n"), &insn, &essence));
	CHECK(verify_last(STR("81: (63) *(u32 *)(r2 +4) = r9\n"
			      "invalid access to map value, value_size=8 off=12 size=4\n"
			      "R2 min value is outside of the allowed memory range\n"),
	    &insn, &essence));
	CHECK_INT(insn, 81);
	CHECK_STR(essence, "invalid access to map value, value_size=8 off=12 size=4");
	CHECK(!verify_last(STR(""), &insn, &essence));
}

/* The first instruction of sample_program's program is on its line of the "return". */
static void test_place(struct arena *a)
{
	int fd = sample_object();
	struct tracer t = { 0 };
	struct span at = { 0 };
	struct source_pos pos;
	struct str bytes;

	if (fd < 0)
		return;
	bytes = sample_bytes(a, fd);
	t.loaded.elf = (void *)bytes.p;
	t.loaded.elf_size = bytes.n;
	t.map = (struct source_map){ .script = { STR("x.bt"), str_of(sample_program) } };
	CHECK(verify_place(&t, STR("first"), 0, &at));
	pos = source_pos(&t.map, at.begin);
	CHECK(str_starts(pos.text, "{ return btrun_enabled"));
	CHECK(!verify_place(&t, STR("second"), 0, &at));
	/* A damaged object has no places, and is read within its bounds. */
	for (size_t n = 0; n < bytes.n; n += 97) {
		t.loaded.elf_size = n;
		verify_place(&t, STR("first"), 0, &at);
	}
	test_passed_++;
	close(fd);
}

int main(void)
{
	struct arena *a = arena_new();

	test_last();
	test_place(a);
	arena_free(a);
	return test_end();
}
