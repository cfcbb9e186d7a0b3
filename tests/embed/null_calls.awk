# null_calls.awk HEADER...: writes a C function, call_all, that calls every
# function of the headers once for each of its arguments, with that one wrong
# and the others right. What they are for each type is defined in test_null.c:
# RIGHT_type, WRONG_type or, for pointers, NOTHING_type, and HOLLOW_type for
# arrays that are read. A type without them does not compile.

# "const nd_tensor *" is nd_tensor_p.
function spell(type) {
  gsub(/const|struct/, "", type)
  gsub(/\*/, " p ", type)
  gsub(/^ +| +$/, "", type)
  gsub(/ +/, "_", type)
  return type
}

function name_of(declared,    n, words) {
  n = split(declared, words, /[ *]+/)
  return words[n]
}

function type_of(declared) {
  sub(/[A-Za-z_0-9]+$/, "", declared)
  return declared
}

# The call of `f` with argument number `wrong` of that kind.
function call(f, returns, n, params, wrong, kind,    i, list) {
  for (i = 1; i <= n; i++)
    list = list (i > 1 ? ", " : "") (i == wrong ? kind : "RIGHT") "_" \
      spell(type_of(params[i]))
  printf "  SWEEP%s(\"%s\", \"%s\", %s, %s(%s));\n", \
    returns ~ /void *$/ ? "_VOID" : "", f, name_of(params[wrong]), kind, f, list
}

function declare(text,    f, returns, n, params, i) {
  gsub(/[ \n]+/, " ", text)
  sub(/^ *ND_API /, "", text)
  f = text
  sub(/\(.*/, "", f)
  sub(/^[^(]*\(/, "", text)
  sub(/\).*/, "", text)
  returns = type_of(f)
  f = name_of(f)
  n = split(text, params, / *, */)
  for (i = 1; i <= n; i++) {
    call(f, returns, n, params, i, params[i] ~ /\*/ ? "NOTHING" : "WRONG")
    if (params[i] ~ /\* *const *\*/)
      call(f, returns, n, params, i, "HOLLOW")
  }
}

{ sub(/\/\/.*/, "") }
/^ND_API / { open = 1; text = "" }
open { text = text " " $0 }
open && /;/ { open = 0; declarations[++count] = text }
END {
  print "static void call_all(void)\n{"
  for (k = 1; k <= count; k++)
    declare(declarations[k])
  print "}"
}
