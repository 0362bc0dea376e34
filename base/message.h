/*
 * Messages of the program to the person who runs it, one line each on stderr:
 *
 *	btrun: error: --static is for the program that --aot writes
 *	    hint: --aot FILE comes with it
 *
 * The line's begin and end are added here and nowhere else (tests/lint/run looks). What is wrong at a place
 *of a script is said by diag.h instead. Nothing is owned, and nothing can fail.
 */
#ifndef BTRUN_BASE_MESSAGE_H
#define BTRUN_BASE_MESSAGE_H

#include <stdio.h>

/* Says what a person should know, or what failed outside of the program and his wishes. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says why what was asked for cannot be done. */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says the same on another stream than stderr. */
void message_error_to(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says what is done differently from what was asked for. */
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says what to do about the message before; several may follow one. */
void message_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Begins a line that is made of pieces; the caller writes them to the stream, and the end of the line. */
FILE *message_begin(void);

#endif
