/*
 * The passes, one after the other.
 */
#include "analysis/compilation.h"

static const struct pass {
	const char *name;
	void (*run)(struct compilation *c);
} passes[] = {
#define PASS(name, ...) { #name, pass_##name },
#include "language/passes.def"
#undef PASS
};

static void begin(struct compilation *c)
{
	struct program *program = arena_one(c->arena, struct program);

	program->map = c->map;
	program->source = &c->map->script;
	program->portable = c->options->portable;
	program->arch = c->options->arch ? c->options->arch : arch_native();
	if (kernel_btf_new(c->options->kernel, STR("vmlinux"), &program->btf))
		program->btf = NULL;
	program->types = types_new(c->arena, program->btf);
	c->program = program;
	c->types = program->types;
	c->error = arena_one(c->arena, struct type);
}

/* There are no units before resolve has made them. */
static void dump(const struct compilation *c, const struct pass *pass)
{
	if (pass->run == pass_expand)
		ast_dump(c->options->dump_to, c->script, NULL);
	else
		program_dump(c->options->dump_to, c->program);
}

struct program *analyse(
    struct arena *a, struct script *script, struct diag *diag, const struct analysis_options *options)
{
	struct compilation c = {
		.arena = a, .script = script, .diag = diag, .map = diag->map, .options = options
	};

	begin(&c);
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		passes[i].run(&c);
		if (options->dump_after && str_is(str_of(options->dump_after), passes[i].name)) {
			dump(&c, &passes[i]);
			break;
		}
	}
	problems_tell(&c);
	return c.program;
}

bool analysis_has_pass(const char *name)
{
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
		if (str_is(str_of(name), passes[i].name))
			return true;
	return false;
}
