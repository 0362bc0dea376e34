#include "codegen/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <llvm-c/ErrorHandling.h>

#include "codegen/bpf/frames.h"
#include "codegen/bpf/image_tables.h"
#include "codegen/bpf/maps.h"
#include "codegen/bpf/memory.h"
#include "codegen/bpf/relocs.h"
#include "codegen/bpf/target.h"
#include "codegen/lower/unit.h"

static const char *script_name = "the script"; /* for fatal(), which LLVM gives nothing of ours */

/* LLVM calls this where it can't go on. Of these, a script can cause only one: a jump reaches
 * 32,767 instructions. */
static void fatal(const char *why)
{
	if (strstr(why, "Branch target out of insn range")) {
		fprintf(stderr,
		    "%s: error: an action is too large for a BPF program, whose jumps reach 32767 "
		    "instructions\n"
		    "    hint: split the action, or let several probes do parts of it\n",
		    script_name);
		_exit(1);
	}
	fprintf(stderr,
	    "btrun-compile: internal error: LLVM says: %s\n"
	    "    hint: this is a defect of btrun; the script and this line help to mend it\n",
	    why);
	_exit(3);
}

static int make_module(struct gen *g)
{
	int error;

	script_name = g->program->source->name.p;
	LLVMInstallFatalErrorHandler(fatal);
	error = module_begin(&g->m, target_machine(g->program->source->text.n));
	if (error)
		return error;
	image_tables_begin(g);
	maps_begin(g);
	for (size_t i = 0; i < g->program->units.n; i++)
		unit_generate(g, g->program->units.v[i]);
	maps_end(g);
	image_tables_records(g);
	return g->m.refused ? -EFAULT : 0;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* One attempt: -E2BIG when the programs take more stack than there is. */
static int emit_object(struct gen *g, LLVMMemoryBufferRef *buffer)
{
	int error = make_module(g);
	char *start;
	uint32_t bytes;

	if (!error)
		error = module_emit(&g->m, LLVMObjectFile, buffer);
	if (error)
		return error;
	start = (char *)LLVMGetBufferStart(*buffer);
	bytes = frames_deepest(start, LLVMGetBufferSize(*buffer));
	if (bytes <= FRAMES_LIMIT)
		return 0;
	target_too_large(&g->m,
	    str_format(g->arena, "it takes %u bytes of stack, and there are %u", bytes, FRAMES_LIMIT).p);
	LLVMDisposeMemoryBuffer(*buffer);
	return -E2BIG;
}

static struct gen *new_gen(struct arena *a, const struct program *program,
    const struct generate_options *options, uint32_t stack_region)
{
	static unsigned attempts;
	struct gen *g = arena_one(a, struct gen);

	g->arena = a;
	g->m.arena = a;
	g->m.map = program->map;
	g->m.attempt = attempts++;
	g->m.refuse = target_too_large;
	g->program = program;
	g->image = arena_one(a, struct image);
	g->image->kernel = options->release;
	/* Of a module there may be another build without there being another kernel. */
	g->image->kernel_id = program->btf_module.n ? STR("") : options->kernel_id;
	g->one_kind = options->one_kind;
	g->btf_loads = options->one_kind && !program->portable && program->btf;
	g->stack_region = stack_region;
	return g;
}

const char *generate_llvm_version(void)
{
	static char text[32];
	unsigned major, minor, patch;

	LLVMGetVersion(&major, &minor, &patch);
	snprintf(text, sizeof(text), "%u.%u.%u", major, minor, patch);
	return text;
}

int generate_text(struct arena *a, const struct program *program, enum generate_text_kind kind, FILE *out)
{
	struct gen *g = new_gen(a, program, &(struct generate_options){ 0 }, STACK_REGION);
	LLVMMemoryBufferRef buffer;
	int error = make_module(g);

	if (error)
		return error;
	if (kind == GENERATE_OPTIMISED)
		error = module_optimise(&g->m);
	if (kind != GENERATE_ASM) {
		module_dump(&g->m, out);
	} else {
		error = module_emit(&g->m, LLVMAssemblyFile, &buffer);
		if (!error) {
			fwrite(LLVMGetBufferStart(buffer), 1, LLVMGetBufferSize(buffer), out);
			LLVMDisposeMemoryBuffer(buffer);
		}
	}
	module_end(&g->m);
	return error;
}

int generate_image(
    struct arena *a, const struct program *program, const struct generate_options *options, int fd)
{
	struct gen *g = new_gen(a, program, options, STACK_REGION);
	LLVMMemoryBufferRef buffer;
	int error;

	g->m.muted = true;
	error = emit_object(g, &buffer);
	if (error == -E2BIG) {
		/* Slower, but it leaves the stack to what LLVM itself needs. */
		module_end(&g->m);
		g = new_gen(a, program, options, 0);
		error = emit_object(g, &buffer);
	}
	if (!error) {
		error = write_all(fd, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
		LLVMDisposeMemoryBuffer(buffer);
	}
	if (!error)
		error = relocs_take(g, fd);
	if (!error)
		error = image_write(fd, g->image);
	if (error == -EINVAL)
		fprintf(stderr, "btrun-compile: internal error: the image is wrong: %s\n",
		    image_check(a, g->image).p);
	else if (error && error != -E2BIG && error != -EFAULT)
		fprintf(stderr, "btrun-compile: internal error: the image can't be written: %s\n",
		    strerror(-error));
	module_end(&g->m);
	return error;
}
