/*
 * Strings that carry their length. A struct str owns nothing: its bytes lie in
 * an arena, in the script's text or in the program. Strings made by the
 * functions here are followed by a NUL, so .p of those can go to libc.
 */
#ifndef BTRUN_BASE_STR_H
#define BTRUN_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
/* Gives printf's "%.*s" its two arguments. */
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_of(const char *nul_terminated);
struct str str_copy(struct arena *a, const char *p, size_t n);
struct str str_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct str str_vformat(struct arena *a, const char *format, va_list ap);

bool str_eq(struct str a, struct str b);
bool str_is(struct str s, const char *nul_terminated);
bool str_starts(struct str s, const char *prefix);
/* Says whether s is one of the words, which are separated by single spaces. */
bool str_in_words(struct str s, const char *words);
int str_compare(struct str a, struct str b);
/* Returns the offset of the first c, or -1. */
ptrdiff_t str_find(struct str s, char c);
/* Takes off the blanks, tabs and ends of lines at both ends. */
struct str str_trim(struct str s);
/* Returns the bytes [begin, end) of s; no NUL follows. */
struct str str_slice(struct str s, size_t begin, size_t end);
/* Splits at the first c: what precedes it is returned, *rest is what follows
 * (empty when there is no c). */
struct str str_split(struct str s, char c, struct str *rest);

/* Says whether the whole name matches pattern, where * stands for any run of bytes, ? for one, [abc] and
 * [!abc] for one of a set. */
bool str_glob(struct str pattern, struct str name);
/* Says whether pattern has any of the characters that str_glob treats specially. */
bool str_has_glob(struct str pattern);

/*
 * Returns the number of single-character insertions, deletions, replacements and swaps of
 * neighbours from a to b, or limit + 1 when it is more than limit.
 */
unsigned str_distance(struct str a, struct str b, unsigned limit);

/* Collects the best candidates for a mistyped name: it is fed names, then best[] is read. */
struct str_near {
	struct str wanted;
	bool kin; /* also names far away that begin with the same word: "nr_" of "nr_running" */
	unsigned n;
	struct {
		struct str name;
		unsigned distance;
	} best[3];
};
void str_near_offer(struct str_near *near, struct arena *a, struct str name);
/* Returns "a", "a or b" or "a, b or c"; nothing when there is none. */
struct str str_near_text(const struct str_near *near, struct arena *a);

#endif
