/* What is copied whole, where the kernel's layout may be another than the image's. */
#ifndef BTRUN_CODEGEN_LOWER_PORTABLE_H
#define BTRUN_CODEGEN_LOWER_PORTABLE_H

#include "codegen/lower/state.h"

bool portable_copies(const struct function *f, const struct node *node);
void portable_copy(struct function *f, struct node *node, LLVMValueRef to);

#endif
