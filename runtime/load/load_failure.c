#include "runtime/load/load_failure.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/shortage.h"
#include "runtime/load/verifier_log.h"

/* What libbpf opens besides: the BTF, and two of its attempts. */
#define DESCRIPTORS_BESIDES 4

static size_t count_descriptors(const struct tracer *t)
{
	size_t n = DESCRIPTORS_BESIDES;
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_map (map, t->loaded.object)
		n++;
	for (size_t i = 0; i < t->image.maps.n; i++)
		n += t->image.maps.v[i].halves.n != 0;
	bpf_object__for_each_program (program, t->loaded.object)
		n += bpf_program__autoload(program);
	return n;
}

/* Returns how many of n descriptors could be had: the lowest that are free, each held until all are. */
static size_t try_descriptors(const struct tracer *t, size_t n)
{
	int *held = arena_many(t->runtime.arena, int, n);
	size_t got = 0;

	while (got < n && (held[got] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
		got++;
	for (size_t i = 0; i < got; i++)
		close(held[i]);
	return got;
}

int load_check_descriptors(struct tracer *t)
{
	size_t n = count_descriptors(t);
	int err = try_descriptors(t, n) < n ? -errno : 0;

	if (!is_shortage(err))
		return 0;
	message("cannot load the programs: %s: %zu are needed", strerror(-err), n);
	shortage_hint(err);
	return err;
}

/* Tells whether libbpf has said the words, which it says to its print function alone. */
static bool log_has(const struct tracer *t, const char *words)
{
	return t->loaded.log.n && memmem(t->loaded.log.p, t->loaded.log.n, words, strlen(words));
}

static const char *remedy(int err, bool map)
{
	switch (-err) {
	case EPERM:
		/* Before 5.11 maps counted as locked memory. */
		return map ? "run btrun with sudo, or: setcap cap_bpf,cap_perfmon,cap_dac_override+ep btrun; "
			     "before Linux 5.11 also: ulimit -l unlimited"
			   : NULL;
	case E2BIG:
		return map ? "the map is larger than the kernel makes one: BPFTRACE_MAP_KEYS_MAX sets how "
			     "many keys it has room for"
			   : "the program has more instructions than the kernel takes: fewer or shorter "
			     "actions are needed";
	case EINVAL:
		return map ? "this kernel does not know this kind of map, or not of this size: "
			     "BPFTRACE_MAP_KEYS_MAX sets how many keys it has room for"
			   : "the verifier has said nothing about it: this kernel does not know this kind of "
			     "program; btrun --info shows what it knows";
	}
	return shortage_remedy(err);
}

/* Returns the map that could not be made, by its name in the script: the log has "libbpf: map 'NAME':
 * failed to create: ...". */
static struct str failed_map(const struct tracer *t)
{
	const char *at = memmem(t->loaded.log.p, t->loaded.log.n, "': failed to create", 19), *begin = at;
	struct str name;

	while (begin && begin > t->loaded.log.p && begin[-1] != '\'')
		begin--;
	name = (struct str){ begin, (size_t)(at - begin) };
	for (size_t i = 0; at && i < t->image.maps.n; i++)
		if (str_eq(t->image.maps.v[i].elf_name, name))
			return t->image.maps.v[i].name;
	return STR("");
}

int load_explain_map(struct str map, int err)
{
	message("cannot make the map %.*s: %s", STR_ARG(map), strerror(-err));
	if (remedy(err, true))
		message_hint("%s", remedy(err, true));
	return err;
}

static void say(struct tracer *t, int err)
{
	struct str map = t->loaded.log.n ? failed_map(t) : STR("");
	const char *what = remedy(err, log_has(t, "failed to create"));

	if (map.n)
		load_explain_map(map, err);
	else
		message("cannot load the programs: %s", strerror(-err));
	if (!map.n && what)
		message_hint("%s", what);
	if (t->options->verbose || !what)
		fprintf(stderr, "%.*s", STR_ARG(t->loaded.log));
}

int load_explain(struct tracer *t, int err)
{
	struct probe *p = t->attachment.failed;
	struct str essence;
	uint32_t insn;

	t->loaded.refused_by_verifier = p && !is_shortage(err) && verify_last(t->loaded.log, &insn, &essence);
	if (!p) {
		say(t, err);
		return err;
	}
	tracer_refuse(t, p, err, "the kernel refuses to load it: %s", strerror(-err));
	t->loaded.remedy = t->loaded.refused_by_verifier ? NULL : remedy(err, log_has(t, "failed to create"));
	return err;
}
