/* The words that say where a usdt probe's arguments are: "SIZE@OPERAND" with an operand of the assembler. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "language/registry.h"
#include "kernel/binary.h"

/* Each register's names by width. */
#define WIDTHS 5
static const char *const registers[REGISTERS_][WIDTHS] = {
#define REGISTER(name, ...) { __VA_ARGS__ },
#include "language/registers.def"
#undef REGISTER
};

/* The fifth name is the second byte. */
#define SECOND_BYTE 4

static int find_register(struct str name, unsigned *shift)
{
	for (size_t i = 0; i < REGISTERS_; i++)
		for (int k = 0; k < WIDTHS; k++)
			if (registers[i][k] && str_is(name, registers[i][k])) {
				*shift = k == SECOND_BYTE ? 8 : 0;
				return (int)i;
			}
	return -1;
}

struct scan {
	struct str text;
	size_t at;
};

static char peek(const struct scan *s)
{
	return s->at < s->text.n ? s->text.p[s->at] : '\0';
}

static bool accept(struct scan *s, char c)
{
	if (peek(s) != c)
		return false;
	s->at++;
	return true;
}

static bool take_number(struct scan *s, int64_t *value)
{
	char digits[32], *end;
	size_t n = s->text.n - s->at < sizeof(digits) - 1 ? s->text.n - s->at : sizeof(digits) - 1;

	memcpy(digits, s->text.p + s->at, n);
	digits[n] = '\0';
	*value = digits[0] == '-' ? strtoll(digits, &end, 0) : (int64_t)strtoull(digits, &end, 0);
	s->at += (size_t)(end - digits);
	return end != digits;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

static struct str take_name(struct scan *s)
{
	size_t begin = s->at;

	while (is_letter(peek(s)) || is_digit(peek(s)))
		s->at++;
	return str_slice(s->text, begin, s->at);
}

static bool take_register(struct scan *s, int *number, unsigned *shift)
{
	if (!accept(s, '%'))
		return false;
	*number = find_register(take_name(s), shift);
	return *number >= 0;
}

/* "(base)", "(base,index)", "(base,index,scale)", "(,index,scale)" */
static bool take_address(struct scan *s, struct binary_argument *a)
{
	int64_t scale = 1;

	a->place = BINARY_MEMORY;
	if (!accept(s, '('))
		return false;
	if (peek(s) == '%' && !take_register(s, &a->base, &a->shift))
		return false;
	if (accept(s, ',')) {
		if (!take_register(s, &a->index, &a->shift))
			return false;
		if (accept(s, ',') && !take_number(s, &scale))
			return false;
	}
	a->scale = (unsigned)scale;
	return accept(s, ')');
}

/* "symbol+16(%rip)": the assembler adds what makes it relative to the next instruction, and %rip is where the
 * probe is when it is hit. */
static bool take_symbol(struct binary *b, uint64_t probe, struct scan *s, struct binary_argument *a)
{
	struct str name = take_name(s);
	struct binary_symbol symbol;
	int64_t more = 0;

	if (!name.n || binary_find(b, name, &symbol))
		return false;
	if ((accept(s, '+') || peek(s) == '-') && !take_number(s, &more))
		return false;
	a->value += (int64_t)(symbol.address - probe) + more;
	return take_address(s, a) && a->base == REGISTER_ip;
}

static bool take_operand(struct binary *b, uint64_t probe, struct scan *s, struct binary_argument *a)
{
	if (accept(s, '$')) {
		a->place = BINARY_CONSTANT;
		return take_number(s, &a->value);
	}
	if (peek(s) == '%') {
		a->place = BINARY_REGISTER;
		return take_register(s, &a->base, &a->shift);
	}
	if (peek(s) == '-' || is_digit(peek(s))) {
		if (!take_number(s, &a->value))
			return false;
		/* "16+symbol(%rip)" */
		return accept(s, '+') ? take_symbol(b, probe, s, a) : take_address(s, a);
	}
	return peek(s) == '(' ? take_address(s, a) : take_symbol(b, probe, s, a);
}

int binary_usdt_argument(struct binary *b, uint64_t probe, struct str *text, struct binary_argument *a)
{
	struct scan s = { .text = *text };
	int64_t size = sizeof(long);
	bool good;

	while (accept(&s, ' '))
		;
	if (s.at == s.text.n)
		return 0;
	*a = (struct binary_argument){ .base = -1, .index = -1, .scale = 1 };
	good = true;
	/* "N@" may be left out, and is then the size of a register. */
	if (str_find(str_slice(s.text, s.at, s.text.n), '@') >= 0)
		good = take_number(&s, &size) && accept(&s, '@');
	a->is_signed = size < 0;
	a->size = (unsigned)(size < 0 ? -size : size);
	good = good && (a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8) &&
	       take_operand(b, probe, &s, a);
	while (s.at < s.text.n && peek(&s) != ' ')
		s.at++;
	*text = str_slice(s.text, s.at, s.text.n);
	return good ? 1 : -EOPNOTSUPP;
}
