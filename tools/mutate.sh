#!/bin/bash
# mutate.sh [COUNT [SEED]]: makes one derivative wrong at a time, at random, and
# says what the tests make of it; fails if any survives. What may go wrong: a
# factor, a sign or a sum in a slope or a rule, which input it reads, what is
# transposed, an axis, and which axes broadcasting made. Works on a copy in
# $BUILD/mutate. What does not compile any more is put back and not counted.
#
# With COUNT=list it prints all there is to choose from.
set -eu
cd "$(dirname "$0")/.."
count=${1:-40} seed=${2:-$(date +%s)}
out=$PWD/${BUILD:-build}/mutate
tests="op/test_gradient facts/test_facts"

# FILE LINE COLUMN FROM TO: slopes stand in the tables of the elementwise ops,
# rules in functions of their own.
list() {
  awk -v OFS='\t' '
    function change(from, to,  at, text, before) {
      text = $0
      before = 0
      while ((at = index(text, from)) > 0) {
        print FILENAME, FNR, before + at, from, to
        before += at + length(from) - 1
        text = substr(text, at + length(from))
      }
    }
    FNR == 1 { inside = 0 }
    /^#define (UNARY|BINARY|TERNARY)\(/ { inside = "table" }
    /clang-format on/ { inside = 0 }
    /^(static )?(void|nd_tensor \*|bool) ?[a-z_]*(vjp|jvp|transpose|sum_to)\(/ {
      inside = "rule"
    }
    /^}/ { inside = 0 }
    !inside || /^ *\/\// { next }
    {
      change("ADD(", "SUB(")
      change("SUB(", "ADD(")
      change("DIV(", "MUL(")
      change("NEG(", "MUL(NUM(2), ")
      change("NUM(2)", "NUM(3)")
      change("NUM(0.5)", "NUM(1.5)")
      change("COS(X)", "SIN(X)")
      change("SIN(X)", "COS(X)")
    }
    inside == "rule" {
      change("j->in[0]", "j->in[1]")
      change("j->in[1]", "j->in[0]")
      change("axis + 1", "axis")
      change("missing ||", "missing &&")
      change(", true", ", false")
      change(", false", ", true")
    }' src/ops/*.c
}

if [ "$count" = list ]; then
  list
  exit
fi

# What was built of a change that was not put back is not to be used.
[ ! -e "$out/kept.c" ] || rm -rf "$out"
mkdir -p "$out"
(cd "$out" && rm -rf Makefile src lua tests tools)
cp -a Makefile src lua tests tools "$out"
cd "$out"
build() {
  local programs=() t
  for t in $tests; do programs+=("build/tests/$t"); done
  make -s BUILD=build "${programs[@]}" > build.log 2>&1
}

# The first test that fails, if one does.
caught_by() {
  local t
  for t in $tests; do
    build/tests/$t > test.log 2>&1 || { echo "$t"; return; }
  done
}

build || { cat build.log; exit 1; }
found=$(caught_by)
[ -z "$found" ] || { echo "$found fails as it is"; cat test.log; exit 1; }
echo "seed $seed, $(list | wc -l) changes to choose from"
tried=0 survived=0
while IFS=$'\t' read -r file line column from to; do
  cp "$file" kept.c
  awk -v n="$line" -v at="$column" -v long="${#from}" -v to="$to" '
    NR == n { $0 = substr($0, 1, at - 1) to substr($0, at + long) }
    { print }' kept.c > "$file"
  if build; then
    tried=$((tried + 1))
    found=$(caught_by)
    [ -n "$found" ] || survived=$((survived + 1))
    echo "${found:-SURVIVED} $file:$line:$column $from -> $to"
  fi
  mv kept.c "$file"
  touch "$file"
  [ "$tried" -lt "$count" ] || break
done < <(list | awk -v seed="$seed" 'BEGIN { srand(seed) }
  { print rand() "\t" $0 }' | sort -n | cut -f 2-)
build
echo "$tried changes, $survived survived"
[ "$survived" = 0 ]
