--- nd.layers.Operation: an op between the layers of a model that is drawn up,
-- as `x + 1`, `nd.silu(x)` and `x:reshape { -1, 3 }` make one.
local nd = require "nadir"
local Layer = require "nadir.layers.layer"
local within = require "nadir.within"

local Operation = Layer:extend("Operation", {
  doc = "computes by one op",
  { "op", "text", doc = "its name, as after nd., or 'index'" },
})

local functions  -- of the ops, by what is after "nd."

local function list_functions()
  local list = { index = function(x, key) return x[key] end }
  for _, op in ipairs(nd.ops()) do
    local module = op.inside and nd[op.module] or nd
    list[(op.inside and op.module .. "." or "") .. op.name] = module[op.name]
  end
  return list
end

function Operation:init()
  functions = functions or list_functions()
  rawset(self, "built", true)
  rawset(self, "_function", functions[self.op]
    or self:fail("no such op: '%s'", self.op))
  rawset(self, "_gives_several", false)
end

--- The method of tensors that is called so, or nil.
---@param name string
---@private
function Operation.method(name)
  local ok, method = pcall(function() return nd.zeros({})[name] end)
  return ok and type(method) == "function" and method or nil
end

--- What the op gives for all its arguments; a list if these are several values.
---@private
function Operation:apply(...)
  local results = table.pack(self._function(...))
  rawset(self, "_gives_several", results.n > 1)
  results.n = nil
  return self._gives_several and results or results[1]
end

within.mark(Operation.apply, function(self) return self end)

function Operation:call(x)
  return self:apply(x)
end

return Operation
