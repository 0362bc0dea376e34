/* Scripts that are compiled for another architecture: which registers there are, and where the code looks for
 * what they hold. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codegen/compile.h"
#include "image/image.h"
#include "parser/parser.h"
#include "tests/unit/arch_imaginary.h"
#include "tests/unit/test.h"

struct compiled {
	struct image image;
	char *messages;
	const struct bpf_insn *insns;
	size_t n_insns;
};

static bool read_back(struct arena *a, int fd, struct compiled *c)
{
	struct str why = STR("");
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) != 0)
		return false;
	bytes = arena_alloc(a, (size_t)st.st_size);
	c->insns = bytes;
	c->n_insns = (size_t)st.st_size / sizeof(*c->insns);
	return pread(fd, bytes, (size_t)st.st_size, 0) == st.st_size &&
	       image_read(a, bytes, (size_t)st.st_size, &c->image, &why) == 0;
}

static bool compile(struct arena *a, const struct arch *arch, const char *text, struct compiled *c)
{
	struct kernel *kernel = kernel_host("tests/fixtures/kernel");
	struct source_map map = { .script = { STR("t.bt"), str_of(text) } };
	size_t n;
	struct diag diag = { .map = &map, .out = open_memstream(&c->messages, &n) };
	struct analysis_options options = {
		.kernel = kernel, .arch = arch, .max_strlen = 64, .max_map_keys = 100
	};
	struct program *program = analyse(a, parse_script(a, lexer_new(a, &map, &diag)), &diag, &options);
	struct generate_options generate = { .release = STR("6.1.0-fixture") };
	int fd = memfd_create("image", MFD_CLOEXEC);
	bool good = !diag.errors && generate_image(a, program, &generate, fd) == 0 && read_back(a, fd, c);

	fclose(diag.out);
	kernel_btf_free(program->btf);
	kernel_free(kernel);
	close(fd);
	return good;
}

/* Does an instruction read 8 bytes at the offset of a pointer? */
static bool loads_at(const struct compiled *c, int offset)
{
	for (size_t i = 0; i < c->n_insns; i++)
		if (c->insns[i].code == (BPF_LDX | BPF_MEM | BPF_DW) && c->insns[i].off == offset &&
		    !c->insns[i].imm)
			return true;
	return false;
}

static void check_register(struct arena *a, const char *text, unsigned number)
{
	struct compiled c;

	CHECK(compile(a, &arch_imaginary, text, &c));
	CHECK(loads_at(&c, IMAGINARY_OFFSET((int)number)));
	CHECK_STR(c.image.machine, "imaginary");
	free(c.messages);
	/* So far from the beginning nothing of x86-64 lies. */
	if (compile(a, NULL, text, &c)) {
		CHECK(!loads_at(&c, IMAGINARY_OFFSET((int)number)));
		CHECK_STR(c.image.machine, arch_native()->name);
	}
	free(c.messages);
}

static void check_refused(struct arena *a, const struct arch *arch, const char *text, const char *words)
{
	struct compiled c;

	CHECK(!compile(a, arch, text, &c));
	TEST_RESULT_(strstr(c.messages, words), "%s: it does not say \"%s\" but %s", text, words, c.messages);
	free(c.messages);
}

int main(void)
{
	struct arena *a = arena_new();

	check_register(a, "kprobe:vfs_* { @ = arg0; }", A0);
	check_register(a, "kprobe:vfs_* { @ = arg3; }", A3);
	check_register(a, "kprobe:vfs_* { @ = arg7; }", A7);
	check_register(a, "kprobe:vfs_* { @ = sarg1; }", FRAME);
	check_register(a, "kprobe:vfs_* { @ = reg(\"v0\"); }", V0);
	check_register(a, "kretprobe:vfs_* { @ = retval; }", V0);
	check_register(a, "usdt:/bin/x:p:n { @ = arg1; }", A6);
	check_refused(a, &arch_imaginary, "kprobe:vfs_* { @ = arg8; }", "arg0 to arg7 are");
	check_refused(a, arch_by_name(STR("x86_64")), "kprobe:vfs_* { @ = arg7; }", "arg0 to arg5 are");
	check_refused(
	    a, &arch_imaginary, "kprobe:vfs_* { @ = reg(\"ax\"); }", "they are a0 to a7, v0 and frame");
	arena_free(a);
	return test_end();
}
