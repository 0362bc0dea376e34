/* What the verifier's log says, in words of the script. Nothing is owned; texts point into the log. */
#ifndef BTRUN_RUNTIME_LOAD_VERIFIER_LOG_H
#define BTRUN_RUNTIME_LOAD_VERIFIER_LOG_H

#include "runtime/tracer/tracer.h"

/* Explains the verifier's refusal at its place in the script. */
void verify_explain(struct tracer *t, struct probe *p);
/* Finds the place of an instruction of a program. False: it is unknown. */
bool verify_place(const struct tracer *t, struct str program, uint32_t insn, struct span *at);
/* Finds the last instruction of a verifier's log, and its last line of words. */
bool verify_last(struct str log, uint32_t *insn, struct str *essence);

#endif
