/* Addresses of symbols of programs and libraries. Errors: negative errno; nothing is printed. */
#ifndef BTRUN_RUNTIME_LOAD_USER_SYMBOL_H
#define BTRUN_RUNTIME_LOAD_USER_SYMBOL_H

#include "runtime/tracer/tracer.h"

/* Finds the address of a symbol as the binary has it. */
int user_symbol_address(struct tracer *t, struct str binary, struct str symbol, uint64_t *address);

#endif
