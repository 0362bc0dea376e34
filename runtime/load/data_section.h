/* Finds the maps that libbpf makes of the sections of data. Nothing is owned. */
#ifndef BTRUN_RUNTIME_LOAD_DATA_SECTION_H
#define BTRUN_RUNTIME_LOAD_DATA_SECTION_H

#include "runtime/tracer/tracer.h"

/* Returns the map of a section of data, which libbpf names after the object too; NULL: there is none. */
struct bpf_map *load_internal_map(struct tracer *t, const char *section);

#endif
