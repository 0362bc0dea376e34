/* Members may be called as words of scripts are. */
struct words { int unroll; int let; int offsetof; };
#define HALF 1.5
#define TIMES_TWO \
	* 2 *
