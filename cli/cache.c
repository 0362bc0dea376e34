#include "cli/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/message.h"
#include "cache/entry.h"
#include "cache/store.h"
#include "cli/compile.h"
#include "cli/facts.h"
#include "cli/helper.h"
#include "cli/memory.h"
#include "image/image.h"
#include "kernel/features.h"

#define MESSAGES_MOST (64 << 10)

struct cache {
	struct arena *arena;
	struct kernel *kernel;
	const struct source *source;
	const struct options *options;
	bool one_kind; /* what is compiled first */
	struct store store;
	struct str key;
	char name[STORE_NAME];
	struct watcher watcher;
	struct facts facts;
};

static void tell_verbose(const struct cache *c, const char *what, const char *why)
{
	if (c->options->run.verbose)
		message("cache: %s%s%s", what, *why ? ": " : "", why);
}

static void tell_error(const struct cache *c, const char *what, int err)
{
	tell_verbose(c, what,
	    err == -EPERM   ? "it is not this user's alone"
	    : err == -EFBIG ? "it is larger than BTRUN_CACHE_BYTES"
			    : strerror(-err));
}

/* Each part with its length, so that no two keys are one text. */
static void put_part(FILE *out, const char *p, size_t n)
{
	uint64_t length = n;

	fwrite(&length, sizeof(length), 1, out);
	fwrite(p, 1, n, out);
}

static void put_key_text(FILE *out, const char *text)
{
	put_part(out, text, strlen(text));
}

static bool put_program(FILE *out, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	put_key_text(out, path);
	put_part(out, (const char *)&st.st_dev, sizeof(st.st_dev));
	put_part(out, (const char *)&st.st_ino, sizeof(st.st_ino));
	put_part(out, (const char *)&st.st_size, sizeof(st.st_size));
	put_part(out, (const char *)&st.st_mtim, sizeof(st.st_mtim));
	put_part(out, (const char *)&st.st_ctim, sizeof(st.st_ctim));
	return true;
}

static void put_kernel(FILE *out, struct arena *a, struct kernel *k)
{
	struct utsname name;
	struct str id;

	if (uname(&name) == 0) {
		put_key_text(out, name.release);
		put_key_text(out, name.version);
		put_key_text(out, name.machine);
	}
	id = features_build_id(k, a);
	put_part(out, id.p, id.n);
}

/* What the processes that read header files see besides the command line. */
static void put_surroundings(FILE *out, const struct options *o)
{
	static const char *const variables[] = { "CPATH", "C_INCLUDE_PATH", "LD_LIBRARY_PATH" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		put_key_text(out, value ? value : "");
	}
	for (size_t i = 0; i < o->folders.n; i++)
		put_key_text(out, o->folders.v[i]);
	put_key_text(out, "");
	put_key_text(out, o->btf ? o->btf : "");
}

/* All that decides what the compiler makes, except for what it asks while it is at it (struct watcher). */
static bool make_key(struct cache *c)
{
	char *text = NULL, compiler[PATH_MAX + 16];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool whole;

	if (!out)
		return false;
	put_key_text(out, BTRUN_VERSION);
	whole = put_program(out, "/proc/self/exe") &&
		helper_path("btrun-compile", compiler, sizeof(compiler)) && put_program(out, compiler);
	put_kernel(out, c->arena, c->kernel);
	put_surroundings(out, c->options);
	put_part(out, c->source->text.p, c->source->text.n);
	for (char **argv = compile_arguments(c->arena, c->kernel, c->source, c->options, c->one_kind); *argv;
	     argv++)
		put_key_text(out, *argv);
	whole &= !ferror(out);
	if (fclose(out) == 0 && whole)
		c->key = str_copy(c->arena, text, size);
	free(text);
	return c->key.n;
}

static void make_name(struct cache *c)
{
	unsigned char result[DIGEST_SIZE];
	struct digest d;

	digest_begin(&d);
	digest_add(&d, c->key.p, c->key.n);
	digest_end(&d, result);
	for (size_t i = 0; i < (STORE_NAME - 1) / 2; i++)
		snprintf(c->name + 2 * i, 3, "%02x", result[i]);
}

struct cache *cache_open(
    struct arena *a, struct kernel *k, const struct source *source, const struct options *o, bool one_kind)
{
	struct cache *c = arena_one(a, struct cache);

	*c = (struct cache){ .arena = a,
		.kernel = k,
		.source = source,
		.options = o,
		.one_kind = one_kind,
		.store.folder = -ENOENT,
		.watcher = { .kernel = k, .pid = o->run.pid, .btf = o->btf },
		.facts = { o, source, NULL } };
	if (o->no_cache)
		return c;
	store_open(&c->store);
	if (c->store.folder < 0) {
		tell_error(c, c->store.path, c->store.folder);
		return c;
	}
	if (!make_key(c)) {
		store_close(&c->store);
		return c;
	}
	make_name(c);
	/* What the compiler asked may have to be asked again. */
	kernel_use(k, KERNEL_SYMBOLS, facts_symbols, &c->facts);
	kernel_use(k, KERNEL_USDT, facts_usdt, &c->facts);
	return c;
}

void cache_close(struct cache *c)
{
	store_close(&c->store);
}

/* The reader of the runtime refuses what is wrong; here that means to compile. */
static bool is_image(struct arena *a, int fd)
{
	struct image image;
	size_t size, room;
	struct str why;
	void *object;
	bool good;

	if (image_load(fd, &object, &size, &room, &why))
		return false;
	good = image_read(a, object, size, &image, &why) == 0;
	munmap(object, room);
	return good;
}

/* Puts the entry's messages out and gives a memfd with its image; or negative errno, and nothing was done. */
static int use(struct cache *c, struct arena *a, struct str bytes, bool *one_kind)
{
	struct watcher watcher = c->watcher;
	const struct watch *changed;
	struct entry e;
	int image;

	watcher.arena = a;
	if (!entry_read(a, bytes, c->key, &e)) {
		tell_verbose(c, "an entry is not used", "it is damaged, or of something else");
		return -EBADMSG;
	}
	changed = watcher_changed(&watcher, &e.watches);
	if (changed) {
		tell_verbose(c, "an entry is old: this has changed",
		    changed->name.n ? str_copy(a, changed->name.p, changed->name.n).p : "the modules");
		return -ESTALE;
	}
	image = memory_file("image", e.image);
	if (image >= 0 && !is_image(a, image)) {
		tell_verbose(c, "an entry is not used", "there is no good image in it");
		close(image);
		return -EBADMSG;
	}
	if (image < 0)
		return image;
	tell_verbose(c, "started from it", c->name);
	fwrite(e.messages.p, 1, e.messages.n, stderr);
	*one_kind = e.one_kind;
	return image;
}

static int find_entry(struct cache *c, bool *one_kind)
{
	struct arena *a = arena_new();
	struct str bytes;
	int err = store_read(&c->store, a, c->name, &bytes);

	if (err == -ENOENT)
		tell_verbose(c, "nothing was kept of this", "");
	else if (err)
		tell_error(c, "an entry is not used", err);
	else
		err = use(c, a, bytes, one_kind);
	arena_free(a);
	return err;
}

static void keep_image(struct cache *c, struct arena *a, struct str messages, bool one_kind, int image)
{
	struct entry e = { c->key, c->watcher.list, messages, { 0 }, one_kind };
	uint64_t limit = c->options->cache_bytes;
	int err;

	if (c->watcher.unsure) {
		tell_verbose(c, "not kept", "what it was made from may be changing");
		return;
	}
	err = messages.n > MESSAGES_MOST ? -EFBIG : memory_read(a, image, &e.image);
	if (!err)
		err = store_write(&c->store, c->name, entry_pack(a, &e), limit);
	if (err)
		tell_error(c, "not kept", err);
	else
		tell_verbose(c, "kept", c->name);
}

/* The messages are shown when they are all there. */
static int compile_and_keep(struct cache *c, int messages, bool one_kind, int *image)
{
	struct compile_listener listener = { messages, &c->watcher };
	struct arena *a = arena_new();
	struct str text = { 0 };
	int err;

	c->watcher.arena = a;
	watcher_begin(&c->watcher);
	err = compile_script(c->kernel, c->source, c->options, one_kind, &listener, image);
	if (memory_read(a, messages, &text) == 0)
		fwrite(text.p, 1, text.n, stderr);
	if (!err)
		keep_image(c, a, text, one_kind, *image);
	arena_free(a);
	return err;
}

static int compile_new(struct cache *c, bool one_kind, int *image)
{
	int messages = c->store.folder < 0 ? -1 : memory_file("messages", STR("")), err;

	if (messages < 0)
		return compile_script(c->kernel, c->source, c->options, one_kind, NULL, image);
	err = compile_and_keep(c, messages, one_kind, image);
	close(messages);
	return err;
}

int cache_image(struct cache *c, bool *one_kind, int *image)
{
	*one_kind = c->one_kind;
	*image = c->store.folder < 0 ? c->store.folder : find_entry(c, one_kind);
	return *image >= 0 ? 0 : compile_new(c, *one_kind, image);
}

int cache_all_kinds(struct cache *c, int *image)
{
	return compile_new(c, false, image);
}
