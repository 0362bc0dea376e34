/*
 * The LLVM module: types, small building steps, places in the script, emission.
 */
#include "codegen/gen.h"

#include <errno.h>
#include <string.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>

/* O0's pipeline is the only place that runs the pass which lowers CO-RE accesses; the three
 * passes after it are what makes the code small. */
#if LLVM_VERSION_MAJOR >= 18
#define INSTCOMBINE \
	"instcombine<no-verify-fixpoint>" /* else it aborts where one more round would change something */
#else
#define INSTCOMBINE "instcombine"
#endif
#define PASSES "default<O0>,function(sroa,early-cse,simplifycfg," INSTCOMBINE ",simplifycfg)"

static int internal_error(const char *what)
{
	fprintf(stderr, "btrun-compile: internal error: %s\n", what);
	return -EFAULT;
}

void gen_too_large(struct gen *g, const char *why)
{
	if (!g->muted && !g->refused)
		fprintf(stderr,
		    "%s: error: an action is too large for a BPF program: %s\n"
		    "    hint: split the action, or use fewer variables and keys in it\n",
		    g->program->source->name.p, why);
	g->refused = true;
}

/* LLVM's own errors; the one that a script can cause is the stack's. */
static void diagnostic(LLVMDiagnosticInfoRef info, void *context)
{
	struct gen *g = context;
	char *text;

	if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
		return;
	text = LLVMGetDiagInfoDescription(info);
	gen_too_large(g, text);
	LLVMDisposeMessage(text);
}

/* Bytes of a script from which on LLVM's usual scheduler of instructions, which takes time by the square of a
 * block's length, is not worth it: a thousand statements take 0.08 s instead of 0.2. */
#define LONG_SCRIPT (8 << 10)

static LLVMTargetMachineRef target_machine(bool is_long)
{
	LLVMTargetRef target;
	char *error;

	/* Blocks stay in the order that they were made in. Rotated, a loop's end may fall through to its
	 * head, which 6.1's verifier takes for an endless loop (kernel/bpf/verifier.c, visit_insn()). */
	static const char *const words[] = { "btrun-compile", "-disable-block-placement",
		"-pre-RA-sched=fast" };

	LLVMParseCommandLineOptions(is_long ? 3 : 2, words, "");
	LLVMInitializeBPFTargetInfo();
	LLVMInitializeBPFTarget();
	LLVMInitializeBPFTargetMC();
	LLVMInitializeBPFAsmPrinter();
	if (LLVMGetTargetFromTriple("bpfel", &target, &error))
		return NULL;
	/* v3: 32-bit jumps and ALU, which every kernel that we support has (5.1). Less: with None the
	 * verifier refuses what comes out. */
	return LLVMCreateTargetMachine(
	    target, "bpfel", "v3", "", LLVMCodeGenLevelLess, LLVMRelocDefault, LLVMCodeModelDefault);
}

int gen_begin(struct gen *g)
{
	struct str name = g->program->source->name;
	LLVMTargetDataRef layout;

	g->machine = target_machine(g->program->source->text.n > LONG_SCRIPT);
	if (!g->machine)
		return internal_error("this LLVM has no BPF target");
	layout = LLVMCreateTargetDataLayout(g->machine);
	g->context = LLVMContextCreate();
	LLVMContextSetDiagnosticHandler(g->context, diagnostic, g);
	g->module = LLVMModuleCreateWithNameInContext("btrun", g->context);
	LLVMSetTarget(g->module, "bpfel");
	LLVMSetModuleDataLayout(g->module, layout);
	LLVMDisposeTargetData(layout);
	LLVMSetSourceFileName(g->module, name.p, name.n);
	g->b = LLVMCreateBuilderInContext(g->context);
	g->di = LLVMCreateDIBuilder(g->module);
	g->i1 = LLVMInt1TypeInContext(g->context);
	g->i8 = LLVMInt8TypeInContext(g->context);
	g->i16 = LLVMInt16TypeInContext(g->context);
	g->i32 = LLVMInt32TypeInContext(g->context);
	g->i64 = LLVMInt64TypeInContext(g->context);
	g->ptr = LLVMPointerTypeInContext(g->context, 0);
	g->void_ = LLVMVoidTypeInContext(g->context);
	LLVMAddModuleFlag(g->module, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18,
	    LLVMValueAsMetadata(gen_const32(g, LLVMDebugMetadataVersion())));
	/* A folder that is none keeps LLVM from opening the script for its text. */
	g->file = LLVMDIBuilderCreateFile(g->di, name.p, name.n, "", 0);
	g->cu = LLVMDIBuilderCreateCompileUnit(g->di, LLVMDWARFSourceLanguageC, g->file, "btrun", 5, 1, "", 0,
	    0, "", 0, LLVMDWARFEmissionFull, 0, 0, 0, "", 0, "", 0);
	return 0;
}

LLVMTypeRef gen_int_type(struct gen *g, uint32_t size)
{
	return LLVMIntTypeInContext(g->context, size * 8);
}

LLVMValueRef gen_const(struct gen *g, uint64_t value)
{
	return LLVMConstInt(g->i64, value, 0);
}

LLVMValueRef gen_const32(struct gen *g, uint32_t value)
{
	return LLVMConstInt(g->i32, value, 0);
}

LLVMValueRef gen_either(
    struct gen *g, LLVMValueRef a, LLVMBasicBlockRef from_a, LLVMValueRef b, LLVMBasicBlockRef from_b)
{
	LLVMValueRef phi = LLVMBuildPhi(g->b, LLVMTypeOf(a), ""), values[2] = { a, b };
	LLVMBasicBlockRef blocks[2] = { from_a, from_b };

	LLVMAddIncoming(phi, values, blocks, 2);
	return phi;
}

static void mark_constant(struct gen *g, LLVMValueRef call)
{
	static const char *const names[] = { "memory", "nounwind", "willreturn" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unsigned kind = LLVMGetEnumAttributeKindForName(names[i], strlen(names[i]));

		/* memory: 0 is none */
		LLVMAddCallSiteAttribute(
		    call, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(g->context, kind, 0));
	}
}

LLVMValueRef gen_call(struct gen *g, enum helper helper, LLVMTypeRef result, LLVMValueRef *args, unsigned n)
{
	LLVMTypeRef types[5];
	LLVMValueRef v;

	for (unsigned i = 0; i < n; i++)
		types[i] = LLVMTypeOf(args[i]);
	/* The kernel's calling convention for helpers: a call of the helper's number. */
	v = LLVMBuildCall2(g->b, LLVMFunctionType(result, types, n, 0),
	    LLVMBuildIntToPtr(g->b, gen_const(g, helper), g->ptr, ""), args, n, "");
	/* The same throughout a program, which stays on its CPU: LLVM may call once for several uses. */
	if (helper == HELPER_PID_TGID || helper == HELPER_UID_GID || helper == HELPER_CPU ||
	    helper == HELPER_CURRENT_TASK || helper == HELPER_CURRENT_TASK_BTF ||
	    helper == HELPER_CGROUP_ID || helper == HELPER_NUMA_NODE)
		mark_constant(g, v);
	/* Before 6.4 the verifier puts calls of the map's own functions in the place of these two, which
	 * return an int: an error's upper half is then 0. */
	if (helper == HELPER_MAP_UPDATE || helper == HELPER_MAP_DELETE)
		v = LLVMBuildSExt(g->b, LLVMBuildTrunc(g->b, v, g->i32, ""), g->i64, "");
	return v;
}

LLVMValueRef gen_intrinsic(struct gen *g, const char *name, LLVMTypeRef *overloads, unsigned n_overloads,
    LLVMValueRef *args, unsigned n)
{
	unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
	LLVMValueRef function = LLVMGetIntrinsicDeclaration(g->module, id, overloads, n_overloads);

	return LLVMBuildCall2(g->b, LLVMGlobalGetValueType(function), function, args, n, "");
}

void gen_place(struct gen *g, struct span span)
{
	struct source_pos pos = source_pos(g->program->map, source_in_script(g->program->map, span).begin);

	g->place = span;

	LLVMSetCurrentDebugLocation2(
	    g->b, LLVMDIBuilderCreateDebugLocation(g->context, pos.line, pos.column, g->scope, NULL));
}

LLVMBasicBlockRef gen_block(struct gen *g, const char *name)
{
	return LLVMAppendBasicBlockInContext(g->context, g->function, name);
}

LLVMValueRef gen_alloca(struct gen *g, uint32_t size, const char *name)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(g->b);
	/* Going before an instruction takes on its place in the script. */
	LLVMMetadataRef place = LLVMGetCurrentDebugLocation2(g->b);
	LLVMValueRef first = LLVMGetFirstInstruction(g->entry), slot;

	if (first)
		LLVMPositionBuilderBefore(g->b, first);
	else
		LLVMPositionBuilderAtEnd(g->b, g->entry);
	slot = LLVMBuildAlloca(g->b, LLVMArrayType(g->i8, round_8(size)), name);
	LLVMSetAlignment(slot, 8);
	LLVMPositionBuilderAtEnd(g->b, here);
	LLVMSetCurrentDebugLocation2(g->b, place);
	return slot;
}

LLVMValueRef gen_offset(struct gen *g, LLVMValueRef base, uint32_t offset)
{
	LLVMValueRef index = gen_const(g, offset);

	return offset ? LLVMBuildInBoundsGEP2(g->b, g->i8, base, &index, 1, "") : base;
}

LLVMValueRef gen_load(struct gen *g, const struct type *type, LLVMValueRef from)
{
	LLVMValueRef v = LLVMBuildLoad2(g->b, gen_int_type(g, type->size), from, "");

	LLVMSetAlignment(v, 1 << __builtin_ctz(type->size));
	if (type->size == 8)
		return v;
	return type->is_signed ? LLVMBuildSExt(g->b, v, g->i64, "") : LLVMBuildZExt(g->b, v, g->i64, "");
}

void gen_store(struct gen *g, const struct type *type, LLVMValueRef to, LLVMValueRef value)
{
	LLVMTypeRef t = gen_int_type(g, type->size);

	if (type->size < 8)
		value = LLVMBuildTrunc(g->b, value, t, "");
	LLVMBuildStore(g->b, value, to);
}

LLVMValueRef gen_load64(struct gen *g, LLVMValueRef from)
{
	return LLVMBuildLoad2(g->b, g->i64, from, "");
}

void gen_store64(struct gen *g, LLVMValueRef to, LLVMValueRef value)
{
	LLVMBuildStore(g->b, value, to);
}

LLVMValueRef gen_volatile(struct gen *g, LLVMTypeRef type, LLVMValueRef from)
{
	LLVMValueRef v = LLVMBuildLoad2(g->b, type, from, "");

	LLVMSetVolatile(v, 1);
	return v;
}

LLVMValueRef gen_opaque(struct gen *g, LLVMValueRef v)
{
	LLVMTypeRef type = LLVMFunctionType(g->i64, &g->i64, 1, 0);
	LLVMValueRef nothing = LLVMGetInlineAsm(type, "", 0, "=r,0", 4, 1, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(g->b, type, nothing, &v, 1, "");
}

/* for (i = 0; i < size; i += 8) with a body that the caller fills in between begin and end. The
 * verifier walks through bounded loops (5.3), so this is for what would be too much straight code. */
struct loop {
	LLVMBasicBlockRef head, after;
	LLVMValueRef slot, index;
};

static void loop_begin(struct gen *g, struct loop *loop)
{
	loop->head = gen_block(g, "loop");
	loop->after = gen_block(g, "after");
	loop->slot = gen_alloca(g, 8, "i");
	gen_store64(g, loop->slot, gen_const(g, 0));
	gen_go(g, loop->head);
	loop->index = gen_load64(g, loop->slot);
}

static void loop_end(struct gen *g, struct loop *loop, uint32_t size)
{
	LLVMValueRef next = LLVMBuildAdd(g->b, loop->index, gen_const(g, 8), "");

	gen_store64(g, loop->slot, next);
	LLVMBuildCondBr(
	    g->b, LLVMBuildICmp(g->b, LLVMIntULT, next, gen_const(g, size), ""), loop->head, loop->after);
	LLVMPositionBuilderAtEnd(g->b, loop->after);
}

/* Bytes that are copied by a loop: the verifier walks through all its rounds. What is longer the helper
 * copies, which a kernel that is locked down for confidentiality does not have. */
#define LOOP_LIMIT 8192

/* Steps of 8, 4, 2 and 1 bytes over size bytes. */
#define EACH_WORD(at, bytes, size) \
	for (uint32_t at = 0, bytes; at < (size) && (bytes = word_at(at, size)); at += bytes)

static uint32_t word_at(uint32_t at, uint32_t size)
{
	uint32_t bytes = 8;

	while (bytes > size - at)
		bytes /= 2;
	return bytes;
}

void gen_zero(struct gen *g, LLVMValueRef to, uint32_t size)
{
	LLVMValueRef args[3] = { to, gen_const32(g, size), gen_const(g, UINT64_MAX) };

	/* A read that fails gives zeros, and no process has memory at the last address. */
	if (size > UNROLL_LIMIT)
		gen_call(g, HELPER_READ_USER, g->i64, args, 3);
	else
		EACH_WORD(at, bytes, size)
	LLVMBuildStore(g->b, LLVMConstInt(gen_int_type(g, bytes), 0, 0), gen_offset(g, to, at));
}

LLVMValueRef gen_difference(struct gen *g, LLVMValueRef a, LLVMValueRef b, uint32_t size)
{
	LLVMValueRef slot = gen_alloca(g, 8, "difference"), x, y;
	struct loop loop;

	gen_store64(g, slot, gen_const(g, 0));
	loop_begin(g, &loop);
	x = gen_load64(g, LLVMBuildInBoundsGEP2(g->b, g->i8, a, &loop.index, 1, ""));
	y = gen_load64(g, LLVMBuildInBoundsGEP2(g->b, g->i8, b, &loop.index, 1, ""));
	/* To the end, whatever it is: a way out of each round would be a branch more that the verifier keeps,
	 * and it keeps 8192. */
	x = LLVMBuildOr(g->b, LLVMBuildXor(g->b, x, y, ""), gen_load64(g, slot), "");
	gen_store64(g, slot, x);
	loop_end(g, &loop, size);
	return gen_load64(g, slot);
}

void gen_copy_aligned(struct gen *g, LLVMValueRef to, LLVMValueRef from, uint32_t size, uint32_t align)
{
	uint32_t looped = size > UNROLL_LIMIT ? size / 8 * 8 : 0;
	LLVMValueRef v, args[3] = { to, gen_const32(g, size), from };
	struct loop loop;

	if (size > LOOP_LIMIT) {
		gen_call(g, HELPER_READ_KERNEL, g->i64, args, 3);
		return;
	}
	if (looped) {
		loop_begin(g, &loop);
		v = gen_load64(g, LLVMBuildInBoundsGEP2(g->b, g->i8, from, &loop.index, 1, ""));
		LLVMSetAlignment(v, align);
		gen_store64(g, LLVMBuildInBoundsGEP2(g->b, g->i8, to, &loop.index, 1, ""), v);
		loop_end(g, &loop, looped);
	}
	EACH_WORD(at, bytes, size - looped)
	{
		v = LLVMBuildLoad2(g->b, gen_int_type(g, bytes), gen_offset(g, from, looped + at), "");
		LLVMSetAlignment(v, bytes < align ? bytes : align);
		LLVMBuildStore(g->b, v, gen_offset(g, to, looped + at));
	}
}

void gen_copy(struct gen *g, LLVMValueRef to, LLVMValueRef from, uint32_t size)
{
	gen_copy_aligned(g, to, from, size, 8);
}

void gen_if(struct gen *g, LLVMValueRef condition, LLVMBasicBlockRef *after, const char *name)
{
	LLVMBasicBlockRef yes = gen_block(g, name);

	*after = gen_block(g, "after");
	LLVMBuildCondBr(g->b, condition, yes, *after);
	LLVMPositionBuilderAtEnd(g->b, yes);
}

void gen_if_rare(struct gen *g, LLVMValueRef condition, struct rare *r, const char *name)
{
	gen_if(g, condition, &r->after, name);
	r->first = LLVMGetInsertBlock(g->b);
	g->rare_depth++;
}

void gen_end_rare(struct gen *g, struct rare *r)
{
	r->last = LLVMGetLastBasicBlock(g->function);
	if (r->last == r->after)
		r->last = r->first;
	else
		LLVMMoveBasicBlockAfter(r->after, r->last);
	/* What is rare in there goes with it. */
	if (--g->rare_depth == 0)
		vec_push(g->arena, &g->rare, *r);
	gen_go(g, r->after);
}

void gen_move_rare(struct gen *g)
{
	for (size_t i = 0; i < g->rare.n; i++) {
		LLVMBasicBlockRef b = g->rare.v[i].first, last = LLVMGetLastBasicBlock(g->function), next;

		for (bool more = true; more; b = next) {
			more = b != g->rare.v[i].last;
			next = LLVMGetNextBasicBlock(b);
			if (b != last)
				LLVMMoveBasicBlockAfter(b, last);
			last = b;
		}
	}
	g->rare.n = 0;
}

bool gen_ended(struct gen *g)
{
	return LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(g->b)) != NULL;
}

void gen_go(struct gen *g, LLVMBasicBlockRef block)
{
	if (!gen_ended(g))
		LLVMBuildBr(g->b, block);
	LLVMPositionBuilderAtEnd(g->b, block);
}

#define DWARF_SIGNED 5 /* DW_ATE_signed */

/* types: of the result and the n arguments. */
static LLVMMetadataRef describe_function(struct gen *g, const char *name, LLVMValueRef function,
    struct span span, LLVMMetadataRef *types, unsigned n)
{
	struct source_pos pos = source_pos(g->program->map, source_in_script(g->program->map, span).begin);
	LLVMMetadataRef type =
	    LLVMDIBuilderCreateSubroutineType(g->di, g->file, types, n + 1, LLVMDIFlagZero);
	LLVMBool local = LLVMGetLinkage(function) == LLVMInternalLinkage;
	LLVMMetadataRef scope = LLVMDIBuilderCreateFunction(g->di, g->file, name, strlen(name), name,
	    strlen(name), g->file, pos.line, type, local, 1, pos.line, LLVMDIFlagZero, 0);

	/* The kernel wants names, or it takes none of the object's BTF. */
	for (unsigned i = 1; i <= n; i++)
		LLVMDIBuilderCreateParameterVariable(
		    g->di, scope, "a", 1, i, g->file, pos.line, types[i], 1, LLVMDIFlagZero);
	LLVMSetSubprogram(function, scope);
	return scope;
}

LLVMMetadataRef gen_subprogram(struct gen *g, const char *name, LLVMValueRef function, struct span span)
{
	LLVMMetadataRef integer = core_describe_int(g, "int", 4, DWARF_SIGNED);

	/* Without arguments: of those of a global function, which the programs are too, the kernel wants
	 * types that it can check. */
	return describe_function(g, name, function, span, &integer, 0);
}

static void enter(struct gen *g, LLVMValueRef function, LLVMMetadataRef scope)
{
	g->function = function;
	g->scope = scope;
	g->entry = gen_block(g, "entry");
	LLVMPositionBuilderAtEnd(g->b, g->entry);
	gen_place(g, (struct span){ 0, 0 });
}

static LLVMValueRef declare(
    struct gen *g, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n)
{
	LLVMValueRef function = LLVMAddFunction(g->module, name, LLVMFunctionType(result, params, n, 0));
	unsigned noinline = LLVMGetEnumAttributeKindForName("noinline", 8);

	LLVMAddAttributeAtIndex(
	    function, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(g->context, noinline, 0));
	return function;
}

LLVMValueRef gen_begin_function(
    struct gen *g, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n)
{
	LLVMValueRef function = declare(g, name, result, params, n);

	LLVMSetLinkage(function, LLVMInternalLinkage);
	enter(g, function, gen_subprogram(g, name, function, (struct span){ 0, 0 }));
	return function;
}

#define GLOBAL_ARGUMENTS 5

LLVMValueRef gen_declare_global(struct gen *g, const char *name, const uint32_t *sizes, unsigned n)
{
	LLVMTypeRef types[GLOBAL_ARGUMENTS];

	for (unsigned i = 0; i < n; i++)
		types[i] = gen_int_type(g, sizes[i]);
	return declare(g, name, g->i32, types, n);
}

void gen_enter_global(struct gen *g, LLVMValueRef function)
{
	LLVMMetadataRef types[GLOBAL_ARGUMENTS + 1] = { core_describe_int(g, "int", 4, DWARF_SIGNED) };
	unsigned n = LLVMCountParams(function);
	size_t length;

	for (unsigned i = 0; i < n; i++) {
		uint32_t size = LLVMGetIntTypeWidth(LLVMTypeOf(LLVMGetParam(function, i))) / 8;

		types[i + 1] = core_describe_int(g, size == 8 ? "long" : "int", size, DWARF_SIGNED);
	}
	enter(g, function,
	    describe_function(
		g, LLVMGetValueName2(function, &length), function, (struct span){ 0, 0 }, types, n));
}

int gen_dump_ir(struct gen *g, FILE *out)
{
	char *text = LLVMPrintModuleToString(g->module);

	fputs(text, out);
	LLVMDisposeMessage(text);
	return 0;
}

int gen_optimise(struct gen *g)
{
	LLVMPassBuilderOptionsRef options;
	LLVMErrorRef error;
	char *why = NULL;

	LLVMDIBuilderFinalize(g->di);
	if (LLVMVerifyModule(g->module, LLVMReturnStatusAction, &why))
		return internal_error(why);
	LLVMDisposeMessage(why);
	options = LLVMCreatePassBuilderOptions();
	error = LLVMRunPasses(g->module, PASSES, g->machine, options);
	LLVMDisposePassBuilderOptions(options);
	return error ? internal_error(LLVMGetErrorMessage(error)) : 0;
}

int gen_emit(struct gen *g, LLVMCodeGenFileType kind, LLVMMemoryBufferRef *out)
{
	char *why = NULL;
	int error = gen_optimise(g);

	if (error)
		return error;
	if (out && LLVMTargetMachineEmitToMemoryBuffer(g->machine, g->module, kind, &why, out))
		return internal_error(why);
	return g->refused ? -E2BIG : 0;
}

void gen_end(struct gen *g)
{
	LLVMDisposeBuilder(g->b);
	LLVMDisposeDIBuilder(g->di);
	LLVMDisposeModule(g->module);
	LLVMContextDispose(g->context);
	LLVMDisposeTargetMachine(g->machine);
}
