/* -c: a command that is traced from its first instruction and dies with its tracer. */
#include "runtime/tracer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_LIMIT 256

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

static void __attribute__((noreturn)) child(char **words, int gate, pid_t tracer)
{
	sigset_t none;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (getppid() != tracer || read(gate, &go, 1) != 1)
		_exit(1);
	execvp(words[0], words);
	fprintf(stderr, "btrun: -c: cannot run %s: %s\n", words[0], strerror(errno));
	_exit(127);
}

/* Is there such a program? Asked before anything is attached: a tracer of a command that can't be
 * started is a mistake, not a short trace. */
static bool can_run(const char *word)
{
	const char *path = getenv("PATH"), *end;
	char file[4096];

	if (strchr(word, '/'))
		return access(word, X_OK) == 0;
	for (path = path ? path : "/usr/bin:/bin"; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, word) <
			(int)sizeof(file) &&
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
		fprintf(stderr, "btrun: -c: %s\n",
		    n == -EINVAL ? "no command, or a quote that is not closed" : "cannot start the command");
		free(copy);
		return -EINVAL;
	}
	if (!can_run(words[0])) {
		fprintf(stderr, "btrun: -c: cannot run %s: %s\n", words[0],
		    strchr(words[0], '/') ? strerror(errno) : "not found in PATH");
		free(copy);
		close(ends[0]);
		close(ends[1]);
		return -ENOENT;
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(ends[1]);
		child(words, ends[0], tracer);
	}
	close(ends[0]);
	c->gate = ends[1];
	free(copy);
	return c->pid < 0 ? -EAGAIN : 0;
}

void command_release(struct command *c)
{
	char go = 1;

	if (c->pid > 0 && write(c->gate, &go, 1) != 1)
		fprintf(stderr, "btrun: -c: the command has died before it began\n");
}

void command_end(struct command *c)
{
	if (c->pid <= 0)
		return;
	close(c->gate);
	kill(c->pid, SIGTERM);
	for (int tries = 0; tries < 100; tries++) {
		if (waitpid(c->pid, NULL, WNOHANG) != 0)
			return;
		usleep(10000);
	}
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}
