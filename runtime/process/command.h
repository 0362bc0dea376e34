/*
 * The command of -c: started held back, released when everything is attached, and looked after until it ends.
 * The caller owns the struct; command_end() ends the command. Errors: negative errno, the message printed.
 */
#ifndef BTRUN_RUNTIME_PROCESS_COMMAND_H
#define BTRUN_RUNTIME_PROCESS_COMMAND_H

#include <sys/types.h>

struct command {
	pid_t pid;
	int start_pipe;  /* it starts when a byte comes, or not at all */
	char path[4096]; /* of its program */
};

enum command_news {
	COMMAND_NOTHING,
	COMMAND_ENDING, /* only when it is watched; command_let_end() is due */
	COMMAND_ENDED,  /* with the status */
};

/* Starts a command line, held back. */
int command_start(const char *line, struct command *c);
/* Has it stop for us before its memory goes: what it maps can then still be read. Due before it is released.
 */
void command_watch(struct command *c);
/* Tells what has become of it; due after SIGCHLD, until there is no news. */
enum command_news command_step(struct command *c, int *status);
/* Lets a command end that stopped for us. */
void command_let_end(struct command *c);
/* Lets the command begin. */
void command_release(struct command *c);
/* Ends the command, if it runs. */
void command_end(struct command *c);

#endif
