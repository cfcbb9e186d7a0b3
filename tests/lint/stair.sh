# The files of src/lua form a stair, the list in src/README.md: none uses a file
# of its own line or of a later one, so that no use goes in a circle. What a
# file has for others is in its own header, or they could use it unseen. A file
# without a header has that of a file in its line.
list=src/README.md
awk -v list=$list '
  function wrong(where, why) {
    print where ": " why
    bad = 1
  }
  # The list: four blanks, names, two blanks, and what they are for.
  FILENAME == list {
    if (/^## /) inside = /^## Inside `lua\/`/
    if (!inside || !/^    [a-z]/) next
    step++
    sub(/^    /, "")
    sub(/  .*/, "")
    for (n = split($0, names, " "); n > 0; n--) at[names[n]] = step
    next
  }
  FNR == 1 {
    name = FILENAME
    gsub(/^.*\/|\.[ch]$/, "", name)
    is_header = FILENAME ~ /\.h$/
    if (is_header) has_header[name] = 1
    seen[name] = 1
    if (!(name in at)) wrong(FILENAME, list " has it in no line")
  }
  # nadirlua.h is for hosts, and declares what several files have.
  $1 == "#include" && $2 ~ /^"lua\// && $2 !~ /nadirlua/ {
    to = $2
    gsub(/^"lua\/|\.h"$/, "", to)
    shared = at[to] == at[name] && !(name in has_header)
    if (to != name && at[to] >= at[name] && !shared)
      wrong(FILENAME ":" FNR, "lua/" to ".h is of no line before it in " list)
  }
  # In the first column stand declarations in headers, definitions in sources.
  /^[a-z].*ndL_[a-z0-9_]+\(/ {
    match($0, /ndL_[a-z0-9_]+\(/)
    word = substr($0, RSTART, RLENGTH - 1)
    if (is_header) header[word] = name
    else { source[word] = name; where[word] = FILENAME ":" FNR }
  }
  END {
    for (name in at)
      if (!(name in seen)) wrong(list, "src/lua has no " name)
    for (word in source) {
      name = source[word]
      home = header[word]
      if (home != name && (name in has_header || at[home] != at[name]))
        wrong(where[word], word " is not in lua/" name ".h")
    }
    exit bad
  }' $list $(find src/lua -name '*.h' ! -name nadirlua.h |
    LC_ALL=C sort) $(find src/lua -name '*.c' | LC_ALL=C sort)
