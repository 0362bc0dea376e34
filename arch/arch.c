#include "arch/arch.h"

static const struct arch *const all[] = {
#define ARCH(name) &arch_##name,
#include "arch/arches.def"
#undef ARCH
};

#define N_ALL (sizeof(all) / sizeof(all[0]))

const struct arch *arch_native(void)
{
	/* Who compiles btrun is who knows for which machine. */
#if defined(__x86_64__)
	return &arch_x86_64;
#else
#error "arch/ has no row for this machine: arch/arch.h says what a row is"
#endif
}

const struct arch *arch_by_name(struct str name)
{
	for (size_t i = 0; i < N_ALL; i++)
		if (str_is(name, all[i]->name))
			return all[i];
	return NULL;
}

const struct arch *arch_by_machine(unsigned machine)
{
	for (size_t i = 0; i < N_ALL; i++)
		if (all[i]->machine == machine)
			return all[i];
	return NULL;
}

const struct arch_code *arch_code(unsigned machine)
{
	for (size_t i = 0; i < N_ALL; i++)
		for (unsigned k = 0; k < all[i]->n_code; k++)
			if (all[i]->code[k].machine == machine)
				return &all[i]->code[k];
	return NULL;
}
