--- nd.help: what an op does, from its entry in the table of ops.
local nd = require "nadir"
local fail = require "nadir.fail"

local function signature(op)
  local words = {}
  for i, p in ipairs(op.params) do
    words[i] = p.initial and ("%s = %s"):format(p.name, p.initial) or p.name
  end
  local path = op.module and op.inside and op.module .. "." or ""
  return ("nd.%s%s(%s)"):format(path, op.name, table.concat(words, ", "))
end

local gradients = {
  none = "no gradient",
  slope = "gradient: elementwise slope",
  linear = "gradient: linear",
  bilinear = "gradient: linear in each input",
  vjp = "gradient: own rule",
}

local function describe(op)
  local lines = {
    signature(op),
    "  " .. op.doc,
    "  " .. gradients[op.derivative],
  }
  if op.params[1].kind == "tensor" then
    lines[#lines + 1] = ("  also a method: %s:%s()"):format(op.params[1].name,
                                                            op.name)
  end
  return table.concat(lines, "\n")
end

local function find(value)
  for _, op in ipairs(nd.ops()) do
    local module = op.module and nd[op.module] or nd
    if value == op.name or value == module[op.name] then
      return op
    end
  end
end

--- Prints the help of an op, given by name or as the function itself, or the
-- names of all ops.
---@param what? string|function
return function(what)
  if what == nil then
    local names = {}
    for i, op in ipairs(nd.ops()) do names[i] = op.name end
    table.sort(names)
    print(table.concat(names, " "))
    return
  end
  local op = find(what)
  if not op then
    fail("help: no such op: %s", tostring(what))
  end
  print(describe(op))
end
