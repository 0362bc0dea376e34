#include "runtime/load/validate_object.h"
#include "image/btf_ext.h"
#include "kernel/btf_file.h"
#include "language/program_kinds.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

/* libbpf goes along such chains without counting. */
#define CHAIN_MAX 64
#define CORE_KINDS 13 /* enum bpf_core_relo_kind */

/* Sections, and functions with the section that each lies in. */
struct named {
	const char *name;
	uint32_t section;
};

struct validator {
	struct arena *arena;
	const char *object;
	Elf64_Ehdr header;
	VEC(struct named) sections, functions; /* sorted */
	struct btf_file btf;
	const char *ext;
	size_t ext_size;
	struct str error;
};

#define refuse(v, ...) ((v)->error.n ? false : ((v)->error = str_format((v)->arena, __VA_ARGS__), false))

static int compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static Elf64_Shdr section_at(const struct validator *v, uint32_t index)
{
	Elf64_Shdr s;

	memcpy(&s, v->object + v->header.e_shoff + (uint64_t)index * sizeof(s), sizeof(s));
	return s;
}

static const char *string_at(const struct validator *v, uint32_t table, uint32_t offset)
{
	return v->object + section_at(v, table).sh_offset + offset;
}

/* Texts of arenas and of BTF's strings end with a NUL. */
static bool find_section(const struct validator *v, struct str name, Elf64_Shdr *header)
{
	struct named wanted = { .name = name.p };
	const struct named *found =
	    bsearch(&wanted, v->sections.v, v->sections.n, sizeof(wanted), compare_named);

	if (found)
		*header = section_at(v, found->section);
	return found;
}

/* Lists sections and functions; image_read() has seen that all of these are where the object says. */
static void list_names(struct validator *v)
{
	Elf64_Shdr symbols = { 0 };

	for (uint32_t i = 0; i < v->header.e_shnum; i++) {
		Elf64_Shdr s = section_at(v, i);

		vec_push(v->arena, &v->sections,
		    ((struct named){ string_at(v, v->header.e_shstrndx, s.sh_name), i }));
		if (s.sh_type == SHT_SYMTAB)
			symbols = s;
	}
	for (uint64_t i = 0; i < symbols.sh_size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, v->object + symbols.sh_offset + i * sizeof(symbol), sizeof(symbol));
		if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC)
			vec_push(v->arena, &v->functions,
			    ((struct named){
				string_at(v, symbols.sh_link, symbol.st_name), symbol.st_shndx }));
	}
	qsort(v->sections.v, v->sections.n, sizeof(struct named), compare_named);
	if (v->functions.n)
		qsort(v->functions.v, v->functions.n, sizeof(struct named), compare_named);
}

static bool is_type(const struct validator *v, uint32_t id)
{
	return id < v->btf.end;
}

static bool is_name(const struct validator *v, uint32_t offset)
{
	return offset < v->btf.strings_size;
}

static bool ends(const struct validator *v, uint32_t id)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		const struct btf_type *t = id ? btf_file_type(&v->btf, id) : NULL;

		if (!t)
			return id == 0;
		if (btf_is_array(t))
			id = btf_array(t)->type;
		else if (btf_is_mod(t) || btf_is_typedef(t))
			id = t->type;
		else
			return true;
	}
	return false;
}

static bool check_members(const struct validator *v, const struct btf_type *t)
{
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];

		if (!is_name(v, m->name_off) || !is_type(v, m->type))
			return false;
	}
	return true;
}

static bool check_values(const struct validator *v, const struct btf_type *t)
{
	for (unsigned i = 0; i < btf_vlen(t); i++)
		if (!is_name(v,
			btf_kind(t) == BTF_KIND_ENUM ? btf_enum(t)[i].name_off : btf_enum64(t)[i].name_off))
			return false;
	return true;
}

static bool check_parameters(const struct validator *v, const struct btf_type *t)
{
	for (unsigned i = 0; i < btf_vlen(t); i++)
		if (!is_name(v, btf_params(t)[i].name_off) || !is_type(v, btf_params(t)[i].type))
			return false;
	return is_type(v, t->type);
}

static bool has_section(const struct validator *v, uint32_t name, uint64_t size)
{
	Elf64_Shdr s;

	return find_section(v, btf_file_string(&v->btf, name), &s) && size <= s.sh_size;
}

/* Checks the type of a data section: maps, and what programs keep. */
static bool check_data(const struct validator *v, const struct btf_type *t)
{
	if (!has_section(v, t->name_off, t->size))
		return false;
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *info = &btf_var_secinfos(t)[i];
		const struct btf_type *var =
		    is_type(v, info->type) ? btf_file_type(&v->btf, info->type) : NULL;

		if (!var || !btf_is_var(var) ||
		    !has_section(v, t->name_off, (uint64_t)info->offset + info->size))
			return false;
	}
	return true;
}

static bool check_type(const struct validator *v, uint32_t id)
{
	const struct btf_type *t = btf_file_type(&v->btf, id), *target;

	if (!is_name(v, t->name_off))
		return false;
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return true;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return check_values(v, t);
	case BTF_KIND_ARRAY:
		return is_type(v, btf_array(t)->type) && is_type(v, btf_array(t)->index_type) && ends(v, id);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return check_members(v, t);
	case BTF_KIND_FUNC_PROTO:
		return check_parameters(v, t);
	case BTF_KIND_FUNC:
		target = is_type(v, t->type) ? btf_file_type(&v->btf, t->type) : NULL;
		return target && btf_is_func_proto(target);
	case BTF_KIND_DATASEC:
		return check_data(v, t);
	}
	return is_type(v, t->type) && ends(v, id);
}

/* Checks the members of a map's definition, of which libbpf knows more than an image has: a pin, maps of
 * maps. */
static bool check_map(struct validator *v, const struct btf_type *var)
{
	static const char words[] = "type max_entries map_flags key_size value_size";
	const struct btf_type *t = btf_file_type(&v->btf, var->type);

	if (!t || !btf_is_struct(t))
		return refuse(v, "it has a map that is not described");
	for (unsigned i = 0; i < btf_vlen(t); i++)
		if (!str_in_words(btf_file_string(&v->btf, btf_members(t)[i].name_off), words))
			return refuse(v, "it has a map of a kind that no image has");
	return true;
}

static bool check_maps(struct validator *v, const struct btf_type *t)
{
	bool good = true;

	for (unsigned i = 0; i < btf_vlen(t) && good; i++)
		good = check_map(v, btf_file_type(&v->btf, btf_var_secinfos(t)[i].type));
	return good;
}

static bool check_types(struct validator *v)
{
	for (uint32_t id = 1; id < v->btf.end; id++)
		if (!check_type(v, id))
			return refuse(v, "its BTF is damaged: type %u", id);
	for (uint32_t id = 1; id < v->btf.end; id++) {
		const struct btf_type *t = btf_file_type(&v->btf, id);

		if (btf_kind(t) == BTF_KIND_DATASEC &&
		    str_is(btf_file_string(&v->btf, t->name_off), ".maps") && !check_maps(v, t))
			return false;
	}
	return true;
}

static bool is_function(const struct validator *v, uint32_t id)
{
	const struct btf_type *t = id && is_type(v, id) ? btf_file_type(&v->btf, id) : NULL;

	return t && btf_is_func(t);
}

/* A record begins with the offset of its instruction. words: those of the record. */
static bool check_function(const struct validator *v, const uint32_t *words)
{
	return is_function(v, words[1]);
}

static bool check_line(const struct validator *v, const uint32_t *words)
{
	return is_name(v, words[1]) && is_name(v, words[2]);
}

static bool check_core(const struct validator *v, const uint32_t *words)
{
	return words[1] && is_type(v, words[1]) && is_name(v, words[2]) && words[3] < CORE_KINDS;
}

struct record_kind {
	uint32_t size;
	bool (*check)(const struct validator *v, const uint32_t *words);
};

static bool check_records(
    const struct validator *v, const struct record_kind *kind, const struct btf_ext_section *section)
{
	uint32_t words[4];
	Elf64_Shdr s;

	if (!section->n || !is_name(v, section->name) ||
	    !find_section(v, btf_file_string(&v->btf, section->name), &s) || !(s.sh_flags & SHF_EXECINSTR))
		return false;
	for (uint32_t i = 0; i < section->n; i++) {
		memcpy(words, section->records + (size_t)i * kind->size, kind->size);
		if (words[0] % 8 || words[0] >= s.sh_size || !kind->check(v, words))
			return false;
	}
	return true;
}

static bool check_info(const struct validator *v, enum btf_ext_kind which, const struct record_kind *kind)
{
	struct btf_ext_walk walk;
	struct btf_ext_section section;
	int got = btf_ext_begin(&walk, v->ext, v->ext_size, which);

	if (got <= 0)
		return got == 0;
	if (walk.record_size != kind->size || (walk.at - v->ext) % 4)
		return false;
	while ((got = btf_ext_next(&walk, &section)) > 0)
		if (!check_records(v, kind, &section))
			return false;
	return got == 0;
}

static bool check_ext(struct validator *v)
{
	static const struct record_kind functions = { 8, check_function }, lines = { 16, check_line },
					cores = { 16, check_core };
	struct btf_ext_head h;
	bool good = v->ext_size >= sizeof(h);

	if (good)
		memcpy(&h, v->ext, sizeof(h));
	good = good && h.magic == BTF_MAGIC && h.version == BTF_VERSION && h.size == sizeof(h) &&
	       check_info(v, BTF_EXT_FUNCTIONS, &functions) && check_info(v, BTF_EXT_LINES, &lines) &&
	       check_info(v, BTF_EXT_RELOCATIONS, &cores);
	return good ? true : refuse(v, "its .BTF.ext is damaged");
}

static bool check_program(struct validator *v, const struct image_program *p)
{
	struct named wanted = { .name = p->name.p };
	const struct named *found =
	    v->functions.n ? bsearch(&wanted, v->functions.v, v->functions.n, sizeof(wanted), compare_named)
			   : NULL;

	if (!found)
		return refuse(v, "it lacks program %.*s", STR_ARG(p->name));
	if (!str_starts(str_of(string_at(v, v->header.e_shstrndx, section_at(v, found->section).sh_name)),
		program_kinds[p->kind].section))
		return refuse(v, "program %.*s is of another kind than it says", STR_ARG(p->name));
	return true;
}

static bool take_section(struct validator *v, struct str name, const char **bytes, size_t *size)
{
	Elf64_Shdr s;

	if (!find_section(v, name, &s) || s.sh_type != SHT_PROGBITS || s.sh_size > UINT32_MAX)
		return refuse(v, "it lacks the section %.*s", STR_ARG(name));
	*bytes = v->object + s.sh_offset;
	*size = s.sh_size;
	return true;
}

/* Tells whether the strings stand behind the types, as libbpf wants them. */
static bool is_ordered(const char *bytes)
{
	struct btf_header h;

	memcpy(&h, bytes, sizeof(h));
	return h.hdr_len == sizeof(h) && (uint64_t)h.type_off + h.type_len <= h.str_off &&
	       h.str_len - 1 <= INT32_MAX && !bytes[sizeof(h) + h.str_off];
}

struct str validate_object(struct arena *a, const void *object, const struct image *image)
{
	struct validator v = { .arena = a, .object = object };
	const char *btf;
	size_t btf_size;
	bool good;

	memcpy(&v.header, object, sizeof(v.header));
	list_names(&v);
	good = take_section(&v, STR(".BTF"), &btf, &btf_size) &&
	       take_section(&v, STR(".BTF.ext"), &v.ext, &v.ext_size);

	if (!good)
		return v.error;
	if (btf_file_copy(&v.btf, btf, btf_size) || !is_ordered(btf)) {
		btf_file_close(&v.btf);
		return STR("its BTF is damaged");
	}
	good = check_types(&v) && check_ext(&v);
	for (size_t i = 0; good && i < image->programs.n; i++)
		good = check_program(&v, &image->programs.v[i]);
	btf_file_close(&v.btf);
	return v.error;
}
