/*
 * The compiler's way to the facts: one packet asks, one packet answers, and the
 * answer carries the open descriptor.
 */
#include "kernel/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* On the wire a request has as many bytes of name as there are; the packet's size says how many. */
struct request {
	uint32_t fact;
	char name[KERNEL_NAME_MAX];
};

#define REQUEST_FIXED offsetof(struct request, name)

struct answer {
	int32_t error; /* 0: a descriptor comes along */
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static ssize_t send_packet(int socket, const struct msghdr *message)
{
	ssize_t n;

	do
		n = sendmsg(socket, message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* flags come back in message->msg_flags: MSG_TRUNC, MSG_CTRUNC. */
static ssize_t receive_packet(int socket, struct msghdr *message)
{
	ssize_t n;

	do
		n = recvmsg(socket, message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int received_fd(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

static int receive_answer(int socket)
{
	struct answer answer;
	union control control;
	struct iovec part = { &answer, sizeof(answer) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = receive_packet(socket, &message);

	if (n < 0)
		return (int)n;
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(answer) || answer.error > 0)
		return -EPROTO;
	return answer.error ? answer.error : received_fd(&message);
}

static int client_open(struct kernel *k, enum kernel_fact fact, struct str name)
{
	struct request request = { .fact = fact };
	struct iovec part = { &request, REQUEST_FIXED + name.n };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (name.n > 0)
		memcpy(request.name, name.p, name.n);
	ssize_t sent = send_packet(k->socket, &message);
	return sent < 0 ? (int)sent : receive_answer(k->socket);
}

struct kernel *kernel_client(int socket)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->open = client_open;
	k->socket = socket;
	return k;
}

static int send_answer(int socket, int fd)
{
	struct answer answer = { .error = fd < 0 ? fd : 0 };
	union control control = { 0 };
	struct iovec part = { &answer, sizeof(answer) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	}
	ssize_t sent = send_packet(socket, &message);
	return sent < 0 ? (int)sent : 0;
}

/* There is no room for control data, so descriptors that a peer sends are closed by the kernel on arrival. */
static int receive_request(int socket, struct request *request, struct str *name)
{
	struct iovec part = { request, sizeof(*request) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n = receive_packet(socket, &message);

	if (n == 0 || n == -ECONNRESET)
		return 0;
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)REQUEST_FIXED || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EPROTO;
	*name = (struct str){ request->name, (size_t)n - REQUEST_FIXED };
	return 1;
}

int kernel_serve(struct kernel *k, int socket)
{
	struct request request;
	struct str name;
	int got = receive_request(socket, &request, &name);

	if (got <= 0)
		return got;
	/* Our own client never sends what the check refuses: whoever does is none. */
	int refused = kernel_check(request.fact, name);
	int fd = refused ? refused : kernel_open(k, request.fact, name);
	if (k->watcher && !refused)
		k->watcher(k->watcher_context, request.fact, name, fd);
	int err = send_answer(socket, fd);
	if (fd >= 0)
		close(fd);
	if (refused)
		return -EPROTO;
	return err == -EPIPE || err == -ECONNRESET ? 0 : err ? err : 1;
}
