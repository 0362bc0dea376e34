/* A cursor goes through a text from its beginning, and takes off what it is asked for. */
#ifndef BTRUN_BASE_CURSOR_H
#define BTRUN_BASE_CURSOR_H

#include "base/str.h"

struct cursor {
	struct str text;
	size_t at;
};

/* Returns the next byte without taking it; '\0' at the end. */
char cursor_peek(const struct cursor *c);
bool cursor_is_at_digit(const struct cursor *c);
/* Takes the byte if it is the next one. */
bool cursor_accept(struct cursor *c, char byte);
/* Takes a number as C writes them, which may begin with a minus. */
bool cursor_number(struct cursor *c, int64_t *value);
/* Takes letters, digits, "_" and "."; what it returns is empty when there is none of them. */
struct str cursor_name(struct cursor *c);

#endif
