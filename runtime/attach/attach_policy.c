/*
 * Which program serves a probe, and in which order its attach methods are tried. Facts that are
 * known exclude a method; the rest is decided by trying.
 */
#include "runtime/attach/attach_policy.h"

#include <errno.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "language/program_kinds.h"
#include "runtime/attach/explain.h"
#include "runtime/attach/held.h"
#include "runtime/attach/namesakes.h"

static bool is_function(enum probe_id probe)
{
	return probe == PROBE_kprobe || probe == PROBE_kretprobe || probe == PROBE_fentry ||
	       probe == PROBE_fexit;
}

/* The kind that asks least of the kernel: it is tried last, and where there are no methods it is the only
 * one.
 */
static enum program_kind_id last_kind(const struct probe *p)
{
	for (unsigned kind = PROGRAM_KINDS_; kind-- > 0;)
		if (p->programs[kind])
			return kind;
	return PROGRAM_none;
}

static bool is_return(const struct probe *p)
{
	return program_kinds[last_kind(p)].traits & PROGRAM_IS_RETURN;
}

static bool has_trampoline(const struct probe *p)
{
	return p->programs[PROGRAM_fentry] || p->programs[PROGRAM_fexit];
}

static enum program_kind_id kind_by_method(const struct probe *p, enum attach_method method)
{
	if (method == ATTACH_UPROBE_MULTI || method == ATTACH_UPROBE)
		return last_kind(p);
	if (method == ATTACH_FENTRY)
		return is_return(p) ? PROGRAM_fexit : PROGRAM_fentry;
	return is_return(p) ? PROGRAM_kretprobe : PROGRAM_kprobe;
}

static struct probe *probe_for(struct tracer *t, const struct image_program *program)
{
	struct probe fresh = { .attach = program->attach, .n_attach = program->n_attach };

	for (size_t i = 0; i < t->attachment.probes.n; i++)
		if (t->attachment.probes.v[i].attach == program->attach)
			return &t->attachment.probes.v[i];
	vec_push(t->runtime.arena, &t->attachment.probes, fresh);
	return &t->attachment.probes.v[t->attachment.probes.n - 1];
}

static bool param_fits(struct tracer *t, uint32_t proto, const struct image_param *param)
{
	struct btf_info info;
	struct str name;
	uint32_t type;

	btf_param(tracer_btf(t), proto, param->number, &name, &type);
	btf_info(tracer_btf(t), type, &info);
	return info.size == param->size;
}

/* NULL when a trampoline can serve the program, else why not. */
static const char *trampoline_objection(
    struct tracer *t, const struct probe *p, const struct image_program *program)
{
	const struct image_attach *a = tracer_attach(t, p);
	struct kernel_btf *btf;
	struct btf_func_info func;
	uint32_t proto;

	/* The kernel would take the first that it finds. */
	if (namesakes_exist(a->function))
		return "the kernel has several functions of this name; a kprobe is attached to all of them";
	/* The compiler made this program only because this kernel's BTF allows it: no need to read that
	 * again, which is a good part of the start. */
	if (t->options->fresh || t->facts.same_kernel)
		return NULL;
	btf = tracer_btf(t);
	if (!btf)
		return "the kernel has no BTF";
	/* A module's function: libbpf looks through the modules' BTF when it loads. */
	if (a->module.n && !str_is(a->module, "vmlinux") && !t->facts.btf_module) {
		t->facts.btf_module = kernel_btf_add(t->runtime.kernel, a->module, &t->facts.btf) == 0;
		btf = t->facts.btf;
	}
	if (btf_find_func(btf, a->function, &func, &proto))
		return program->n_params || program->needs_retval ? "the kernel's BTF lacks the function"
								  : NULL;
	if (func.ambiguous)
		return "several functions have this name";
	if (program->needs_retval && func.ret == 0)
		return "the function returns nothing";
	for (uint32_t i = 0; i < program->n_params; i++)
		if (program->params[i].number >= func.n_params || !param_fits(t, proto, &program->params[i]))
			return "its parameters differ from those that the script was compiled for";
	return NULL;
}

static void offer_method(struct tracer *t, struct probe *p, enum attach_method method)
{
	const struct image_program *program = p->programs[kind_by_method(p, method)];
	const char *objection = NULL;

	if (!program)
		objection = "the script needs a kprobe there (an offset, a register, a glob)";
	if (!program && method != ATTACH_FENTRY)
		objection = "the image has no program for it";
	if (program && method == ATTACH_FENTRY)
		objection = trampoline_objection(t, p, program);
	if (objection) {
		tracer_refuse(t, p, -EOPNOTSUPP, "%s: %s", method == ATTACH_FENTRY ? "trampoline" : "kprobe",
		    objection);
		return;
	}
	p->methods[p->n_methods++] = method;
}

bool attach_policy_lacks_programs(const struct tracer *t, const struct probe *p)
{
	enum probe_id probe = tracer_attach(t, p)->probe;

	return t->options->one_kind && has_trampoline(p) &&
	       (probe == PROBE_kprobe || probe == PROBE_kretprobe);
}

static void list_ways(struct tracer *t, struct probe *p, bool glob)
{
	enum probe_id probe = tracer_attach(t, p)->probe;
	enum attach_method method = t->options->method;

	if (probe == PROBE_fentry || probe == PROBE_fexit) {
		offer_method(t, p, ATTACH_FENTRY);
		return;
	}
	if (method != ATTACH_AUTO) {
		offer_method(t, p, method);
		return;
	}
	if (glob) {
		offer_method(t, p, ATTACH_MULTI);
		offer_method(t, p, ATTACH_PERF);
		return;
	}
	if (p->programs[kind_by_method(p, ATTACH_FENTRY)])
		offer_method(t, p, ATTACH_FENTRY);
	if (attach_policy_lacks_programs(t, p))
		return;
	if (is_return(p))
		offer_method(t, p, ATTACH_TRACEFS);
	offer_method(t, p, ATTACH_PERF);
}

/* One link for all places: to detach uprobes one by one, the kernel waits for a grace period of RCU for
 * each. Only threads that are leaders of their process passed its filter before 6.10
 * (kernel/trace/bpf_trace.c, uprobe_prog_run()). */
static void list_user_ways(struct tracer *t, struct probe *p)
{
	bool filtered = t->options->pid || t->command_pid;

	if (t->facts.version >= (filtered ? FEATURES_VERSION(6, 10, 0) : FEATURES_VERSION(6, 6, 0)))
		p->methods[p->n_methods++] = ATTACH_UPROBE_MULTI;
	p->methods[p->n_methods++] = ATTACH_UPROBE;
}

static bool condition_holds(struct tracer *t, const struct image_attach *a)
{
	return a->condition.n == 0 || tracer_has_function(t, a->condition) != a->condition_negated;
}

static int choose_method(struct tracer *t, struct probe *p)
{
	const struct image_attach *a = tracer_attach(t, p);
	int err;

	p->kind = last_kind(p);
	p->off = true;
	for (uint32_t i = 0; i < p->n_attach; i++)
		p->off = p->off && !condition_holds(t, a + i);
	if (p->off)
		return 0;
	err = held_check(t, p);
	if (err || p->off)
		return err;
	if (a->probe == PROBE_uprobe || a->probe == PROBE_uretprobe || a->probe == PROBE_usdt)
		list_user_ways(t, p);
	if (!is_function(a->probe))
		return 0;
	list_ways(t, p, a->glob);
	if (p->n_methods == 0 && attach_policy_lacks_programs(t, p)) {
		t->attachment.needs_all_kinds = true;
		return -ECANCELED;
	}
	if (p->n_methods == 0) {
		t->attachment.failed = p;
		return attach_explain(t) ? 0 : -EOPNOTSUPP;
	}
	p->kind = kind_by_method(p, p->methods[0]);
	return 0;
}

int attach_policy_decide(struct tracer *t)
{
	int err;

	for (size_t i = 0; i < t->image.programs.n; i++) {
		const struct image_program *program = &t->image.programs.v[i];

		probe_for(t, program)->programs[program->kind] = program;
	}
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		err = choose_method(t, &t->attachment.probes.v[i]);
		if (err)
			return err;
	}
	return 0;
}

bool attach_policy_has_next(const struct probe *p)
{
	return p->method + 1 < p->n_methods;
}

bool attach_policy_next(struct probe *p)
{
	if (!attach_policy_has_next(p))
		return false;
	p->method++;
	p->kind = kind_by_method(p, p->methods[p->method]);
	return true;
}
