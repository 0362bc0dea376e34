/*
 * Where a tracer's data goes: standard output or a file (-o), as text or as JSON
 * lines (-f), buffered as -B says. Messages to the person go to stderr and never
 * through here.
 *
 * Ownership: output_new()/output_free(); the streams belong to the output.
 * Errors: a failed write is kept until output_failed() asks for it; the process
 * must ignore SIGPIPE, or a closed pipe kills it before that.
 */
#ifndef BTRUN_RUNTIME_OUTPUT_H
#define BTRUN_RUNTIME_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

enum output_form {
	OUTPUT_TEXT,
	OUTPUT_JSON,
};

enum output_buffering {
	OUTPUT_LINE, /* lines are written when the batch of events that they came with ends */
	OUTPUT_FULL, /* when the buffer is full, and at the end */
	OUTPUT_NONE, /* each at once */
};

struct output;

/* path NULL: standard output. 0 or negative errno of opening the file. */
int output_new(
    const char *path, enum output_form form, enum output_buffering buffering, struct output **output);
/* Makes an output to an open stream, which stays the caller's; tests use it. */
struct output *output_to(FILE *stream, enum output_form form, enum output_buffering buffering);
/* Writes out what is buffered. 0 or negative errno: what output_failed() says then. */
int output_free(struct output *o);

bool output_is_json(const struct output *o);

/*
 * A piece of text of some type ("printf", "time"): write it to the returned
 * stream, then end it. In JSON it becomes {"type": TYPE, "data": "the text"}.
 */
FILE *output_begin(struct output *o);
void output_end(struct output *o, const char *type);

/* Returns the stream itself, for lines that are whole in either form; output_line_done() ends each. */
FILE *output_stream(struct output *o);
void output_line_done(struct output *o);

/* Returns a scratch stream in memory; output_scratch_take() takes what was written to it, and empties it. */
FILE *output_scratch(struct output *o);
struct str output_scratch_take(struct output *o);

/*
 * The lines that only JSON has; in text nothing is printed. From output_hold() on lines are kept until
 * output_attached(), so that its line, which comes when everything is ready, stands before those of BEGIN.
 */
void output_hold(struct output *o);
void output_attached(struct output *o, uint64_t probes);
void output_lost(struct output *o, uint64_t events);
/* what: "map updates"; of: the map, or what was probed, or empty; place: in the script. */
void output_loss(struct output *o, const char *what, uint64_t n, struct str of, struct str place);

/* Flushes as the buffering asks for it, at the end of each batch that was read from the kernel's buffer. */
void output_flush(struct output *o);
/* Tries all that is buffered, and returns how many pieces of text could not be written out as a whole. */
uint64_t output_unwritten(struct output *o);
/* Nanoseconds that writing took so far: of a slow reader of ours. */
uint64_t output_waited_ns(const struct output *o);
/* Returns 0, or the negative errno of the first write that failed (-EPIPE, -ENOSPC). */
int output_failed(const struct output *o);

#endif
