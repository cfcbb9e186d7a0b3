# An example ends with the same bits on every level of this CPU, with any number
# of threads, deferred or not; `make bits` says so of all examples.
root=$PWD
. "$(dirname "$0")/common"

cd "$root" || exit 2
compared=$(tests/bits/run 03_mlp)
is "the network succeeds" 0 $?
has "it was trained" " variables " "$compared"
lacks "no setting has other bits" DIFFERENT "$compared"
finish
