#include "runtime/process/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/message.h"

/* A manager that does not read does not keep the tracer from tracing, nor from its end. */
#define WAIT_SECONDS 2

static int manager = -1;

static void complain(int err)
{
	message("cannot tell the service manager how it gets on (NOTIFY_SOCKET): %s", strerror(err));
	if (manager >= 0)
		close(manager);
	manager = -1;
}

/* A path, or what follows an @ in the name space of abstract sockets. */
static bool make_address(const char *name, struct sockaddr_un *address, socklen_t *size)
{
	size_t n = strlen(name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(address->sun_path))
		return false;
	memcpy(address->sun_path, name, n);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

static int reach(const char *name)
{
	const struct timeval wait = { .tv_sec = WAIT_SECONDS };
	struct sockaddr_un address;
	socklen_t size;

	if (!make_address(name, &address, &size))
		return EAFNOSUPPORT;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager < 0 || setsockopt(manager, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) ||
	    connect(manager, (const struct sockaddr *)&address, size))
		return errno;
	return 0;
}

void notify_begin(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int err = name ? reach(name) : 0;

	unsetenv("NOTIFY_SOCKET");
	if (err)
		complain(err);
}

void notify(const char *format, ...)
{
	char text[256];
	va_list list;
	int n;

	if (manager < 0)
		return;
	va_start(list, format);
	n = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (send(manager, text, (size_t)n, MSG_NOSIGNAL) < 0)
		complain(errno);
}
