--- nd.help: what an op does, from its entry in the table of ops; what a class
-- takes, from its signature.
local nd = require "nadir"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local signature = require "nadir.signature"

-- -------------------------------------------------------------------- ops --

local function call(op)
  local words = {}
  for i, p in ipairs(op.params) do
    words[i] = p.initial and ("%s = %s"):format(p.name, p.initial) or p.name
  end
  local path = op.module and op.inside and op.module .. "." or ""
  local results = op.gives_list and " -> list"
    or op.results and " -> " .. table.concat(op.results, ", ") or ""
  return ("nd.%s%s(%s)%s"):format(path, op.name, table.concat(words, ", "),
                                  results)
end

local gradients = {
  none = "no gradient",
  slope = "gradient: elementwise slope",
  linear = "gradient: linear",
  bilinear = "gradient: linear in each input",
  vjp = "gradient: own rule",
}

local function describe_op(op)
  local lines = {
    call(op),
    "  " .. op.doc,
    "  " .. gradients[op.derivative],
  }
  if op.params[1].kind == "tensor" then
    lines[#lines + 1] = ("  also a method: %s:%s()"):format(op.params[1].name,
                                                            op.name)
  end
  return table.concat(lines, "\n")
end

local function find_op(value)
  for _, op in ipairs(nd.ops()) do
    local module = op.module and nd[op.module] or nd
    if value == op.name or value == module[op.name] then
      return op
    end
  end
end

-- -------------------------------------------------------------- signatures --

local function sorted_names(t)
  local list = {}
  for name in pairs(t) do -- any order: sorted below
    list[#list + 1] = type(name) == "string" and name or nil
  end
  table.sort(list)
  return list
end

-- The tables of nd that hold what has a signature, each with its name and the
-- names in it.
local function groups()
  local list = {}
  for _, field in ipairs(sorted_names(nd)) do
    local t, group = nd[field], { field = field }
    for _, name in ipairs(type(t) == "table" and sorted_names(t) or {}) do
      group[#group + 1] = signature.of(t[name]) and name
    end
    list[#list + 1] = #group > 0 and group or nil
  end
  return list
end

-- The signature of what is given as a value, or by its name with or without
-- that of its table, and what to write before it. An object has its class's.
local function find_signature(what)
  local own = signature.of(what)
  for _, group in ipairs(groups()) do
    for _, name in ipairs(group) do
      local takes = signature.of(nd[group.field][name])
      local short = group.field .. "." .. name
      if takes == own or what == name or what == short
        or what == "nd." .. short then
        return takes, ("nd.%s."):format(group.field)
      end
    end
  end
  return own, ""
end

local function describe_signature(takes, prefix)
  local lines = { prefix .. takes:text() }
  lines[2] = takes.doc and "  " .. takes.doc
  for _, p in ipairs(takes.params) do
    local wanted = kinds[p.kind].wanted
    lines[#lines + 1] = ("  %s: %s"):format(p.name,
      p.doc and ("%s (%s)"):format(p.doc, wanted) or wanted)
  end
  return table.concat(lines, "\n")
end

-- ------------------------------------------------------------- the module --

local function list_all()
  local names = {}
  for i, op in ipairs(nd.ops()) do names[i] = op.name end
  table.sort(names)
  print(table.concat(names, " "))
  for _, group in ipairs(groups()) do
    print(("nd.%s: %s"):format(group.field, table.concat(group, " ")))
  end
end

--- Prints the help of an op or a class, given by its name or as itself, or the
-- names of all.
---@param what? any
return function(what)
  if what == nil then
    list_all()
    return
  end
  local op = find_op(what)
  if op then
    print(describe_op(op))
    return
  end
  local takes, prefix = find_signature(what)
  if not takes then
    fail("help: no such op: %s", tostring(what))
  end
  print(describe_signature(takes, prefix))
end
