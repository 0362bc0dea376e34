/* -c: a command that is traced from its first instruction and dies with its tracer. */
#include "runtime/process/command.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "runtime/process/signals.h"

#define WORDS_LIMIT 256
#define PATH_LIMIT ((int)sizeof(((struct command *)0)->path))

/* One word, its quotes and backslashes taken off in place. Returns what follows it, NULL for an open quote.
 */
static char *take_word(char *in)
{
	char *out = in, quote = '\0';

	for (; *in && (quote || !isspace((unsigned char)*in)); in++) {
		if (quote ? *in == quote : (*in == '"' || *in == '\''))
			quote = quote ? '\0' : *in;
		else if (*in == '\\' && quote != '\'' && in[1])
			*out++ = *++in;
		else
			*out++ = *in;
	}
	if (quote)
		return NULL;
	if (*in)
		in++;
	*out = '\0';
	return in;
}

static int split(char *line, char **words)
{
	int n = 0;

	for (;;) {
		while (isspace((unsigned char)*line))
			line++;
		if (!*line)
			break;
		if (n == WORDS_LIMIT - 1)
			return -E2BIG;
		words[n++] = line;
		line = take_word(line);
		if (!line)
			return -EINVAL;
	}
	words[n] = NULL;
	return n > 0 ? n : -EINVAL;
}

static void __attribute__((noreturn)) child(char **words, int start_pipe, pid_t tracer)
{
	sigset_t none;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signals_forget();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (getppid() != tracer || read(start_pipe, &go, 1) != 1)
		_exit(1);
	execvp(words[0], words);
	message("-c: cannot run %s: %s", words[0], strerror(errno));
	_exit(127);
}

/* Is there such a program? Asked before anything is attached: a tracer of a command that can't be
 * started is a mistake, not a short trace. */
static bool can_run(const char *word, char file[static PATH_LIMIT])
{
	const char *path = getenv("PATH"), *end;

	if (strchr(word, '/'))
		return snprintf(file, PATH_LIMIT, "%s", word) < PATH_LIMIT && access(word, X_OK) == 0;
	for (path = path ? path : "/usr/bin:/bin"; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (snprintf(file, PATH_LIMIT, "%.*s/%s", (int)(end - path), path, word) < PATH_LIMIT &&
		    access(file, X_OK) == 0)
			return true;
	}
	return false;
}

int command_start(const char *line, struct command *c)
{
	char *copy = strdup(line), *words[WORDS_LIMIT];
	pid_t tracer = getpid();
	int ends[2], n = copy ? split(copy, words) : -ENOMEM;

	if (n < 0 || pipe2(ends, O_CLOEXEC)) {
		message("-c: %s",
		    n == -EINVAL ? "no command, or a quote that is not closed" : "cannot start the command");
		free(copy);
		return -EINVAL;
	}
	if (!can_run(words[0], c->path)) {
		message("-c: cannot run %s: %s", words[0],
		    strchr(words[0], '/') ? strerror(errno) : "not found in PATH");
		free(copy);
		close(ends[0]);
		close(ends[1]);
		return -ENOENT;
	}
	signals_hold(true);
	c->pid = fork();
	if (c->pid == 0) {
		close(ends[1]);
		child(words, ends[0], tracer);
	}
	signals_hold(false);
	close(ends[0]);
	c->start_pipe = ends[1];
	free(copy);
	return c->pid < 0 ? -EAGAIN : 0;
}

void command_release(struct command *c)
{
	char go = 1;

	if (c->pid > 0 && write(c->start_pipe, &go, 1) != 1)
		message("-c: the command has died before it began");
}

void command_watch(struct command *c)
{
	if (c->pid > 0)
		ptrace(PTRACE_SEIZE, c->pid, NULL, (void *)PTRACE_O_TRACEEXIT);
}

/* What a watched process stops for, it gets on with. True: it is about to end. */
static bool go_on(pid_t pid, int status)
{
	unsigned event = (unsigned)status >> 16;

	if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
		ptrace(PTRACE_LISTEN, pid, NULL, NULL); /* SIGSTOP: it stays stopped */
	else if (event != PTRACE_EVENT_EXIT)
		ptrace(PTRACE_CONT, pid, NULL, (void *)(uintptr_t)(event ? 0 : WSTOPSIG(status)));
	return event == PTRACE_EVENT_EXIT;
}

enum command_news command_step(struct command *c, int *status)
{
	if (c->pid <= 0 || waitpid(c->pid, status, WNOHANG) != c->pid)
		return COMMAND_NOTHING;
	if (WIFSTOPPED(*status))
		return go_on(c->pid, *status) ? COMMAND_ENDING : COMMAND_NOTHING;
	c->pid = 0;
	return COMMAND_ENDED;
}

void command_let_end(struct command *c)
{
	ptrace(PTRACE_CONT, c->pid, NULL, NULL);
}

void command_end(struct command *c)
{
	if (c->pid <= 0)
		return;
	close(c->start_pipe);
	kill(c->pid, SIGTERM);
	for (int tries = 0; tries < 100; tries++) {
		int status;
		enum command_news news = command_step(c, &status);

		if (news == COMMAND_ENDED)
			return;
		if (news == COMMAND_ENDING)
			command_let_end(c);
		else
			usleep(10000);
	}
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}
