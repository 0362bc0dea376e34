/* -l of functions and static probes of programs and libraries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/helper.h"
#include "cli/lister.h"
#include "kernel/binary.h"

struct names {
	struct list *list;
	struct str pattern;
	const char *path;
	VEC(char *) found;
};

static int compare_user_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep_name(struct names *n, struct str name)
{
	if (str_glob(n->pattern, name))
		vec_push(n->list->arena, &n->found, (char *)str_copy(n->list->arena, name.p, name.n).p);
}

static int list_user_function(void *context, const struct binary_symbol *symbol)
{
	keep_name(context, str_of(symbol->name));
	return 0;
}

static int found_usdt(void *context, const struct binary_usdt *probe)
{
	struct names *n = context;

	keep_name(n, str_format(n->list->arena, "%s:%s", probe->provider, probe->name));
	return 0;
}

/* Sorted, each once: tables of a binary overlap, and a static probe has many places. */
static void sort(struct names *n)
{
	size_t kept = 0;

	if (n->found.n)
		qsort(n->found.v, n->found.n, sizeof(*n->found.v), compare_user_names);
	for (size_t i = 0; i < n->found.n; i++)
		if (!kept || strcmp(n->found.v[i], n->found.v[kept - 1]) != 0)
			n->found.v[kept++] = n->found.v[i];
	n->found.n = kept;
}

/* The parameters of each function, as btrun-dwarf lists them: lines, and an empty one. NULL: not known. */
static FILE *open_parameters(struct names *n)
{
	char *argv[] = { "btrun-dwarf", "--list", (char *)n->path, NULL };
	FILE *in = tmpfile();
	int fd = -1;

	for (size_t i = 0; in && i < n->found.n; i++)
		fprintf(in, "%s\n", n->found.v[i]);
	if (in && fflush(in) == 0 && fseek(in, 0, SEEK_SET) == 0)
		fd = helper_read(argv, fileno(in), NULL, 0);
	if (in)
		fclose(in);
	return fd < 0 ? NULL : fdopen(fd, "r");
}

static void print_parameters(FILE *parameters)
{
	char *line = NULL;
	size_t room = 0;

	while (parameters && getline(&line, &room, parameters) > 1)
		printf("    %s", line);
	free(line);
}

static void print_names(struct names *n, FILE *parameters)
{
	for (size_t i = 0; i < n->found.n; i++) {
		n->list->found++;
		printf("%s:%s:%s\n", n->list->probe, n->path, n->found.v[i]);
		print_parameters(parameters);
	}
	n->found.n = 0;
}

static int functions_of(void *context, const char *path)
{
	struct names *n = context;
	FILE *parameters = NULL;
	struct binary *b;

	if (binary_open(path, &b))
		return 0;
	n->path = path;
	binary_each_function(b, list_user_function, n);
	sort(n);
	if (n->list->arguments && n->found.n)
		parameters = open_parameters(n);
	print_names(n, parameters);
	if (parameters)
		fclose(parameters);
	binary_close(b);
	return 0;
}

static int usdt_of(void *context, const char *path)
{
	struct names *n = context;
	struct binary *b;

	if (binary_open(path, &b))
		return 0;
	n->path = path;
	binary_each_usdt(b, found_usdt, n);
	sort(n);
	print_names(n, NULL);
	binary_close(b);
	return 0;
}

/* Each file that the process of -p has code of. */
static int each_mapped(struct list *l, binary_path_found *found, void *context)
{
	char path[64], *line = NULL, last[4096] = "";
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)l->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0) {
		char *name = strchr(line, '/');

		if (!name || strncmp(strchr(line, ' '), " r-x", 4) != 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, last) != 0)
			found(context, name);
		snprintf(last, sizeof(last), "%s", name);
	}
	free(line);
	fclose(file);
	return 0;
}

/* Without a binary, "usdt:*", only those of the process of -p can be meant. */
static int each_binary(struct list *l, binary_path_found *found)
{
	struct names n = { .list = l };
	struct str binary = str_split(l->pattern, ':', &n.pattern);

	if (!n.pattern.n && str_find(l->pattern, ':') < 0) {
		n.pattern = STR("*");
		if (str_find(binary, '*') >= 0)
			return l->pid ? each_mapped(l, found, &n) : 0;
	}
	return binary_paths(l->pid, binary, found, &n);
}

int list_binary(struct list *l)
{
	return each_binary(l, functions_of);
}

int list_usdt(struct list *l)
{
	return each_binary(l, usdt_of);
}
