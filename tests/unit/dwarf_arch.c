/* The parameters of functions of this program, as its own debugging information has them: where the calls of
 * two architectures put them. */
#include <fcntl.h>
#include <unistd.h>

#include "dwarf/dwarf.h"
#include "tests/unit/arch_imaginary.h"
#include "tests/unit/test.h"

struct pair {
	long first, second;
};

struct mixed {
	double first;
	int second;
};

struct large {
	long words[3];
};

int eight_numbers(int a, long b, char *c, short d, int e, int f, int g, int h);
int records(struct pair a, int b, struct large c, int d, struct mixed e, int f);
struct large large_result(int a, double b, int c);

__attribute__((noinline)) int eight_numbers(int a, long b, char *c, short d, int e, int f, int g, int h)
{
	return a + (int)b + *c + d + e + f + g + h;
}

__attribute__((noinline)) int records(struct pair a, int b, struct large c, int d, struct mixed e, int f)
{
	return (int)a.first + b + (int)c.words[2] + d + e.second + f;
}

__attribute__((noinline)) struct large large_result(int a, double b, int c)
{
	return (struct large){ { a, (long)b, c } };
}

struct wanted {
	const char *name;
	Dwarf_Die function;
};

static int is_wanted(Dwarf_Die *die, void *context)
{
	struct wanted *w = context;
	const char *name = dwarf_diename(die);
	Dwarf_Addr entry;

	if (!name || strcmp(name, w->name) != 0 || dwarf_lowpc(die, &entry) != 0)
		return DWARF_CB_OK;
	w->function = *die;
	return DWARF_CB_ABORT;
}

/* Its debugging information; this program was compiled from one file of ours. */
static bool find(Dwarf *dwarf, const char *name, Dwarf_Die *function)
{
	struct wanted w = { .name = name };
	Dwarf_Off at = 0, next;
	size_t size;

	while (dwarf_nextcu(dwarf, at, &next, &size, NULL, NULL, NULL) == 0) {
		Dwarf_Die unit;

		if (dwarf_offdie(dwarf, at + size, &unit) && dwarf_getfuncs(&unit, is_wanted, &w, 0) > 0) {
			*function = w.function;
			return true;
		}
		at = next;
	}
	return false;
}

struct placing {
	struct parameter_places places;
	const unsigned *wanted;
};

static void check_place(void *context, Dwarf_Die *parameter)
{
	struct placing *p = context;
	Dwarf_Die type;

	CHECK(die_plain_type(parameter, &type));
	CHECK_INT(places_next(&p->places, &type), *p->wanted++);
}

static void check_places(Dwarf *dwarf, const struct arch *arch, const char *name, const unsigned *wanted)
{
	struct placing p = { .wanted = wanted };
	Dwarf_Die function;

	CHECK(find(dwarf, name, &function));
	p.places = places_begin(arch, &function);
	each_parameter(&function, check_place, &p);
}

#define NOWHERE ARCH_NOWHERE
#define PLACES(...) ((const unsigned[]){ __VA_ARGS__ })

int main(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	const struct arch *other = &arch_imaginary, *x86_64 = arch_by_name(STR("x86_64"));

	CHECK(dwarf != NULL);
	if (!dwarf)
		return test_end();
	check_places(dwarf, x86_64, "eight_numbers", PLACES(0, 1, 2, 3, 4, 5, 6, 7));
	check_places(dwarf, other, "eight_numbers", PLACES(0, 1, 2, 3, 4, 5, 6, 7));
	/* In two registers, or by its address in one; on the stack; a word of it with a float. */
	check_places(dwarf, x86_64, "records", PLACES(NOWHERE, 2, NOWHERE, 3, NOWHERE, 5));
	check_places(dwarf, other, "records", PLACES(NOWHERE, 2, NOWHERE, 4, NOWHERE, 7));
	/* Where a large result is to be takes the first register, or none. */
	check_places(dwarf, x86_64, "large_result", PLACES(1, NOWHERE, 2));
	check_places(dwarf, other, "large_result", PLACES(0, NOWHERE, 1));
	check_places(dwarf, NULL, "eight_numbers",
	    PLACES(NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE));
	CHECK_INT(eight_numbers(1, 2, (char[]){ 3 }, 4, 5, 6, 7, 8), 36);
	CHECK_INT(
	    records((struct pair){ 1, 2 }, 1, (struct large){ { 0, 0, 1 } }, 1, (struct mixed){ 1, 1 }, 1),
	    6);
	CHECK_INT(large_result(1, 2, 3).words[2], 3);
	dwarf_end(dwarf);
	close(fd);
	return test_end();
}
