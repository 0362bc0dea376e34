/*
 * What the one-liners trace in user space: functions with arguments of every width,
 * structs, strings, arrays and USDT probes. Its first argument says what to call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sdt.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noipa))

struct inner {
	int a;
	unsigned char b;
	short c[3];
};

struct outer {
	long long wide;
	struct inner in;
	struct inner *link;
	char name[16];
	unsigned int flag : 1, kind : 3, rest : 12;
	int numbers[4];
	const char *text;
};

struct __attribute__((packed)) squeezed {
	char tag;
	int value;
	long long big;
};

int global_number = 77;

union either {
	int whole;
	unsigned char bytes[4];
};

KEEP long add_numbers(long a, long b)
{
	return a + b;
}

KEEP int narrow(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned int f)
{
	return a + b + c + d + e + (int)f;
}

KEEP long many(long a, long b, long c, long d, long e, long f, long g, long h)
{
	return a + b + c + d + e + f + g + h;
}

KEEP const char *take_text(const char *text, size_t length)
{
	return text + length;
}

KEEP int take_outer(struct outer *o)
{
	return o->in.a;
}

KEEP int take_squeezed(struct squeezed *s)
{
	return s->value;
}

KEEP int take_either(union either *e)
{
	return e->whole;
}

KEEP int take_bytes(const unsigned char *bytes, int length)
{
	return bytes[length - 1];
}

KEEP int take_words(char **words)
{
	return words[0] != NULL;
}

KEEP int negative(int x)
{
	return -x;
}

KEEP long deep(long n)
{
	return n == 0 ? 0 : 1 + deep(n - 1);
}

static void call_structs(void)
{
	static struct inner other = { 7, 8, { 9, -10, 11 } };
	static struct outer one = { 0x1122334455667788, { -5, 250, { 1, -2, 3 } }, &other, "sixteen bytes", 1,
		5, 0xabc, { 10, -20, 30, -40 }, "pointed to" };
	static struct squeezed small = { 'q', -123456, 0x0102030405060708 };
	static union either both = { 0x64636261 };

	take_outer(&one);
	take_squeezed(&small);
	take_either(&both);
}

static void call_bytes(void)
{
	static const unsigned char bytes[16] = { 0, 1, 0x41, 0x7f, 0x80, 0xff, '\\', '"', '\n', ' ', 'z', 0,
		0xc3, 0xa9, 0, 9 };
	static const unsigned char v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const unsigned char mac[6] = { 0xde, 0xad, 0xbe, 0xef, 0, 1 };
	static char *words[] = { "one", "two words", "", "last", NULL };

	take_bytes(bytes, sizeof(bytes));
	take_bytes(v6, sizeof(v6));
	take_bytes(mac, sizeof(mac));
	take_words(words);
}

static void call_probes(int times)
{
	for (int i = 0; i < times; i++) {
		DTRACE_PROBE(peer, plain);
		DTRACE_PROBE3(peer, numbers, i, (short)-i, (unsigned char)(250 + i));
		DTRACE_PROBE2(peer, text, "a text", i);
		DTRACE_PROBE1(other, plain, i);
	}
}

static void call_all(int times)
{
	for (int i = 0; i < times; i++) {
		add_numbers(i, 1000);
		narrow(-1, 200, -300, 60000, -70000, 4000000000u);
		many(1, 2, 3, 4, 5, 6, 7 + i, -8);
		take_text("hello, world", i);
		negative(i);
		deep(3);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";
	int times = argc > 2 ? atoi(argv[2]) : 1;

	if (!strcmp(what, "wait")) {
		for (;;)
			pause();
	} else if (!strcmp(what, "structs")) {
		call_structs();
	} else if (!strcmp(what, "bytes")) {
		call_bytes();
	} else if (!strcmp(what, "probes")) {
		call_probes(times);
	} else if (!strcmp(what, "all")) {
		call_all(times);
	} else {
		fprintf(stderr, "usage: target all|structs|bytes|probes|wait [TIMES]\n");
		return 2;
	}
	/* Symbols are found while the process is there: stay until the tracers have printed. */
	if (getenv("PEER_LINGER"))
		usleep(atoi(getenv("PEER_LINGER")) * 1000);
	return 0;
}
