/*
 * The reading end of the output buffer: BPF's ring buffer (kernel/bpf/ringbuf.c), or a
 * perf buffer a CPU. The kernel wakes us for a record only when we had read everything
 * before it, so letting a batch gather after a wake-up costs no further ones.
 */
#include "runtime/events/buffer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/round.h"
#include "runtime/events/event.h"

/* So much of a ring is mapped at a time, the part that is read: the kernel counts mapped pages as memory of
 * ours. Moving on takes some microseconds for thousands of records. */
#define WINDOW (256u << 10)

#define GATHER_NS 2000000 /* how long a batch gathers */
#define PERF_PAGES 64     /* a CPU's share when no size is asked for: 256 KB */

struct buffer {
	struct tracer *tracer;
	struct perf_buffer *perf; /* NULL: ring */
	int fd;
	size_t size, page;
	volatile uint64_t *consumer; /* our page */
	const uint64_t *producer;    /* the kernel's */
	char *window;                /* bytes of the ring from window_at on */
	size_t window_at, window_size;
	char *joined; /* room for a record that goes on in the next window */
	size_t joined_size;
};

struct perf_sample {
	struct perf_event_header header;
	uint32_t size;
	char data[];
};

struct perf_lost {
	struct perf_event_header header;
	uint64_t id, lost;
};

static enum bpf_perf_event_ret perf_record(void *context, int cpu, struct perf_event_header *header)
{
	struct buffer *b = context;

	if (header->type == PERF_RECORD_SAMPLE) {
		const struct perf_sample *s = (const void *)header;

		event_handle(&b->tracer->runtime, s->data, s->size);
	} else if (header->type == PERF_RECORD_LOST) {
		b->tracer->arriving.lost += ((const struct perf_lost *)(const void *)header)->lost;
	}
	return LIBBPF_PERF_EVENT_CONT;
}

static int open_perf(struct buffer *b, int map_fd, size_t size)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
	};
	size_t pages = size ? 1 : PERF_PAGES;

	while (size && pages * b->page < size)
		pages *= 2;
	attr.wakeup_watermark = (uint32_t)(pages * b->page / 4);
	b->perf = perf_buffer__new_raw(map_fd, pages, &attr, perf_record, b, NULL);
	if (!b->perf)
		return -errno;
	b->fd = perf_buffer__epoll_fd(b->perf);
	return 0;
}

/* Shows the part of the ring that holds an offset. The pages of the positions come first:
 * kernel/bpf/ringbuf.c, ringbuf_map_mmap_kern(). */
static int show(struct buffer *b, size_t offset)
{
	size_t at = offset / b->window_size * b->window_size;
	void *pages;

	if (b->window && at == b->window_at)
		return 0;
	pages = mmap(b->window, b->window_size, PROT_READ, MAP_SHARED | (b->window ? MAP_FIXED : 0), b->fd,
	    (off_t)(2 * b->page + at));
	if (pages == MAP_FAILED)
		return -errno;
	b->window = pages;
	b->window_at = at;
	return 0;
}

static int open_ring(struct buffer *b, int map_fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	void *page;

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size))
		return -errno;
	b->fd = map_fd;
	b->size = info.max_entries;
	b->window_size = b->size < WINDOW ? b->size : WINDOW;
	page = mmap(NULL, b->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	b->consumer = page;
	page = mmap(NULL, b->page, PROT_READ, MAP_SHARED, map_fd, (off_t)b->page);
	if (page == MAP_FAILED)
		return -errno;
	b->producer = page;
	return show(b, 0);
}

int buffer_open(struct tracer *t, int map_fd, bool perf, size_t size)
{
	struct buffer *b = arena_one(t->runtime.arena, struct buffer);
	int err;

	b->tracer = t;
	b->page = (size_t)sysconf(_SC_PAGESIZE);
	t->arriving.buffer = b;
	err = perf ? open_perf(b, map_fd, size) : open_ring(b, map_fd);
	if (err)
		buffer_close(t);
	return err;
}

void buffer_close(struct tracer *t)
{
	struct buffer *b = t->arriving.buffer;

	if (!b)
		return;
	perf_buffer__free(b->perf);
	if (b->producer)
		munmap((void *)b->producer, b->page);
	if (b->window)
		munmap(b->window, b->window_size);
	free(b->joined);
	if (b->consumer)
		munmap((void *)b->consumer, b->page);
	t->arriving.buffer = NULL;
}

int buffer_fd(const struct tracer *t)
{
	return t->arriving.buffer ? t->arriving.buffer->fd : -1;
}

static uint64_t ring_end(const struct buffer *b)
{
	return __atomic_load_n(b->producer, __ATOMIC_ACQUIRE);
}

static bool make_joined(struct buffer *b, size_t size)
{
	char *wider = size <= b->joined_size ? b->joined : realloc(b->joined, size);

	if (!wider)
		return false;
	b->joined_size = size > b->joined_size ? size : b->joined_size;
	b->joined = wider;
	return true;
}

/* Returns the bytes of a record in one piece; NULL when some of them can't be had. */
static const char *whole(struct buffer *b, uint64_t at, uint32_t bytes)
{
	uint32_t done = 0;

	while (done < bytes) {
		size_t offset = (at + done) & (b->size - 1), left;

		if (show(b, offset))
			return NULL;
		left = b->window_at + b->window_size - offset;
		if (!done && bytes <= left)
			return b->window + (offset - b->window_at);
		if (!done && !make_joined(b, bytes))
			return NULL;
		if (left > bytes - done)
			left = bytes - done;
		memcpy(b->joined + done, b->window + (offset - b->window_at), left);
		done += (uint32_t)left;
	}
	return b->joined;
}

/* Returns the length of a record with its bits; busy when it can't be read. Records begin at multiples of
 * 8, so that no window ends within a header. */
static uint32_t header_of(struct buffer *b, uint64_t at)
{
	size_t offset = at & (b->size - 1);

	if (show(b, offset))
		return BPF_RINGBUF_BUSY_BIT;
	return __atomic_load_n((uint32_t *)(b->window + (offset - b->window_at)), __ATOMIC_ACQUIRE);
}

static void handle(struct buffer *b, uint64_t at, uint32_t bytes)
{
	const char *record = whole(b, at, bytes);

	if (record)
		event_handle(&b->tracer->runtime, record, bytes);
	else
		b->tracer->arriving.lost++;
}

/* Reads only what is there now: where events come faster than they are printed, there is no end of them,
 * and whoever reads has signals and losses to look after too. */
static void read_ring(struct buffer *b)
{
	uint64_t at = *b->consumer, end = ring_end(b);

	while (at < end) {
		uint32_t length = header_of(b, at),
			 bytes = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (length & BPF_RINGBUF_BUSY_BIT)
			return;
		if (!(length & BPF_RINGBUF_DISCARD_BIT))
			handle(b, at + BPF_RINGBUF_HDR_SZ, bytes);
		at += round_8((uint64_t)bytes + BPF_RINGBUF_HDR_SZ);
		__atomic_store_n((uint64_t *)b->consumer, at, __ATOMIC_SEQ_CST);
	}
}

static void gather(const struct buffer *b)
{
	struct timespec delay = { .tv_nsec = GATHER_NS };

	if (b->perf || ring_end(b) - *b->consumer < b->size / 4)
		nanosleep(&delay, NULL);
}

void buffer_read(struct tracer *t, bool wait)
{
	struct buffer *b = t->arriving.buffer;

	if (!b)
		return;
	if (wait)
		gather(b);
	if (b->perf)
		perf_buffer__consume(b->perf);
	else
		read_ring(b);
	event_carry_out_undone(&t->runtime);
	output_flush(t->runtime.out);
}
