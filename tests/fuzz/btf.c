/*
 * The bytes of a BTF file, which say everywhere where else in them something is. What is accepted must be
 * walked to its end, with each name, type and member asked for.
 */
#include "kernel/btf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPES_MAX 4096
#define MEMBERS_MAX 64

static void ask_function(const struct kernel_btf *b, struct str name)
{
	struct btf_func_info function;
	struct str param;
	uint32_t proto, type;

	if (btf_find_func(b, name, &function, &proto))
		return;
	for (uint32_t i = 0; i < function.n_params && i < MEMBERS_MAX; i++)
		btf_param(b, proto, i, &param, &type);
}

static void ask_type(const struct kernel_btf *b, uint32_t id)
{
	struct btf_member_info member;
	struct btf_info info;

	btf_info(b, id, &info);
	for (uint32_t i = 0; i < info.members && i < MEMBERS_MAX; i++) {
		btf_member(b, id, i, &member);
		btf_info(b, member.type, &(struct btf_info){ 0 });
	}
}

static int found(void *context, struct str name, struct str module)
{
	ask_function(context, name);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_btf *b;
	int64_t value;
	uint32_t type;

	if (kernel_btf_parse(data, size, &b))
		return 0;
	for (uint32_t id = 0; id < TYPES_MAX; id++)
		ask_type(b, id);
	btf_each_func(b, found, b);
	if (btf_find(b, BTF_SHAPE_STRUCT, STR("sock")) < -4095)
		abort();
	btf_find_enum_value(b, STR(""), STR("AF_INET"), &value, &type);
	kernel_btf_free(b);
	return 0;
}
