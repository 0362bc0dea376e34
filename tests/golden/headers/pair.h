/* The struct is on line 3. */

struct pair {
	int a;
	int b;
};

union both {
	int a;
	char b[4];
};
