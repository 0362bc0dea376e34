/*
 * Why the kernel does not take the programs: what the verifier says in words is verifier_log.h's; the rest
 * is an error number, of which this says what it means for a map or a program. Errors: negative errno.
 */
#ifndef BTRUN_RUNTIME_LOAD_LOAD_FAILURE_H
#define BTRUN_RUNTIME_LOAD_LOAD_FAILURE_H

#include "runtime/tracer/tracer.h"

/* Fails where loading would need more descriptors than are left: libbpf looks for the kernel's abilities by
 * trying, so with too few it loads something else, which is refused for another reason. */
int load_check_descriptors(struct tracer *t);
/* Says why the object was not loaded, or notes it for the program that failed. Returns err. */
int load_explain(struct tracer *t, int err);
/* Says why a map of the script could not be made. Returns err. */
int load_explain_map(struct str map, int err);

#endif
