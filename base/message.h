/*
 * Messages of the program to the person who runs it, one line each on stderr:
 *
 *	btrun: error: --static is for the program that --aot writes
 *	    hint: --aot FILE comes with it
 *
 * The line's begin and end are added here and nowhere else (tests/lint/run looks). What is wrong at a
 * place of a script is said by diag.h instead. Nothing is owned, and nothing can fail.
 */
#ifndef BTRUN_BASE_MESSAGE_H
#define BTRUN_BASE_MESSAGE_H

#include <stdio.h>

enum message_kind {
	MESSAGE_PLAIN,   /* what a person should know, or what failed outside of the program and his wishes */
	MESSAGE_ERROR,   /* why what was asked for cannot be done */
	MESSAGE_WARNING, /* what is done differently from what was asked for */
	MESSAGE_HINT,    /* what to do about the message before; several may follow one */
};

/* Says a line of that kind on a stream. */
void message_line(FILE *out, enum message_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define message(...) message_line(stderr, MESSAGE_PLAIN, __VA_ARGS__)
#define message_error(...) message_line(stderr, MESSAGE_ERROR, __VA_ARGS__)
#define message_warning(...) message_line(stderr, MESSAGE_WARNING, __VA_ARGS__)
#define message_hint(...) message_line(stderr, MESSAGE_HINT, __VA_ARGS__)

/* Begins a line that is made of pieces; the caller writes them to the stream, and the end of the line. */
FILE *message_begin(void);

#endif
