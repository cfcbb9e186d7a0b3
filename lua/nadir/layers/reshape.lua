--- nd.layers.Reshape, Permute, RepeatVector: examples in another form.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"

-- How many elements an example has.
local function size_of(shape)
  local size = 1
  for axis = 2, #shape do
    size = size * shape[axis]
  end
  return size
end

local Reshape = Layer:extend("Reshape", {
  doc = "x [n, ...] as [n, target_shape...]",
  { "target_shape", "shape",
    doc = "of an example; -1, once, for what is left" },
})

-- With no examples nothing tells what -1 stands for.
function Reshape:call(x)
  local size, known, open = size_of(x.shape), 1, nil
  local shape = { x.shape[1] }
  for i, n in ipairs(self.target_shape) do
    shape[i + 1] = n
    open = n == -1 and i + 1 or open
    known = n == -1 and known or known * n
  end
  if open then
    shape[open] = size // math.max(known, 1)
  end
  if size_of(shape) ~= size then
    self:fail("%d elements of an example do not fit target_shape [%s]",
      size, table.concat(self.target_shape, " "))
  end
  return nd.reshape(x, shape)
end

local Permute = Layer:extend("Permute", {
  doc = "x with the axes of an example in another order",
  { "dims", "shape", doc = "the axes, from 1 on, without that of the batch" },
})

function Permute:build(shape)
  local seen = {}
  for _, axis in ipairs(self.dims) do
    seen[axis] = true
  end
  for axis = 1, #shape - 1 do
    if not seen[axis] or #self.dims ~= #shape - 1 then
      self:fail("dims needs each of the axes 1 to %d once: it is [%s]",
        #shape - 1, table.concat(self.dims, " "))
    end
  end
end

function Permute:call(x)
  local order = { 1 }
  for i, axis in ipairs(self.dims) do
    order[i + 1] = axis + 1
  end
  return nd.transpose(x, order)
end

local RepeatVector = Layer:extend("RepeatVector", {
  doc = "x [n, width] as [n, times, width]",
  { "n", "size", doc = "how many times" },
})

function RepeatVector:call(x)
  if x.rank ~= 2 then
    self:fail("x needs 2 axes: it is [%s]",
      table.concat(x.shape, " "))
  end
  return nd.broadcast_to(nd.expand_dims(x, 2),
    { x.shape[1], self.n, x.shape[2] })
end

return { Reshape = Reshape, Permute = Permute, RepeatVector = RepeatVector }
