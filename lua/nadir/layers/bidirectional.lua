--- nd.layers.Bidirectional: a recurrent layer, and another that goes the other
-- way.
local nd = require "nadir"
local config = require "nadir.config"
local Layer = require "nadir.layers.layer"

local Bidirectional = Layer:extend("Bidirectional", {
  doc = "joins what a recurrent layer gives with what one like it gives that "
    .. "begins at the end",
  { "layer", "layer", doc = "goes forward" },
  { "merge_mode", "merge_mode", "concat",
    doc = "how to join: concat, sum, mul, ave; none: a list of both" },
  { "backward_layer", "layer", false, doc = "another than one like it" },
})

Bidirectional.call_options = { "initial_state" }

-- A layer like it that goes the other way.
local function turn_round(layer)
  return config.copy(layer, { go_backwards = not layer.go_backwards,
                              name = "backward_" .. layer.name })
end

local function check_recurrent(self, name)
  local layer = self[name]
  local ok, value = pcall(function() return layer.return_sequences end)
  if not ok or type(value) ~= "boolean" then
    self:fail("%s must be recurrent", name)
  end
end

function Bidirectional:init()
  local forward = self.layer
  check_recurrent(self, "layer")
  if self.backward_layer then
    check_recurrent(self, "backward_layer")
  end
  self.forward_layer = forward
  self.backward_layer = self.backward_layer or turn_round(forward)
  if self.backward_layer.go_backwards == forward.go_backwards then
    self:fail "layers must go in different directions"
  end
  for _, layer in ipairs { forward, self.backward_layer } do
    rawset(layer, "zero_output_for_mask", layer.return_sequences)
  end
end

--- Begins with zeros again.
function Bidirectional:reset_states()
  self.forward_layer:reset_states()
  self.backward_layer:reset_states()
end

Bidirectional.reset_state = Bidirectional.reset_states

local merge = {
  concat = function(a, b) return nd.concat({ a, b }, -1) end,
  sum = function(a, b) return a + b end,
  mul = function(a, b) return a * b end,
  ave = function(a, b) return (a + b) / 2 end,
}

-- The first half of a list, or the second.
local function half(list, second)
  if not list then
    return nil
  end
  local n = #list // 2
  return table.move(list, second and n + 1 or 1, second and #list or n, 1, {})
end

function Bidirectional:call(x, _, mask, options)
  local function run(layer, second)
    local y = layer(x, { mask = mask,
                         initial_state = half(options.initial_state, second) })
    local states = layer.return_state and table.move(y, 2, #y, 1, {}) or {}
    return layer.return_state and y[1] or y, states
  end
  local y, states = run(self.forward_layer, false)
  local back, others = run(self.backward_layer, true)
  if self.forward_layer.return_sequences then
    back = nd.reverse(back, 2)
  end
  local join = merge[self.merge_mode]
  local outputs = join and { join(y, back) } or { y, back }
  table.move(states, 1, #states, #outputs + 1, outputs)
  table.move(others, 1, #others, #outputs + 1, outputs)
  return #outputs > 1 and outputs or outputs[1]
end

function Bidirectional:compute_mask(_, mask)
  if not self.forward_layer.return_sequences or not mask then
    return nil
  elseif self.merge_mode == "none" then
    return { mask, mask }
  end
  return self.forward_layer.return_state and { mask } or mask
end

return Bidirectional
