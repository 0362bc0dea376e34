#include "cache/entry.h"

#include <string.h>

#include "base/digest.h"

static const char magic[8] = "btrcach2"; /* a change of the form changes it */

#define WATCHES_MOST 65536

enum part { KEY, WATCHES, MESSAGES, IMAGE, PARTS };

/* The header of an entry, which the parts follow, is in the byte order of the machine: the key says which
 * that is. */
struct header {
	char magic[8];
	uint64_t one_kind;
	uint64_t sizes[PARTS];
	unsigned char digest[DIGEST_SIZE]; /* of all that precedes it, and of all that follows */
};

struct watch_header {
	uint32_t kind, fact, name_size, unused;
	unsigned char identity[DIGEST_SIZE];
};

static void make_digest(struct str bytes, unsigned char digest[DIGEST_SIZE])
{
	struct digest d;

	digest_begin(&d);
	digest_add(&d, bytes.p, offsetof(struct header, digest));
	digest_add(&d, bytes.p + sizeof(struct header), bytes.n - sizeof(struct header));
	digest_end(&d, digest);
}

void entry_seal(char *bytes, size_t n)
{
	unsigned char digest[DIGEST_SIZE];

	if (n < sizeof(struct header))
		return;
	make_digest((struct str){ bytes, n }, digest);
	memcpy(bytes + offsetof(struct header, digest), digest, DIGEST_SIZE);
}

static size_t watches_size(const struct watches *w)
{
	size_t size = 0;

	for (size_t i = 0; i < w->n; i++)
		size += sizeof(struct watch_header) + w->v[i].name.n;
	return size;
}

static char *put(char *at, const void *bytes, size_t n)
{
	if (n)
		memcpy(at, bytes, n);
	return at + n;
}

static char *put_watches(char *at, const struct watches *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct watch_header h = {
			.kind = w->v[i].kind,
			.fact = w->v[i].fact,
			.name_size = (uint32_t)w->v[i].name.n,
		};

		memcpy(h.identity, w->v[i].identity, DIGEST_SIZE);
		at = put(at, &h, sizeof(h));
		at = put(at, w->v[i].name.p, w->v[i].name.n);
	}
	return at;
}

struct str entry_pack(struct arena *a, const struct entry *e)
{
	struct header h = { .one_kind = e->one_kind,
		.sizes = { e->key.n, watches_size(&e->watches), e->messages.n, e->image.n } };
	size_t n = sizeof(h) + h.sizes[KEY] + h.sizes[WATCHES] + h.sizes[MESSAGES] + h.sizes[IMAGE];
	char *bytes = arena_alloc(a, n), *at = bytes + sizeof(h);

	memcpy(h.magic, magic, sizeof(magic));
	at = put(at, e->key.p, e->key.n);
	at = put_watches(at, &e->watches);
	at = put(at, e->messages.p, e->messages.n);
	put(at, e->image.p, e->image.n);
	put(bytes, &h, sizeof(h));
	entry_seal(bytes, n);
	return (struct str){ bytes, n };
}

/* Takes the next n bytes; false when there are not so many. */
static bool take_part(struct str *rest, uint64_t n, struct str *part)
{
	if (n > rest->n)
		return false;
	*part = (struct str){ rest->p, (size_t)n };
	*rest = (struct str){ rest->p + n, rest->n - (size_t)n };
	return true;
}

static bool take_watch(struct arena *a, struct str *rest, struct watches *w)
{
	struct watch_header h;
	struct watch watch;
	struct str bytes;

	if (!take_part(rest, sizeof(h), &bytes))
		return false;
	memcpy(&h, bytes.p, sizeof(h));
	if (h.kind > WATCH_CONTENT || h.fact >= KERNEL_FACTS_ || !take_part(rest, h.name_size, &watch.name) ||
	    w->n >= WATCHES_MOST)
		return false;
	watch.kind = (enum watch_kind)h.kind;
	watch.fact = (enum kernel_fact)h.fact;
	memcpy(watch.identity, h.identity, DIGEST_SIZE);
	vec_push(a, w, watch);
	return true;
}

static bool take_watches(struct arena *a, struct str bytes, struct watches *w)
{
	while (bytes.n)
		if (!take_watch(a, &bytes, w))
			return false;
	return true;
}

bool entry_read(struct arena *a, struct str bytes, struct str key, struct entry *e)
{
	unsigned char digest[DIGEST_SIZE];
	struct str part, watches, rest = bytes;
	struct header h;

	if (!take_part(&rest, sizeof(h), &part))
		return false;
	memcpy(&h, part.p, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.one_kind > 1)
		return false;
	make_digest(bytes, digest);
	if (memcmp(digest, h.digest, DIGEST_SIZE) != 0)
		return false;
	*e = (struct entry){ .one_kind = h.one_kind };
	if (!take_part(&rest, h.sizes[KEY], &e->key) || !take_part(&rest, h.sizes[WATCHES], &watches) ||
	    !take_part(&rest, h.sizes[MESSAGES], &e->messages) ||
	    !take_part(&rest, h.sizes[IMAGE], &e->image) || rest.n)
		return false;
	return str_eq(e->key, key) && take_watches(a, watches, &e->watches);
}
