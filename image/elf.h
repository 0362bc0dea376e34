/*
 * The ELF object around the image. libelf and libbpf read it too, and libbpf 1.1 takes much of it on trust:
 * what it must not meet is refused here. Accepted is what btrun's compiler makes, and little more.
 */
#ifndef BTRUN_IMAGE_ELF_H
#define BTRUN_IMAGE_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

/* Checks that everything in the object is where it says. Returns an empty text, or what is wrong as the
 * middle of a sentence. The content of .BTF and .BTF.ext is not looked at. */
struct str elf_check(struct arena *a, const void *object, size_t size);

/* Finds the section with this name; false when there is none, or the object's headers are broken. */
bool elf_section(const void *object, size_t size, struct str name, Elf64_Shdr *header);

#endif
