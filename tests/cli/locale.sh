# Numbers in messages and in what is printed have a point in every locale.
. "$(dirname "$0")/common"

cat > numbers.lua <<'L'
local locale = ...
local nd = require "nadir"
assert(not locale or os.setlocale(locale))
local random = nd.random.RandomState(1)
local SGD = nd.optimizers.SGD
for _, f in ipairs {
  function() nd.zeros { 2.5 } end,
  function() nd.constant({ 2.5 }, "int32") end,
  function() nd.reduce_sum(nd.zeros { 2 }, 1.5) end,
  function() nd.range(1.5, 300.5, 1., "uint8") end,
  function() nd.range(1.5, 2.5, 0.) end,
  function() nd.random.normal({ 2 }, 0., -.5) end,
  function() nd.random.uniform({ 2 }, 2.5, 1.5) end,
  function() nd.random.uniform({ 2 }, 1.5, 2.5, "int32") end,
  function() random:uniform(2.5, 1.5) end,
  function() random:normal(0, -.5) end,
  function() random:randn(2.5) end,
  function() SGD { learning_rate = -.5 } end,
} do
  local ok, message = pcall(f)
  print(ok, message)
end
print(nd.constant { .5, 1e-7, 12345.678 }, nd.Variable(2.5))
L
want=$(out numbers.lua)
has "a message has a point" "2.5" "$want"
lacks "and all are messages" "true" "$want"

has_comma || { echo "localedef cannot make de_DE"; finish; }
is "a decimal comma changes nothing" "$want" \
  "$(LOCPATH=$work/locales out numbers.lua de_DE.UTF-8)"
finish
