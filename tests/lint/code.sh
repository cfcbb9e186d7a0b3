# code.sh: sourced by checks. code FILE... prints FILE:LINE:TEXT of C sources,
# without comments and with strings emptied, so that words in them don't count.
code() {
  awk '
    function strip(s,   out, c, two, i, n) {
      out = ""
      n = length(s)
      for (i = 1; i <= n; i++) {
        c = substr(s, i, 1)
        two = substr(s, i, 2)
        if (inside) {
          if (two == "*/") { inside = 0; i++ }
        } else if (quote != "") {
          if (c == "\\") i++
          else if (c == quote) { quote = ""; out = out c }
        } else if (two == "//") {
          break
        } else if (two == "/*") {
          inside = 1
          i++
        } else {
          if (c == "\"" || c == "'\''") quote = c
          out = out c
        }
      }
      quote = ""
      return out
    }
    FNR == 1 { inside = 0 }
    { print FILENAME ":" FNR ":" strip($0) }' "$@"
}
