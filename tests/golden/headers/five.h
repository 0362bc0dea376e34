#include "pair.h"

struct grid {
	struct pair edge;
	int cells[2][2][2][2][2];
};
