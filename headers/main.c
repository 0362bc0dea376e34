/*
 * btrun-headers [-I DIR]... HEADER: what a header file defines, in the form that scripts define types in:
 * records member by member, enums, typedefs, macros that are plain text. A line "#file NAME" stands before
 * those of another file, "#line LINE COLUMN TEXT" with the file's own line before each of them. Then a NUL
 * byte and the names of the files that this came from, and of those that would have been read instead if they
 * existed, with a NUL byte behind each. A process of its own, which has libclang in it and goes when it is
 * done.
 *
 * HEADER as in #include: a name, or an absolute path. Exit status 1 and a message when it can't be used; 2
 * when there is no such file.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "headers/libclang.h"
#include "sandbox/sandbox.h"

static struct libclang clang;
static void *unit;

#define STATUS_ABSENT 2 /* there is no such header */
#define MACRO_TOKENS 64
#define DEPTH_MAX 16 /* of records in one another */

/* Takes a string of libclang's; the copy lives until the process ends. */
static const char *text_of(struct clang_string s)
{
	const char *text = clang.getCString(s);
	char *copy = strdup(text ? text : "");

	clang.disposeString(s);
	return copy ? copy : "";
}

#define LINE_MAX_SHOWN 400 /* bytes of a file's line, for messages */

/* Prints the line of the file in which the byte at offset is the column's. */
static void print_line(void *file, unsigned column, unsigned offset)
{
	size_t size, begin = offset - (column - 1), end = begin;
	const char *text = clang.getFileContents(unit, file, &size);

	while (text && end < size && text[end] != '\n' && text[end] != '\r' && text[end] &&
	       end - begin < LINE_MAX_SHOWN)
		end++;
	fwrite(text ? text + begin : "", 1, end - begin, stdout);
}

/* The file that the definitions being printed come from. */
static void *present_file;

/* Says where what is printed next stands. A member never changes the file: it is in the middle of a text. */
static void print_mark(struct clang_cursor_value c, bool is_member)
{
	unsigned line, column, offset;
	void *file = NULL;

	clang.getExpansionLocation(clang.getCursorLocation(c), &file, &line, &column, &offset);
	if (!file || (is_member && file != present_file))
		return;
	if (file != present_file)
		printf("#file %s\n", text_of(clang.getFileName(file)));
	present_file = file;
	printf("#line %u %u ", line, column);
	/* Nobody is shown the line of a macro, and there are many of them. */
	if (c.kind != CURSOR_MACRO)
		print_line(file, column, offset);
	putchar('\n');
}

static bool is_anonymous(struct clang_type record)
{
	return strchr(text_of(clang.getTypeSpelling(record)), '(') != NULL;
}

static void print_members(struct clang_cursor_value record, unsigned depth);
static void print_size(struct clang_type record);

static const char *tag_of(struct clang_cursor_value record)
{
	return record.kind == CURSOR_UNION ? "union" : record.kind == CURSOR_ENUM ? "enum" : "struct";
}

/* Prints "struct sock", or "name" of a typedef of a record without a name. */
static void print_record(struct clang_type type, unsigned depth)
{
	struct clang_cursor_value record = clang.getTypeDeclaration(type);
	const char *name = text_of(clang.getTypeSpelling(type));
	const char *blank = strrchr(name, ' '), *plain = blank ? blank + 1 : name;

	if (is_anonymous(type) && type.kind == KIND_ENUM) {
		fputs("int", stdout);
	} else if (is_anonymous(type)) {
		printf("%s {\n", tag_of(record));
		print_members(record, depth + 1);
		putchar('}');
		print_size(type);
	} else if (*text_of(clang.getCursorSpelling(record)) &&
		   strncmp(name, tag_of(record), strlen(tag_of(record))) == 0) {
		printf("%s %s", tag_of(record), plain);
	} else {
		fputs(plain, stdout);
	}
}

static const char *plain_type(int kind)
{
	switch (kind) {
	case KIND_BOOL:
		return "bool";
	case KIND_CHAR_U:
	case KIND_CHAR_S:
	case KIND_SCHAR:
		return "char";
	case KIND_UCHAR:
		return "unsigned char";
	case KIND_CHAR16:
	case KIND_USHORT:
		return "unsigned short";
	case KIND_SHORT:
		return "short";
	case KIND_INT:
	case KIND_WCHAR:
		return "int";
	case KIND_CHAR32:
	case KIND_UINT:
		return "unsigned int";
	case KIND_LONG:
	case KIND_LONGLONG:
		return "long";
	case KIND_ULONG:
	case KIND_ULONGLONG:
		return "unsigned long";
	case KIND_FLOAT:
		return "float";
	case KIND_DOUBLE:
		return "double";
	case KIND_LONG_DOUBLE:
		return "long double";
	}
	return NULL;
}

/* Prints what stands before a member's name; stars counts the pointers that a row of them has. */
static void print_base(struct clang_type type, unsigned depth, unsigned stars)
{
	const char *plain = plain_type(type.kind);

	if (plain)
		fputs(plain, stdout);
	else if (type.kind == KIND_RECORD || type.kind == KIND_ENUM)
		print_record(type, depth);
	else
		fputs(stars ? "void" : "unsigned char", stdout);
	putchar(' ');
	while (stars--)
		putchar('*');
}

static struct clang_type canonical(struct clang_type type)
{
	return clang.getCanonicalType(type);
}

static void print_declaration(struct clang_type type, const char *name, unsigned depth)
{
	long long sizes[DEPTH_MAX];
	unsigned n = 0, stars = 0;

	for (type = canonical(type); type.kind == KIND_ARRAY || type.kind == KIND_OPEN_ARRAY;
	     type = canonical(clang.getElementType(type)))
		if (n < DEPTH_MAX)
			sizes[n++] = type.kind == KIND_ARRAY ? clang.getNumElements(type) : 0;
	for (; type.kind == KIND_POINTER; stars++)
		type = canonical(clang.getPointeeType(type));
	/* A kind that scripts do not have (a vector, __int128) is so many bytes. */
	if (!stars && !plain_type(type.kind) && type.kind != KIND_RECORD && type.kind != KIND_ENUM &&
	    n < DEPTH_MAX)
		sizes[n++] = clang.Type_getSizeOf(type);
	if (stars && type.kind == KIND_RECORD && is_anonymous(type))
		type.kind = KIND_VOID;
	print_base(type, depth, stars);
	fputs(name, stdout);
	for (unsigned i = 0; i < n; i++)
		printf("[%lld]", sizes[i]);
}

struct members {
	unsigned depth;
};

/* Prints where libclang says that it lies, whatever pragmas and attributes brought it there. */
static void print_place(long long bits)
{
	if (bits >= 0)
		printf(" __attribute__((btrun_placed(%lld)))", bits);
	fputs(";\n", stdout);
}

static void print_size(struct clang_type record)
{
	long long size = clang.Type_getSizeOf(record), align = clang.Type_getAlignOf(record);

	if (size > 0 && align > 0)
		printf(" __attribute__((btrun_sized(%lld), aligned(%lld)))", size, align);
}

static int print_member(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	struct members *m = context;

	if (c.kind != CURSOR_FIELD || m->depth > DEPTH_MAX)
		return VISIT_CONTINUE;
	/* Bits without a name only move others, and each says itself where it lies. */
	if (clang.Cursor_isBitField(c) && !*text_of(clang.getCursorSpelling(c)))
		return VISIT_CONTINUE;
	print_mark(c, true);
	print_declaration(clang.getCursorType(c), text_of(clang.getCursorSpelling(c)), m->depth);
	if (clang.Cursor_isBitField(c))
		printf(" : %d", clang.getFieldDeclBitWidth(c));
	print_place(clang.Cursor_getOffsetOfField(c));
	return VISIT_CONTINUE;
}

/* libclang shows an anonymous record both as itself and, from LLVM 16 on, as a field without a name. */
struct unnamed {
	bool fields;
};

static int find_unnamed(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	struct unnamed *u = context;

	if (c.kind == CURSOR_FIELD && !*text_of(clang.getCursorSpelling(c)) && !clang.Cursor_isBitField(c))
		u->fields = true;
	return VISIT_CONTINUE;
}

struct anonymous {
	struct clang_type type;
	bool used;
};

static int find_user(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	struct anonymous *a = context;
	struct clang_type type;

	if (c.kind != CURSOR_FIELD)
		return VISIT_CONTINUE;
	for (type = canonical(clang.getCursorType(c)); type.kind == KIND_ARRAY || type.kind == KIND_POINTER;)
		type = canonical(
		    type.kind == KIND_ARRAY ? clang.getElementType(type) : clang.getPointeeType(type));
	if (type.kind == a->type.kind && type.data[0] == a->type.data[0])
		a->used = true;
	return VISIT_CONTINUE;
}

static int find_named(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	struct clang_cursor_value *found = context;

	if (c.kind != CURSOR_FIELD || !*text_of(clang.getCursorSpelling(c)))
		return VISIT_CONTINUE;
	*found = c;
	return VISIT_BREAK;
}

/* Finds where an anonymous record lies, by one of its members; -1 when it has none with a name. */
static long long place_of(struct clang_cursor_value record, struct clang_cursor_value outer)
{
	struct clang_cursor_value member = { 0 };
	long long inside, at;

	clang.visitChildren(record, find_named, &member);
	if (member.kind != CURSOR_FIELD)
		return -1;
	inside = clang.Cursor_getOffsetOfField(member);
	at = clang.Type_getOffsetOf(
	    canonical(clang.getCursorType(outer)), text_of(clang.getCursorSpelling(member)));
	return inside < 0 || at < inside ? -1 : at - inside;
}

/* Prints a member where anonymous records have no fields: one that no member is made of is one itself. */
static int print_part(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	struct members *m = context;

	if (c.kind == CURSOR_STRUCT || c.kind == CURSOR_UNION) {
		struct anonymous a = { .type = canonical(clang.getCursorType(c)) };

		if (!is_anonymous(a.type))
			return VISIT_CONTINUE;
		clang.visitChildren(parent, find_user, &a);
		if (!a.used) {
			print_mark(c, true);
			print_declaration(a.type, "", m->depth);
			print_place(place_of(c, parent));
		}
		return VISIT_CONTINUE;
	}
	return print_member(c, parent, context);
}

static void print_members(struct clang_cursor_value record, unsigned depth)
{
	struct members m = { .depth = depth };
	struct unnamed u = { 0 };

	clang.visitChildren(record, find_unnamed, &u);
	clang.visitChildren(record, u.fields ? print_member : print_part, &m);
}

static int print_constant(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	if (c.kind == CURSOR_ENUM_CONSTANT)
		printf(context ? "%s = %lld,\n" : "#define %s %lld\n", text_of(clang.getCursorSpelling(c)),
		    clang.getEnumConstantDeclValue(c));
	return VISIT_CONTINUE;
}

static int print_definition(struct clang_cursor_value c, struct clang_cursor_value parent, void *context);

/* Defines a record inside another, whose name is known outside as well. */
static int print_inner(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	if (c.kind == CURSOR_STRUCT || c.kind == CURSOR_UNION || c.kind == CURSOR_ENUM)
		print_definition(c, parent, context);
	return VISIT_CONTINUE;
}

static void print_enum(struct clang_cursor_value c, struct clang_type type)
{
	const char *name = text_of(clang.getCursorSpelling(c));

	print_mark(c, false);
	if (is_anonymous(type) || !*name) {
		clang.visitChildren(c, print_constant, NULL);
		return;
	}
	printf("enum %s {\n", name);
	clang.visitChildren(c, print_constant, &clang);
	putchar('}');
	print_size(type);
	fputs(";\n", stdout);
}

static int print_definition(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	struct clang_type type = canonical(clang.getCursorType(c));
	const char *spelling;

	if (!clang.isCursorDefinition(c))
		return VISIT_CONTINUE;
	if (c.kind == CURSOR_ENUM) {
		print_enum(c, type);
		return VISIT_CONTINUE;
	}
	clang.visitChildren(c, print_inner, context);
	if (is_anonymous(type))
		return VISIT_CONTINUE;
	spelling = text_of(clang.getTypeSpelling(type));
	print_mark(c, false);
	/* "struct name", or what a typedef calls a record that has no name of its own */
	if (strchr(spelling, ' '))
		printf("%s {\n", spelling);
	else
		printf("typedef %s {\n", tag_of(c));
	print_members(c, 0);
	putchar('}');
	print_size(type);
	if (!strchr(spelling, ' '))
		printf(" %s", spelling);
	fputs(";\n", stdout);
	return VISIT_CONTINUE;
}

static void print_typedef(struct clang_cursor_value c)
{
	struct clang_type type = canonical(clang.getTypedefDeclUnderlyingType(c));
	const char *name = text_of(clang.getCursorSpelling(c));

	/* Names of records without one were given with them. */
	if (type.kind == KIND_RECORD && strcmp(text_of(clang.getTypeSpelling(type)), name) == 0)
		return;
	if ((type.kind == KIND_RECORD || type.kind == KIND_ENUM) && is_anonymous(type))
		return;
	if (!plain_type(type.kind) && type.kind != KIND_RECORD && type.kind != KIND_POINTER &&
	    type.kind != KIND_ENUM)
		return;
	print_mark(c, false);
	fputs("typedef ", stdout);
	print_declaration(type, name, 0);
	fputs(";\n", stdout);
}

/* Prints a macro; those of more than a line's worth and of the compiler's own world (__...) are left out. */
static void print_macro(struct clang_cursor_value c)
{
	const char *name = text_of(clang.getCursorSpelling(c));
	struct clang_token *tokens;
	unsigned n;

	if (clang.Cursor_isMacroFunctionLike(c) || clang.Cursor_isMacroBuiltin(c) ||
	    strncmp(name, "__", 2) == 0)
		return;
	clang.tokenize(unit, clang.getCursorExtent(c), &tokens, &n);
	if (n < 2 || n > MACRO_TOKENS)
		return;
	print_mark(c, false);
	printf("#define %s", name);
	for (unsigned i = 1; i < n; i++)
		printf(" %s", text_of(clang.getTokenSpelling(unit, tokens[i])));
	putchar('\n');
}

static int print_top(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	switch (c.kind) {
	case CURSOR_STRUCT:
	case CURSOR_UNION:
	case CURSOR_ENUM:
		return print_definition(c, parent, context);
	case CURSOR_TYPEDEF:
		print_typedef(c);
		break;
	case CURSOR_MACRO:
		print_macro(c);
		break;
	}
	return VISIT_CONTINUE;
}

/* Returns our exit status: 0 when all went well. */
static int print_errors(void)
{
	bool absent = false;
	int status = 0;

	for (unsigned i = 0; i < clang.getNumDiagnostics(unit); i++) {
		void *one = clang.getDiagnostic(unit, i);

		if (clang.getDiagnosticSeverity(one) < SEVERITY_ERROR)
			continue;
		const char *text = text_of(clang.formatDiagnostic(one, 1));

		absent |= strstr(text, "not found") || strstr(text, "Permission denied");
		/* Not one that it includes: that message has a place. */
		if (status == 0)
			status = strncmp(text, "fatal error: '", 14) == 0 && absent ? STATUS_ABSENT : 1;
		fprintf(stderr, "%s\n", text);
	}
	if (absent)
		fputs("    hint: headers are read beneath /usr, the script's folder and those of -I, and "
		      "nowhere "
		      "else\n",
		    stderr);
	return status;
}

/* Returns the folder that a header of this name would be in, beneath one of -I: "../common/x.h" need not lie
 * there.
 */
static const char *folder_of(const char *folder, const char *name)
{
	char *path = NULL, *slash;

	if (asprintf(&path, "%s%s%s", folder, *folder ? "/" : "", name) < 0 || !(slash = strrchr(path, '/')))
		return ".";
	slash[slash == path] = '\0';
	return path;
}

/* Lets header files be read beneath the system's folders, those of -I and the header's own. */
static void shut_in(int argc, char **argv)
{
	const char *readable[512] = { "/usr", "/lib", "/dev/null" }, *name = argv[argc - 1];
	int n = 3;

	if (*name == '/')
		readable[n++] = folder_of("", name);
	for (int i = 1; i < argc - 1; i++) {
		readable[n++] = argv[i] + 2;
		readable[n++] = folder_of(argv[i] + 2, name);
	}
	sandbox_enter(SANDBOX_HEADERS, readable);
}

static void print_file(void *file, void *places, unsigned n_places, void *context)
{
	printf("%s%c", text_of(clang.getFileName(file)), '\0');
}

struct folders {
	char **v;
	int n;
};

/* Prints where a header is looked for: in the folders in their order, then in those of the system, of which
 * /usr/local/include is the first. */
static int print_places(struct clang_cursor_value c, struct clang_cursor_value parent, void *context)
{
	const struct folders *folders = context;
	const char *name;

	if (c.kind != CURSOR_INCLUDE)
		return VISIT_CONTINUE;
	name = text_of(clang.getCursorSpelling(c));
	for (int i = 0; i < folders->n; i++)
		printf("%s/%s%c", folders->v[i] + strlen("-I"), name, '\0');
	printf("/usr/local/include/%s%c", name, '\0');
	return VISIT_CONTINUE;
}

static void print_files(struct folders folders)
{
	Dl_info library;

	putchar('\0');
	if (dladdr(*(void **)&clang.getInclusions, &library))
		printf("%s%c", library.dli_fname, '\0');
	clang.getInclusions(unit, print_file, NULL);
	clang.visitChildren(clang.getTranslationUnitCursor(unit), print_places, &folders);
}

int main(int argc, char **argv)
{
	const char *words[256] = { "-x", "c", "-include" };
	int n = 3, status;

	if (argc < 2 || argc > 200)
		return 1;
	if (!libclang_open(&clang))
		return 1;
	shut_in(argc, argv);
	words[n++] = argv[argc - 1];
	for (int i = 1; i < argc - 1; i++)
		words[n++] = argv[i];
	/* The file itself is empty: what is asked for comes by -include. */
	if (clang.parseTranslationUnit2(clang.createIndex(0, 0), "/dev/null", words, n, NULL, 0,
		PARSE_MACROS | PARSE_SKIP_BODIES, &unit)) {
		message("libclang can't read %s", argv[argc - 1]);
		return 1;
	}
	status = print_errors();
	if (status)
		return status;
	clang.visitChildren(clang.getTranslationUnitCursor(unit), print_top, NULL);
	print_files((struct folders){ argv + 1, argc - 2 });
	return fflush(stdout) != 0;
}
