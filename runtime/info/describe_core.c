/*
 * The kernel's types and members that an image was compiled against, out of the CO-RE records of .BTF.ext
 * (Documentation/bpf/llvm_reloc.rst), and whether this kernel's BTF has them. validate_object() has checked
 * the bytes.
 */
#include "runtime/info/describe.h"

#include <stdlib.h>
#include <string.h>

#include "image/btf_ext.h"
#include "image/elf.h"
#include "kernel/btf.h"

#define DEPTH_MAX 16
#define ENUM_KINDS 10 /* enum bpf_core_relo_kind: from here on those of enum constants */

struct core {
	struct tracer *t;
	FILE *out;
	struct kernel_btf *local, *here;
	VEC(struct str) told;
};

/* "sock___old" is the kernel's sock: what follows ___ tells variants apart (libbpf's rule). */
static struct str plain_name(struct str name)
{
	const char *variant = name.n ? memmem(name.p, name.n, "___", 3) : NULL;

	return variant ? str_slice(name, 0, (size_t)(variant - name.p)) : name;
}

/* A member of this name, in anonymous structs too. 0: none. */
static uint32_t member_named(const struct kernel_btf *btf, uint32_t id, struct str name, int depth)
{
	struct btf_member_info m;
	struct btf_info info;

	btf_info(btf, id, &info);
	for (uint32_t i = 0; i < info.members && depth < DEPTH_MAX; i++) {
		uint32_t inner;

		btf_member(btf, info.id, i, &m);
		if (str_eq(m.name, name))
			return m.type;
		inner = m.name.n ? 0 : member_named(btf, m.type, name, depth + 1);
		if (inner)
			return inner;
	}
	return 0;
}

/* Goes along "0:2:1" in the local type, and by names in the kernel's. here: 0 as soon as it has none. */
static struct str follow(struct core *c, uint32_t local, uint32_t *here, const char *access)
{
	struct str path = STR("");
	struct btf_member_info m;
	struct btf_info info;
	char *end;

	strtoul(access, &end, 10);
	while (*end == ':') {
		unsigned long number = strtoul(end + 1, &end, 10);

		btf_info(c->local, local, &info);
		if (info.shape == BTF_SHAPE_ARRAY) {
			local = info.target;
			btf_info(c->here, *here, &info);
			*here = info.shape == BTF_SHAPE_ARRAY ? info.target : 0;
			continue;
		}
		if (number >= info.members)
			break;
		btf_member(c->local, info.id, (uint32_t)number, &m);
		local = m.type;
		if (!m.name.n)
			continue;
		path = str_format(c->t->runtime.arena, "%.*s.%.*s", STR_ARG(path), STR_ARG(m.name));
		*here = *here ? member_named(c->here, *here, m.name, 0) : 0;
	}
	return path;
}

static bool is_told(struct core *c, struct str text)
{
	for (size_t i = 0; i < c->told.n; i++)
		if (str_eq(c->told.v[i], text))
			return true;
	vec_push(c->t->runtime.arena, &c->told, text);
	return false;
}

static void describe_record(struct core *c, const uint32_t *words)
{
	struct btf_info info;
	struct str text;
	uint32_t here = 0;
	int found;

	btf_info(c->local, words[1], &info);
	if (!info.name.n)
		return;
	if (c->here) {
		found = btf_find(c->here, info.shape, plain_name(info.name));
		here = found > 0 ? (uint32_t)found : 0;
	}
	text = words[3] < ENUM_KINDS ? follow(c, words[1], &here, btf_string(c->local, words[2]).p) : STR("");
	text = str_format(c->t->runtime.arena, "%s %.*s%.*s",
	    info.shape == BTF_SHAPE_UNION ? "union" : "type", STR_ARG(plain_name(info.name)), STR_ARG(text));
	if (!is_told(c, text))
		describe_need(c->out, text, !c->here ? IS_UNKNOWN : here ? IS_THERE : IS_NOT_THERE);
}

static void describe_records(struct core *c, const char *ext, size_t size)
{
	struct btf_ext_walk walk;
	struct btf_ext_section s;
	uint32_t words[4];

	if (btf_ext_begin(&walk, ext, size, BTF_EXT_RELOCATIONS) <= 0 || walk.record_size < sizeof(words))
		return;
	while (btf_ext_next(&walk, &s) > 0)
		for (uint32_t i = 0; i < s.n; i++) {
			memcpy(words, s.records + (size_t)i * walk.record_size, sizeof(words));
			describe_record(c, words);
		}
}

void describe_core(struct tracer *t, FILE *out)
{
	struct core c = { .t = t, .out = out, .here = tracer_btf(t) };
	const char *object = t->loaded.elf;
	Elf64_Shdr btf, ext;

	if (!elf_section(object, t->loaded.elf_size, STR(".BTF"), &btf) ||
	    !elf_section(object, t->loaded.elf_size, STR(".BTF.ext"), &ext) ||
	    kernel_btf_parse(object + btf.sh_offset, btf.sh_size, &c.local))
		return;
	describe_records(&c, object + ext.sh_offset, ext.sh_size);
	kernel_btf_free(c.local);
}
