#include "image/btf_ext.h"

#include <errno.h>
#include <string.h>

int btf_ext_begin(struct btf_ext_walk *w, const void *ext, size_t size, enum btf_ext_kind kind)
{
	struct btf_ext_head head;
	uint64_t from;

	if (size < sizeof(head))
		return -EBADMSG;
	memcpy(&head, ext, sizeof(head));
	/* Headers of old compilers end before the relocations. */
	if (head.size < (const char *)(&head.of[kind] + 1) - (const char *)&head || !head.of[kind].size)
		return 0;
	from = (uint64_t)head.size + head.of[kind].offset;
	if (head.of[kind].size < sizeof(w->record_size) || from + head.of[kind].size > size)
		return -EBADMSG;
	memcpy(&w->record_size, (const char *)ext + from, sizeof(w->record_size));
	w->at = (const char *)ext + from + sizeof(w->record_size);
	w->end = (const char *)ext + from + head.of[kind].size;
	return w->record_size ? 1 : -EBADMSG;
}

int btf_ext_next(struct btf_ext_walk *w, struct btf_ext_section *section)
{
	uint32_t words[2];

	if (w->at == w->end)
		return 0;
	if ((size_t)(w->end - w->at) < sizeof(words))
		return -EBADMSG;
	memcpy(words, w->at, sizeof(words));
	w->at += sizeof(words);
	if ((size_t)(w->end - w->at) / w->record_size < words[1])
		return -EBADMSG;
	*section = (struct btf_ext_section){ .name = words[0], .n = words[1], .records = w->at };
	w->at += (size_t)words[1] * w->record_size;
	return 1;
}
