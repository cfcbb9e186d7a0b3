# Nothing is left to do later.
. tests/lint/files.sh
! sources '' | grep -v '^tests/lint/words\.sh$' |
  xargs -d '\n' grep -nwIE 'TODO|FIXME|XXX|HACK'
