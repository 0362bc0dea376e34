#include "runtime/events/event.h"
#include "tests/format/harness.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* Record 0: time(), printf("%s:%d %s\n") with a string in the tail, time("%Y\n"). Record 1: exit(3). */
static struct image_field time_field[] = { { .type = T_U64, .offset = 8, .is_time = true } };
static struct image_field line_fields[] = { { .type = T_STR16, .offset = 16, .tail = true },
	{ .type = T_I32, .offset = 24 }, { .type = T_INET, .offset = 28 } };

static struct image_action first[] = {
	{ .builtin = { "time", 4 }, .map = IMAGE_NONE, .n_fields = 1, .fields = time_field },
	{ .builtin = { "printf", 6 },
	    .format = { "%s:%d %s\n", 9 },
	    .map = IMAGE_NONE,
	    .n_fields = 3,
	    .fields = line_fields },
	{ .builtin = { "time", 4 },
	    .format = { "%Y\n", 3 },
	    .map = IMAGE_NONE,
	    .n_fields = 1,
	    .fields = time_field },
};
static struct image_action second[] = {
	{ .builtin = { "exit", 4 }, .map = IMAGE_NONE },
};
static uint64_t noted; /* where a program notes exit() */

struct line {
	struct record_header header;
	uint64_t time;
	struct record_tail name;
	int32_t number;
	struct inet_value address;
	char tail[16];
} __attribute__((packed));

#define LINE_FIXED ((uint32_t)offsetof(struct line, tail))

static const struct line sample = { .header = { 0, sizeof(struct line) },
	.time = 3600ULL * 1000000000 + 1,
	.name = { LINE_FIXED, 5 },
	.number = -7,
	.address = { 2, { 10, 0, 0, 1 } },
	.tail = "nginxGARBAGE" };

static void begin(struct harness *h, enum output_form form)
{
	harness_begin(h, form);
	vec_push(h->runtime.arena, &h->image.records,
	    ((struct image_record){ .size = LINE_FIXED, .tail_size = 16, .n_actions = 3, .actions = first }));
	vec_push(h->runtime.arena, &h->image.records,
	    ((struct image_record){ .size = 8, .n_actions = 1, .actions = second }));
	noted = 0;
	h->runtime.exit = &noted;
	CHECK_INT(events_prepare(&h->runtime), 0);
	h->runtime.wall_offset_ns = 25LL * 3600 * 1000000000;
}

static void both_forms(void)
{
	struct harness h;

	begin(&h, OUTPUT_TEXT);
	event_handle(&h.runtime, &sample, sizeof(sample));
	CHECK_PRINTED(&h, "02:00:00\nnginx:-7 10.0.0.1\n1970\n");
	harness_end(&h);
	begin(&h, OUTPUT_JSON);
	event_handle(&h.runtime, &sample, sizeof(sample));
	CHECK_PRINTED(&h, "{\"type\": \"time\", \"data\": \"02:00:00\\n\"}\n"
			  "{\"type\": \"printf\", \"data\": \"nginx:-7 10.0.0.1\\n\"}\n"
			  "{\"type\": \"time\", \"data\": \"1970\\n\"}\n");
	output_attached(h.runtime.out, 2);
	output_lost(h.runtime.out, 7);
	CHECK_PRINTED(&h, "{\"type\": \"attached_probes\", \"data\": {\"probes\": 2}}\n"
			  "{\"type\": \"lost_events\", \"data\": {\"events\": 7}}\n");
	harness_end(&h);
}

static void exits(void)
{
	struct harness h;
	struct record_header woken = { 1, 8 };

	begin(&h, OUTPUT_TEXT);
	event_handle(&h.runtime, &woken, sizeof(woken));
	CHECK(!h.runtime.exiting);
	noted = IMAGE_EXIT | 3;
	event_handle(&h.runtime, &woken, sizeof(woken));
	CHECK(h.runtime.exiting);
	CHECK_INT(h.runtime.exit_code, 3);
	noted = IMAGE_EXIT | 4;
	CHECK(event_exiting(&h.runtime));
	CHECK_INT(h.runtime.exit_code, 3);
	h.runtime.exiting = false;
	noted = IMAGE_EXIT | 0xffffffff; /* exit(-1) */
	CHECK(event_exiting(&h.runtime));
	CHECK_INT(h.runtime.exit_code, 255);
	harness_end(&h);
}

static void unreadable_string(void)
{
	struct harness h;
	struct line line = sample;

	begin(&h, OUTPUT_TEXT);
	line.name.length = UINT32_MAX;
	event_handle(&h.runtime, &line, sizeof(line));
	CHECK_PRINTED(&h, "02:00:00\n:-7 10.0.0.1\n1970\n");
	harness_end(&h);
}

static void damaged(void)
{
	struct harness h;
	struct line line = sample;

	begin(&h, OUTPUT_TEXT);
	event_handle(&h.runtime, &line, 7);
	event_handle(&h.runtime, &line, sizeof(line) - 1);
	line.header.id = 2;
	event_handle(&h.runtime, &line, sizeof(line));
	line.header = (struct record_header){ 0, LINE_FIXED - 1 };
	event_handle(&h.runtime, &line, sizeof(line));
	line = sample;
	line.name.offset = LINE_FIXED - 1;
	event_handle(&h.runtime, &line, sizeof(line));
	line.name = (struct record_tail){ LINE_FIXED, 17 };
	event_handle(&h.runtime, &line, sizeof(line));
	line.name = (struct record_tail){ UINT32_MAX, 4 };
	event_handle(&h.runtime, &line, sizeof(line));
	CHECK_INT(h.runtime.bad_records, 7);
	CHECK_INT(harness_text(&h).n, 0);
	harness_end(&h);
}

/* What the image says about itself does not fit: refused, with a message. */
static void refused(struct image_action action, const char *message)
{
	char text[512] = "";
	FILE *error = tmpfile(), *before = stderr;
	struct harness h;

	harness_begin(&h, OUTPUT_TEXT);
	vec_push(h.runtime.arena, &h.image.records,
	    ((struct image_record){ .size = 64, .n_actions = 1, .actions = &action }));
	stderr = error;
	CHECK(events_prepare(&h.runtime) < 0);
	stderr = before;
	rewind(error);
	CHECK(fread(text, 1, sizeof(text) - 1, error) > 0);
	TEST_RESULT_(strstr(text, message), "\"%s\" is not in: %s", message, text);
	fclose(error);
	harness_end(&h);
}

static void refusals(void)
{
	static struct image_field number[] = { { .type = T_I64, .offset = 8 } };
	static struct image_field text[] = { { .type = T_STR16, .offset = 8 } };

	refused(
	    (struct image_action){ .builtin = STR("frobnicate"), .map = IMAGE_NONE }, "calls frobnicate()");
	refused((struct image_action){ .builtin = STR("pid"), .map = IMAGE_NONE }, "calls pid()");
	refused((struct image_action){ .builtin = STR("printf"), .format = STR("%d"), .map = IMAGE_NONE },
	    "1 conversions for 0 values");
	refused((struct image_action){ .builtin = STR("printf"),
		    .format = STR("%d"),
		    .map = IMAGE_NONE,
		    .n_fields = 1,
		    .fields = text },
	    "a value that %d cannot print");
	refused((struct image_action){ .builtin = STR("printf"),
		    .format = STR("%y"),
		    .map = IMAGE_NONE,
		    .n_fields = 1,
		    .fields = number },
	    "unknown conversion %y");
	refused((struct image_action){ .builtin = STR("clear"), .map = IMAGE_NONE }, "no map");
	refused(
	    (struct image_action){ .builtin = STR("print"), .map = IMAGE_NONE }, "neither a map nor a value");
	refused(
	    (struct image_action){
		.builtin = STR("time"), .map = IMAGE_NONE, .n_fields = 1, .fields = number },
	    "no time of the event");
}

static void full_disk(void)
{
	struct output *o;

	CHECK_INT(output_new("/nonexistent/x", OUTPUT_TEXT, OUTPUT_LINE, &o), -ENOENT);
	CHECK_INT(output_new("/dev/full", OUTPUT_TEXT, OUTPUT_LINE, &o), 0);
	fputs("line\n", output_begin(o));
	output_end(o, "printf");
	CHECK_INT(output_failed(o), 0);
	output_flush(o);
	CHECK_INT(output_failed(o), -ENOSPC);
	CHECK_INT(output_free(o), -ENOSPC);
	CHECK_INT(output_new("/dev/full", OUTPUT_JSON, OUTPUT_NONE, &o), 0);
	fputs("line\n", output_begin(o));
	output_end(o, "printf");
	CHECK_INT(output_failed(o), -ENOSPC);
	output_free(o);
	CHECK_INT(output_new("/dev/full", OUTPUT_JSON, OUTPUT_FULL, &o), 0);
	output_attached(o, 1);
	output_flush(o);
	CHECK_INT(output_failed(o), 0);
	CHECK_INT(output_free(o), -ENOSPC);
}

static void closed_pipe(void)
{
	struct output *o;
	int ends[2];
	FILE *stream;

	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(pipe(ends), 0);
	close(ends[0]);
	stream = fdopen(ends[1], "w");
	o = output_to(stream, OUTPUT_TEXT, OUTPUT_LINE);
	fputs("line\n", output_begin(o));
	output_end(o, "printf");
	output_flush(o);
	CHECK_INT(output_failed(o), -EPIPE);
	output_free(o);
	fclose(stream);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	both_forms();
	exits();
	unreadable_string();
	damaged();
	refusals();
	full_disk();
	closed_pipe();
	return test_end();
}
