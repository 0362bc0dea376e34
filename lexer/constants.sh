#!/bin/sh
# Writes the table of integer constants of the headers in headers.def, as rows for constants.c.
#
# usage: constants.sh CC HEADERS.DEF KERNEL_CONSTANTS.H WORK_DIR OUT
#
# Each header is read alone, because those of the kernel and of libc clash. Every macro
# name and every capital word in it is a candidate; each becomes one line of a C enum, and the
# lines that the compiler refuses are dropped. A program prints the values of the rest.
set -eu
export LC_ALL=C

cc=$1 headers=$2 own=$3 work=$4 out=$5
mkdir -p "$work"
: >"$work/all"

# Names that the compiler defines by itself are no constants of a header.
"$cc" -D_GNU_SOURCE -E -dM -x c /dev/null | awk '{ print $2 }' | sort -u >"$work/predefined"

candidates() { # FILE.c
	{
		"$cc" -D_GNU_SOURCE -E -dM "$1" |
			awk 'NF > 2 && substr($0, 9) !~ /[{};"#]/ { print $2 }'
		"$cc" -D_GNU_SOURCE -E -P "$1" | tr -c 'A-Za-z0-9_' '\n'
	} | grep -E '^[A-Z][A-Z0-9_][A-Za-z0-9_]*$' | sort -u | comm -23 - "$work/predefined"
}

# Drops the names whose line in the enum does not compile. A bad line can make the next ones fail
# or hide them, so it is repeated until nothing fails.
filter() { # INCLUDE-LINE NAMES
	for _ in 1 2 3 4 5 6 7 8; do
		{
			echo "$1"
			awk '{ print "enum { btrun_" $1 " = (" $1 ") };" }' "$2"
		} >"$work/test.c"
		"$cc" -D_GNU_SOURCE -w -fsyntax-only -fmax-errors=0 "$work/test.c" 2>"$work/errors" && return 0
		sed -n "s|^$work/test.c:\([0-9]*\):.*error.*|\1|p" "$work/errors" | sort -u >"$work/lines"
		[ -s "$work/lines" ] || return 1
		awk 'NR == FNR { bad[$1] = 1; next } !((FNR + 1) in bad)' "$work/lines" "$2" >"$work/kept"
		mv "$work/kept" "$2"
	done
	return 1
}

read_header() { # INCLUDE-LINE
	echo "$1" >"$work/header.c"
	if ! "$cc" -D_GNU_SOURCE -w -fsyntax-only "$work/header.c" 2>/dev/null; then
		echo "constants.sh: skipped: $1" >&2
		return 0
	fi
	candidates "$work/header.c" >"$work/names"
	filter "$1" "$work/names" || { echo "constants.sh: no constants from: $1" >&2; return 0; }
	{
		echo "$1"
		echo "extern int printf(const char *, ...);"
		echo "int main(void) {"
		awk '{ print "printf(\"%s %llu\\n\", \"" $1 "\", (unsigned long long)(long long)(" $1 "));" }' \
			"$work/names"
		echo "return 0; }"
	} >"$work/print.c"
	"$cc" -D_GNU_SOURCE -w -O0 -o "$work/print" "$work/print.c"
	"$work/print" >>"$work/all"
}

read_header "#include \"$own\""
for header in $(sed -n 's/^HEADER("\(.*\)")$/\1/p' "$headers"); do
	read_header "#include <$header>"
done

awk '!seen[$1]++' "$work/all" | sort -k1,1 |
	awk '{ printf "{ \"%s\", (int64_t)%sULL },\n", $1, $2 }' >"$out.new"
[ -s "$out.new" ] || { echo "constants.sh: no constants at all" >&2; exit 1; }
mv "$out.new" "$out"
