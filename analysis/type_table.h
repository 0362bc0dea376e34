/*
 * The table of types, as the files of it see it: type.c, type_name.c. Nobody else includes this.
 */
#ifndef BTRUN_ANALYSIS_TYPE_TABLE_H
#define BTRUN_ANALYSIS_TYPE_TABLE_H

#include "analysis/type.h"
#include "base/round.h"

/* A type and what is known of its members so far; every struct type * points into one. */
struct entry {
	struct type type;
	VEC(const struct member *) members;
};

struct named {
	struct str name;
	const struct type *type;
	int64_t value;
};

struct defined {
	const struct type *type;
	uint32_t scope;
};

struct types {
	struct arena *arena;
	struct kernel_btf *btf;
	VEC(struct entry *) entries;
	VEC(struct defined) defined; /* records and enums of the script */
	uint32_t scope, scopes;      /* 0: the script's own */
	VEC(struct named) names;     /* its typedefs */
	VEC(struct named) constants; /* of its enums */
};

/* A type that is like no other, so that it is not looked for. */
struct entry *type_add(struct types *t, const struct type *type);
static inline struct entry *entry_of(const struct type *type)
{
	return (struct entry *)((char *)type - offsetof(struct entry, type));
}

#define ANY_SCOPE UINT32_MAX

/* What the script defines under a name in a scope; or NULL. */
const struct type *type_defined_in(
    const struct types *t, uint32_t scope, enum type_form form, struct str name);
/* What the script defines under a name, or the scope that is being defined; or NULL. */
const struct type *type_defined(const struct types *t, enum type_form form, struct str name);
const struct type *type_char(struct types *t);

#endif
