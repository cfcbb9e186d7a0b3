--- nd.Input, nd.layers.Input, InputLayer: where a model that is drawn up
-- begins: a symbolic tensor, [n, shape...] of any n, that layers can be called
-- with, and the layer that stands for it.
local Layer = require "nadir.layers.layer"
local signature = require "nadir.signature"
local symbolic = require "nadir.symbolic"

local params = {
  doc = "a place for an input of a model",
  { "shape", "axes", false, doc = "of one example; false: any size" },
  { "batch_size", "size", false, doc = "how many examples; any number" },
  { "dtype", "dtype", "float32" },
  { "name", "text", false },
  { "batch_shape", "axes", false, doc = "the shape with that of the batch" },
}

local InputLayer = Layer:extend("InputLayer", params)

-- Its `output` is the symbolic tensor.
function InputLayer:init()
  local shape = rawget(self, "batch_shape")
  if not shape then
    local of_one = rawget(self, "shape") or {}
    shape = table.move(of_one, 1, #of_one, 2, { self.batch_size })
  end
  rawset(self, "built", true)
  self.output = symbolic.input(self, shape, self.dtype)
  rawset(self, "_output_shape", { shape })
end

function InputLayer.call(_, x)
  return x
end

local takes = signature.new("Input", params)

local Input = takes:callable(function(...)
  local _, given = takes:read(...)
  if not given.name then
    given.name = InputLayer.invent_name "input"
  end
  return InputLayer(given).output
end)

return { Input = Input, InputLayer = InputLayer }
