#include "runtime/print/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/print/value.h"

#define BUFFER_SIZE (64 * 1024)

/* A stream in memory that is filled, read and filled again; it grows to the
 * longest text and stays so, hence no allocation an event. */
struct memory {
	FILE *stream;
	char *bytes;
	size_t size;
};

struct output {
	FILE *stream;
	enum output_form form;
	enum output_buffering buffering;
	int fd;        /* -1: the stream is somebody else's */
	bool fd_owned; /* we opened it */
	int failed;
	uint64_t waited_ns; /* for those who take it */
	uint64_t written;   /* bytes */
	uint64_t unwritten; /* statements, of which the end did not get there */
	/* Where the statements end that the stream's buffer holds: how much of it is written can't be said
	 * before. 8 bytes each, at most one for each byte of the buffer. */
	struct {
		uint64_t *v;
		size_t n, room;
	} ends;
	struct memory text;    /* JSON: the message under way */
	struct memory scratch; /* a value's text, before it is padded or escaped */
	/* While lines are held back: */
	FILE *after; /* where they go; else NULL */
	struct memory held;
	size_t n_held;
};

static int memory_open(struct memory *m)
{
	m->stream = open_memstream(&m->bytes, &m->size);
	return m->stream ? 0 : -ENOMEM;
}

static void memory_close(struct memory *m)
{
	if (m->stream)
		fclose(m->stream);
	free(m->bytes);
}

static struct str memory_take(struct memory *m)
{
	struct str text;

	fflush(m->stream);
	text = (struct str){ m->bytes, m->size };
	rewind(m->stream);
	return text;
}

static void note_failure(struct output *o)
{
	if (ferror(o->stream) && !o->failed)
		o->failed = errno ? -errno : -EIO;
}

/* What the stream's buffer held is on its way or lost; what is written from now on is lost. */
static void settle(struct output *o)
{
	for (size_t i = 0; i < o->ends.n; i++)
		o->unwritten += o->ends.v[i] > o->written;
	o->ends.n = 0;
}

/* The stream's own writer: exactly what the kernel took is known. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
	struct output *o = cookie;
	uint64_t start = clock_ns();
	size_t done = 0;

	while (!o->failed && done < size) {
		ssize_t n = write(o->fd, bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			o->failed = -errno;
		else
			done += (size_t)n;
	}
	o->written += done;
	o->waited_ns += clock_ns() - start;
	settle(o);
	return (ssize_t)size;
}

static void note_end(struct output *o)
{
	uint64_t *wider;

	if (o->failed) {
		o->unwritten++;
		return;
	}
	if (o->ends.n == o->ends.room) {
		size_t room = o->ends.room ? 2 * o->ends.room : 1024;

		wider = reallocarray(o->ends.v, room, sizeof(*wider));
		if (!wider) {
			/* Nothing can be said of more of them before these are written. */
			fflush(o->stream);
			return;
		}
		o->ends.v = wider;
		o->ends.room = room;
	}
	o->ends.v[o->ends.n++] = o->written + __fpending(o->stream);
}

void output_hold(struct output *o)
{
	if (!output_is_json(o) || memory_open(&o->held))
		return;
	o->after = o->stream;
	o->stream = o->held.stream;
}

/* Ends output_hold(). */
static struct str take_held(struct output *o)
{
	if (!o->after)
		return STR("");
	o->stream = o->after;
	o->after = NULL;
	return memory_take(&o->held);
}

static void put_held(struct output *o, struct str held)
{
	fwrite(held.p, 1, held.n, o->stream);
	for (; o->n_held; o->n_held--)
		output_line_done(o);
	memory_close(&o->held);
	o->held = (struct memory){ 0 };
}

struct output *output_to(FILE *stream, enum output_form form, enum output_buffering buffering)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	*o = (struct output){ .stream = stream, .form = form, .buffering = buffering, .fd = -1 };
	if (memory_open(&o->text) || memory_open(&o->scratch)) {
		memory_close(&o->text);
		memory_close(&o->scratch);
		free(o);
		return NULL;
	}
	return o;
}

int output_new(
    const char *path, enum output_form form, enum output_buffering buffering, struct output **output)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
	struct output *o;

	if (fd < 0)
		return -errno;
	o = output_to(NULL, form, buffering);
	if (o)
		o->stream = fopencookie(o, "w", (cookie_io_functions_t){ .write = write_all });
	if (!o || !o->stream) {
		if (path)
			close(fd);
		output_free(o);
		return -ENOMEM;
	}
	/* Flushing is ours to decide; the buffer only bounds it. */
	setvbuf(o->stream, NULL, _IOFBF, BUFFER_SIZE);
	o->fd = fd;
	o->fd_owned = path != NULL;
	*output = o;
	return 0;
}

int output_free(struct output *o)
{
	int failed;

	if (!o)
		return 0;
	errno = 0;
	put_held(o, take_held(o));
	if (o->stream) {
		fflush(o->stream);
		note_failure(o);
	}
	if (o->fd >= 0 && o->stream)
		fclose(o->stream);
	if (o->fd_owned && close(o->fd) && !o->failed)
		o->failed = -errno;
	failed = o->failed;
	memory_close(&o->text);
	memory_close(&o->scratch);
	free(o->ends.v);
	free(o);
	return failed;
}

uint64_t output_unwritten(struct output *o)
{
	put_held(o, take_held(o));
	fflush(o->stream);
	return o->unwritten;
}

bool output_is_json(const struct output *o)
{
	return o->form == OUTPUT_JSON;
}

FILE *output_begin(struct output *o)
{
	return output_is_json(o) ? o->text.stream : o->stream;
}

void output_end(struct output *o, const char *type)
{
	if (output_is_json(o)) {
		fprintf(o->stream, "{\"type\": \"%s\", \"data\": ", type);
		json_text(o->stream, memory_take(&o->text));
		fputs("}\n", o->stream);
	}
	output_line_done(o);
}

FILE *output_stream(struct output *o)
{
	return o->stream;
}

void output_line_done(struct output *o)
{
	if (o->after) {
		o->n_held++;
		return;
	}
	if (o->fd >= 0)
		note_end(o);
	if (o->buffering == OUTPUT_NONE)
		fflush(o->stream);
	note_failure(o);
}

FILE *output_scratch(struct output *o)
{
	return o->scratch.stream;
}

struct str output_scratch_take(struct output *o)
{
	return memory_take(&o->scratch);
}

static void count_line(struct output *o, const char *type, const char *what, uint64_t n)
{
	if (!output_is_json(o))
		return;
	fprintf(o->stream, "{\"type\": \"%s\", \"data\": {\"%s\": %" PRIu64 "}}\n", type, what, n);
	output_line_done(o);
}

void output_attached(struct output *o, uint64_t probes)
{
	struct str held = take_held(o);

	count_line(o, "attached_probes", "probes", probes);
	put_held(o, held);
}

void output_lost(struct output *o, uint64_t events)
{
	count_line(o, "lost_events", "events", events);
}

static void json_member(FILE *out, const char *name, struct str text)
{
	fprintf(out, ", \"%s\": ", name);
	json_text(out, text);
}

void output_loss(struct output *o, const char *what, uint64_t n, struct str of, struct str place)
{
	if (!output_is_json(o))
		return;
	fprintf(o->stream, "{\"type\": \"loss\", \"data\": {\"what\": \"%s\", \"count\": %" PRIu64, what, n);
	if (of.n)
		json_member(o->stream, "of", of);
	json_member(o->stream, "place", place);
	fputs("}}\n", o->stream);
	output_line_done(o);
}

void output_flush(struct output *o)
{
	if (o->after)
		return;
	if (o->buffering != OUTPUT_FULL)
		fflush(o->stream);
	note_failure(o);
}

uint64_t output_waited_ns(const struct output *o)
{
	return o->waited_ns;
}

int output_failed(const struct output *o)
{
	return o->failed;
}
