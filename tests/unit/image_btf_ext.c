/* Walks through .BTF.ext: what is there is found, and nothing behind the end is looked at. */
#include "image/btf_ext.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

struct sample {
	struct btf_ext_head head;
	uint32_t record_size;
	uint32_t first[2], first_records[2][4];
	uint32_t second[2], second_records[1][4];
};

static const struct sample good = {
	.head = { .size = sizeof(struct btf_ext_head),
	    .of = { [BTF_EXT_LINES] = { 0, sizeof(struct sample) - sizeof(struct btf_ext_head) } } },
	.record_size = 16,
	.first = { 7, 2 },
	.first_records = { { 8 }, { 16 } },
	.second = { 9, 1 },
	.second_records = { { 24 } },
};

/* How the walk ends that begins so; the records are added up. Only size bytes are there. */
static int walk(const struct sample *s, size_t size, enum btf_ext_kind kind, unsigned *sum)
{
	char *bytes = malloc(size);
	struct btf_ext_walk w;
	struct btf_ext_section section;
	int got;

	memcpy(bytes, s, size);
	*sum = 0;
	got = btf_ext_begin(&w, bytes, size, kind);
	while (got > 0 && (got = btf_ext_next(&w, &section)) > 0)
		for (uint32_t i = 0; i < section.n; i++) {
			uint32_t word;

			memcpy(&word, section.records + (size_t)i * w.record_size, sizeof(word));
			*sum += word;
		}
	free(bytes);
	return got;
}

int main(void)
{
	struct sample s = good;
	unsigned sum;

	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_LINES, &sum), 0);
	CHECK_INT(sum, 48);
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_RELOCATIONS, &sum), 0);
	CHECK_INT(sum, 0);
	for (size_t size = 0; size < sizeof(s); size++)
		CHECK_INT(walk(&s, size, BTF_EXT_LINES, &sum), -EBADMSG);
	s.second[1] = 2;
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_LINES, &sum), -EBADMSG);
	s.second[1] = UINT32_MAX;
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_LINES, &sum), -EBADMSG);
	s = good;
	s.record_size = 0;
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_LINES, &sum), -EBADMSG);
	s = good;
	s.head.of[BTF_EXT_LINES].size -= 4;
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_LINES, &sum), -EBADMSG);
	s = good;
	s.head.of[BTF_EXT_LINES].offset = UINT32_MAX;
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_LINES, &sum), -EBADMSG);
	/* A header that ends before the kind is named. */
	s = good;
	s.head.size = 24;
	s.head.of[BTF_EXT_RELOCATIONS].size = 16;
	CHECK_INT(walk(&s, sizeof(s), BTF_EXT_RELOCATIONS, &sum), 0);
	return test_end();
}
