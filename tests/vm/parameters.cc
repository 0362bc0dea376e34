// Parameters in every place that the ABI has for them, and types that a debugger would have to follow.
#include <cstdio>
#include <string>

#define KEEP __attribute__((noinline, noipa))

namespace ns {
struct Base {
	int base;
	virtual ~Base() {}
};

struct Pair {
	int x, y;
};

struct Large {
	long v[5];
};

union Either {
	int i;
	float f;
};

enum Color : unsigned char { RED, GREEN };

struct Item : Base {
	int flag : 3;
	unsigned more : 5;
	Either either;
	struct {
		int p;
		union {
			int q;
			char r;
		};
	};
	Color color;
	Item *next;
	std::string name;
	const char *texts[3];
	bool set;

	KEEP int method(int k) const { return base + k; }
};

KEEP long take(double d, Item &item, Pair pair, long a, Large large, short b, unsigned char c, int e, int f, long g,
	       Color color)
{
	return item.base + (long)d + pair.y + a + large.v[1] + b + c + e + f + g + color;
}

KEEP Large give(int n, bool flag, long double ld, int m)
{
	return Large{{n, m, flag, (long)ld}};
}
} // namespace ns

int main()
{
	ns::Item item;

	item.base = 77;
	item.flag = -2;
	item.more = 9;
	item.either.i = 5;
	item.p = 6;
	item.q = 7;
	item.color = ns::GREEN;
	item.next = &item;
	item.name = "a name";
	item.texts[1] = "one";
	item.set = true;
	printf("%ld\n", ns::take(1.5, item, ns::Pair{3, 4}, -10, ns::Large{{1, 2}}, -20, 200, 30, -40, -50, ns::GREEN));
	printf("%ld\n", ns::give(11, true, 2.5L, -12).v[0]);
	printf("%d %s\n", item.method(3), item.texts[1]);
}
