/* Symbols of processes: their mappings, and the tables of the files that they map. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/binary.h"
#include "runtime/symbols/demangle.h"
#include "runtime/symbols/symbol_table.h"
#include "runtime/symbols/symbols.h"
#include "runtime/symbols/symbols_private.h"

static void forget_mappings(struct process *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->mappings[i].path);
	free(p->mappings);
	p->mappings = NULL;
	p->n = 0;
}

void symbols_user_free(struct symbols *s)
{
	for (size_t i = 0; i < SYMBOLS_PROCESSES; i++)
		forget_mappings(&s->processes[i]);
	for (size_t i = 0; i < SYMBOLS_OBJECTS; i++)
		symbol_table_free(&s->objects[i].table);
}

/* proc(5), maps: "start-end rwxp offset major:minor inode path". False: not one that holds code. */
static bool parse_mapping(const char *line, pid_t pid, struct mapping *m)
{
	unsigned long start, end, offset, inode;
	unsigned major, minor;
	char mode[5];
	int at = 0;

	if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %n", &start, &end, mode, &offset, &major, &minor, &inode,
		&at) < 7)
		return false;
	if (mode[2] != 'x')
		return false;
	*m = (struct mapping){ .start = start, .end = end, .offset = offset };
	if (inode)
		m->id = (struct object_id){ OBJECT_FILE, makedev(major, minor), inode };
	else if (strncmp(line + at, "[vdso]", 6) == 0)
		m->id.kind = OBJECT_VDSO;
	else if (line[at] == '[' || !at)
		m->id.kind = OBJECT_NONE;
	else
		m->id = (struct object_id){ OBJECT_JIT, (uint64_t)pid, 0 };
	/* memory without a name, or of /dev/zero or a memfd, is where code is made at run time */
	if (inode && (strncmp(line + at, "/memfd:", 7) == 0 || strncmp(line + at, "/dev/zero", 9) == 0))
		m->id = (struct object_id){ OBJECT_JIT, (uint64_t)pid, 0 };
	m->path = strndup(line + at, strcspn(line + at, "\n"));
	return m->path != NULL;
}

/* False: the process is gone; what was known of it stays. */
static bool read_mappings(struct symbols *s, struct process *p)
{
	struct mapping *found = NULL, m;
	size_t n = 0, room = 0, line_room = 0;
	char path[64], *line = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/%d/maps", kernel_root(s->options.kernel).p, p->pid);
	p->read_ns = (int64_t)clock_ns();
	file = fopen(path, "re");
	while (file && getline(&line, &line_room, file) > 0) {
		if (!parse_mapping(line, p->pid, &m))
			continue;
		if (n == room) {
			struct mapping *more = realloc(found, (room = room ? 2 * room : 32) * sizeof(*more));

			if (!more) {
				free(m.path);
				break;
			}
			found = more;
		}
		found[n++] = m;
	}
	free(line);
	if (file)
		fclose(file);
	if (!n) /* a dead process has an empty list for a while */
		return false;
	forget_mappings(p);
	p->mappings = found;
	p->n = n;
	return true;
}

/* How long mappings are believed in: a process may have executed another program, or loaded a library. */
#define BELIEVED_NS 1000000000

static struct process *find_process(struct symbols *s, pid_t pid)
{
	struct process *p = NULL, *oldest = &s->processes[0];

	for (size_t i = 0; i < SYMBOLS_PROCESSES && !p; i++) {
		if (s->processes[i].used && s->processes[i].pid == pid)
			p = &s->processes[i];
		else if (s->processes[i].used < oldest->used)
			oldest = &s->processes[i];
	}
	if (!p) {
		p = oldest;
		forget_mappings(p);
		*p = (struct process){ .pid = pid };
	}
	if (!p->used || (int64_t)clock_ns() - p->read_ns > BELIEVED_NS)
		read_mappings(s, p);
	p->used = ++s->clock;
	return p;
}

void symbols_remember(struct symbols *s, pid_t pid)
{
	read_mappings(s, find_process(s, pid));
}

static const struct mapping *find_mapping(const struct process *p, uint64_t address)
{
	for (size_t i = 0; i < p->n; i++)
		if (address >= p->mappings[i].start && address < p->mappings[i].end)
			return &p->mappings[i];
	return NULL;
}

struct loading {
	const struct binary *binary;
	struct symbol_table *table;
};

static int add_function(void *context, const struct binary_symbol *symbol)
{
	struct loading *l = context;
	int64_t offset = binary_offset(l->binary, symbol->address);

	if (offset >= 0)
		symbol_table_add(l->table, (uint64_t)offset, symbol->size, str_of(symbol->name));
	return 0;
}

static int load_path(struct object *o, const char *path)
{
	struct loading l = { .table = &o->table };
	struct binary *b;
	int err = binary_open(path, &b);

	if (err)
		return err;
	l.binary = b;
	binary_each_function(b, add_function, &l);
	binary_close(b);
	return 0;
}

static bool is_same_file(const char *path, const struct object_id *id)
{
	struct stat st;

	return !stat(path, &st) && st.st_ino == id->inode;
}

/* map_files opens the very file, be it deleted or in another mount namespace, but wants
 * CAP_CHECKPOINT_RESTORE. */
static void load_file(struct symbols *s, struct object *o, pid_t pid, const struct mapping *m)
{
	const char *root = kernel_root(s->options.kernel).p;
	char path[PATH_MAX + 64];

	snprintf(
	    path, sizeof(path), "%s/proc/%d/map_files/%" PRIx64 "-%" PRIx64, root, pid, m->start, m->end);
	if (!load_path(o, path))
		return;
	snprintf(path, sizeof(path), "%s/proc/%d/root%s", root, pid, m->path);
	if (is_same_file(path, &o->id) && !load_path(o, path))
		return;
	if (is_same_file(m->path, &o->id))
		load_path(o, m->path);
}

/* All processes have the same one: ours is in our memory. */
static void load_vdso(struct object *o)
{
	const unsigned char *vdso = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso;
	int fd = vdso ? memfd_create("vdso", MFD_CLOEXEC) : -1;
	char path[32];
	size_t size;

	if (fd < 0)
		return;
	size = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, vdso, size) == (ssize_t)size)
		load_path(o, path);
	close(fd);
}

/* The process's number in its own PID namespace, which its map of symbols is named after. */
static pid_t inner_pid(const char *root, pid_t pid)
{
	char path[64], line[256];
	pid_t inner = pid;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/%d/status", root, pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "NSpid:", 6) == 0)
			inner = (pid_t)strtol(strrchr(line, '\t') + 1, NULL, 10);
	if (file)
		fclose(file);
	return inner;
}

/* /tmp/perf-PID.map, which runtimes that compile write: lines "start size name", hexadecimal. */
#define JIT_MAP_LIMIT (64 << 20)

static FILE *open_jit_map(struct symbols *s, pid_t pid, int64_t *size)
{
	const char *root = kernel_root(s->options.kernel).p;
	char path[128];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/proc/%d/root/tmp/perf-%d.map", root, pid, inner_pid(root, pid));
	/* anyone can put something there */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > JIT_MAP_LIMIT) {
		close(fd);
		return NULL;
	}
	*size = st.st_size;
	return fdopen(fd, "r");
}

static void load_jit(struct symbols *s, struct object *o, pid_t pid)
{
	int64_t size = 0;
	FILE *file = open_jit_map(s, pid, &size);
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return;
	if (size != o->version) { /* it only grows */
		symbol_table_free(&o->table);
		while (getline(&line, &room, file) > 0) {
			char *rest;
			uint64_t start = strtoull(line, &rest, 16), length = strtoull(rest, &rest, 16);

			if (*rest != ' ')
				continue;
			rest[strcspn(rest, "\n")] = '\0';
			symbol_table_add(&o->table, start, length, str_of(rest + 1));
		}
		symbol_table_sort(&o->table);
		o->version = size;
	}
	free(line);
	fclose(file);
}

static bool is_object(const struct object *o, const struct object_id *id)
{
	return o->used && o->id.kind == id->kind && o->id.device == id->device && o->id.inode == id->inode;
}

static struct object *find_object(struct symbols *s, pid_t pid, const struct mapping *m)
{
	struct object *o = NULL, *oldest = &s->objects[0];

	for (size_t i = 0; i < SYMBOLS_OBJECTS && !o; i++) {
		if (is_object(&s->objects[i], &m->id))
			o = &s->objects[i];
		else if (s->objects[i].used < oldest->used)
			oldest = &s->objects[i];
	}
	if (!o) {
		o = oldest;
		symbol_table_free(&o->table);
		*o = (struct object){ .id = m->id };
		if (m->id.kind == OBJECT_FILE)
			load_file(s, o, pid, m);
		else if (m->id.kind == OBJECT_VDSO)
			load_vdso(o);
		symbol_table_sort(&o->table);
	}
	o->used = ++s->clock;
	return o;
}

static const struct symbol_entry *look_up(
    struct symbols *s, pid_t pid, const struct mapping *m, uint64_t address, const char **name)
{
	bool jit = m->id.kind == OBJECT_JIT;
	uint64_t at = jit ? address : address - m->start + m->offset;
	struct object *o = find_object(s, pid, m);
	const struct symbol_entry *e = symbol_table_find(&o->table, at);

	if (!e && jit) {
		load_jit(s, o, pid);
		e = symbol_table_find(&o->table, at);
	}
	if (e)
		*name = symbol_table_name(&o->table, e);
	return e;
}

int symbols_user(struct symbols *s, pid_t pid, uint64_t address, struct symbol *symbol)
{
	const struct symbol_entry *e;
	const struct mapping *m;
	const struct process *p;
	struct str plain;

	*symbol = (struct symbol){ 0 };
	if (s->options.no_users)
		return -ENOENT;
	p = find_process(s, pid);
	if (!p->n)
		return -ESRCH;
	m = find_mapping(p, address);
	if (!m || m->id.kind == OBJECT_NONE)
		return -ENOENT;
	symbol->object = m->id.kind == OBJECT_JIT ? "[jit]" : m->path;
	e = look_up(s, pid, m, address, &symbol->name);
	if (!e) {
		if (m->id.kind == OBJECT_JIT)
			symbol->object = NULL;
		return -ENOENT;
	}
	symbol->offset = (m->id.kind == OBJECT_JIT ? address : address - m->start + m->offset) - e->start;
	plain = s->options.mangled ? (struct str){ 0 } : demangle(symbol->name);
	if (plain.n)
		symbol->name = plain.p;
	return 0;
}
