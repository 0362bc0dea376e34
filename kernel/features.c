#include "kernel/features.h"
#include "kernel/private.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sandbox/privileges.h"

/* Reads the first bytes of a short file under the root. Returns its length or negative errno. */
static int peek(struct kernel *k, const char *path, char *text, size_t room)
{
	char full[PATH_MAX];
	struct str root = kernel_root(k);

	if (snprintf(full, sizeof(full), "%.*s%s", STR_ARG(root), path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	int fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, room - 1);
	int err = n < 0 ? -errno : (int)n;
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return err;
}

int features_release(struct kernel *k, struct arena *a, struct str *release)
{
	char text[256];
	struct utsname names;

	if (k->btf)
		return -ENODATA;
	if (kernel_root(k).n > 0) {
		int n = peek(k, "/proc/sys/kernel/osrelease", text, sizeof(text));

		if (n < 0)
			return n;
		*release = str_copy(a, text, strcspn(text, "\n"));
		return 0;
	}
	/* /proc may not be mounted where uname works. */
	if (uname(&names))
		return -errno;
	*release = str_copy(a, names.release, strlen(names.release));
	return 0;
}

static unsigned take_number(struct str *s)
{
	unsigned value = 0;
	size_t i;

	for (i = 0; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		value = value > 255 ? value : value * 10 + (unsigned)(s->p[i] - '0');
	*s = str_slice(*s, i, s->n);
	if (s->n > 0 && s->p[0] == '.')
		*s = str_slice(*s, 1, s->n);
	return value > 255 ? 255 : value;
}

/* Other notes hold addresses, which differ from boot to boot. */
static bool is_build_id(const Elf64_Nhdr *note, const char *owner)
{
	return note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
	       memcmp(owner, "GNU", sizeof("GNU")) == 0;
}

#define NOTE_PADDED(n) (((size_t)(n) + 3) & ~(size_t)3)

struct str features_build_id(struct kernel *k, struct arena *a)
{
	char notes[4096];
	int got = peek(k, "/sys/kernel/notes", notes, sizeof(notes));
	size_t n = got < 0 ? 0 : (size_t)got, at = 0;
	Elf64_Nhdr note;

	while (n - at > sizeof(note)) {
		size_t owner = at + sizeof(note), id;

		memcpy(&note, notes + at, sizeof(note));
		id = owner + NOTE_PADDED(note.n_namesz);
		at = id + NOTE_PADDED(note.n_descsz);
		if (at > n)
			break;
		if (is_build_id(&note, notes + owner))
			return str_copy(a, notes + id, note.n_descsz);
	}
	return STR("");
}

struct str features_kernel_id(struct kernel *k, struct arena *a)
{
	struct str bytes = features_build_id(k, a);
	char *text = arena_alloc(a, 2 * bytes.n + 1);

	for (size_t i = 0; i < bytes.n; i++)
		snprintf(text + 2 * i, 3, "%02x", (unsigned char)bytes.p[i]);
	return (struct str){ text, 2 * bytes.n };
}

unsigned features_version_of(struct str release)
{
	unsigned major = take_number(&release);
	unsigned minor = take_number(&release);
	unsigned patch = take_number(&release);

	return major ? FEATURES_VERSION(major, minor, patch) : 0;
}

unsigned features_kernel_version(struct kernel *k)
{
	struct arena *a = arena_new();
	struct str release;
	unsigned version = features_release(k, a, &release) ? 0 : features_version_of(release);

	arena_free(a);
	return version;
}

enum features_lockdown features_lockdown(struct kernel *k)
{
	char text[128];

	if (peek(k, "/sys/kernel/security/lockdown", text, sizeof(text)) < 0)
		return LOCKDOWN_UNKNOWN;
	/* All states are listed, the one in force in brackets. */
	if (strstr(text, "[confidentiality]"))
		return LOCKDOWN_CONFIDENTIALITY;
	if (strstr(text, "[integrity]"))
		return LOCKDOWN_INTEGRITY;
	return strstr(text, "[none]") ? LOCKDOWN_NONE : LOCKDOWN_UNKNOWN;
}

static bool is_off(struct kernel *k, const char *path)
{
	char text[16];

	return peek(k, path, text, sizeof(text)) > 0 && text[0] == '0';
}

static unsigned tracefs_refusals(struct kernel *k)
{
	char path[PATH_MAX];
	struct str tracefs;
	int err = kernel_tracefs(k, &tracefs);

	if (err == -EACCES || err == -EPERM)
		return REFUSED_NO_PERMISSION;
	if (err)
		return REFUSED_NO_TRACEFS;
	if (snprintf(path, sizeof(path), "%.*s/kprobe_events", STR_ARG(tracefs)) >= (int)sizeof(path))
		return 0;
	if (faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0)
		return 0;
	return errno == ENOENT ? REFUSED_NO_CONFIG : REFUSED_NO_PERMISSION;
}

/* Debian's patch says that from 3 on perf_event_open() is CAP_SYS_ADMIN's, whatever else a process has. */
static bool is_paranoid(struct kernel *k)
{
	char text[16];

	return peek(k, "/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)) > 0 && text[0] >= '3';
}

unsigned features_perf_refusals(struct kernel *k, uint64_t capabilities, bool programs)
{
	if (capabilities & CAPABILITY(CAP_SYS_ADMIN))
		return 0;
	if (is_paranoid(k))
		return REFUSED_PARANOID;
	return programs ? REFUSED_PROGRAMS : 0;
}

unsigned features_kprobe_refusals(struct kernel *k)
{
	unsigned refusals = tracefs_refusals(k);

	if (features_lockdown(k) == LOCKDOWN_CONFIDENTIALITY)
		refusals |= REFUSED_LOCKDOWN;
	if (is_off(k, "/proc/sys/kernel/ftrace_enabled"))
		refusals |= REFUSED_FTRACE_OFF;
	if (is_off(k, "/sys/kernel/debug/kprobes/enabled"))
		refusals |= REFUSED_KPROBES_OFF;
	return refusals;
}

struct str features_capabilities_text(struct arena *a, uint64_t effective, bool tracefs)
{
	static const struct {
		const char *name;
		int bit;
	} rows[] = {
		{ "CAP_BPF", CAP_BPF },
		{ "CAP_PERFMON", CAP_PERFMON },
		{ "CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE },
	};
	struct str text = STR("");
	const char *separator = "";

	if (!tracefs)
		effective |= 1ull << CAP_DAC_OVERRIDE;
	if (effective & (1ull << CAP_SYS_ADMIN))
		effective |= 1ull << CAP_BPF | 1ull << CAP_PERFMON;
	/* From the last one, since only the end has an "and". */
	for (int i = sizeof(rows) / sizeof(rows[0]) - 1; i >= 0; i--) {
		if (effective & (1ull << rows[i].bit))
			continue;
		text = str_format(a, "%s%s%.*s", rows[i].name, separator, STR_ARG(text));
		separator = separator[0] ? ", " : " and ";
	}
	return text;
}

struct str features_missing_capabilities(struct arena *a, bool tracefs)
{
	return features_capabilities_text(a, privileges_held(), tracefs);
}
