/*
 * Where instructions begin. A probe is a breakpoint that is written over the first byte of one: written
 * inside of one it makes the program do something else, and the kernel does not look. libcapstone knows; it
 * is opened when a probe has an offset, and only then.
 */
#include "base/library.h"
#include "kernel/binary.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

/* The names are those of Debian's packages libcapstone4 and its successors; our use of it is the same in all.
 */
static const char *const names[] = { "libcapstone.so.4", "libcapstone.so.5", "libcapstone.so" };

struct capstone {
	void *library;
	cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
	size_t (*disasm)(
	    csh handle, const uint8_t *code, size_t size, uint64_t address, size_t count, cs_insn **insn);
	void (*free)(cs_insn *insn, size_t count);
	cs_err (*close)(csh *handle);
};

static bool open_library(struct capstone *c)
{
	c->library = library_open(names, sizeof(names) / sizeof(names[0]));
	if (!c->library)
		return false;
	*(void **)&c->open = dlsym(c->library, "cs_open");
	*(void **)&c->disasm = dlsym(c->library, "cs_disasm");
	*(void **)&c->free = dlsym(c->library, "cs_free");
	*(void **)&c->close = dlsym(c->library, "cs_close");
	return c->open && c->disasm && c->free && c->close;
}

/* Does an instruction begin at offset? 1 or 0; -EILSEQ: something before it is no instruction. */
static int look(
    const struct capstone *c, const struct arch_code *kind, const uint8_t *code, size_t size, uint64_t offset)
{
	uint64_t end = 0;
	cs_insn *all;
	csh handle;
	size_t n;
	int found = 0;

	if (c->open((cs_arch)kind->capstone, (cs_mode)kind->mode, &handle) != CS_ERR_OK)
		return -EOPNOTSUPP;
	n = c->disasm(handle, code, size, 0, 0, &all);
	for (size_t i = 0; i < n; i++) {
		found |= all[i].address == offset;
		end = all[i].address + all[i].size;
	}
	if (n)
		c->free(all, n);
	c->close(&handle);
	return found || end > offset ? found : -EILSEQ;
}

/* No function's beginning is far from what is probed in it. */
#define CODE_LIMIT (1 << 20)

int binary_is_instruction(struct binary *b, const struct arch_code *kind, uint64_t function, uint64_t offset)
{
	size_t size = offset + (kind ? kind->longest : 0); /* with the whole of the one that is asked for */
	struct capstone c = { 0 };
	uint8_t *code;
	int result = -EOPNOTSUPP;

	if (kind && kind->size)
		return offset % kind->size == 0;
	if (!kind || offset > CODE_LIMIT)
		return -EOPNOTSUPP;
	code = calloc(1, size);
	if (!code)
		return -ENOMEM;
	if (binary_read(b, function, code, size) <= (int64_t)offset)
		result = -ENOENT;
	else if (open_library(&c))
		result = look(&c, kind, code, size, offset);
	if (c.library)
		dlclose(c.library);
	free(code);
	return result;
}
