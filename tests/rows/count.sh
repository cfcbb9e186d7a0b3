#!/bin/bash
# tests/rows/count.sh [DIR]: how many rows of each table of behaviour the tests
# in DIR cover. rows/NAME.txt has the ids of a table, "G1" or "G1-G5", and lines
# "skip G8: reason"; a test covers what it names in brackets: [G12], [G12, S4].
# Fails if a test names an id that no table has, or one that is skipped.
#
# MISSING=1  lists the rows that no test covers, too, and fails if there are any
cd "${1:-$(dirname "$0")/..}" || exit 2

named() {
  grep -rnoE --include='*.txt' --include='*.lua' --include='*.[ch]' \
    --include='*.sh' --exclude-dir=rows --exclude-dir=lint \
    '\[[A-Z][0-9]+(, [A-Z][0-9]+)*\]' . | LC_ALL=C sort -t: -k1,1 -k2,2n
}

named | awk -v missing="$MISSING" '
  function wrong(what) { print what; bad = 1 }

  function add(id) {
    if (id in of) wrong(id " stands twice: in " of[id] " and in " name)
    of[id] = name
    ids[++n] = id
    rows[name]++
  }

  function add_range(text,    end, i) {
    if (text !~ /^[A-Z][0-9]+(-[A-Z][0-9]+)?$/) {
      wrong(FILENAME ":" FNR ": no id of a row: " text)
      return
    }
    split(text, end, "-")
    i = substr(end[1], 2) + 0
    do add(substr(text, 1, 1) i); while (++i <= substr(end[2], 2) + 0)
  }

  function skip(id) {
    if (!sub(/:$/, "", id) || NF < 3)
      wrong(FILENAME ":" FNR ": no reason is given: " $0)
    else if (of[id] != name)
      wrong(FILENAME ":" FNR ": no row of this table: " id)
    else if (!skipped[id]++) skips[name]++
  }

  function cover(id) {
    if (!(id in of)) wrong(where ": no table has a row " id)
    else if (id in skipped) wrong(where ": " id " is skipped, and has a test")
    else if (!covered[id]++) covers[of[id]]++
  }

  FILENAME == "-" || FILENAME == "" {
    match($0, /\[.*\]$/)
    where = substr($0, 1, RSTART - 2)
    many = split(substr($0, RSTART + 1, RLENGTH - 2), list, ", ")
    for (i = 1; i <= many; i++) cover(list[i])
    next
  }
  FNR == 1 {
    name = FILENAME
    gsub(/.*\/|\.txt$/, "", name)
    names[++tables] = name
  }
  /^#/ || !NF { next }
  $1 == "skip" { skip($2); next }
  { for (i = 1; i <= NF; i++) add_range($i) }

  END {
    for (t = 1; t <= tables; t++) {
      name = names[t]
      printf "%s: %d of %d rows covered, %d skipped\n", name, covers[name],
        rows[name], skips[name]
      for (i = 1; missing && i <= n; i++)
        if (of[ids[i]] == name && !covered[ids[i]] && !skipped[ids[i]])
          wrong("  no test has " ids[i])
    }
    exit bad
  }' rows/*.txt -
