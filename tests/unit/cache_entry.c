#include "cache/entry.h"
#include "tests/unit/test.h"

static const struct str key = { "the key", 7 };

static struct entry sample(struct arena *a)
{
	struct watch watch = { WATCH_CONTENT, KERNEL_TRACEPOINT_FORMAT, STR("sched/sched_switch"), { 7 } };
	struct entry e = {
		.key = key, .messages = STR("x.bt:1:1: warning: w\n"), .image = STR("\177ELF and so on")
	};

	vec_push(a, &e.watches, watch);
	watch = (struct watch){ .kind = WATCH_FILE, .name = STR(""), .identity = { 8 } };
	vec_push(a, &e.watches, watch);
	e.one_kind = true;
	return e;
}

static void roundtrip(struct arena *a)
{
	struct entry e = sample(a), again;
	struct str bytes = entry_pack(a, &e);

	CHECK(entry_read(a, bytes, key, &again));
	CHECK_STR(again.key, "the key");
	CHECK_STR(again.messages, "x.bt:1:1: warning: w\n");
	CHECK_STR(again.image, "\177ELF and so on");
	CHECK(again.one_kind);
	CHECK_INT(again.watches.n, 2);
	CHECK_INT(again.watches.v[0].kind, WATCH_CONTENT);
	CHECK_INT(again.watches.v[0].fact, KERNEL_TRACEPOINT_FORMAT);
	CHECK_STR(again.watches.v[0].name, "sched/sched_switch");
	CHECK_INT(again.watches.v[0].identity[0], 7);
	CHECK_STR(again.watches.v[1].name, "");
	CHECK_INT(again.watches.v[1].identity[0], 8);
	CHECK(!entry_read(a, bytes, STR("the kex"), &again));
	CHECK(!entry_read(a, bytes, STR("the key "), &again));
	CHECK(!entry_read(a, bytes, STR(""), &again));
}

/* Each length, and each byte changed; then the same with a digest that fits. */
static void damaged(struct arena *a)
{
	struct entry e = sample(a), again;
	struct str whole = entry_pack(a, &e);
	unsigned refused = 0, taken = 0;

	for (size_t n = 0; n < whole.n; n++) {
		char *part = arena_copy(a, whole.p, n);

		refused += !entry_read(a, (struct str){ part, n }, key, &again);
		entry_seal(part, n);
		refused += !entry_read(a, (struct str){ part, n }, key, &again);
	}
	CHECK_INT(refused, 2 * whole.n);
	refused = 0;
	for (size_t i = 0; i < whole.n; i++) {
		char *changed = arena_copy(a, whole.p, whole.n);

		changed[i] ^= 0x40;
		refused += !entry_read(a, (struct str){ changed, whole.n }, key, &again);
		entry_seal(changed, whole.n);
		taken += entry_read(a, (struct str){ changed, whole.n }, key, &again);
	}
	CHECK_INT(refused, whole.n);
	/* A name, an identity, a message, the image and the digest can be anything, and nothing else can. */
	CHECK(taken > 60 && taken < whole.n - 40);
}

static void longer(struct arena *a)
{
	struct entry e = sample(a), again;
	struct str whole = entry_pack(a, &e);
	char *more = arena_alloc(a, whole.n + 1);

	memcpy(more, whole.p, whole.n);
	CHECK(!entry_read(a, (struct str){ more, whole.n + 1 }, key, &again));
	entry_seal(more, whole.n + 1);
	CHECK(!entry_read(a, (struct str){ more, whole.n + 1 }, key, &again));
}

int main(void)
{
	struct arena *a = arena_new();

	roundtrip(a);
	damaged(a);
	longer(a);
	arena_free(a);
	return test_end();
}
