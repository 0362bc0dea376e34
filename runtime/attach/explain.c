/* Why a probe could not be attached, told to a person: the place, the cause, the remedy. */
#include "runtime/attach/explain.h"

#include <errno.h>
#include <string.h>

#include "base/shortage.h"
#include "kernel/features.h"
#include "runtime/load/verifier_log.h"
#include "sandbox/privileges.h"

struct offer {
	struct arena *arena;
	struct str_near near;
};

static int offer_name(void *context, struct str name, struct str module)
{
	struct offer *o = context;

	str_near_offer(&o->near, o->arena, name);
	return 0;
}

static void hint_names(struct tracer *t, const struct image_attach *a)
{
	struct arena *arena = t->runtime.arena;
	struct offer o = { .arena = arena, .near = { .wanted = a->function } };
	struct str text;

	if (a->category.n) {
		o.near.wanted = str_format(arena, "%.*s:%.*s", STR_ARG(a->category), STR_ARG(a->event));
		kernel_tracepoints(t->runtime.kernel, STR("*"), offer_name, &o);
	} else {
		kernel_functions(t->runtime.kernel, STR(""), STR("*"), offer_name, &o);
	}
	text = str_near_text(&o.near, arena);
	if (text.n)
		diag_hint(&t->diag, "did you mean %.*s?", STR_ARG(text));
}

bool attach_has_alternative(const struct tracer *t, const struct probe *p)
{
	for (size_t i = 0; i < t->attachment.probes.n; i++) {
		const struct probe *other = &t->attachment.probes.v[i];

		if (other != p && !other->off &&
		    tracer_attach(t, other)->action == tracer_attach(t, p)->action)
			return true;
	}
	return false;
}

static bool is_missing(const struct tracer *t, const struct image_attach *a)
{
	if (a->glob)
		return t->attachment.error == -ENOENT;
	if (a->category.n)
		return t->attachment.error == -ENOENT;
	if (!a->function.n)
		return false;
	return (t->attachment.error == -ENOENT || t->attachment.error == -ESRCH ||
		   t->attachment.error == -EOPNOTSUPP || t->attachment.error == -EINVAL) &&
	       !tracer_has_function((struct tracer *)t, a->function);
}

static bool explain_missing(struct tracer *t, struct probe *p, const struct image_attach *a)
{
	const char *what = a->category.n ? "tracepoint" : "function";
	struct str name =
	    a->category.n ? str_format(t->runtime.arena, "%.*s:%.*s", STR_ARG(a->category), STR_ARG(a->event))
			  : a->function;
	bool warning = attach_has_alternative(t, p);

	if (warning)
		diag_warning(&t->diag, a->span,
		    "the kernel has no %s %.*s; the other probes of its action are attached", what,
		    STR_ARG(name));
	else
		diag_error(&t->diag, a->span,
		    a->glob ? "no %s of the kernel matches %.*s" : "the kernel has no %s %.*s", what,
		    STR_ARG(name));
	if (!a->glob)
		hint_names(t, a);
	p->off = warning;
	return warning;
}

static void hint_refusals(struct tracer *t, unsigned set)
{
	static const struct {
		enum features_refusal bit;
		const char *text;
	} rows[] = {
		{ REFUSED_LOCKDOWN,
		    "the kernel is locked down (lockdown=confidentiality: see "
		    "/sys/kernel/security/lockdown); "
		    "only a boot without lockdown, often with Secure Boot off, allows kernel probes" },
		{ REFUSED_NO_TRACEFS,
		    "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing" },
		{ REFUSED_NO_CONFIG, "the kernel is built without kprobes: one with CONFIG_KPROBES=y and "
				     "CONFIG_KPROBE_EVENTS=y is needed" },
		{ REFUSED_FTRACE_OFF, "ftrace is switched off: sysctl kernel.ftrace_enabled=1" },
		{ REFUSED_KPROBES_OFF,
		    "kprobes are switched off: echo 1 > /sys/kernel/debug/kprobes/enabled" },
		{ REFUSED_NO_PERMISSION,
		    "tracefs may be used by root only: run btrun with sudo, or give it cap_dac_override" },
		{ REFUSED_PARANOID,
		    "this kernel opens perf events for CAP_SYS_ADMIN only: run btrun with sudo, or as root: "
		    "sysctl kernel.perf_event_paranoid=2" },
		{ REFUSED_PROGRAMS, "this kernel lets CAP_SYS_ADMIN only probe programs: run btrun with "
				    "sudo, or give it cap_sys_admin" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (set & rows[i].bit)
			diag_hint(&t->diag, "%s", rows[i].text);
}

static bool is_of_binary(const struct image_attach *a)
{
	return a->probe == PROBE_uprobe || a->probe == PROBE_uretprobe || a->probe == PROBE_usdt ||
	       (a->mode.n && a->function.n);
}

/* What of perf_event_open() and tracefs is closed to this process. */
static unsigned closed(struct tracer *t, const struct image_attach *a)
{
	struct kernel *k = t->runtime.kernel;
	unsigned set = features_perf_refusals(k, privileges_held(), is_of_binary(a));

	if (!set && a->category.n)
		set = features_kprobe_refusals(k) & (REFUSED_NO_PERMISSION | REFUSED_NO_TRACEFS);
	return set;
}

static void hint_error(struct tracer *t, const struct image_attach *a)
{
	unsigned set;

	if (is_shortage(t->attachment.error)) {
		diag_hint(&t->diag, "%s", shortage_remedy(t->attachment.error));
		if (a->glob)
			diag_hint(&t->diag, "or use a narrower pattern than %.*s", STR_ARG(a->text));
		return;
	}
	if (t->loaded.remedy) {
		diag_hint(&t->diag, "%s", t->loaded.remedy);
		return;
	}
	switch (-t->attachment.error) {
	case EINVAL:
	case EADDRNOTAVAIL:
	case EILSEQ:
		if (a->function.n)
			diag_hint(&t->diag, "the kernel does not allow a probe at this place: functions that "
					    "probes themselves need "
					    "(/sys/kernel/debug/kprobes/blacklist) and places inside an "
					    "instruction cannot be "
					    "probed");
		break;
	case EPERM:
	case EACCES:
		set = closed(t, a);
		hint_refusals(t, set);
		if (set)
			break;
		diag_hint(&t->diag,
		    "run btrun with sudo, or: setcap cap_bpf,cap_perfmon,cap_dac_override+ep btrun");
		break;
	case E2BIG:
		diag_hint(&t->diag, "use a narrower pattern than %.*s", STR_ARG(a->text));
		break;
	}
}

static bool explain_binary(struct tracer *t, struct probe *p, const struct image_attach *a)
{
	bool warning = t->attachment.error == -ENOENT && attach_has_alternative(t, p);

	if (warning)
		diag_warning(&t->diag, a->span,
		    "cannot attach %.*s (%.*s); the other probes of its action are attached",
		    STR_ARG(a->text), STR_ARG(p->refused));
	else
		diag_error(
		    &t->diag, a->span, "cannot attach %.*s (%.*s)", STR_ARG(a->text), STR_ARG(p->refused));
	if (t->attachment.error == -EILSEQ)
		diag_hint(&t->diag,
		    "a probe inside an instruction changes what the program does: --unsafe, when you "
		    "know that it is none");
	else if (t->attachment.error == -ENOTRECOVERABLE)
		diag_hint(&t->diag,
		    "a uprobe at each RET instruction, function+OFFSET, sees the same; --unsafe attaches the "
		    "return probe all the same");
	else if (t->attachment.error != -ENOENT)
		hint_error(t, a);
	else if (a->probe == PROBE_usdt)
		diag_hint(
		    &t->diag, "btrun -l '%.*s:*' lists the static probes of a program", STR_ARG(a->binary));
	p->off = warning;
	return warning;
}

bool attach_explain(struct tracer *t)
{
	struct probe *p = t->attachment.failed;
	const struct image_attach *a = tracer_attach(t, p);
	unsigned set = features_kprobe_refusals(t->runtime.kernel);

	if (t->loaded.refused_by_verifier) {
		verify_explain(t, p);
		/* Helpers that read the kernel's memory are then unknown to the verifier. */
		hint_refusals(t, set & REFUSED_LOCKDOWN);
		return false;
	}
	if (is_of_binary(a))
		return explain_binary(t, p, a);
	if (is_missing(t, a))
		return explain_missing(t, p, a);
	/* Scripts name a function of each kernel generation, of which some can't be probed on this one. */
	if (t->attachment.error != -EPERM && t->attachment.error != -EACCES &&
	    !is_shortage(t->attachment.error) && attach_has_alternative(t, p)) {
		diag_warning(&t->diag, a->span,
		    "cannot attach %.*s (%.*s); the other probes of its action are attached",
		    STR_ARG(a->text), STR_ARG(p->refused));
		p->off = true;
		return true;
	}
	diag_error(&t->diag, a->span, "cannot attach %.*s (%.*s)", STR_ARG(a->text), STR_ARG(p->refused));
	/* Of two doors that are closed the wider one is told: perf's serves every kprobe. */
	if (t->attachment.error == -EACCES && closed(t, a) & REFUSED_PARANOID)
		set = REFUSED_PARANOID;
	if (a->function.n && set && !is_shortage(t->attachment.error))
		hint_refusals(t, set);
	else
		hint_error(t, a);
	if (t->attachment.not_permitted && features_lockdown(t->runtime.kernel) == LOCKDOWN_UNKNOWN)
		diag_hint(&t->diag,
		    "the kernel may be locked down: mount -t securityfs securityfs /sys/kernel/security, "
		    "then read lockdown there");
	if (t->options->method != ATTACH_AUTO)
		diag_hint(&t->diag, "--attach asks for this way only; without it others are tried");
	return false;
}
