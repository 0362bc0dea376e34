#include "runtime/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/value.h"

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
	bool owned; /* we opened the stream */
	int failed;
	struct memory text;    /* JSON: the message under way */
	struct memory scratch; /* a value's text, before it is padded or escaped */
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

struct output *output_to(FILE *stream, enum output_form form, enum output_buffering buffering)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	*o = (struct output){ .stream = stream, .form = form, .buffering = buffering };
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
	FILE *stream = path ? fopen(path, "we") : stdout;
	struct output *o;

	if (!stream)
		return -errno;
	o = output_to(stream, form, buffering);
	if (!o) {
		if (path)
			fclose(stream);
		return -ENOMEM;
	}
	/* Flushing is ours to decide; the buffer only bounds it. */
	setvbuf(stream, NULL, _IOFBF, BUFFER_SIZE);
	o->owned = path != NULL;
	*output = o;
	return 0;
}

int output_free(struct output *o)
{
	int failed;

	if (!o)
		return 0;
	errno = 0;
	fflush(o->stream);
	note_failure(o);
	if (o->owned && fclose(o->stream) && !o->failed)
		o->failed = -errno;
	failed = o->failed;
	memory_close(&o->text);
	memory_close(&o->scratch);
	free(o);
	return failed;
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
	count_line(o, "attached_probes", "probes", probes);
}

void output_lost(struct output *o, uint64_t events)
{
	count_line(o, "lost_events", "events", events);
}

void output_flush(struct output *o)
{
	if (o->buffering != OUTPUT_FULL)
		fflush(o->stream);
	note_failure(o);
}

int output_failed(const struct output *o)
{
	return o->failed;
}
