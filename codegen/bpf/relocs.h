/* btrun's own relocations. */
#ifndef BTRUN_CODEGEN_BPF_RELOCS_H
#define BTRUN_CODEGEN_BPF_RELOCS_H

#include "codegen/bpf/gen.h"

/* Takes them out of the object in fd, to the image's table; negative errno. */
int relocs_take(struct gen *g, int fd);

#endif
