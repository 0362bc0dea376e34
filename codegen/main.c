/*
 * btrun-compile: script text in, image out. btrun starts it, answers its questions about the kernel,
 * and takes the image; see cli/compile.c for the other end.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/compile.h"
#include "lexer/headers.h"
#include "parser/parser.h"

enum option_id {
	OPTION_NAME = 256,
	OPTION_SCRIPT_FD,
	OPTION_SCRIPT,
	OPTION_IMAGE_FD,
	OPTION_IMAGE,
	OPTION_KERNEL_FD,
	OPTION_KERNEL_ROOT,
	OPTION_DUMP,
	OPTION_MAX_STRLEN,
	OPTION_MAX_MAP_KEYS,
	OPTION_KERNEL_RELEASE,
	OPTION_UNSAFE,
	OPTION_INCLUDE,
	OPTION_NO_WARNINGS,
	OPTION_ONE_FORM,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "script-fd", required_argument, NULL, OPTION_SCRIPT_FD },
	{ "script", required_argument, NULL, OPTION_SCRIPT },
	{ "image-fd", required_argument, NULL, OPTION_IMAGE_FD },
	{ "image", required_argument, NULL, OPTION_IMAGE },
	{ "kernel-fd", required_argument, NULL, OPTION_KERNEL_FD },
	{ "kernel-root", required_argument, NULL, OPTION_KERNEL_ROOT },
	{ "dump", required_argument, NULL, OPTION_DUMP },
	{ "max-strlen", required_argument, NULL, OPTION_MAX_STRLEN },
	{ "max-map-keys", required_argument, NULL, OPTION_MAX_MAP_KEYS },
	{ "kernel-release", required_argument, NULL, OPTION_KERNEL_RELEASE },
	{ "unsafe", no_argument, NULL, OPTION_UNSAFE },
	{ "include", required_argument, NULL, OPTION_INCLUDE },
	{ "no-warnings", no_argument, NULL, OPTION_NO_WARNINGS },
	{ "one-form", no_argument, NULL, OPTION_ONE_FORM },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

struct options {
	const char *name, *script_path, *image_path, *release;
	int script_fd, image_fd;
	struct kernel *kernel;
	struct str dump;
	uint32_t max_strlen, max_map_keys;
	VEC(struct str) includes;
	bool unsafe, no_warnings, one_form, version;
	struct str *params;
	unsigned n_params;
};

static int usage(const char *why)
{
	fprintf(stderr,
	    "btrun-compile: %s\n"
	    "This is btrun's compiler; btrun(8) starts it.\n",
	    why);
	return 2;
}

static int set_option(struct arena *a, struct options *o, int id)
{
	switch (id) {
	case OPTION_NAME:
		o->name = optarg;
		return 0;
	case OPTION_SCRIPT_FD:
		o->script_fd = atoi(optarg);
		return 0;
	case OPTION_SCRIPT:
		o->script_path = optarg;
		return 0;
	case OPTION_IMAGE_FD:
		o->image_fd = atoi(optarg);
		return 0;
	case OPTION_IMAGE:
		o->image_path = optarg;
		return 0;
	case OPTION_KERNEL_FD:
		o->kernel = kernel_client(atoi(optarg));
		return 0;
	case OPTION_KERNEL_ROOT:
		o->kernel = kernel_host(optarg);
		return 0;
	case OPTION_DUMP:
		o->dump = str_of(optarg);
		return 0;
	case OPTION_MAX_STRLEN:
		o->max_strlen = (uint32_t)strtoul(optarg, NULL, 10);
		return 0;
	case OPTION_MAX_MAP_KEYS:
		o->max_map_keys = (uint32_t)strtoul(optarg, NULL, 10);
		return 0;
	case OPTION_KERNEL_RELEASE:
		o->release = optarg;
		return 0;
	case OPTION_INCLUDE:
		vec_push(a, &o->includes, str_of(optarg));
		return 0;
	case OPTION_UNSAFE:
		o->unsafe = true;
		return 0;
	case OPTION_NO_WARNINGS:
		o->no_warnings = true;
		return 0;
	case OPTION_ONE_FORM:
		o->one_form = true;
		return 0;
	case OPTION_VERSION:
		o->version = true;
		return 0;
	}
	return usage("unknown option");
}

static int read_options(struct options *o, struct arena *a, int argc, char **argv)
{
	int id, status = 0;

	while (!status && (id = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		status = set_option(a, o, id);
	if (status)
		return status;
	if (o->version)
		return 0;
	o->n_params = (unsigned)(argc - optind);
	o->params = arena_many(a, struct str, o->n_params + 1);
	for (unsigned i = 0; i < o->n_params; i++)
		o->params[i] = str_of(argv[optind + (int)i]);
	if (o->script_path)
		o->script_fd = open(o->script_path, O_RDONLY | O_CLOEXEC);
	if (o->image_path)
		o->image_fd = open(o->image_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (!o->name)
		o->name = o->script_path ? o->script_path : "script";
	if (!o->kernel)
		return usage("no --kernel-fd");
	return o->script_fd < 0 ? usage("no script") : 0;
}

static int read_script(struct arena *a, int fd, struct str *text)
{
	VEC(char) all = { 0 };
	char part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0)
		for (ssize_t i = 0; i < n; i++)
			vec_push(a, &all, part[i]);
	*text = str_copy(a, all.v, all.n);
	return n < 0 ? -errno : 0;
}

static bool has_btf(const struct options *o)
{
	int fd = kernel_open(o->kernel, KERNEL_BTF, STR("vmlinux"));

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The types of header files stand behind the script. */
static struct lexer *make_lexer(
    struct arena *a, const struct options *o, struct source *source, struct diag *diag)
{
	bool btf = has_btf(o);
	struct headers *headers = arena_one(a, struct headers);
	struct lexer *lexer;

	if (headers_read(a, o->kernel, source, btf, o->includes.v, o->includes.n, headers)) {
		fprintf(stderr, "btrun: error: a header of --include cannot be read\n");
		return NULL;
	}
	if (headers->text.n)
		source->text = str_format(a, "%.*s\n%.*s", STR_ARG(source->text), STR_ARG(headers->text));
	lexer = lexer_new(a, source, diag);
	headers_give(headers, lexer);
	if (btf)
		lexer_define(lexer, STR("BPFTRACE_HAVE_BTF"), STR("1"));
	return lexer;
}

static int generate(struct arena *a, const struct options *o, const struct program *program)
{
	struct generate_options options = { .one_form = o->one_form };

	if (str_is(o->dump, "types")) {
		program_dump(stdout, program);
		return 0;
	}
	if (str_is(o->dump, "ir"))
		return generate_text(a, program, GENERATE_IR, stdout) ? 3 : 0;
	if (str_is(o->dump, "opt"))
		return generate_text(a, program, GENERATE_OPTIMISED, stdout) ? 3 : 0;
	if (str_is(o->dump, "asm"))
		return generate_text(a, program, GENERATE_ASM, stdout) ? 3 : 0;
	if (o->dump.n)
		return usage("--dump takes tokens, ast, types, ir, opt or asm");
	options.release = o->release ? str_of(o->release) : STR("");
	return generate_image(a, program, &options, o->image_fd) ? 3 : 0;
}

/* The pipeline, stage by stage; --dump STAGE prints what that stage made and stops. */
static int compile(struct arena *a, const struct options *o, struct source *source)
{
	struct diag diag = { .source = source, .out = stderr, .no_warnings = o->no_warnings };
	struct lexer *lexer = make_lexer(a, o, source, &diag);
	struct analysis_options options = {
		.kernel = o->kernel,
		.params = o->params,
		.n_params = o->n_params,
		.max_strlen = o->max_strlen,
		.max_map_keys = o->max_map_keys,
		.unsafe = o->unsafe,
		.want_dump = str_is(o->dump, "types"),
	};
	struct script *script;
	struct program *program;
	int status;

	if (!lexer)
		return 1;
	if (str_is(o->dump, "tokens")) {
		lexer_dump(lexer, stdout);
		return diag.errors != 0;
	}
	script = parse_script(a, lexer);
	if (str_is(o->dump, "ast"))
		ast_dump(stdout, script, NULL);
	if (diag.errors || str_is(o->dump, "ast"))
		return diag.errors != 0;
	program = analyse(a, script, &diag, &options);
	status = diag.errors ? 1 : generate(a, o, program);
	kernel_btf_free(program->btf);
	return status;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct options o = { .script_fd = -1, .image_fd = -1, .max_strlen = 64, .max_map_keys = 4096 };
	struct source source;
	int status = read_options(&o, a, argc, argv);

	if (o.version)
		return puts(generate_llvm_version()) < 0;

	if (!status && read_script(a, o.script_fd, &source.text))
		status = usage("the script can't be read");
	if (!status) {
		source.name = str_of(o.name);
		status = compile(a, &o, &source);
	}
	kernel_free(o.kernel);
	arena_free(a);
	return status;
}
