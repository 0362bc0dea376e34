/*
 * Type rules of the builtins that write to maps.
 */
#include "base/hist.h"
#include "analysis/compilation.h"

#define BUILTIN(name, forms, signature, where, rule, ...) \
	const struct type *rule(struct compilation *c, struct use *use);
#include "language/builtins.def"
#undef BUILTIN

#define LHIST_BUCKETS_MAX 1000

const struct type *builtin_type_aggregate(struct compilation *c, struct use *use)
{
	const struct type *result = signature_result(c->types, use->signature.result);
	const char *name = use->builtin->name;

	if (!use->target) {
		problem_error(c, use->node->span, "the result of %s() has to be assigned to a map", name);
		problem_hint(c, "as in @ = %s%s or @x[comm] = %s%s", name, use->n_args ? "(...)" : "()", name,
		    use->n_args ? "(...)" : "()");
		return c->error;
	}
	use->call->element = use->target;
	/* hist() and lhist() go on from here. */
	if (!result)
		return type_void(c->types);
	return use->args ? type_aggregate(c->types, result->form,
			       use->args->type->is_signed || use->args->type->size < 8)
			 : result;
}

const struct type *builtin_type_hist(struct compilation *c, struct use *use)
{
	if (is_unknown(c, builtin_type_aggregate(c, use)))
		return c->error;
	if (use->n_args > 1 && fold_int(use->args->next, &use->call->literal) &&
	    (use->call->literal < 0 || use->call->literal > HIST_BITS_MAX)) {
		problem_error(c, use->args->next->span, "hist() takes 0 to %d bits of detail", HIST_BITS_MAX);
		problem_hint(c, "each power of two is shown in 2^bits parts");
		return c->error;
	}
	return type_hist(c->types, (uint32_t)use->call->literal);
}

const struct type *builtin_type_lhist(struct compilation *c, struct use *use)
{
	const struct node *arg = use->args->next;
	int64_t range[3];
	const char *wrong = NULL;

	for (int i = 0; i < 3; i++, arg = arg->next)
		fold_int(arg, &range[i]);
	if (is_unknown(c, builtin_type_aggregate(c, use)))
		return c->error;
	if (range[2] <= 0)
		wrong = "its step has to be 1 or more";
	else if (range[0] >= range[1])
		wrong = "it has to begin below its end";
	else if (((uint64_t)range[1] - (uint64_t)range[0] - 1) / (uint64_t)range[2] >= LHIST_BUCKETS_MAX)
		wrong = "it has more than 1000 buckets";
	if (wrong) {
		problem_error(c, use->node->span, "this histogram can't be made: %s", wrong);
		problem_hint(c, "lhist(value, from, to, step), as in lhist($n, 0, 100, 10)");
		return c->error;
	}
	return type_lhist(c->types, range[0], range[1], range[2]);
}

const struct type *builtin_type_delete(struct compilation *c, struct use *use)
{
	struct node *element = use->args, *key = element->next;

	if (key) { /* one more than pass expand could write into the [] */
		problem_error(c, key->span, "delete() takes one key, and %.*s has one already",
		    STR_ARG(element->map.name));
		problem_hint(c, "write delete(%.*s, key), or delete(%.*s[key])", STR_ARG(element->map.name),
		    STR_ARG(element->map.name));
		return c->error;
	}
	map_use_keys(c, element);
	use->call->element = element;
	if (is_unknown(c, map_read(c, element)))
		return c->error;
	element->map.map->no_array = true;
	return type_void(c->types);
}
