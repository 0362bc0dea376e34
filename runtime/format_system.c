/*
 * Values that only the running system can explain: times, users, errors.
 */
#include "runtime/value.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

/* strftime()'s formats, and %f for microseconds. */
static void print_time(FILE *out, struct str format, const struct tm *tm, uint64_t ns)
{
	char part[256], piece[128];
	size_t at = 0, n;

	while (at < format.n) {
		ptrdiff_t f = -1;

		for (size_t i = at; i + 1 < format.n && f < 0; i++) {
			if (format.p[i] == '%' && format.p[i + 1] == 'f')
				f = (ptrdiff_t)i;
			else if (format.p[i] == '%')
				i++;
		}
		n = (f < 0 ? format.n : (size_t)f) - at;
		if (n >= sizeof(piece))
			n = sizeof(piece) - 1;
		memcpy(piece, format.p + at, n);
		piece[n] = '\0';
		fwrite(part, 1, strftime(part, sizeof(part), piece, tm), out);
		at += n;
		if (f >= 0 && at == (size_t)f) {
			fprintf(out, "%06" PRIu64, ns % 1000000000 / 1000);
			at += 2;
		}
	}
}

void format_timestamp(
    struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t ns = value_number(t, bytes) + (uint64_t)r->boot_offset_ns;
	time_t second = (time_t)(ns / 1000000000);
	struct tm tm;

	if (localtime_r(&second, &tm))
		print_time(out, t->name, &tm, ns);
}

void format_username(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t uid = value_number(t, bytes);
	const struct passwd *user = getpwuid((uid_t)uid);

	if (user)
		fputs(user->pw_name, out);
	else
		fprintf(out, "%" PRIu64, uid);
}

void format_strerror(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	fputs(strerror((int)value_number(t, bytes)), out);
}
