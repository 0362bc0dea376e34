#include "runtime/info/parameters.h"

#include "base/commandline.h"
#include "base/source.h"

void describe_parameters(struct arena *a, const struct image *image, FILE *out)
{
	struct source_map map = { .script = { image->script_name, image->script_text } };

	for (size_t i = 0; i < image->parameters.n; i++) {
		const struct image_parameter *p = &image->parameters.v[i];
		struct source_pos at = source_pos(&map, p->span.begin);
		struct str name = p->name.n   ? str_format(a, "--%.*s", STR_ARG(p->name))
				  : p->number ? str_format(a, "$%u", p->number)
					      : STR("$#");

		fprintf(out, "  %-20.*s  ", STR_ARG(name));
		if (p->description.n)
			fprintf(out, "%.*s; ", STR_ARG(p->description));
		fprintf(out, "%s", commandline_wanted(p->kind));
		if (p->skip)
			fprintf(out, " from its byte %u on", p->skip);
		if (p->name.n)
			fprintf(out, " (%.*s)\n", STR_ARG(p->fallback));
		else
			fprintf(out, " (used at %.*s:%u:%u)\n", STR_ARG(at.name), at.line, at.column);
	}
}
