#include "runtime/attach/copies.h"

#include <string.h>

#include "kernel/kernel.h"
#include "language/registry.h"

bool copies_have(struct str name, struct str function)
{
	static const char *const words[] = { "part.", "constprop.", "isra.", "lto_priv.", "llvm." };
	struct str word;

	if (name.n <= function.n + 1 || !str_eq(str_slice(name, 0, function.n), function) ||
	    name.p[function.n] != '.')
		return false;
	word = str_slice(name, function.n + 1, name.n);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_starts(word, words[i]))
			return !memmem(word.p, word.n, ".cold", 5);
	return false;
}

struct copies {
	struct tracer *tracer;
	const struct image_attach *attach;
	unsigned n;
	struct str one;
};

struct search {
	struct tracer *tracer;
	VEC(struct copies) wanted;
};

static int note_copy(void *context, const struct kernel_symbol *symbol)
{
	struct search *s = context;
	struct str module = symbol->module.n ? symbol->module : STR("vmlinux");

	if (str_find(symbol->name, '.') < 0)
		return 0;
	for (size_t i = 0; i < s->wanted.n; i++) {
		struct copies *c = &s->wanted.v[i];

		if (!copies_have(symbol->name, c->attach->function) ||
		    (c->attach->module.n && !str_glob(c->attach->module, module)))
			continue;
		if (!c->n++)
			c->one = str_copy(s->tracer->runtime.arena, symbol->name.p, symbol->name.n);
	}
	return 0;
}

static const unsigned gives_of[] = {
#define PROBE(name, aliases, pattern, gives, ...) gives,
#include "language/probes.def"
#undef PROBE
};

/* Is the probe at the beginning of one function of the kernel that is given by its name? */
static bool names_a_function(const struct image_attach *a)
{
	unsigned gives = gives_of[a->probe];

	return gives & WITH_FUNC && !(gives & WITH_BINARY) && !a->glob && !a->offset &&
	       str_find(a->function, '.') < 0;
}

static void tell(const struct copies *c)
{
	const struct image_attach *a = c->attach;
	struct diag *diag = &c->tracer->diag;
	bool returns = gives_of[a->probe] & WITH_RETVAL;

	diag_warning(diag, a->span,
	    "the kernel's compiler has made copies of %.*s (%.*s%s), whose calls this probe does not see",
	    STR_ARG(a->function), STR_ARG(c->one), c->n > 1 ? " ..." : "");
	diag_hint(diag, "%s:%.*s.* beside it is a probe of those", returns ? "kretprobe" : "kprobe",
	    STR_ARG(a->function));
}

void copies_tell(struct tracer *t)
{
	struct search s = { .tracer = t };

	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		const struct probe *p = &t->attachment.probes.v[i];

		for (uint32_t n = 0; n < p->n_attach && !p->off; n++) {
			const struct image_attach *a = &t->image.attaches.v[p->attach + n];

			if (names_a_function(a))
				vec_push(t->runtime.arena, &s.wanted, ((struct copies){ t, a, 0, STR("") }));
		}
	}
	if (s.wanted.n)
		kernel_symbols(t->runtime.kernel, note_copy, &s);
	for (size_t i = 0; i < s.wanted.n; i++)
		if (s.wanted.v[i].n)
			tell(&s.wanted.v[i]);
}
