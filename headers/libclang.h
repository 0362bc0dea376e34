/*
 * The part of libclang's C interface that is used here (clang-c/Index.h, the same since LLVM 6), as
 * functions of a library that is opened when it is needed: a machine without it runs everything else.
 */
#ifndef BTRUN_HEADERS_LIBCLANG_H
#define BTRUN_HEADERS_LIBCLANG_H

#include <stdbool.h>
#include <stddef.h>

enum clang_cursor {
	CURSOR_STRUCT = 2,
	CURSOR_UNION = 3,
	CURSOR_ENUM = 5,
	CURSOR_FIELD = 6,
	CURSOR_ENUM_CONSTANT = 7,
	CURSOR_TYPEDEF = 20,
	CURSOR_MACRO = 501,
	CURSOR_INCLUDE = 503,
};

enum clang_kind {
	KIND_VOID = 2,
	KIND_BOOL,
	KIND_CHAR_U,
	KIND_UCHAR,
	KIND_CHAR16,
	KIND_CHAR32,
	KIND_USHORT,
	KIND_UINT,
	KIND_ULONG,
	KIND_ULONGLONG,
	KIND_UINT128,
	KIND_CHAR_S,
	KIND_SCHAR,
	KIND_WCHAR,
	KIND_SHORT,
	KIND_INT,
	KIND_LONG,
	KIND_LONGLONG,
	KIND_INT128,
	KIND_FLOAT,
	KIND_DOUBLE,
	KIND_LONG_DOUBLE,
	KIND_POINTER = 101,
	KIND_RECORD = 105,
	KIND_ENUM = 106,
	KIND_ARRAY = 112,
	KIND_OPEN_ARRAY = 114, /* the last member, of no size */
};

struct clang_string {
	const void *data;
	unsigned flags;
};
struct clang_cursor_value {
	int kind, extra;
	const void *data[3];
};
struct clang_type {
	int kind;
	void *data[2];
};
struct clang_location {
	const void *data[2];
	unsigned number;
};
struct clang_range {
	const void *data[2];
	unsigned begin, end;
};
struct clang_token {
	unsigned numbers[4];
	void *data;
};

#define VISIT_BREAK 0
#define VISIT_CONTINUE 1
typedef int clang_visitor(struct clang_cursor_value c, struct clang_cursor_value parent, void *context);
typedef void clang_file_visitor(void *file, void *places, unsigned n_places, void *context);

#define PARSE_MACROS 1 /* CXTranslationUnit_DetailedPreprocessingRecord */
#define PARSE_SKIP_BODIES 64
#define SEVERITY_ERROR 3

/* FUNCTION(result, name, parameters) */
#define LIBCLANG(FUNCTION)                                                                         \
	FUNCTION(void *, createIndex, (int, int))                                                  \
	FUNCTION(int, parseTranslationUnit2,                                                       \
	    (void *, const char *, const char *const *, int, void *, unsigned, unsigned, void **)) \
	FUNCTION(unsigned, getNumDiagnostics, (void *))                                            \
	FUNCTION(void *, getDiagnostic, (void *, unsigned))                                        \
	FUNCTION(int, getDiagnosticSeverity, (void *))                                             \
	FUNCTION(struct clang_string, formatDiagnostic, (void *, unsigned))                        \
	FUNCTION(struct clang_cursor_value, getTranslationUnitCursor, (void *))                    \
	FUNCTION(unsigned, visitChildren, (struct clang_cursor_value, clang_visitor *, void *))    \
	FUNCTION(struct clang_string, getCursorSpelling, (struct clang_cursor_value))              \
	FUNCTION(struct clang_string, getTypeSpelling, (struct clang_type))                        \
	FUNCTION(const char *, getCString, (struct clang_string))                                  \
	FUNCTION(void, disposeString, (struct clang_string))                                       \
	FUNCTION(unsigned, isCursorDefinition, (struct clang_cursor_value))                        \
	FUNCTION(struct clang_type, getCursorType, (struct clang_cursor_value))                    \
	FUNCTION(struct clang_type, getCanonicalType, (struct clang_type))                         \
	FUNCTION(struct clang_type, getPointeeType, (struct clang_type))                           \
	FUNCTION(struct clang_type, getElementType, (struct clang_type))                           \
	FUNCTION(long long, getNumElements, (struct clang_type))                                   \
	FUNCTION(struct clang_cursor_value, getTypeDeclaration, (struct clang_type))               \
	FUNCTION(struct clang_type, getTypedefDeclUnderlyingType, (struct clang_cursor_value))     \
	FUNCTION(unsigned, Cursor_isBitField, (struct clang_cursor_value))                         \
	FUNCTION(int, getFieldDeclBitWidth, (struct clang_cursor_value))                           \
	FUNCTION(long long, Type_getSizeOf, (struct clang_type))                                   \
	FUNCTION(long long, Type_getAlignOf, (struct clang_type))                                  \
	FUNCTION(long long, Type_getOffsetOf, (struct clang_type, const char *))                   \
	FUNCTION(long long, Cursor_getOffsetOfField, (struct clang_cursor_value))                  \
	FUNCTION(long long, getEnumConstantDeclValue, (struct clang_cursor_value))                 \
	FUNCTION(unsigned, Cursor_isMacroFunctionLike, (struct clang_cursor_value))                \
	FUNCTION(unsigned, Cursor_isMacroBuiltin, (struct clang_cursor_value))                     \
	FUNCTION(struct clang_range, getCursorExtent, (struct clang_cursor_value))                 \
	FUNCTION(void, tokenize, (void *, struct clang_range, struct clang_token **, unsigned *))  \
	FUNCTION(struct clang_string, getTokenSpelling, (void *, struct clang_token))              \
	FUNCTION(struct clang_location, getCursorLocation, (struct clang_cursor_value))            \
	FUNCTION(void, getExpansionLocation,                                                       \
	    (struct clang_location, void **, unsigned *, unsigned *, unsigned *))                  \
	FUNCTION(const char *, getFileContents, (void *, void *, size_t *))                        \
	FUNCTION(void, getInclusions, (void *, clang_file_visitor *, void *))                      \
	FUNCTION(struct clang_string, getFileName, (void *))

struct libclang {
#define FUNCTION(result, name, parameters) result(*name) parameters;
	LIBCLANG(FUNCTION)
#undef FUNCTION
};

/* Opens libclang. False: there is none, or it lacks a function; a message has been printed. */
bool libclang_open(struct libclang *clang);

#endif
