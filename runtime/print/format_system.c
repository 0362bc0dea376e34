/*
 * Values that only the running system can explain: times, users, errors.
 */
#include "base/library.h"
#include "runtime/print/value.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

/* How long the conversion at the beginning of text is: "%H", "%-d", "%Ey". */
static size_t conversion_length(struct str text)
{
	size_t n = 1;

	while (n < text.n && strchr("_-0^#123456789EO", text.p[n]))
		n++;
	return n < text.n ? n + 1 : text.n;
}

/* One conversion at a time: strftime() does not tell "too long" from "nothing". */
static void print_conversion(FILE *out, struct str conversion, const struct tm *tm, uint64_t ns)
{
	char format[32], text[1024];

	if (str_is(conversion, "%f")) {
		fprintf(out, "%06" PRIu64, ns % 1000000000 / 1000);
		return;
	}
	if (conversion.n >= sizeof(format))
		return;
	memcpy(format, conversion.p, conversion.n);
	format[conversion.n] = '\0';
	fwrite(text, 1, strftime(text, sizeof(text), format, tm), out);
}

void time_print(FILE *out, struct str format, const struct tm *tm, uint64_t ns)
{
	while (format.n) {
		ptrdiff_t percent = str_find(format, '%');
		size_t plain = percent < 0 ? format.n : (size_t)percent, n;

		fwrite(format.p, 1, plain, out);
		format = str_slice(format, plain, format.n);
		n = format.n ? conversion_length(format) : 0;
		print_conversion(out, str_slice(format, 0, n), tm, ns);
		format = str_slice(format, n, format.n);
	}
}

void format_timestamp(
    struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t ns = value_number(t, bytes) + (uint64_t)r->boot_offset_ns;
	time_t second = (time_t)(ns / 1000000000);
	struct tm tm;

	if (localtime_r(&second, &tm))
		time_print(out, t->name, &tm, ns);
}

/* Without libc's getpwuid(), which opens the libraries that nsswitch.conf names. */
static const struct passwd *user_of_file(uid_t uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)) && user->pw_uid != uid)
		continue;
	if (file)
		fclose(file);
	return user;
}

void format_username(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	uint64_t uid = value_number(t, bytes);
	const struct passwd *user = library_is_static() ? user_of_file((uid_t)uid) : getpwuid((uid_t)uid);

	if (user)
		fputs(user->pw_name, out);
	else
		fprintf(out, "%" PRIu64, uid);
}

/* What the kernel passes about inside of itself, of which libc knows nothing: include/linux/errno.h. */
static const char *const kernel_errors[] = {
	[0] = "ERESTARTSYS",
	[1] = "ERESTARTNOINTR",
	[2] = "ERESTARTNOHAND",
	[3] = "ENOIOCTLCMD",
	[4] = "ERESTART_RESTARTBLOCK",
	[5] = "EPROBE_DEFER",
	[6] = "EOPENSTALE",
	[7] = "ENOPARAM",
	[9] = "EBADHANDLE",
	[10] = "ENOTSYNC",
	[11] = "EBADCOOKIE",
	[12] = "ENOTSUPP",
	[13] = "ETOOSMALL",
	[14] = "ESERVERFAULT",
	[15] = "EBADTYPE",
	[16] = "EJUKEBOX",
	[17] = "EIOCBQUEUED",
	[18] = "ERECALLCONFLICT",
	[19] = "ENOGRACE",
};

#define KERNEL_ERRORS_FROM 512

void format_strerror(struct runtime *r, FILE *out, const struct image_type *t, const void *bytes, size_t size)
{
	int number = (int)value_number(t, bytes), i = number - KERNEL_ERRORS_FROM;
	bool is_kernels =
	    i >= 0 && i < (int)(sizeof(kernel_errors) / sizeof(kernel_errors[0])) && kernel_errors[i];

	fputs(is_kernels ? kernel_errors[i] : strerror(number), out);
}
