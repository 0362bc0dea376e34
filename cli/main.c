/* btrun: script -> image -> tracer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/message.h"
#include "cli/cache.h"
#include "cli/compile.h"
#include "cli/help.h"
#include "cli/info.h"
#include "cli/list.h"
#include "cli/memory.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/script.h"
#include "kernel/features.h"
#include "runtime/process/notify.h"

#define KERNEL_MINIMUM FEATURES_VERSION(5, 10, 0)

/* What every run needs; the rest is said where it fails. */
static int check_kernel(struct arena *a, struct kernel *k)
{
	unsigned version = features_kernel_version(k);
	struct str text;

	if (version && version < KERNEL_MINIMUM) {
		message("this kernel is %u.%u; btrun needs 5.10 or newer", version >> 16, version >> 8 & 255);
		return -EOPNOTSUPP;
	}
	text = features_missing_capabilities(a, false);
	if (text.n) {
		message("not permitted to trace: this process lacks %.*s", STR_ARG(text));
		message_hint("run it with sudo, or once as root: setcap "
			     "cap_bpf,cap_perfmon,cap_dac_override+ep \"$(command -v btrun)\"");
		return -EPERM;
	}
	return 0;
}

static int open_image(const struct source *source)
{
	int fd = memory_file("image", source->text);

	if (fd < 0)
		message("cannot hold the image: %s", strerror(-fd));
	return fd;
}

static int emit(const char *path, int image)
{
	FILE *file = fopen(path, "we");
	char bytes[4096];
	ssize_t n = -1;
	off_t at = 0;
	bool bad;

	while (file && (n = pread(image, bytes, sizeof(bytes), at)) > 0 &&
	       fwrite(bytes, 1, (size_t)n, file) == (size_t)n)
		at += n;
	bad = !file || n != 0 || ferror(file);
	if (file && fclose(file) == 0 && !bad)
		return 0;
	message("--emit-elf: cannot write %s: %s", path, strerror(errno));
	return -EIO;
}

static int show_stages(struct kernel *k, const struct source *source, const struct options *o)
{
	int err = 0;

	for (const char *const *stage = o->stages; *stage && !err; stage++)
		err = compile_show(k, source, o, *stage, STDOUT_FILENO);
	return err;
}

static int emit_llvm(struct arena *a, struct kernel *k, const struct source *source, const struct options *o)
{
	static const char *const files[][2] = { { "ir", "original" }, { "opt", "optimized" } };
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		const char *path = str_format(a, "%s.%s.ll", o->emit_llvm, files[i][1]).p;
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		if (fd < 0) {
			message("--emit-llvm: cannot write %s: %s", path, strerror(errno));
			return -EIO;
		}
		err = compile_show(k, source, o, files[i][0], fd);
		close(fd);
	}
	return err;
}

static int refuse_compiling(const struct options *o, struct str name)
{
	if (!o->compiling)
		return 0;
	message_error("%s: %.*s is an image; the stages and options of compiling are a script's",
	    o->compiling, STR_ARG(name));
	return -EINVAL;
}

/* Runs a script that is compiled now, or was, for this machine: once more with all kinds of programs when
 * those of the first methods do not do. */
static int run_script(struct arena *a, struct kernel *k, struct kernel *facts, const struct source *source,
    const struct options *o, struct run_options *run)
{
	struct cache *cache;
	struct run_outcome outcome = { RUN_DONE, 1 };
	int image;

	run->fresh = !o->btf;
	/* Half of the compiler's time, and the second method is seldom needed. */
	cache = cache_open(a, facts, source, o, run->method == ATTACH_AUTO && arch_native()->has_trampolines);
	if (cache_image(cache, &run->one_kind, &image))
		goto out;
	outcome = run_image(k, image, run);
	if (outcome.result == RUN_DONE)
		goto out;
	close(image);
	run->one_kind = false;
	outcome.status = 1;
	if (cache_all_kinds(cache, &image) == 0)
		outcome = run_image(k, image, run);
out:
	cache_close(cache);
	return outcome.status;
}

static int write_image(struct kernel *k, const struct source *source, const struct options *o)
{
	int image, err = compile_script(k, source, o, false, NULL, &image);

	if (!err)
		err = o->aot ? program_write(o->aot, image, o->is_static) : emit(o->emit, image);
	return err != 0;
}

static int run_given(struct arena *a, struct kernel *k, const struct options *o, int image)
{
	struct run_options run = o->run;

	run.params = o->params;
	return image < 0 || check_kernel(a, k) ? 1 : run_image(k, image, &run).status;
}

/* facts: of the kernel that a script is compiled for; k runs here. */
static int trace(struct arena *a, struct kernel *k, struct kernel *facts, const struct options *o)
{
	struct source source;
	struct run_options run = o->run;

	if (o->image >= 0)
		return run_given(a, k, o, o->image);
	if (script_read(a, o, &source))
		return 1;
	if (script_is_image(&source))
		return refuse_compiling(o, source.name) ? 1 : run_given(a, k, o, open_image(&source));
	if (o->mode == MODE_DUMP)
		return show_stages(facts, &source, o) != 0;
	if (o->emit_llvm && emit_llvm(a, facts, &source, o))
		return 1;
	if (o->emit || o->aot)
		return write_image(facts, &source, o);
	return check_kernel(a, k) ? 1 : run_script(a, k, facts, &source, o, &run);
}

static int info(struct arena *a, struct kernel *k, const struct options *o)
{
	struct source source;

	if (o->image >= 0)
		return describe_image(k, o->image, stdout) != 0;
	if (!o->file) {
		info_print(k);
		return 0;
	}
	if (script_read(a, o, &source))
		return 1;
	if (script_is_image(&source))
		return describe_image(k, open_image(&source), stdout) != 0;
	message_error("--info: %.*s is a script and no image", STR_ARG(source.name));
	message_hint("--aot FILE or --emit-elf FILE compiles it");
	return 1;
}

#define BTF_MAGIC 0xeB9F /* linux/btf.h */

static struct kernel *open_btf(const char *path)
{
	struct kernel *k = kernel_of_btf(path);
	int fd = kernel_open(k, KERNEL_BTF, STR("vmlinux"));
	uint16_t magic = 0;

	if (fd >= 0 && read(fd, &magic, sizeof(magic)) == sizeof(magic) && magic == BTF_MAGIC) {
		close(fd);
		return k;
	}
	message("--btf: %s is not BTF: a file like /sys/kernel/btf/vmlinux is wanted, or a folder with "
		"it",
	    path);
	if (fd >= 0)
		close(fd);
	kernel_free(k);
	return NULL;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct kernel *k = kernel_host(""), *facts = k;
	struct options o;
	int status = 1, image;

	notify_begin();
	if (program_self(&image) || options_parse(a, argc, argv, image, &o))
		goto out;
	if (o.btf)
		facts = open_btf(o.btf);
	if (!facts)
		goto out;
	switch (o.mode) {
	case MODE_HELP:
		status = help_print(o.image, argv[0]) != 0;
		break;
	case MODE_VERSION:
		status = help_version(o.image) != 0;
		break;
	case MODE_INFO:
		status = info(a, k, &o);
		break;
	case MODE_LIST:
		status = list_probes(facts, o.search, o.run.pid, o.run.verbose) != 0;
		break;
	case MODE_RUN:
	case MODE_DUMP:
		status = trace(a, k, facts, &o);
		break;
	}
out:
	if (facts != k)
		kernel_free(facts);
	kernel_free(k);
	arena_free(a);
	return status;
}
