/* What the parts of a tracer ask each other. */
#include "runtime/tracer/tracer.h"

#include <errno.h>
#include <string.h>

#include "kernel/btf.h"
#include "language/program_kinds.h"

const struct image_attach *tracer_attach(const struct tracer *t, const struct probe *p)
{
	return &t->image.attaches.v[p->attach];
}

int tracer_refuse(struct tracer *t, struct probe *p, int err, const char *format, ...)
{
	struct arena *a = t->runtime.arena;
	struct str text;
	va_list ap;

	va_start(ap, format);
	text = str_vformat(a, format, ap);
	va_end(ap);
	p->refused = p->refused.n ? str_format(a, "%.*s; %.*s", STR_ARG(p->refused), STR_ARG(text)) : text;
	t->attachment.error = err;
	t->attachment.not_permitted = t->attachment.not_permitted || err == -EPERM;
	return err;
}

const char *tracer_method_name(const struct probe *p)
{
	static const char *const methods[] = {
		[ATTACH_TRACEFS] = "tracefs event",
		[ATTACH_PERF] = "perf event",
		[ATTACH_MULTI] = "kprobe.multi",
		[ATTACH_UPROBE_MULTI] = "uprobe.multi",
		[ATTACH_METHODS_] = NULL,
	};

	if (p->n_methods && methods[p->methods[p->method]])
		return methods[p->methods[p->method]];
	return p->kind < PROGRAM_KINDS_ ? program_kinds[p->kind].word : "nothing";
}

struct kernel_btf *tracer_btf(struct tracer *t)
{
	if (!t->facts.btf_asked && kernel_btf_new(t->runtime.kernel, STR("vmlinux"), &t->facts.btf))
		t->facts.btf = NULL;
	t->facts.btf_asked = true;
	return t->facts.btf;
}

void tracer_hint_kernel(struct tracer *t)
{
	if (t->options->fresh)
		return;
	diag_hint(&t->diag,
	    "the image was compiled for the kernel %.*s; compile the script here, or with --btf and this "
	    "kernel's "
	    "BTF, to see what it has instead",
	    STR_ARG(t->image.kernel));
}

static int found_one(void *context, struct str name, struct str module)
{
	*(bool *)context = true;
	return 1;
}

bool tracer_has_function(struct tracer *t, struct str name)
{
	struct kernel_btf *btf = tracer_btf(t);
	struct btf_func_info func;
	uint32_t proto;
	bool found = false;

	if (btf && btf_find_func(btf, name, &func, &proto) == 0)
		return true;
	kernel_functions(t->runtime.kernel, STR(""), name, found_one, &found);
	return found;
}
