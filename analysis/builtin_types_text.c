/*
 * Type rules of the builtins that read or make text and bytes.
 */
#include <arpa/inet.h>
#include <string.h>

#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

static uint32_t at_most(uint32_t size, uint32_t limit)
{
	return size < limit ? size : limit;
}

/* A length of str() or buf(): *size, which has extra bytes that do not count, gets smaller. */
static bool limit_length(
    struct compilation *c, struct use *use, struct node *length, uint32_t extra, uint32_t *size)
{
	int64_t literal;

	if (!length || !fold_int(length, &literal))
		return true;
	if (literal <= 0) {
		problem_error(c, length->span, "a length is at least 1");
		problem_hint(
		    c, "%s() without a length reads up to %u bytes", use->builtin->name, *size - extra);
		return false;
	}
	if (literal > (int64_t)(*size - extra))
		problem_warning(c, length->span, "%s() reads at most %u bytes: BPFTRACE_STRLEN makes it more",
		    use->builtin->name, *size - extra);
	use->call->literal = literal < *size ? literal : *size - extra;
	*size = (uint32_t)use->call->literal + extra;
	return true;
}

const struct type *builtin_type_str(struct compilation *c, struct use *use)
{
	struct node *address = use->args, *length = address->next;
	uint32_t size = c->options->max_strlen;

	use->call->reads_text = true;
	/* A literal and a parameter are as long as they are. */
	if (address->kind == NODE_STRING)
		size = address->type->size;
	else if (type_is_text(address->type))
		size = at_most(type_string_for(c->types, address->type)->size, size);
	if (!limit_length(c, use, length, 1, &size))
		return c->error;
	return type_string(c->types, size);
}

static bool is_address(const struct type *type)
{
	return type_is_integer(type) || (type->form == FORM_ARRAY && type_is_integer(type->target) &&
					    (type->size == 4 || type->size == 16));
}

const struct type *builtin_type_ntop(struct compilation *c, struct use *use)
{
	struct node *address = use->n_args == 2 ? use->args->next : use->args;
	struct str text = type_text(c->arena, address->type);

	if (use->n_args == 2 && !type_is_integer(use->args->type)) {
		problem_error(c, use->args->span, "ntop() takes an address family first");
		problem_hint(c, "as in ntop(AF_INET, address)");
		return c->error;
	}
	if (is_address(address->type))
		return type_simple(c->types, FORM_INET);
	problem_error(c, address->span, "%.*s is no IP address", STR_ARG(text));
	problem_hint(c, "ntop() takes an integer (IPv4), or an array of 4 (IPv4) or 16 bytes (IPv6), as in "
			"skc_v6_daddr.in6_u.u6_addr8");
	return c->error;
}

const struct type *builtin_type_bswap(struct compilation *c, struct use *use)
{
	return type_int(c->types, use->args->type->size, false);
}

const struct type *builtin_type_buf(struct compilation *c, struct use *use)
{
	struct node *address = use->args, *length = address->next;
	uint32_t size = c->options->max_strlen;
	struct str text;

	if (!length && address->type->form != FORM_ARRAY && address->type->form != FORM_STRING) {
		text = type_text(c->arena, address->type);
		problem_error(c, use->node->span, "buf() needs a length for %.*s", STR_ARG(text));
		problem_hint(c, "as in buf(address, 16); only arrays have a length of their own");
		return c->error;
	}
	if (!length)
		size = at_most(address->type->size, size);
	if (!limit_length(c, use, length, 0, &size))
		return c->error;
	return type_buffer(c->types, size);
}

const struct type *builtin_type_path(struct compilation *c, struct use *use)
{
	const struct type *type = use->args->type;
	const struct str wanted = STR("path");
	uint32_t size = c->options->max_strlen;

	if (type->form == FORM_PTR)
		type = type->target;
	if (type->form != FORM_STRUCT || !str_eq(type->name, wanted)) {
		problem_error(c, use->args->span, "path() needs a struct path");
		problem_hint(c, "as in path(args.file->f_path)");
		return c->error;
	}
	if (probe_row(c->unit->probe)->gives & WITH_FUNC || c->unit->probe == PROBE_iter)
		return limit_length(c, use, use->args->next, 0, &size) ? type_string(c->types, size)
								       : c->error;
	problem_error(c, use->name, "path() is not available in a %s probe", probe_row(c->unit->probe)->name);
	problem_hint(
	    c, "the kernel allows it in fentry, fexit and iter, where it knows what pointers point to");
	return c->error;
}

const struct type *builtin_type_pton(struct compilation *c, struct use *use)
{
	struct str text = use->args->string.text;
	char copy[INET6_ADDRSTRLEN + 1] = "";
	uint8_t bytes[16];
	uint32_t size = str_find(text, ':') >= 0 ? 16 : 4;

	if (text.n < sizeof(copy))
		memcpy(copy, text.p, text.n);
	if (inet_pton(size == 4 ? AF_INET : AF_INET6, copy, bytes) != 1) {
		problem_error(c, use->args->span, "\"%.*s\" is no IP address", STR_ARG(text));
		problem_hint(c, "as in pton(\"192.0.2.1\") or pton(\"2001:db8::1\")");
		return c->error;
	}
	use->call->text = str_copy(c->arena, (const char *)bytes, size);
	return type_array(c->types, type_int(c->types, 1, false), size);
}

const struct type *builtin_type_macaddr(struct compilation *c, struct use *use)
{
	const struct type *type = use->args->type;
	struct str text = type_text(c->arena, type);

	if (type->form != FORM_ARRAY || (type->size == 6 && type->target->size == 1))
		return type_simple(c->types, FORM_MAC);
	problem_error(c, use->args->span, "%.*s is no MAC address", STR_ARG(text));
	problem_hint(c, "macaddr() takes an array of 6 bytes, or the address of one");
	return c->error;
}

const struct type *builtin_type_strncmp(struct compilation *c, struct use *use)
{
	const struct node *length = use->args->next->next;

	fold_int(length, &use->call->literal);
	if (use->call->literal >= 0)
		return signature_result(c->types, use->signature.result);
	problem_error(c, length->span, "a length is not negative");
	problem_hint(c, "strncmp(a, b, 4) compares the first 4 characters");
	return c->error;
}

const struct type *builtin_type_strftime(struct compilation *c, struct use *use)
{
	return type_with_text(c->types, FORM_TIMESTAMP, use->args->string.text);
}

const struct type *builtin_type_cgroup_path(struct compilation *c, struct use *use)
{
	const struct node *filter = use->args->next;

	return type_with_text(c->types, FORM_CGROUP_PATH, filter ? filter->string.text : STR(""));
}
