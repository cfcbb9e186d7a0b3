--- nd.layers.TimeDistributed: a layer at each step of time.
local nd = require "nadir"
local describe = require "nadir.describe"
local Layer = require "nadir.layers.one_input"
local structure = require "nadir.structure"

local TimeDistributed = Layer:extend("TimeDistributed", {
  doc = "calls a layer with each step of x [batch time ...], all at once",
  { "layer", "layer" },
})

TimeDistributed.supports_masking = true

-- x with its first axes as `first`, of which it has `n`.
local function regroup(x, n, first)
  local shape = table.move(x.shape, n + 1, x.rank, #first + 1,
    table.move(first, 1, #first, 1, {}))
  return nd.reshape(x, shape)
end

function TimeDistributed:call(x)
  if x.rank < 2 then
    self:fail("x needs 2 axes or more, batch and time: it is [%s]",
      table.concat(x.shape, " "))
  end
  local batch, time = x.shape[1], x.shape[2]
  local y = self.layer(regroup(x, 2, { batch * time }))
  return structure.map(y, function(one)
    if not nd.is_tensor(one) then
      self:fail("layer must return tensors, got %s", describe.value(one))
    end
    return regroup(one, 1, { batch, time })
  end)
end

return TimeDistributed
