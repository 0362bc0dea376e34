#include "kernel/btf.h"
#include "tests/unit/test.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOT "tests/fixtures/kernel"

/* A member by name, in anonymous members too; adds up *bits. */
static bool member(const struct kernel_btf *b, uint32_t id, const char *name, struct btf_member_info *m)
{
	struct btf_info info, inner;
	uint32_t before;

	btf_info(b, id, &info);
	for (uint32_t i = 0; i < info.members; i++) {
		btf_member(b, info.id, i, m);
		if (str_is(m->name, name))
			return true;
		before = m->bit_offset;
		btf_info(b, m->type, &inner);
		if (m->name.n == 0 && inner.members > 0 && member(b, m->type, name, m)) {
			m->bit_offset += before;
			return true;
		}
	}
	return false;
}

static struct btf_info of(const struct kernel_btf *b, const char *of_struct, const char *name)
{
	struct btf_member_info m = { .name = STR("") };
	struct btf_info info = { 0 };
	int id = btf_find(b, BTF_SHAPE_STRUCT, str_of(of_struct));

	CHECK(id > 0);
	if (id > 0 && member(b, (uint32_t)id, name, &m))
		btf_info(b, m.type, &info);
	else
		CHECK(!"such a member");
	return info;
}

static void shapes(const struct kernel_btf *b)
{
	struct btf_info i = of(b, "task_struct", "comm");

	CHECK_INT(i.shape, BTF_SHAPE_ARRAY);
	CHECK_INT(i.elements, 16);
	CHECK_INT(i.size, 16);
	btf_info(b, i.target, &i);
	CHECK(i.shape == BTF_SHAPE_INT && i.is_char && i.size == 1);
	i = of(b, "task_struct", "pid");
	CHECK(i.shape == BTF_SHAPE_INT && i.is_signed && i.size == 4);
	CHECK_STR(i.name, "int");
	i = of(b, "task_struct", "real_parent");
	CHECK(i.shape == BTF_SHAPE_PTR && i.size == 8 && !i.user);
	btf_info(b, i.target, &i);
	CHECK_STR(i.name, "task_struct");
	CHECK_INT(of(b, "task_struct", "fixture_flag").shape, BTF_SHAPE_BOOL);
	CHECK_INT(of(b, "task_struct", "fixture_enum").shape, BTF_SHAPE_ENUM);
	CHECK_INT(of(b, "task_struct", "fixture_float").shape, BTF_SHAPE_FLOAT);
	CHECK_INT(of(b, "task_struct", "stack").shape, BTF_SHAPE_PTR);
	CHECK_INT(of(b, "filename", "uptr").user, true);
	CHECK_INT(of(b, "filename", "name").user, false);
	CHECK_INT(of(b, "sock_common", "skc_state").size, 1);
	CHECK_INT(of(b, "in6_addr", "in6_u").shape, BTF_SHAPE_UNION);
	i = of(b, "sock", "sk_state_change");
	btf_info(b, i.target, &i);
	CHECK_INT(i.shape, BTF_SHAPE_FUNC_PROTO);
	i = of(b, "dentry", "d_sb");
	btf_info(b, i.target, &i);
	CHECK_INT(i.shape, BTF_SHAPE_FWD);
	i = of(b, "task_struct", "fixture_matrix");
	CHECK_INT(i.size, 12);
}

static void members(const struct kernel_btf *b)
{
	struct btf_member_info m;
	uint32_t id = (uint32_t)btf_find(b, BTF_SHAPE_STRUCT, STR("sock_common"));

	CHECK(member(b, id, "skc_rcv_saddr", &m) && m.bit_offset == 32 && m.bit_size == 0);
	CHECK(member(b, id, "skc_num", &m) && m.bit_offset == 14 * 8);
	CHECK(member(b, id, "skc_reuseport", &m) && m.bit_size == 1 && m.bit_offset == 19 * 8 + 4);
	btf_member(b, id, 9999, &m);
	CHECK(m.name.n == 0 && m.type == 0);
	btf_member(b, 0, 0, &m);
	CHECK(m.type == 0);
}

static void functions(const struct kernel_btf *b)
{
	struct btf_func_info f;
	struct btf_info i;
	struct str name;
	uint32_t proto, type;

	CHECK_INT(btf_find_func(b, STR("inet_csk_accept"), &f, &proto), 0);
	CHECK(f.n_params == 4 && !f.variadic && !f.ambiguous);
	btf_info(b, f.ret, &i);
	btf_info(b, i.target, &i);
	CHECK_STR(i.name, "sock");
	btf_param(b, proto, 3, &name, &type);
	CHECK_STR(name, "kern");
	btf_info(b, type, &i);
	CHECK_INT(i.shape, BTF_SHAPE_BOOL);
	btf_param(b, proto, 4, &name, &type);
	CHECK(name.n == 0 && type == 0);
	CHECK_INT(btf_find_func(b, STR("schedule"), &f, &proto), 0);
	CHECK(f.n_params == 0 && f.ret == 0);
	CHECK_INT(btf_find_func(b, STR("_printk"), &f, &proto), 0);
	CHECK(f.variadic && f.n_params == 1);
	CHECK_STR(str_of(f.refusal), "takes a variable number of arguments");
	CHECK_INT(btf_find_func(b, STR("ambiguous"), &f, &proto), 0);
	CHECK(f.ambiguous);
	CHECK_INT(btf_find_func(b, STR("fixture_nine"), &f, &proto), 0);
	CHECK_INT(f.n_params, 9);
	CHECK_INT(btf_find_func(b, STR("no_such"), &f, &proto), -ENOENT);
	/* A struct's name is no function's. */
	CHECK_INT(btf_find_func(b, STR("sock_common"), &f, &proto), -ENOENT);
}

static void names(const struct kernel_btf *b)
{
	int64_t value;
	uint32_t type;
	struct btf_info i;

	CHECK(btf_find(b, BTF_SHAPE_VOID, STR("pid_t")) > 0);
	CHECK(btf_find(b, BTF_SHAPE_VOID, STR("unsigned int")) > 0);
	CHECK(btf_find(b, BTF_SHAPE_ENUM, STR("sock_type")) > 0);
	CHECK_INT(btf_find(b, BTF_SHAPE_UNION, STR("sock")), -ENOENT);
	CHECK_INT(btf_find(b, BTF_SHAPE_STRUCT, STR("")), -ENOENT);
	CHECK_INT(btf_find(b, BTF_SHAPE_STRUCT, STR("ock")), -ENOENT);
	CHECK_INT(btf_find_enum_value(b, STR(""), STR("TCP_LISTEN"), &value, &type), 0);
	CHECK_INT(value, 10);
	CHECK_INT(btf_find_enum_value(b, STR(""), STR("FIXTURE_MINUS"), &value, &type), 0);
	CHECK_INT(value, -5);
	btf_info(b, type, &i);
	CHECK_STR(i.name, "fixture_signed");
	CHECK(i.is_signed);
	CHECK_INT(btf_find_enum_value(b, STR(""), STR("TCP_NONE"), &value, &type), -ENOENT);
}

struct counted {
	unsigned n, stop_at;
	bool saw;
};

static int count(void *context, struct str name, struct str module)
{
	struct counted *c = context;

	c->saw |= str_is(name, "vfs_read");
	return ++c->n == c->stop_at;
}

static void lists(const struct kernel_btf *b)
{
	struct counted c = { 0 };

	btf_each_func(b, count, &c);
	CHECK(c.saw && c.n > 15);
	c = (struct counted){ .stop_at = 3 };
	btf_each_name(b, BTF_SHAPE_STRUCT, count, &c);
	CHECK_INT(c.n, 3);
}

/* A module's BTF continues the ids and the strings of vmlinux. */
static void make_module(const char *path)
{
	uint32_t size;
	struct btf *base = btf__parse_raw(ROOT "/sys/kernel/btf/vmlinux");
	struct btf *btf = btf__new_empty_split(base);
	int sock = btf__find_by_name_kind(base, "sock", BTF_KIND_STRUCT);

	int id = btf__add_struct(btf, "only_in_module", 192);
	btf__add_field(btf, "inner", sock, 0, 0);
	int proto = btf__add_func_proto(btf, id);
	btf__add_func_param(btf, "of_module", sock);
	btf__add_func(btf, "module_function", BTF_FUNC_STATIC, proto);
	const void *raw = btf__raw_data(btf, &size);
	FILE *out = fopen(path, "w");
	CHECK(raw && out && fwrite(raw, size, 1, out) == 1);
	fclose(out);
	btf__free(btf);
	btf__free(base);
}

static void in_module(const struct kernel_btf *b)
{
	struct btf_func_info f;
	struct str name;
	uint32_t proto, type;

	CHECK_INT(btf_find_func(b, STR("module_function"), &f, &proto), 0);
	CHECK_INT(f.ret, btf_find(b, BTF_SHAPE_STRUCT, STR("only_in_module")));
	btf_param(b, proto, 0, &name, &type);
	CHECK_STR(name, "of_module");
	CHECK_INT(type, btf_find(b, BTF_SHAPE_STRUCT, STR("sock")));
	CHECK_INT(btf_find_func(b, STR("tcp_connect"), &f, &proto), 0);
}

static void modules(void)
{
	char root[] = "/tmp/kernel_btf.XXXXXX", command[256], path[128];
	struct kernel_btf *b;

	CHECK(mkdtemp(root) != NULL);
	snprintf(command, sizeof(command), "cp -r " ROOT "/sys %s", root);
	CHECK_INT(system(command), 0);
	snprintf(path, sizeof(path), "%s/sys/kernel/btf/fixture_module", root);
	make_module(path);
	struct kernel *k = kernel_host(root);
	CHECK_INT(kernel_btf_new(k, STR("fixture_module"), &b), 0);
	if (test_failed_ == 0) {
		in_module(b);
		kernel_btf_free(b);
	}
	kernel_free(k);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	CHECK_INT(system(command), 0);
}

int main(void)
{
	struct kernel *k = kernel_host(ROOT);
	struct kernel_btf *b;

	CHECK_INT(kernel_btf_new(k, STR("vmlinux"), &b), 0);
	if (test_failed_)
		return test_end();
	shapes(b);
	members(b);
	functions(b);
	names(b);
	lists(b);
	modules();
	kernel_btf_free(b);
	CHECK_INT(kernel_btf_new(k, STR("no_such_module"), &b), -ENOENT);
	CHECK_INT(kernel_btf_new(k, STR("../btf/vmlinux"), &b), -EINVAL);
	kernel_free(k);
	return test_end();
}
