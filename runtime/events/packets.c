/*
 * skboutput(): packets come through a perf buffer of their own, since its helper takes no other, and go to
 * files in the format of libpcap (pcap-savefile(5)), times in nanoseconds.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "language/map_kinds.h"
#include "runtime/events/event.h"
#include "runtime/events/packets.h"

#define PAGES 64 /* of each CPU when BPFTRACE_PERF_RB_PAGES says nothing */

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy;
	uint32_t longest; /* bytes of a packet that are kept */
	uint32_t link;
};

struct pcap_packet {
	uint32_t seconds, nanoseconds;
	uint32_t kept, length;
};

#define PCAP_MAGIC_NS 0xa1b23c4d
#define PCAP_RAW 101 /* LINKTYPE_RAW: begins with the IP header */
#define PCAP_LONGEST 65535

/* A file is known by its path: several calls may write to one. */
struct packets_file {
	struct str path;
	FILE *file;
};

struct packets {
	struct tracer *tracer;
	struct perf_buffer *buffer;
	VEC(struct packets_file) files;
	uint32_t *file_of; /* by record */
};

/* The record is what the program sends before the packet's bytes. */
struct packet_record {
	struct record_header header;
	uint64_t ns; /* CLOCK_MONOTONIC */
};

static void take_packet(void *context, int cpu, void *bytes, uint32_t size)
{
	struct packets *p = context;
	const struct image *image = &p->tracer->image;
	const struct packet_record *record = bytes;
	struct pcap_packet packet;
	FILE *file;
	int64_t ns;
	uint64_t skip;
	size_t n;

	if (size < sizeof(*record) || record->header.id >= image->records.n ||
	    p->file_of[record->header.id] >= p->files.n) {
		p->tracer->runtime.bad_records++;
		return;
	}
	/* "size" is what was asked for; the kernel pads a sample to 8 bytes. */
	n = record->header.size < size - sizeof(*record) ? record->header.size : size - sizeof(*record);
	skip = (uint64_t)image->records.v[record->header.id].actions[0].numbers[0];
	if (skip > n)
		skip = n;
	n -= skip;
	ns = (int64_t)record->ns + p->tracer->runtime.wall_offset_ns;
	packet = (struct pcap_packet){ (uint32_t)(ns / 1000000000), (uint32_t)(ns % 1000000000), (uint32_t)n,
		(uint32_t)n };
	file = p->files.v[p->file_of[record->header.id]].file;
	fwrite(&packet, sizeof(packet), 1, file);
	fwrite((const char *)(record + 1) + skip, 1, n, file);
}

static void lose_packets(void *context, int cpu, __u64 n)
{
	((struct packets *)context)->tracer->arriving.lost += n;
}

static int open_file(struct packets *p, struct str path, uint32_t *index)
{
	struct pcap_header header = { PCAP_MAGIC_NS, 2, 4, 0, 0, PCAP_LONGEST, PCAP_RAW };
	struct packets_file f = { path, NULL };

	for (*index = 0; *index < p->files.n; (*index)++)
		if (str_eq(p->files.v[*index].path, path))
			return 0;
	f.file = fopen(str_copy(p->tracer->runtime.arena, path.p, path.n).p, "we");
	if (!f.file) {
		message_error("skboutput: cannot write %.*s: %s", STR_ARG(path), strerror(errno));
		return -errno;
	}
	fwrite(&header, sizeof(header), 1, f.file);
	vec_push(p->tracer->runtime.arena, &p->files, f);
	return 0;
}

static int open_packet_files(struct packets *p)
{
	const struct image *image = &p->tracer->image;
	int err = 0;

	p->file_of = arena_many(p->tracer->runtime.arena, uint32_t, image->records.n);
	for (size_t i = 0; i < image->records.n && !err; i++) {
		const struct image_record *r = &image->records.v[i];

		p->file_of[i] = UINT32_MAX;
		if (event_is_packet(r))
			err = open_file(p, r->actions[0].format, &p->file_of[i]);
	}
	return err;
}

int packets_open(struct tracer *t)
{
	int fd = bpf_object__find_map_fd_by_name(t->loaded.object, map_kinds[MAP_packets].symbol), err;
	size_t pages = t->options->buffer_pages ? t->options->buffer_pages : PAGES, whole = 1;
	struct packets *p;

	if (fd < 0)
		return 0;
	p = arena_one(t->runtime.arena, struct packets);
	p->tracer = t;
	t->arriving.packets = p;
	err = open_packet_files(p);
	while (whole < pages)
		whole *= 2;
	if (!err)
		p->buffer = perf_buffer__new(fd, whole, take_packet, lose_packets, p, NULL);
	if (!err && !p->buffer) {
		err = -errno;
		message("cannot map the buffer of packets: %s", strerror(-err));
	}
	if (err)
		packets_close(t);
	return err;
}

int packets_fd(const struct tracer *t)
{
	return t->arriving.packets ? perf_buffer__epoll_fd(t->arriving.packets->buffer) : -1;
}

void packets_read(struct tracer *t)
{
	if (t->arriving.packets)
		perf_buffer__consume(t->arriving.packets->buffer);
}

void packets_close(struct tracer *t)
{
	struct packets *p = t->arriving.packets;

	if (!p)
		return;
	packets_read(t);
	perf_buffer__free(p->buffer);
	for (size_t i = 0; i < p->files.n; i++)
		if (fclose(p->files.v[i].file))
			message(
			    "skboutput: cannot write %.*s: %s", STR_ARG(p->files.v[i].path), strerror(errno));
	t->arriving.packets = NULL;
}
