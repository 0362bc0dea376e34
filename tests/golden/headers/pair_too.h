#include "pair.h"
struct holder {
	struct pair first;
	union both second;
};
