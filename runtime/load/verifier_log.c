/*
 * The verifier's log speaks of instructions; .BTF.ext says which line and column of the
 * script each came from (struct bpf_line_info, sorted within its section).
 */
#include "runtime/load/verifier_log.h"

#include <ctype.h>
#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "image/btf_ext.h"

struct object {
	struct str btf, ext;
	struct str section; /* of the program */
	uint64_t begin;     /* of the program in it */
};

static struct str section_bytes(Elf_Scn *scn)
{
	Elf_Data *data = elf_getdata(scn, NULL);

	return data ? (struct str){ data->d_buf, data->d_size } : (struct str){ 0 };
}

static void find_symbol(Elf *elf, size_t names, Elf_Scn *scn, struct str program, struct object *o)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Shdr header, home;
	GElf_Sym symbol;

	if (!data || !gelf_getshdr(scn, &header))
		return;
	for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
		Elf_Scn *at;

		if (!name || !str_is(program, name))
			continue;
		at = elf_getscn(elf, symbol.st_shndx);
		if (!at || !gelf_getshdr(at, &home) || !(name = elf_strptr(elf, names, home.sh_name)))
			continue;
		o->section = str_of(name);
		o->begin = symbol.st_value;
	}
}

static void find_parts(Elf *elf, struct str program, struct object *o)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;

		if (!name)
			continue;
		if (header.sh_type == SHT_SYMTAB)
			find_symbol(elf, names, scn, program, o);
		else if (strcmp(name, ".BTF") == 0)
			o->btf = section_bytes(scn);
		else if (strcmp(name, ".BTF.ext") == 0)
			o->ext = section_bytes(scn);
	}
}

/* Tells whether a string of the BTF is the wanted one. struct btf_header's str_off and str_len are its
 * sixth and seventh words, hdr_len the second. */
static bool name_is(const struct object *o, uint32_t name, struct str wanted)
{
	uint32_t words[6];
	uint64_t at;

	if (o->btf.n < sizeof(words))
		return false;
	memcpy(words, o->btf.p, sizeof(words));
	at = (uint64_t)words[1] + words[4] + name;
	return at < o->btf.n && o->btf.n - at > wanted.n && memcmp(o->btf.p + at, wanted.p, wanted.n) == 0 &&
	       o->btf.p[at + wanted.n] == '\0';
}

/* The last line_info at or before the instruction. */
static bool search_section(
    const struct object *o, const char *p, uint32_t n, uint32_t size, uint64_t insn, uint32_t *line_col)
{
	struct bpf_line_info info;
	bool found = false;

	for (uint32_t i = 0; i < n; i++) {
		memcpy(&info, p + (size_t)i * size, sizeof(info));
		if (info.insn_off > insn || info.insn_off < o->begin)
			continue;
		*line_col = info.line_col;
		found = true;
	}
	return found;
}

static bool search_lines(const struct object *o, uint64_t insn, uint32_t *line_col)
{
	struct btf_ext_walk walk;
	struct btf_ext_section s;

	if (btf_ext_begin(&walk, o->ext.p, o->ext.n, BTF_EXT_LINES) <= 0 ||
	    walk.record_size < sizeof(struct bpf_line_info))
		return false;
	while (btf_ext_next(&walk, &s) > 0)
		if (name_is(o, s.name, o->section))
			return search_section(o, s.records, s.n, walk.record_size, insn, line_col);
	return false;
}

bool verify_place(const struct tracer *t, struct str program, uint32_t insn, struct span *at)
{
	struct object o = { 0 };
	uint32_t line_col = 0;
	bool found;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory(t->loaded.elf, t->loaded.elf_size);
	if (!elf)
		return false;
	find_parts(elf, program, &o);
	found = o.section.n && search_lines(&o, o.begin + (uint64_t)insn * 8, &line_col);
	elf_end(elf);
	if (!found)
		return false;
	at->begin =
	    source_offset(&t->map.script, BPF_LINE_INFO_LINE_NUM(line_col), BPF_LINE_INFO_LINE_COL(line_col));
	at->end = at->begin + (at->begin < t->map.script.text.n);
	return true;
}

/* Tells whether the line is that of an instruction, "123: (85) call ...", and gives its number. */
static bool is_insn(struct str line, uint32_t *insn)
{
	char *end;

	if (line.n < 4 || !isdigit((unsigned char)line.p[0]))
		return false;
	*insn = (uint32_t)strtoul(line.p, &end, 10);
	return end + 2 < line.p + line.n && end[0] == ':' && end[1] == ' ' && end[2] == '(';
}

static bool is_chatter(struct str line)
{
	static const char *const starts[] = { "processed ", "verification time", "stack depth",
		"libbpf:", "prog '", "--", ";", "max_states", "failed to load", "mark_precise", "last_idx",
		"regs=", "from ", "parent ", "Func#", "Validating ", "live regs" };

	if (line.n == 0 || isdigit((unsigned char)line.p[0]))
		return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (str_starts(line, starts[i]))
			return true;
	return false;
}

/* "R2 min value is outside of the allowed memory range" only adds a register to the line before it, which
 * says what was accessed and where it ends. */
static bool only_adds(struct str line)
{
	return str_glob(STR("R* is outside of the allowed memory range"), line);
}

bool verify_last(struct str log, uint32_t *insn, struct str *essence)
{
	struct str rest = log, line;
	bool found = false;

	*essence = (struct str){ 0 };
	while (rest.n) {
		line = str_split(rest, '\n', &rest);
		if (is_insn(line, insn))
			found = true;
		else if (!is_chatter(line))
			*essence = essence->n && only_adds(line) ? *essence : line;
	}
	return found || essence->n;
}

/* libbpf writes into the log which relocation it could not make, where the verifier has met it: "failed to
 * resolve CO-RE relocation <byte_off> [45] struct sock::sk_err (0:5 @ offset 16)". */
static struct str unresolved(struct str log)
{
	static const char before[] = "failed to resolve CO-RE relocation ";
	const char *at = memmem(log.p, log.n, before, sizeof(before) - 1);
	struct str text = { 0 };

	if (!at)
		return text;
	text = str_split(str_slice(log, (size_t)(at - log.p), log.n), '\n', &log);
	str_split(text, ']', &text);
	return str_trim(str_split(text, '(', &log));
}

/* Returns the log's words as the script has them: the compiler puts ___N behind a record's name. */
static struct str without_variant(struct arena *a, struct str what)
{
	const char *at = memmem(what.p, what.n, "___", 3), *end = at ? at + 3 : NULL;

	while (at && end < what.p + what.n && isdigit((unsigned char)*end))
		end++;
	if (!at || end == at + 3)
		return what;
	return str_format(a, "%.*s%.*s", (int)(at - what.p), what.p, (int)(what.p + what.n - end), end);
}

static void explain_relocation(struct tracer *t, struct span at, struct str what)
{
	what = without_variant(t->runtime.arena, what);
	diag_error(&t->diag, at, "this kernel's BTF has no %.*s, or another kind of it", STR_ARG(what));
	tracer_hint_kernel(t);
}

void verify_explain(struct tracer *t, struct probe *p)
{
	struct span at = tracer_attach(t, p)->span;
	struct str essence;
	uint32_t insn = UINT32_MAX;

	verify_last(t->loaded.log, &insn, &essence);
	if (insn != UINT32_MAX)
		verify_place(t, p->programs[p->kind]->name, insn, &at);
	if (unresolved(t->loaded.log).n) {
		explain_relocation(t, at, unresolved(t->loaded.log));
		return;
	}
	diag_error(&t->diag, at, "the kernel's verifier refuses the program of %.*s: %.*s",
	    STR_ARG(tracer_attach(t, p)->text), STR_ARG(essence));
	if (memmem(t->loaded.log.p, t->loaded.log.n, "infinite loop", 13) ||
	    memmem(t->loaded.log.p, t->loaded.log.n, "jumps is too complex", 20) ||
	    memmem(t->loaded.log.p, t->loaded.log.n, "program is too large", 20))
		diag_hint(&t->diag, "the verifier goes through every round of a loop: it must see an end, "
				    "some thousand rounds away at most");
	if (t->options->verbose)
		fprintf(stderr, "%.*s", STR_ARG(t->loaded.log));
	else
		diag_hint(&t->diag, "-v shows the verifier's whole log");
}
