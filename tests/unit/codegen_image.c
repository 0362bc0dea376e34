/* Small scripts through the whole compiler, against the fixture kernel: what is in the image. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codegen/compile.h"
#include "image/btf_ext.h"
#include "image/elf.h"
#include "image/image.h"
#include "kernel/btf.h"
#include "parser/parser.h"
#include "tests/unit/test.h"

struct compiled {
	struct image image;
	void *bytes;
	size_t size;
};

/* What is done to a program before code is made of it. */
static void (*meanwhile)(struct arena *a, struct program *program, struct source_map *map);

static bool compile_for(struct arena *a, const char *text, bool portable, bool one_kind, struct compiled *c)
{
	struct kernel *kernel = kernel_host("tests/fixtures/kernel");
	struct source_map map = { .script = { STR("t.bt"), str_of(text) } };
	struct diag diag = { .map = &map, .out = stderr };
	struct lexer *lexer = lexer_new(a, &map, &diag);
	struct analysis_options options = {
		.kernel = kernel, .max_strlen = 64, .max_map_keys = 100, .portable = portable
	};
	struct program *program = analyse(a, parse_script(a, lexer), &diag, &options);
	struct generate_options generate = { .release = STR("6.1.0-fixture"), .one_kind = one_kind };
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct str why = STR("");
	struct stat st;

	if (meanwhile)
		meanwhile(a, program, &map);
	int err = diag.errors ? -EINVAL : generate_image(a, program, &generate, fd);
	kernel_btf_free(program->btf);
	kernel_free(kernel);
	if (!err && fstat(fd, &st) == 0) {
		c->size = (size_t)st.st_size;
		c->bytes = arena_alloc(a, c->size);
		if (pread(fd, c->bytes, c->size, 0) == st.st_size)
			err = image_read(a, c->bytes, c->size, &c->image, &why);
	}
	close(fd);
	if (err)
		printf("%s: %d %.*s\n", text, err, STR_ARG(why));
	return !err;
}

static bool compile(struct arena *a, const char *text, struct compiled *c)
{
	return compile_for(a, text, false, false, c);
}

static const struct image_program *program_of(const struct compiled *c, enum program_kind_id kind)
{
	for (size_t i = 0; i < c->image.programs.n; i++)
		if (c->image.programs.v[i].kind == kind)
			return &c->image.programs.v[i];
	return NULL;
}

static void forms(struct arena *a)
{
	struct compiled c;

	CHECK(compile(a, "kretprobe:inet_csk_accept { @ = count(); }", &c));
	CHECK_INT(c.image.programs.n, 2);
	CHECK(program_of(&c, PROGRAM_kretprobe) && program_of(&c, PROGRAM_fexit));
	CHECK_INT(program_of(&c, PROGRAM_fexit)->needs_retval, 0);

	CHECK(compile(a, "kprobe:vfs_read { @ = arg2; }", &c));
	CHECK(program_of(&c, PROGRAM_kprobe) && program_of(&c, PROGRAM_fentry));
	CHECK_INT(program_of(&c, PROGRAM_fentry)->n_params, 1);
	CHECK_INT(program_of(&c, PROGRAM_fentry)->params[0].number, 2);
	CHECK_INT(program_of(&c, PROGRAM_fentry)->params[0].size, 8);

	/* One program serves all that a pattern matches; an offset allows no trampoline. */
	CHECK(compile(a, "kprobe:vfs_*, kprobe:tcp_* { @[func] = count(); }", &c));
	CHECK_INT(c.image.programs.n, 1);
	CHECK_INT(c.image.programs.v[0].n_attach, 2);
	CHECK(compile(a, "kprobe:vfs_read+4 { @ = count(); }", &c));
	CHECK_INT(c.image.programs.n, 1);
}

static const struct image_extern *extern_of(const struct compiled *c, enum image_extern_kind kind)
{
	for (size_t i = 0; i < c->image.externs.n; i++)
		if (c->image.externs.v[i].kind == kind)
			return &c->image.externs.v[i];
	return NULL;
}

/* What the kernel where it runs decides: constants in a program for this one, externs in one for any. */
static void portable(struct arena *a)
{
	static const struct {
		const char *text, *name;
		enum image_extern_kind kind;
	} rows[] = {
		{ "BEGIN { @ = FIXTURE_MINUS; }", "fixture_signed:FIXTURE_MINUS", EXTERN_enum_value },
		{ "BEGIN { @ = sizeof(struct sock); }", "struct sock", EXTERN_type_size },
		{ "BEGIN { @ = offsetof(struct sock, sk_rcvbuf); }", "struct sock:sk_rcvbuf",
		    EXTERN_member_offset },
		{ "kprobe:tcp_connect { $s = (struct sock *)arg0; @ = ($s + 1)->sk_rcvbuf; }", "struct sock",
		    EXTERN_type_size },
		{ "fentry:tcp_connect { @ = (uint64)args->sk; }", "tcp_connect:sk:8", EXTERN_parameter },
	};
	struct compiled c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(compile(a, rows[i].text, &c));
		CHECK(!extern_of(&c, rows[i].kind));
		CHECK(compile_for(a, rows[i].text, true, false, &c));
		CHECK(extern_of(&c, rows[i].kind));
		if (extern_of(&c, rows[i].kind))
			CHECK_STR(extern_of(&c, rows[i].kind)->name, rows[i].name);
	}
	CHECK(compile_for(a, "kprobe:tcp_connect { print(*(struct list_head *)arg0); }", true, false, &c));
	CHECK(!compile_for(a, "kprobe:tcp_connect { print(*(struct sock_common *)arg0); }", true, false, &c));
}

static void relocations(struct arena *a)
{
	struct compiled c;

	CHECK(compile(a, "tracepoint:sched:sched_switch { printf(\"%s\", args.next_comm); }", &c));
	CHECK(c.image.relocs.n >= 2);
	for (size_t i = 0; i < c.image.relocs.n; i++) {
		const struct image_reloc *r = &c.image.relocs.v[i];

		CHECK_STR(r->category, "sched");
		CHECK_STR(r->event, "sched_switch");
		CHECK_STR(r->field, "next_comm");
		CHECK_STR(r->section, "tracepoint/sched/sched_switch");
		CHECK_INT(r->size, 16);
		CHECK_INT(r->insn % 8, 0);
	}
	CHECK_INT(c.image.relocs.v[1].delta, 1);
	CHECK(compile(a, "kprobe:tcp_connect { @ = ((struct sock *)arg0)->__sk_common.skc_num; }", &c));
	CHECK_INT(c.image.relocs.n, 0);
}

/* Returns the name of the member that a CO-RE record of the object accesses. */
static struct str accessed(const struct kernel_btf *btf, const struct bpf_core_relo *r)
{
	struct btf_member_info m = { .type = r->type_id };
	struct btf_info info;
	char *at;

	strtoul(btf_string(btf, r->access_str_off).p, &at, 10);
	while (*at == ':') {
		unsigned long number = strtoul(at + 1, &at, 10);

		btf_info(btf, m.type, &info);
		btf_member(btf, info.id, (uint32_t)number, &m);
	}
	return m.name;
}

/* Returns which properties of the member the object asks for, a bit each. */
static unsigned asked_of(const struct compiled *c, struct str member)
{
	struct bpf_core_relo r;
	struct btf_ext_section section;
	struct btf_ext_walk walk;
	struct kernel_btf *btf = NULL;
	unsigned kinds = 0;
	Elf64_Shdr h;

	if (!elf_section(c->bytes, c->size, STR(".BTF"), &h) ||
	    kernel_btf_parse((char *)c->bytes + h.sh_offset, h.sh_size, &btf) ||
	    !elf_section(c->bytes, c->size, STR(".BTF.ext"), &h) ||
	    btf_ext_begin(&walk, (char *)c->bytes + h.sh_offset, h.sh_size, BTF_EXT_RELOCATIONS) <= 0)
		return 0;
	while (btf_ext_next(&walk, &section) > 0)
		for (uint32_t i = 0; i < section.n; i++) {
			memcpy(&r, section.records + (size_t)i * walk.record_size, sizeof(r));
			if (str_eq(accessed(btf, &r), member))
				kinds |= 1u << r.kind;
		}
	kernel_btf_free(btf);
	return kinds;
}

/* Of each member everything is asked by its own name, though others have the same place, size and sign on the
 * kernel that is compiled for. */
static void own_relocations(struct arena *a)
{
	static const char text[] = "kprobe:tcp_connect { $s = (struct sock *)arg0; @a = $s->sk_err; "
				   "@b = $s->sk_rcvbuf; @c = $s->sk_ack_backlog; @d = $s->sk_type; "
				   "@e = $s->__sk_common.skc_daddr; @f = $s->__sk_common.skc_addrpair; }";
	static const char *const members[] = { "sk_err", "sk_rcvbuf", "sk_ack_backlog", "sk_type",
		"skc_daddr", "skc_addrpair" };
	const unsigned all = 1u << BPF_CORE_FIELD_BYTE_OFFSET | 1u << BPF_CORE_FIELD_BYTE_SIZE |
			     1u << BPF_CORE_FIELD_SIGNED | 1u << BPF_CORE_FIELD_LSHIFT_U64 |
			     1u << BPF_CORE_FIELD_RSHIFT_U64;
	struct compiled c;

	/* again, because LLVM remembers what it has seen of modules that are gone */
	for (int round = 0; round < 2; round++) {
		CHECK(compile_for(a, text, true, false, &c));
		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			CHECK_INT(asked_of(&c, str_of(members[i])), all);
	}
}

/* Instructions of the whole object that call this helper of the kernel. */
static unsigned calls_of(const struct compiled *c, int32_t helper)
{
	const struct bpf_insn *insn = c->bytes;
	unsigned n = 0;

	for (size_t i = 0; i < c->size / sizeof(*insn); i++)
		n += insn[i].code == (BPF_JMP | BPF_CALL) && insn[i].src_reg == 0 && insn[i].dst_reg == 0 &&
		     insn[i].off == 0 && insn[i].imm == helper;
	return n;
}

/* Of what stays the same throughout a program the kernel is asked once: in the predicate, or in the action.
 */
static void ids(struct arena *a)
{
	struct compiled c;

	CHECK(compile(a, "BEGIN { @[tid] = pid; if (pid > 5) { @b[tid] = 1; } else { @b[pid] = 2; } }", &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_get_current_pid_tgid), 1);
	CHECK(compile(a, "BEGIN /@[tid]/ { @[tid] = pid; }", &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_get_current_pid_tgid), 1);
	CHECK(compile(a, "BEGIN { @ = 1; }", &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_get_current_pid_tgid), 0);
}

static unsigned negations_of(const struct compiled *c)
{
	const struct bpf_insn *insn = c->bytes;
	unsigned n = 0;

	for (size_t i = 0; i < c->size / sizeof(*insn); i++)
		n += insn[i].code == (BPF_ALU64 | BPF_NEG) && !insn[i].off && !insn[i].imm;
	return n;
}

/* Typed pointers are followed only in what is compiled for this kernel; what was a number is one for good.
 * Other members each time: LLVM remembers those that it has seen, of modules that are gone too. */
static void direct(struct arena *a)
{
	struct compiled c;

	CHECK(compile_for(a, "BEGIN { @ = curtask->real_parent->prio; }", false, true, &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_get_current_task_btf), 1);
	CHECK_INT(calls_of(&c, BPF_FUNC_get_current_task), 0);
	CHECK_INT(calls_of(&c, BPF_FUNC_probe_read_kernel), 2);
	CHECK(negations_of(&c) > 0);
	CHECK(compile(a, "BEGIN { @ = curtask->group_leader->flags; }", &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_get_current_task_btf), 0);
	CHECK_INT(calls_of(&c, BPF_FUNC_probe_read_kernel), 2);
	CHECK_INT(negations_of(&c), 0);
	CHECK(compile_for(a, "kprobe:tcp_connect { $s = (struct sock *)((uint64)arg0 + 0); @ = $s->sk_err; }",
	    false, true, &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_probe_read_kernel), 1);
	CHECK_INT(negations_of(&c), 0);
	CHECK(compile_for(
	    a, "kprobe:tcp_connect { $s = (struct sock *)arg0; @ = $s->sk_socket->file; }", false, true, &c));
	CHECK_INT(calls_of(&c, BPF_FUNC_probe_read_kernel), 2);
	CHECK(negations_of(&c) > 0);
	/* assigned twice, or in a block that is over: a pointer's negations would show it */
	CHECK(compile_for(a,
	    "kprobe:tcp_connect { $s = (struct sock *)arg0; $s = (struct sock *)5; @ = $s->sk_state_change; "
	    "}",
	    false, true, &c));
	CHECK_INT(negations_of(&c), 0);
	CHECK(compile_for(a, "kprobe:tcp_connect { if (pid) { $s = (struct socket *)arg0; } @ = $s->sk; }",
	    false, true, &c));
	CHECK_INT(negations_of(&c), 0);
}

static void records(struct arena *a)
{
	struct compiled c;

	CHECK(compile(a,
	    "BEGIN { time(\"%H \"); printf(\"%d\", pid); printf(\"%s\\n\", comm); @ = 1; print(@); }", &c));
	CHECK_INT(c.image.records.n, 2);
	CHECK_INT(c.image.records.v[0].n_actions, 3);
	CHECK_STR(c.image.records.v[0].actions[0].builtin, "time");
	CHECK(c.image.records.v[0].actions[0].fields[0].is_time);
	CHECK_INT(c.image.records.v[1].actions[0].map, 0);
	CHECK_STR(c.image.maps.v[0].name, "@");
	CHECK_INT(c.image.maps.v[0].key_type, IMAGE_NONE);
}

static void externs_and_counters(struct arena *a)
{
	struct compiled c;
	bool found = false;

	CHECK(compile(
	    a, "kprobe:vfs_read /func_exists(\"vfs_open\") && ncpus > 1/ { printf(\"%d\", cpu); }", &c));
	for (size_t i = 0; i < c.image.externs.n; i++)
		if (c.image.externs.v[i].kind == EXTERN_func_exists) {
			found = true;
			CHECK_STR(c.image.externs.v[i].name, "vfs_open");
		}
	CHECK(found);
	/* No two externs lie at one place. */
	for (size_t i = 0; i < c.image.externs.n; i++)
		for (size_t j = 0; j < i; j++)
			CHECK(c.image.externs.v[i].offset != c.image.externs.v[j].offset);
	found = false;
	for (size_t i = 0; i < c.image.counters.n; i++)
		found |= c.image.counters.v[i].kind == LOSS_ring_full;
	CHECK(found);
	/* The same as a whole predicate decides about attaching. */
	CHECK(compile(a, "kprobe:vfs_read /!func_exists(\"vfs_open\")/ { @ = 1; }", &c));
	CHECK_STR(c.image.attaches.v[0].condition, "vfs_open");
	CHECK(c.image.attaches.v[0].condition_negated);
}

static void put_into_header(struct arena *a, struct program *program, struct source_map *map)
{
	struct source header = { STR("a.h"), STR("text of the header"), 0, SOURCE_HEADER, { 2, 7 } };

	source_add(a, map, header);
	program->attaches.v[0]->span.begin = map->others.v[0].begin;
	program->attaches.v[0]->span.end = map->others.v[0].begin + 4;
	program->maps.v[0]->first = program->attaches.v[0]->span;
	program->records.v[0]->actions.v[0]->span = program->attaches.v[0]->span;
}

/* What another text says has its place in the image where that text came into the script. */
static void places(struct arena *a)
{
	struct compiled c;

	meanwhile = put_into_header;
	CHECK(compile(a, "BEGIN { @ = 1; print(@); }", &c));
	meanwhile = NULL;
	CHECK_INT(c.image.attaches.v[0].span.begin, 2);
	CHECK_INT(c.image.maps.v[0].span.begin, 2);
	CHECK_INT(c.image.records.v[0].actions[0].span.end, 7);
}

int main(void)
{
	struct arena *a = arena_new();

	forms(a);
	relocations(a);
	own_relocations(a);
	portable(a);
	ids(a);
	direct(a);
	records(a);
	externs_and_counters(a);
	places(a);
	arena_free(a);
	return test_end();
}
