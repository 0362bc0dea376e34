/* Records of ASYNC calls. */
#ifndef BTRUN_CODEGEN_LOWER_EVENTS_H
#define BTRUN_CODEGEN_LOWER_EVENTS_H

#include "codegen/lower/state.h"

void event_call(struct function *f, struct node *node);

#endif
