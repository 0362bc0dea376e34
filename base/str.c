#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

struct str str_of(const char *nul_terminated)
{
	return (struct str){ nul_terminated, strlen(nul_terminated) };
}

struct str str_copy(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, p, n);
	return (struct str){ copy, n };
}

struct str str_vformat(struct arena *a, const char *format, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return (struct str){ p, (size_t)n };
}

struct str str_format(struct arena *a, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	struct str s = str_vformat(a, format, ap);
	va_end(ap);
	return s;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str s, const char *nul_terminated)
{
	return str_eq(s, str_of(nul_terminated));
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool str_in_words(struct str s, const char *words)
{
	struct str rest = str_of(words);

	while (rest.n)
		if (str_eq(str_split(rest, ' ', &rest), s))
			return true;
	return false;
}

int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

ptrdiff_t str_find(struct str s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;

	return p ? p - s.p : -1;
}

struct str str_slice(struct str s, size_t begin, size_t end)
{
	return (struct str){ s.p + begin, end - begin };
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str s)
{
	while (s.n && is_white(s.p[0]))
		s = str_slice(s, 1, s.n);
	while (s.n && is_white(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_split(struct str s, char c, struct str *rest)
{
	ptrdiff_t at = str_find(s, c);

	if (at < 0) {
		*rest = (struct str){ s.p + s.n, 0 };
		return s;
	}
	*rest = str_slice(s, (size_t)at + 1, s.n);
	return str_slice(s, 0, (size_t)at);
}

/* Matches the bracket set at pattern.p[at] == '['. Returns the offset after it, or 0
 * when it never closes (then '[' stands for itself). */
static size_t glob_set(struct str pattern, size_t at, char c, bool *in)
{
	size_t i = at + 1;
	bool negated = i < pattern.n && (pattern.p[i] == '!' || pattern.p[i] == '^');
	bool found = false;

	if (negated)
		i++;
	for (size_t first = i; i < pattern.n && (pattern.p[i] != ']' || i == first); i++) {
		if (i + 2 < pattern.n && pattern.p[i + 1] == '-' && pattern.p[i + 2] != ']') {
			found |= pattern.p[i] <= c && c <= pattern.p[i + 2];
			i += 2;
		} else {
			found |= pattern.p[i] == c;
		}
	}
	if (i >= pattern.n)
		return 0;
	*in = found != negated;
	return i + 1;
}

/* Says whether pattern[*p] matches c; moves *p past what it used. */
static bool glob_one(struct str pattern, size_t *p, char c)
{
	bool in = false;
	size_t after;

	if (pattern.p[*p] == '[' && (after = glob_set(pattern, *p, c, &in)) != 0) {
		*p = after;
		return in;
	}
	return pattern.p[(*p)++] == c || pattern.p[*p - 1] == '?';
}

bool str_glob(struct str pattern, struct str name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, resume = 0;

	/* Only the last star needs to be retried, so this is O(pattern * name). */
	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			resume = n;
		} else if (p < pattern.n && glob_one(pattern, &p, name.p[n])) {
			n++;
		} else if (star != SIZE_MAX) {
			p = star;
			n = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool str_has_glob(struct str pattern)
{
	return str_find(pattern, '*') >= 0 || str_find(pattern, '?') >= 0 || str_find(pattern, '[') >= 0;
}

unsigned str_distance(struct str a, struct str b, unsigned limit)
{
	enum { LONGEST = 128 };
	unsigned rows[3][LONGEST + 1];

	if (a.n > LONGEST || b.n > LONGEST || (a.n > b.n ? a.n - b.n : b.n - a.n) > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
		unsigned best = row[0] = (unsigned)i;

		for (size_t j = 1; j <= b.n; j++) {
			unsigned d = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			if (above[j] + 1 < d)
				d = above[j] + 1;
			if (row[j - 1] + 1 < d)
				d = row[j - 1] + 1;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
			    above2[j - 2] + 1 < d)
				d = above2[j - 2] + 1;
			row[j] = d;
			if (d < best)
				best = d;
		}
		if (best > limit)
			return limit + 1;
	}
	return rows[a.n % 3][b.n] > limit ? limit + 1 : rows[a.n % 3][b.n];
}

/* Says how far a name may be from what was typed and still be worth a hint. */
#define KIN_DISTANCE 12

static bool is_kin(struct str a, struct str b)
{
	ptrdiff_t word = str_find(a, '_');

	return word >= 0 && b.n > (size_t)word && memcmp(a.p, b.p, (size_t)word + 1) == 0;
}

static unsigned near_limit(struct str wanted)
{
	return wanted.n <= 3 ? 1 : wanted.n <= 8 ? 2 : 3;
}

void str_near_offer(struct str_near *near, struct arena *a, struct str name)
{
	const unsigned room = sizeof(near->best) / sizeof(near->best[0]);
	unsigned limit = near->kin && is_kin(near->wanted, name) ? KIN_DISTANCE : near_limit(near->wanted);
	unsigned d = str_distance(near->wanted, name, limit);
	unsigned at = near->n;

	if (d > limit)
		return;
	for (unsigned i = 0; i < near->n; i++)
		if (str_eq(near->best[i].name, name))
			return;
	while (at > 0 && near->best[at - 1].distance > d)
		at--;
	if (at == room)
		return;
	if (near->n < room)
		near->n++;
	for (unsigned i = near->n - 1; i > at; i--)
		near->best[i] = near->best[i - 1];
	near->best[at].name = str_copy(a, name.p, name.n);
	near->best[at].distance = d;
}

struct str str_near_text(const struct str_near *near, struct arena *a)
{
	struct str text = STR("");

	for (unsigned i = 0; i < near->n; i++) {
		const char *between = i == 0 ? "" : i + 1 == near->n ? " or " : ", ";

		text = str_format(a, "%.*s%s%.*s", STR_ARG(text), between, STR_ARG(near->best[i].name));
	}
	return text;
}
