--- nd.Input, nd.layers.Input, InputLayer: what a model is drawn up from: a
-- symbolic tensor, [n, shape...] of any n, that layers can be called with.
local signature = require "nadir.signature"
local symbolic = require "nadir.symbolic"

local takes = signature.new("Input", {
  doc = "a place for an input of a model",
  { "shape", "axes", false, doc = "of one example; false: any size" },
  { "batch_size", "size", false, doc = "how many examples; any number" },
  { "dtype", "dtype", "float32" },
  { "name", "text", false },
  { "batch_shape", "axes", false, doc = "the shape with that of the batch" },
})

local made = 0  -- inputs without a name

local function read(...)
  local v = takes:read(...)
  local shape = v.batch_shape
  if not shape then
    shape = { v.batch_size }
    table.move(v.shape or {}, 1, #(v.shape or {}), 2, shape)
  end
  local name = v.name
  if not name then
    name = made == 0 and "input" or ("input_%d"):format(made)
    made = made + 1
  end
  return symbolic.new(shape, v.dtype, name)
end

return setmetatable({}, {
  __name = "Input",
  __signature = takes,
  __call = function(_, ...) return read(...) end,
  __tostring = function() return takes:text() end,
})
