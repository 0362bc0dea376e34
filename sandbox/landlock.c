/* Landlock (5.13): reading beneath some folders, and nothing else of the file system. libc's headers of
 * Debian 12 lack what came later, others all of it: include/uapi/linux/landlock.h. */
#include "sandbox/private.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CREATE_RULESET = 444, /* the same on all architectures */
	ADD_RULE = 445,
	RESTRICT_SELF = 446,

	ASK_VERSION = 1,
	PATH_BENEATH = 1,

	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* Returns every right that this version of Landlock knows: what is not handled stays permitted. */
static uint64_t all_rights(long version)
{
	return version >= 5 ? 0xffff : version >= 3 ? 0x7fff : version == 2 ? 0x3fff : 0x1fff;
}

static void allow(int rules, const char *path)
{
	struct path_beneath rule = { .parent = open(path, O_PATH | O_CLOEXEC) };
	struct stat st;

	if (rule.parent < 0)
		return;
	if (fstat(rule.parent, &st) == 0) {
		rule.allowed = S_ISDIR(st.st_mode) ? READ_FILE | READ_DIR : READ_FILE;
		syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0);
	}
	close(rule.parent);
}

int landlock_prepare(const char *const *readable)
{
	long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
	uint64_t handled = all_rights(version);
	int rules = version < 1 ? -1 : (int)syscall(CREATE_RULESET, &handled, sizeof(handled), 0);

	for (size_t i = 0; rules >= 0 && readable && readable[i]; i++)
		allow(rules, readable[i]);
	return rules;
}

void landlock_enter(int rules)
{
	if (rules < 0)
		return;
	syscall(RESTRICT_SELF, rules, 0);
	close(rules);
}
