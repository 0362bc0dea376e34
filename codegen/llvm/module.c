#include "codegen/llvm/module.h"

#include <errno.h>
#include <string.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>

/* O0's pipeline is the only place that runs the passes of the target itself, which lower its intrinsics; the
 * three passes after it are what makes the code small. */
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

static void diagnostic(LLVMDiagnosticInfoRef info, void *context)
{
	struct module *m = context;
	char *text;

	if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
		return;
	text = LLVMGetDiagInfoDescription(info);
	m->refuse(m, text);
	LLVMDisposeMessage(text);
}

static void make_types(struct module *m)
{
	m->i8 = LLVMInt8TypeInContext(m->context);
	m->i32 = LLVMInt32TypeInContext(m->context);
	m->i64 = LLVMInt64TypeInContext(m->context);
	m->ptr = LLVMPointerTypeInContext(m->context, 0);
	m->void_ = LLVMVoidTypeInContext(m->context);
}

static void begin_debug_info(struct module *m)
{
	struct str name = m->map->script.name;

	m->di = LLVMCreateDIBuilder(m->module);
	LLVMAddModuleFlag(m->module, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18,
	    LLVMValueAsMetadata(LLVMConstInt(m->i32, LLVMDebugMetadataVersion(), 0)));
	/* A folder that is none keeps LLVM from opening the script for its text. */
	m->file = LLVMDIBuilderCreateFile(m->di, name.p, name.n, "", 0);
	m->cu = LLVMDIBuilderCreateCompileUnit(m->di, LLVMDWARFSourceLanguageC, m->file, "btrun", 5, 1, "", 0,
	    0, "", 0, LLVMDWARFEmissionFull, 0, 0, 0, "", 0, "", 0);
}

int module_begin(struct module *m, LLVMTargetMachineRef machine)
{
	LLVMTargetDataRef layout;
	char *triple;

	m->machine = machine;
	if (!m->machine)
		return internal_error("this LLVM lacks the target");
	layout = LLVMCreateTargetDataLayout(m->machine);
	m->context = LLVMContextCreate();
	LLVMContextSetDiagnosticHandler(m->context, diagnostic, m);
	m->module = LLVMModuleCreateWithNameInContext("btrun", m->context);
	triple = LLVMGetTargetMachineTriple(m->machine);
	LLVMSetTarget(m->module, triple);
	LLVMDisposeMessage(triple);
	LLVMSetModuleDataLayout(m->module, layout);
	LLVMDisposeTargetData(layout);
	LLVMSetSourceFileName(m->module, m->map->script.name.p, m->map->script.name.n);
	make_types(m);
	begin_debug_info(m);
	return 0;
}

LLVMTypeRef module_int_type(struct module *m, uint32_t size)
{
	return LLVMIntTypeInContext(m->context, size * 8);
}

LLVMValueRef module_declare(
    struct module *m, const char *name, LLVMTypeRef result, LLVMTypeRef *params, unsigned n)
{
	LLVMValueRef function = LLVMAddFunction(m->module, name, LLVMFunctionType(result, params, n, 0));
	unsigned noinline = LLVMGetEnumAttributeKindForName("noinline", 8);

	LLVMAddAttributeAtIndex(
	    function, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(m->context, noinline, 0));
	return function;
}

int module_optimise(struct module *m)
{
	LLVMPassBuilderOptionsRef options;
	LLVMErrorRef error;
	char *why = NULL;

	LLVMDIBuilderFinalize(m->di);
	if (LLVMVerifyModule(m->module, LLVMReturnStatusAction, &why))
		return internal_error(why);
	LLVMDisposeMessage(why);
	options = LLVMCreatePassBuilderOptions();
	error = LLVMRunPasses(m->module, PASSES, m->machine, options);
	LLVMDisposePassBuilderOptions(options);
	return error ? internal_error(LLVMGetErrorMessage(error)) : 0;
}

int module_emit(struct module *m, LLVMCodeGenFileType kind, LLVMMemoryBufferRef *out)
{
	char *why = NULL;
	int error = module_optimise(m);

	if (error)
		return error;
	if (out && LLVMTargetMachineEmitToMemoryBuffer(m->machine, m->module, kind, &why, out))
		return internal_error(why);
	return m->refused ? -E2BIG : 0;
}

void module_dump(struct module *m, FILE *out)
{
	char *text = LLVMPrintModuleToString(m->module);

	fputs(text, out);
	LLVMDisposeMessage(text);
}

void module_end(struct module *m)
{
	LLVMDisposeDIBuilder(m->di);
	LLVMDisposeModule(m->module);
	LLVMContextDispose(m->context);
	LLVMDisposeTargetMachine(m->machine);
}
