/*
 * What the public reports of tests/host/reports are tried on: functions, static probes, threads, children.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noipa))

struct small {
	int a;
	char text[10];
	unsigned long start;
};

struct parts {
	struct {
		int x, y;
	} pair[3];
	unsigned low : 4, high : 4;
	int deep[2][3];
};

long wide = 0x1122334455667788;
int narrow = -5;

KEEP void take_small(struct small *s)
{
	__asm__ volatile("" : : "r"(s) : "memory");
}

KEEP void take_parts(struct parts *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

KEEP void take_addresses(unsigned char *mac, unsigned char *six)
{
	__asm__ volatile("" : : "r"(mac), "r"(six) : "memory");
}

KEEP void take_text(const char *text, long length)
{
	__asm__ volatile("" : : "r"(text), "r"(length) : "memory");
}

KEEP void take_words(char **words)
{
	__asm__ volatile("" : : "r"(words) : "memory");
}

KEEP void take_code(void *code)
{
	__asm__ volatile("" : : "r"(code) : "memory");
}

#ifdef __x86_64__
/* A static probe whose arguments lie where compilers seldom put them. */
KEEP void odd_places(signed char *bytes, long i, short *words)
{
	__asm__ volatile("990: nop\n"
			 ".pushsection .note.stapsdt,\"?\",\"note\"\n"
			 ".balign 4\n"
			 ".4byte 992f-991f,994f-993f,3\n"
			 "991: .asciz \"stapsdt\"\n"
			 "992: .balign 4\n"
			 "993: .8byte 990b\n"
			 ".8byte _.stapsdt.base\n"
			 ".8byte 0\n"
			 ".asciz \"reports\"\n"
			 ".asciz \"odd\"\n"
			 ".asciz \"-1@(%0,%1) -1@2(%0,%1,1) 2@4(%2,%1,2) -4@$-1 8@$-7 -2@2(%2) 24@%0\"\n"
			 "994: .balign 4\n"
			 ".popsection\n"
			 :
			 : "r"(bytes), "r"(i), "r"(words));
}
#endif

KEEP void never_called(void)
{
	DTRACE_PROBE1(reports, twice, 3);
}

static void *thread(void *context)
{
	getuid();
	return context;
}

/* Code that no file has, but a map of symbols, as a just-in-time compiler writes it. */
static void make_code(void)
{
	char *code =
	    mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[64];
	FILE *map;

	snprintf(name, sizeof(name), "/tmp/perf-%d.map", getpid());
	map = fopen(name, "w");
	if (!map || code == MAP_FAILED)
		return;
	fprintf(map, "%lx 10 made while it runs\n", (unsigned long)code);
	fclose(map);
	mprotect(code, 4096, PROT_READ | PROT_EXEC);
	take_code(code);
	usleep(200000);
	unlink(name);
}

int main(int argc, char **argv)
{
	struct small s = { 123, "hello", 987654321012345 };
	struct parts p = { { { 1, 2 }, { 3, 4 }, { 5, 6 } }, 5, 4, { { 1, 2, 3 }, { 4, 5, 6 } } };
	unsigned char mac[] = { 0x80, 0xff, 0x03, 0xa5, 0x01, 0xfe }, six[16];
	signed char bytes[] = { 1, 2, -3, -4, 5, -6 };
	short words[] = { 10, -20, 300, -400, 500, -600 };
	char text[] = "0123456789abcdef";
	pthread_t other;

	inet_pton(AF_INET6, "fe80::1234:56ff:fe78:9abc", six);
	take_small(&s);
	take_parts(&p);
	take_addresses(mac, six);
	take_text(text, 5);
	take_words(argv);
#ifdef __x86_64__
	odd_places(bytes, 2, words);
#endif
	DTRACE_PROBE1(reports, twice, 1);
	pthread_create(&other, NULL, thread, NULL);
	pthread_join(other, NULL);
	if (argc > 1 && argv[1][0] == 'j')
		make_code();
	if (fork() == 0) {
		s.a = 456;
		take_small(&s);
		DTRACE_PROBE1(reports, twice, 2);
		_exit(0);
	}
	wait(NULL);
	return wide == narrow;
}
