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

#include "base/message.h"
#include "codegen/compile.h"
#include "language/options.h"
#include "lexer/headers.h"
#include "parser/parser.h"
#include "sandbox/sandbox.h"

#define OPTION_COMPILE_NOBODY(type, name)
#define OPTION_COMPILE_CLI(type, name)
#define OPTION_COMPILE_COMPILER(type, name) OPTION_MEMBER(type, name)
#define OPTION_COMPILE_RUNTIME(type, name)
#define OPTION_COMPILE_BOTH(type, name) OPTION_MEMBER(type, name)

struct options {
	const char *name, *script_path, *image_path, *release, *kernel_id, *kernel_root, *btf, *dump;
	uint64_t script_fd, image_fd, kernel_fd; /* NO_FD: none */
	bool one_kind, portable, open_parameters, version;
	/* The rows of language/options.def that the compiler needs. */
#define OPTION(name, letter, long_name, env, config, type, most, words, usual, need, ...) \
	OPTION_COMPILE_##need(type, name)
#include "language/options.def"
#undef OPTION
	struct kernel *kernel;
	struct str *params;
	unsigned n_params;
};

#define NO_FD UINT64_MAX

/* What btrun says of its own accord: no person gives these. */
static const struct internal {
	const char *name;
	enum option_type type;
	size_t place; /* in struct options */
} internals[] = {
#define INTERNAL(name, type, member)                                       \
	{                                                                  \
		name, OPTION_TYPE_##type, offsetof(struct options, member) \
	}
	INTERNAL("name", TEXT, name),
	INTERNAL("script-fd", NUMBER, script_fd),
	INTERNAL("script", TEXT, script_path),
	INTERNAL("image-fd", NUMBER, image_fd),
	INTERNAL("image", TEXT, image_path),
	INTERNAL("kernel-fd", NUMBER, kernel_fd),
	INTERNAL("kernel-root", TEXT, kernel_root),
	INTERNAL("btf", TEXT, btf),
	INTERNAL("kernel-release", TEXT, release),
	INTERNAL("kernel-id", TEXT, kernel_id),
	INTERNAL("dump", TEXT, dump),
	INTERNAL("one-kind", SWITCH, one_kind),
	INTERNAL("open-parameters", SWITCH, open_parameters),
	INTERNAL("portable", SWITCH, portable),
	INTERNAL("version", SWITCH, version),
#undef INTERNAL
};

/* The numbers for getopt_long(), which has some below for itself. */
#define FIRST_ROW 256
#define FIRST_INTERNAL (FIRST_ROW + OPTIONS_)
#define N_INTERNALS (sizeof(internals) / sizeof(internals[0]))

#define PLACE_NOBODY(name) SIZE_MAX
#define PLACE_CLI(name) SIZE_MAX
#define PLACE_COMPILER(name) offsetof(struct options, name)
#define PLACE_RUNTIME(name) SIZE_MAX
#define PLACE_BOTH(name) offsetof(struct options, name)

/* Where the values of the rows are, in struct options; SIZE_MAX: they are not for the compiler. */
static const size_t places[OPTIONS_] = {
#define OPTION(name, letter, long_name, env, config, type, most, words, usual, need, ...) PLACE_##need(name),
#include "language/options.def"
#undef OPTION
};

static int usage(const char *why)
{
	fprintf(stderr,
	    "btrun-compile: %s\n"
	    "This is btrun's compiler; btrun(8) starts it.\n",
	    why);
	return 2;
}

static void set_internal(struct options *o, const struct internal *row)
{
	void *place = (char *)o + row->place;

	if (row->type == OPTION_TYPE_TEXT)
		*(const char **)place = optarg;
	else if (row->type == OPTION_TYPE_NUMBER)
		*(uint64_t *)place = strtoull(optarg, NULL, 10);
	else
		*(bool *)place = true;
}

static void list_accepted(struct arena *a, struct option *longs)
{
	for (size_t i = 0; i < N_INTERNALS; i++)
		*longs++ = (struct option){ internals[i].name,
			internals[i].type == OPTION_TYPE_SWITCH ? no_argument : required_argument, NULL,
			FIRST_INTERNAL + (int)i };
	for (int id = 0; id < OPTIONS_; id++)
		if (places[id] != SIZE_MAX)
			*longs++ = (struct option){ option_argument(a, &option_rows[id]) + 2,
				option_rows[id].type == OPTION_TYPE_SWITCH ? no_argument : required_argument,
				NULL, FIRST_ROW + id };
}

static int take_options(struct arena *a, struct options *o, int argc, char **argv)
{
	struct option longs[N_INTERNALS + OPTIONS_ + 1] = { 0 };
	const struct option_row *row;
	int id;

	list_accepted(a, longs);
	while ((id = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (id < FIRST_ROW)
			return usage("unknown option");
		if (id >= FIRST_INTERNAL) {
			set_internal(o, &internals[id - FIRST_INTERNAL]);
			continue;
		}
		row = &option_rows[id - FIRST_ROW];
		if (option_take(a, row, option_argument(a, row), optarg, (char *)o + places[id - FIRST_ROW]))
			return 2;
	}
	return 0;
}

static void set_usual(struct options *o)
{
	for (int id = 0; id < OPTIONS_; id++)
		if (places[id] != SIZE_MAX)
			option_set_usual(&option_rows[id], (char *)o + places[id]);
}

static int open_files(struct options *o)
{
	int fd;

	if (o->script_path) {
		fd = open(o->script_path, O_RDONLY | O_CLOEXEC);
		o->script_fd = fd < 0 ? NO_FD : (uint64_t)fd;
	}
	if (o->image_path) {
		fd = open(o->image_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		o->image_fd = fd < 0 ? NO_FD : (uint64_t)fd;
	}
	if (o->btf)
		o->kernel = kernel_of_btf(o->btf);
	else if (o->kernel_root)
		o->kernel = kernel_host(o->kernel_root);
	else if (o->kernel_fd != NO_FD)
		o->kernel = kernel_client((int)o->kernel_fd);
	if (!o->kernel)
		return usage("no --kernel-fd");
	return o->script_fd == NO_FD ? usage("no script") : 0;
}

static int read_options(struct options *o, struct arena *a, int argc, char **argv)
{
	int status;

	set_usual(o);
	status = take_options(a, o, argc, argv);

	if (status || o->version)
		return status;
	o->n_params = (unsigned)(argc - optind);
	o->params = arena_many(a, struct str, o->n_params + 1);
	for (unsigned i = 0; i < o->n_params; i++)
		o->params[i] = str_of(argv[optind + (int)i]);
	if (!o->name)
		o->name = o->script_path ? o->script_path : "script";
	return open_files(o);
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

static bool is_wanted(const struct options *o, const char *stage)
{
	return strcmp(o->dump, stage) == 0;
}

/* Has header files read, which become texts of the map. */
static struct lexer *make_lexer(
    struct arena *a, const struct options *o, struct source_map *map, struct diag *diag)
{
	struct str *includes = arena_many(a, struct str, o->include.n + 1);
	bool btf = has_btf(o);
	struct headers *headers = arena_one(a, struct headers);
	struct lexer *lexer;

	for (size_t i = 0; i < o->include.n; i++)
		includes[i] = str_of(o->include.v[i]);
	if (headers_read(a, o->kernel, map, btf, includes, o->include.n, headers)) {
		message_error("a header of --include cannot be read");
		return NULL;
	}
	lexer = lexer_new(a, map, diag);
	headers_give(headers, lexer);
	if (btf)
		lexer_define(lexer, STR("BPFTRACE_HAVE_BTF"), STR("1"));
	return lexer;
}

/* The script uses the types that header files define. */
static struct script *parse(struct arena *a, struct source_map *map, struct lexer *lexer, struct diag *diag)
{
	struct script *script = arena_one(a, struct script);

	for (size_t i = 0; i < map->others.n; i++)
		parse_text(a, lexer_of_header(a, map, &map->others.v[i], diag), script);
	parse_text(a, lexer, script);
	return script;
}

static int generate(struct arena *a, const struct options *o, const struct program *program)
{
	static const struct {
		const char *stage;
		enum generate_text_kind kind;
	} texts[] = { { "ir", GENERATE_IR }, { "opt", GENERATE_OPTIMISED }, { "asm", GENERATE_ASM } };
	struct generate_options options = { str_of(o->release), str_of(o->kernel_id), o->one_kind };

	if (is_wanted(o, "types"))
		program_dump(stdout, program);
	if (is_wanted(o, "types") || analysis_has_pass(o->dump))
		return 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (is_wanted(o, texts[i].stage))
			return generate_text(a, program, texts[i].kind, stdout) ? 3 : 0;
	if (*o->dump)
		return usage("--dump takes tokens, ast, a pass of the analysis, types, ir, opt or asm");
	return generate_image(a, program, &options, (int)o->image_fd) ? 3 : 0;
}

/* The pipeline, stage by stage; --dump STAGE prints what that stage made and stops. */
static int compile(struct arena *a, const struct options *o, struct source_map *map)
{
	struct diag diag = { .map = map, .out = stderr, .no_warnings = o->no_warnings };
	struct lexer *lexer = make_lexer(a, o, map, &diag);
	struct analysis_options options = {
		.kernel = o->kernel,
		.params = o->params,
		.n_params = o->n_params,
		.open_parameters = o->open_parameters,
		.max_strlen = (uint32_t)o->max_strlen,
		.max_map_keys = (uint32_t)o->max_map_keys,
		.unsafe = o->unsafe,
		.portable = o->portable,
		.dump_after = o->dump,
		.dump_to = stdout,
	};
	struct script *script;
	struct program *program;
	int status;

	if (!lexer)
		return 1;
	if (is_wanted(o, "tokens")) {
		lexer_dump(lexer, stdout);
		return diag.errors != 0;
	}
	script = parse(a, map, lexer, &diag);
	if (is_wanted(o, "ast"))
		ast_dump(stdout, script, NULL);
	if (diag.errors || is_wanted(o, "ast"))
		return diag.errors != 0;
	program = analyse(a, script, &diag, &options);
	status = diag.errors ? 1 : generate(a, o, program);
	kernel_btf_free(program->btf);
	return status;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct options o = {
		.script_fd = NO_FD,
		.image_fd = NO_FD,
		.kernel_fd = NO_FD,
		.release = "",
		.kernel_id = "",
		.dump = "",
	};
	struct source_map map = { 0 };
	int status = read_options(&o, a, argc, argv);

	if (o.version)
		return puts(generate_llvm_version()) < 0;
	/* Started by btrun it has all it needs in its hands; by hand, with --kernel-root, it opens files. */
	if (!status && !o.kernel_root && !o.btf)
		sandbox_enter(SANDBOX_COMPILER, NULL);
	if (!status && read_script(a, (int)o.script_fd, &map.script.text))
		status = usage("the script can't be read");
	if (!status) {
		map.script.name = str_of(o.name);
		status = compile(a, &o, &map);
	}
	kernel_free(o.kernel);
	arena_free(a);
	return status;
}
