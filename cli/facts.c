#include "cli/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/arch.h"
#include "cli/helper.h"
#include "image/image.h"
#include "kernel/binary.h"

static bool is_in(struct str text, struct str name)
{
	return name.n && memmem(text.p, text.n, name.p, name.n);
}

static bool is_included(const struct facts *f, struct str name)
{
	for (size_t i = 0; i < f->options->include.n; i++)
		if (str_is(name, f->options->include.v[i]))
			return true;
	return is_in(f->source->text, name);
}

/* -I of the command line, then the folder of the script. */
static char **header_arguments(struct arena *a, const struct facts *f, struct str name)
{
	const char *file = f->options->file, *slash = file ? strrchr(file, '/') : NULL;
	char **argv = arena_many(a, char *, f->options->folders.n + 4);
	int n = 0;

	argv[n++] = "btrun-headers";
	for (size_t i = 0; i < f->options->folders.n; i++)
		argv[n++] = (char *)str_format(a, "-I%s", f->options->folders.v[i]).p;
	argv[n++] = (char *)(slash ? str_format(a, "-I%.*s/", (int)(slash - file), file).p : "-I.");
	argv[n++] = (char *)str_copy(a, name.p, name.n).p;
	return argv;
}

/* What btrun-headers names behind the definitions, which alone are left. */
static int split_files(struct arena *a, const struct facts *f, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text, *at;

	if (size < 0)
		return -errno;
	text = arena_alloc(a, (size_t)size + 1);
	if (pread(fd, text, (size_t)size, 0) != size)
		return -EIO;
	at = text + strlen(text);
	if (ftruncate(fd, at - text) || lseek(fd, 0, SEEK_SET))
		return -errno;
	for (at++; f->watcher && at < text + size; at += strlen(at) + 1)
		watcher_take_file(f->watcher, at);
	return 0;
}

/* Itself a part of what it says. */
static void take_helper(const struct facts *f, const char *name)
{
	char path[PATH_MAX + 32];

	if (f->watcher && helper_path(name, path, sizeof(path)))
		watcher_take_file(f->watcher, path);
}

int facts_header(void *context, struct str name)
{
	static const int errors[] = { -ENOENT };
	const struct facts *f = context;
	struct arena *a;
	int fd, err;

	if (!is_included(f, name))
		return -EPERM;
	a = arena_new();
	fd = helper_read(header_arguments(a, f, name), -1, errors, 1);
	err = fd < 0 ? 0 : split_files(a, f, fd);
	if (err) {
		close(fd);
		fd = err;
	}
	take_helper(f, "btrun-headers");
	arena_free(a);
	return fd;
}

/* An attach point can also be made of the parameters of the command line. */
static bool is_probed(const struct facts *f, struct str part)
{
	for (char **param = f->options->params; *param; param++)
		if (is_in(str_of(*param), part))
			return true;
	return is_in(f->source->text, part);
}

static int take_first(void *context, const char *path)
{
	char **first = context;

	*first = strdup(path);
	return 1;
}

/* "binary:function" of an attach point: the file, which is the caller's, or NULL. */
static char *find_binary(const struct facts *f, struct str name, struct str *function)
{
	struct str binary = str_split(name, ':', function);
	char *path = NULL;

	if (is_probed(f, binary))
		binary_paths(f->options->run.pid, binary, take_first, &path);
	return path;
}

int facts_parameters(void *context, struct str name)
{
	/* no debugging information, no such function, one that is not called as the others are */
	static const int errors[] = { -ENODATA, -ESRCH, -EOPNOTSUPP };
	struct str function;
	char *path = find_binary(context, name, &function);
	char *argv[] = { "btrun-dwarf", path, strndup(function.p, function.n), NULL };
	int fd = path && argv[2] ? helper_read(argv, -1, errors, 3) : -ENOENT;

	take_helper(context, "btrun-dwarf");
	free(argv[2]);
	free(path);
	return fd;
}

struct matches {
	struct str pattern;
	FILE *out;
};

static int print_match(void *context, const struct binary_symbol *symbol)
{
	struct matches *m = context;

	if (str_glob(m->pattern, str_of(symbol->name)))
		fprintf(m->out, "%s\n", symbol->name);
	return 0;
}

int facts_symbols(void *context, struct str name)
{
	struct matches m = { .out = tmpfile() };
	char *path = find_binary(context, name, &m.pattern);
	struct binary *b;
	int fd = -ENOENT;

	if (path && m.out && (fd = binary_open(path, &b)) == 0) {
		binary_each_function(b, print_match, &m);
		binary_close(b);
		fflush(m.out);
		rewind(m.out);
		fd = fcntl(fileno(m.out), F_DUPFD_CLOEXEC, 3);
	}
	if (m.out)
		fclose(m.out);
	free(path);
	return fd;
}

/* A text that others read as a file. */
static int text_fd(const char *name, const char *text, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, text, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

struct usdt_signs {
	struct str provider, name;
	struct binary *binary;
	char letters[USDT_ARGUMENTS + 1];
};

/* An argument has a sign where one of the probe's places gives it one. */
static int take_signs(void *context, const struct binary_usdt *probe)
{
	struct usdt_signs *s = context;
	struct str text = str_of(probe->arguments);
	struct binary_argument a;
	int got = 1;

	if ((s->provider.n && !str_glob(s->provider, str_of(probe->provider))) ||
	    !str_glob(s->name, str_of(probe->name)))
		return 0;
	for (unsigned i = 0; i < USDT_ARGUMENTS && got; i++) {
		got = binary_usdt_argument(s->binary, arch_native(), 0, &text, &a);
		if (got && s->letters[i] != 's')
			s->letters[i] = got > 0 && a.is_signed ? 's' : 'u';
	}
	return 0;
}

static int signs_of(void *context, const char *path)
{
	struct usdt_signs *s = context;

	if (binary_open(path, &s->binary))
		return 0;
	binary_each_usdt(s->binary, take_signs, s);
	binary_close(s->binary);
	return 0;
}

int facts_usdt(void *context, struct str name)
{
	const struct facts *f = context;
	struct usdt_signs s = { 0 };
	struct str binary = str_split(name, ':', &s.provider);

	s.provider = str_split(s.provider, ':', &s.name);
	if (!is_probed(f, binary))
		return -ENOENT;
	binary_paths(f->options->run.pid, binary, signs_of, &s);
	return text_fd("usdt", s.letters, strlen(s.letters));
}

/* What has no debugging information still has a size. */
static int variable_of_size(const char *path, struct str name)
{
	struct binary_symbol symbol;
	struct binary *b;
	char text[128];
	int n = 0, err = binary_open(path, &b);

	if (err)
		return err;
	err = binary_find(b, name, &symbol);
	if (!err && symbol.size && symbol.size <= 8 && !(symbol.size & (symbol.size - 1)))
		n = snprintf(text, sizeof(text), "struct btrun_variable { uint%u value; };",
		    8 * (unsigned)symbol.size);
	binary_close(b);
	return n ? text_fd("variable", text, (size_t)n) : -ENODATA;
}

int facts_variable(void *context, struct str name)
{
	static const int errors[] = { -ENODATA, -ESRCH, -EOPNOTSUPP };
	struct str symbol;
	char *path = find_binary(context, name, &symbol);
	char *argv[] = { "btrun-dwarf", "--variable", path, strndup(symbol.p, symbol.n), NULL };
	int fd = path && argv[3] ? helper_read(argv, -1, errors, 3) : -ENOENT;

	take_helper(context, "btrun-dwarf");
	if (fd < 0 && path)
		fd = variable_of_size(path, symbol);
	free(argv[3]);
	free(path);
	return fd;
}
