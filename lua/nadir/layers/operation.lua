--- nd.layers.Operation: an op between the layers of a model that is drawn up,
-- as `x + 1` and `x:reshape { -1, 3 }` make one.
local nd = require "nadir"
local fail = require "nadir.fail"
local Layer = require "nadir.layers.layer"

local Operation = Layer:extend("Operation", {
  doc = "computes by one op",
  { "op", "text", doc = "the name of a method of tensors, or 'index'" },
})

function Operation:init()
  rawset(self, "built", true)
  if self.op ~= "index" and not Operation.find(self.op) then
    fail("Operation: no such op: '%s'", self.op)
  end
end

--- The function of an op, or nil if tensors have no such method.
---@param name string
function Operation.find(name)
  local ok, method = pcall(function() return nd.zeros({})[name] end)
  return ok and type(method) == "function" and method or nil
end

--- What the op gives for all its arguments.
function Operation:apply(x, ...)
  if self.op == "index" then
    return x[...]
  end
  return Operation.find(self.op)(x, ...)
end

function Operation:call(x)
  return self:apply(x)
end

return Operation
