# Lower layers never include higher ones, and only two layers know Lua. Includes
# show who uses which op, too: one header declares entries.
find src -name '*.[ch]' | LC_ALL=C sort | xargs awk '
  BEGIN {
    n = split("base kernel tensor op ops tape optim lua cli", layers, " ")
    for (i = 1; i <= n; i++) rank[layers[i]] = i
  }
  function wrong(why) {
    print FILENAME ":" FNR ": " $2 ": " why
    bad = 1
  }
  FNR == 1 { split(FILENAME, path, "/"); layer = path[2] }
  # A source beside nadir.h belongs to no layer, unless it is nadir.h.
  FNR == 1 && !(layer in rank) && FILENAME != "src/nadir.h" {
    print FILENAME ": " layer " is not a layer"
    bad = 1
  }
  /^[ \t]*extern .*nd_op nd_op_/ && FILENAME != "src/ops/entries.h" {
    wrong("entries are declared in src/ops/entries.h")
  }
  /nd_op_find\("/ { wrong("src/ops/entries.h has that entry, or should") }
  { sub(/^[ \t]*#[ \t]*include/, "#include") }
  $1 != "#include" { next }
  { split($2, part, /["<>\/]/); to = part[2] }
  $2 ~ /\.\./ { wrong("includes are written from src/") }
  $2 ~ /^"/ && $2 ~ /\// && !(to in rank) { wrong(to " is not a layer") }
  to in rank && rank[to] > rank[layer] {
    wrong("layer " layer " is below layer " to)
  }
  $2 ~ /(lua|lauxlib|lualib|lua-lpeg|nadirlua)\.h/ && layer != "lua" &&
    layer != "cli" { wrong("only src/lua and src/cli know Lua") }
  $2 ~ /histedit\.h|readline\.h/ && layer != "cli" {
    wrong("only src/cli knows the terminal")
  }
  END { exit bad }'
