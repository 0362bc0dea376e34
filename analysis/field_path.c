#include "analysis/field_path.h"

#include <string.h>

enum address_space number_space(const struct unit *unit, bool is_text)
{
	if (unit->user_memory)
		return SPACE_USER;
	return is_text ? SPACE_ANY : SPACE_KERNEL;
}

static struct field_path *new_path(
    struct arena *a, enum path_begin begin, struct node *root, enum address_space space, unsigned n)
{
	struct field_path *path = arena_alloc(a, sizeof(*path) + n * sizeof(path->steps[0]));

	*path = (struct field_path){ .begin = begin, .root = root, .space = space, .n = n };
	return path;
}

/* Begins a path that has one step. */
static const struct field_path *begin_path(struct arena *a, enum path_begin begin, struct node *root,
    enum address_space space, struct field_step step)
{
	struct field_path *path = new_path(a, begin, root, space, 1);

	path->steps[0] = step;
	return path;
}

const struct field_path *field_path_part(struct arena *a, struct node *object, struct field_step step)
{
	const struct field_path *whole = object->path;
	struct field_path *path;

	if (object->type->form == FORM_PTR)
		return begin_path(a, PATH_POINTER, object, object->type->space, step);
	if (!whole)
		return begin_path(a, PATH_OWN, object, SPACE_KERNEL, step);
	/* An array in a tracepoint's record is copied before it is looked into. */
	if (whole->begin == PATH_ARGS)
		return begin_path(a, object->type->form == FORM_ARRAY ? PATH_OWN : PATH_POINTER, object,
		    whole->space, step);
	path = new_path(a, whole->begin, whole->root, whole->space, whole->n + 1);
	memcpy(path->steps, whole->steps, whole->n * sizeof(path->steps[0]));
	path->steps[whole->n] = step;
	return path;
}

static const struct field_path *member_path(struct arena *a, struct node *node)
{
	struct node *object = node->member.object;

	if (object->type->form == FORM_ARGS)
		return new_path(a, PATH_ARGS, node, object->type->space, 0);
	return field_path_part(a, object,
	    (struct field_step){ .member = node->member.member, .from = object->type, .type = node->type });
}

static const struct field_path *dereference_path(
    struct arena *a, const struct unit *unit, struct node *operand)
{
	enum address_space space = operand->type->form == FORM_PTR  ? operand->type->space
				   : type_is_integer(operand->type) ? number_space(unit, false)
				   : operand->path                  ? operand->path->space
								    : SPACE_KERNEL;

	return new_path(a, PATH_DEREFERENCE, operand, space, 0);
}

static void make_path(struct arena *a, const struct unit *unit, struct node *node)
{
	struct node *object;

	if (node->kind == NODE_MEMBER) {
		node->path = member_path(a, node);
	} else if (node->kind == NODE_INDEX) {
		object = node->index.object;
		node->path = field_path_part(a, object,
		    (struct field_step){
			.from = object->type, .type = node->type, .index = node->index.index });
	} else if (node->kind == NODE_UNARY && node->unary.op == OP_DEREF) {
		node->path = dereference_path(a, unit, node->unary.operand);
	}
}

/* A path begins with that of its object, so children come first. */
static void make_paths(struct arena *a, const struct unit *unit, struct node *list)
{
	struct node *children[AST_CHILDREN];

	for (; list; list = list->next) {
		unsigned n = ast_children(list, children);

		for (unsigned i = 0; i < n; i++)
			make_paths(a, unit, children[i]);
		/* delete(@m, k) has an element of its own. */
		if (list->kind == NODE_CALL && list->call.call && list->call.call->element)
			make_paths(a, unit, list->call.call->element->map.keys);
		make_path(a, unit, list);
	}
}

void field_paths_make(struct arena *a, struct program *program)
{
	for (size_t i = 0; i < program->units.n; i++) {
		const struct unit *unit = program->units.v[i];

		make_paths(a, unit, unit->predicate);
		make_paths(a, unit, unit->body);
	}
}

static bool is_kernels(const struct field_step *step)
{
	const struct type *record = step->member ? step->member->record : NULL;

	return record && (record->form == FORM_STRUCT || record->form == FORM_UNION) && !record->defined;
}

bool field_path_is_element(const struct field_path *path, unsigned n)
{
	return n >= 2 && !path->steps[n - 1].member && path->steps[n - 1].from->form == FORM_ARRAY &&
	       is_kernels(&path->steps[n - 2]);
}

bool field_path_is_kernels(const struct field_path *path)
{
	return path->n && (is_kernels(&path->steps[path->n - 1]) || field_path_is_element(path, path->n));
}
