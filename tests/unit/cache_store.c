#include "cache/store.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/cache_store.XXXXXX";

#define NAME(letter) letter "0000000000000000000000000000000"
#define MUCH (1 << 20)

static const char *in_base(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *to = path[turn++ % 4];

	snprintf(to, sizeof(path[0]), "%s/%s", base, name);
	return to;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	return remove(path);
}

static void clear(void)
{
	nftw(in_base("btrun"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void written_and_read(struct arena *a)
{
	struct str bytes;
	struct store s;
	struct stat st;

	store_open(&s);
	CHECK(s.folder >= 0);
	CHECK(stat(in_base("btrun"), &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK_INT(store_read(&s, a, NAME("a"), &bytes), -ENOENT);
	CHECK_INT(store_write(&s, NAME("a"), STR("one"), MUCH), 0);
	CHECK_INT(store_read(&s, a, NAME("a"), &bytes), 0);
	CHECK_STR(bytes, "one");
	CHECK(stat(in_base("btrun/" NAME("a")), &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK_INT(store_write(&s, NAME("a"), STR("another"), MUCH), 0);
	CHECK_INT(store_read(&s, a, NAME("a"), &bytes), 0);
	CHECK_STR(bytes, "another");
	CHECK_INT(store_write(&s, NAME("b"), STR("too large"), 8), -EFBIG);
	CHECK_INT(store_read(&s, a, NAME("b"), &bytes), -ENOENT);
	store_close(&s);
	CHECK_INT(store_read(&s, a, NAME("a"), &bytes), -EBADF);
}

static void foreign_files(struct arena *a)
{
	struct str bytes;
	struct store s;

	store_open(&s);
	CHECK_INT(chmod(in_base("btrun/" NAME("a")), 0620), 0);
	CHECK_INT(store_read(&s, a, NAME("a"), &bytes), -EPERM);
	CHECK_INT(chmod(in_base("btrun/" NAME("a")), 0600), 0);
	CHECK_INT(store_read(&s, a, NAME("a"), &bytes), 0);
	CHECK_INT(symlink(NAME("a"), in_base("btrun/" NAME("c"))), 0);
	CHECK_INT(store_read(&s, a, NAME("c"), &bytes), -ELOOP);
	CHECK_INT(mkfifo(in_base("btrun/" NAME("d")), 0600), 0);
	CHECK_INT(store_read(&s, a, NAME("d"), &bytes), -EPERM);
	CHECK_INT(mkdir(in_base("btrun/" NAME("e")), 0700), 0);
	CHECK_INT(store_read(&s, a, NAME("e"), &bytes), -EPERM);
	CHECK_INT(store_write(&s, NAME("e"), STR("x"), MUCH), -EISDIR);
	store_close(&s);
	clear();
}

static int open_error(void)
{
	struct store s;
	int err;

	store_open(&s);
	err = s.folder < 0 ? s.folder : 0;
	store_close(&s);
	return err;
}

static void foreign_folders(void)
{
	CHECK_INT(mkdir(in_base("btrun"), 0700), 0);
	CHECK_INT(chmod(in_base("btrun"), 0770), 0);
	CHECK_INT(open_error(), -EPERM);
	CHECK_INT(chmod(in_base("btrun"), 0702), 0);
	CHECK_INT(open_error(), -EPERM);
	CHECK_INT(chmod(in_base("btrun"), 0755), 0);
	CHECK_INT(open_error(), 0);
	CHECK_INT(rename(in_base("btrun"), in_base("real")), 0);
	CHECK_INT(symlink("real", in_base("btrun")), 0);
	CHECK_INT(open_error(), -ENOTDIR);
	CHECK_INT(unlink(in_base("btrun")), 0);
	CHECK_INT(rmdir(in_base("real")), 0);
}

static void use_time(struct store *s, const char *name, time_t seconds)
{
	struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };

	CHECK_INT(utimensat(s->folder, name, times, 0), 0);
}

/* 4 blocks of 4 KB fit. */
static void bounded(struct arena *a)
{
	static const char *const names[] = { NAME("1"), NAME("2"), NAME("3"), NAME("4"), NAME("5") };
	char block[4096];
	struct str bytes, content = { block, sizeof(block) };
	struct store s;

	memset(block, 'x', sizeof(block));
	store_open(&s);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(store_write(&s, names[i], content, 4 * sizeof(block)), 0);
		use_time(&s, names[i], 1000 + i);
	}
	CHECK_INT(store_read(&s, a, names[0], &bytes), 0); /* used just now */
	CHECK_INT(store_write(&s, ".new-1-left", content, MUCH), 0);
	use_time(&s, ".new-1-left", 1000);
	CHECK_INT(store_write(&s, "other", content, MUCH), 0);
	CHECK_INT(store_write(&s, names[4], content, 4 * sizeof(block)), 0);
	CHECK_INT(store_read(&s, a, names[0], &bytes), 0);
	CHECK_INT(store_read(&s, a, names[1], &bytes), -ENOENT);
	for (int i = 2; i < 5; i++)
		CHECK_INT(store_read(&s, a, names[i], &bytes), 0);
	CHECK_INT(store_read(&s, a, ".new-1-left", &bytes), -ENOENT);
	CHECK_INT(store_read(&s, a, "other", &bytes), 0); /* none of ours */
	store_close(&s);
	clear();
}

static void nowhere(void)
{
	setenv("XDG_CACHE_HOME", "/dev/null", 1);
	CHECK_INT(open_error(), -ENOTDIR);
	setenv("XDG_CACHE_HOME", "/proc", 1);
	CHECK(open_error() < 0);
	setenv("XDG_CACHE_HOME", in_base("made"), 1);
	CHECK_INT(open_error(), 0);
	setenv("XDG_CACHE_HOME", in_base("not/made"), 1);
	CHECK_INT(open_error(), -ENOENT);
}

int main(void)
{
	struct arena *a = arena_new();

	CHECK(mkdtemp(base) != NULL);
	setenv("XDG_CACHE_HOME", base, 1);
	written_and_read(a);
	foreign_files(a);
	foreign_folders();
	bounded(a);
	nowhere();
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(a);
	return test_end();
}
