#include "lexer/lexer.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void agrees(const char *name, int64_t wanted)
{
	int64_t value = -12345;

	TEST_RESULT_(lexer_constant(str_of(name), &value), "there is no constant %s", name);
	TEST_RESULT_(value == wanted, "%s is %" PRId64 ", not %" PRId64, name, value, wanted);
}

#define AGREES(name) agrees(#name, name)

int main(void)
{
	int64_t value;

	AGREES(AF_INET);
	AGREES(AF_INET6);
	AGREES(SOCK_STREAM);
	AGREES(MSG_PEEK);
	AGREES(IPPROTO_TCP);
	AGREES(TCP_LISTEN); /* an enum without a macro */
	AGREES(O_RDONLY);
	AGREES(O_CREAT);
	AGREES(AT_FDCWD); /* negative */
	AGREES(S_IFMT);
	AGREES(EAGAIN);
	AGREES(SIGKILL);
	AGREES(PROT_EXEC);
	AGREES(INT64_MIN);
	AGREES(UINT64_MAX);
	agrees("ETH_P_IP", 0x0800);
	agrees("CLONE_VM", 0x100);
	agrees("TASK_RUNNING", 0);
	agrees("TASK_UNINTERRUPTIBLE", 2);
	CHECK(!lexer_constant(STR("AF_NO_SUCH"), &value));
	CHECK(!lexer_constant(STR("AF_INE"), &value));
	CHECK(!lexer_constant(STR(""), &value));
	CHECK(!lexer_constant(STR("pid"), &value));
	CHECK(!lexer_constant(STR("zzz"), &value));
	return test_end();
}
