--- nd.help: what an op does, from its entry in the table of ops; what a class
-- takes, from its signature.
local nd = require "nadir"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local namespace = require "nadir.namespace"
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
  composed = "gradient: that of the ops that it applies",
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

-- Whether an op is reached by that path, without "nd.".
local function is_at(op, path)
  return path == op.name or op.module and path == op.module .. "." .. op.name
    or not op.inside and path == "math." .. op.name
end

local function find_op(value)
  local path = type(value) == "string" and value:gsub("^nd%.", "")
  for _, op in ipairs(nd.ops()) do
    local module = op.module and nd[op.module] or nd
    if is_at(op, path) or value == module[op.name] then
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

-- Adds what has a signature in a table that scripts reach names in, and in
-- those within; each table once.
local function add_signatures(list, path, t, seen)
  seen[t] = true
  for _, name in ipairs(sorted_names(t)) do
    local value = t[name]
    local takes = type(value) == "table" and signature.of(value)
    if takes then
      list[#list + 1] = { path = path, name = name, takes = takes }
    elseif namespace.is(value) and not seen[value] then
      add_signatures(list, path .. name .. ".", value, seen)
    end
  end
end

-- All that has a signature: each with its path, the name in it, and the
-- signature. What scripts reach from nd comes before methods.
local function all_signatures()
  local list = signature.list()
  table.sort(list, function(a, b)
    local x, y = a.path:find "^nd%." ~= nil, b.path:find "^nd%." ~= nil
    if x ~= y then return x end
    return a.path .. a.name < b.path .. b.name
  end)
  for i, takes in ipairs(list) do
    list[i] = { path = takes.path, name = takes.name, takes = takes }
  end
  add_signatures(list, "nd.", nd, {})
  return list
end

-- Whether `name` is the end of a path, of whole words.
local function ends_in(path, name)
  return ("." .. path:gsub(":", ".")):sub(-#name - 1)
    == "." .. name:gsub(":", ".")
end

-- The signature of what is given as a value, or by its name with as much of its
-- path as one likes, and what to write before it. An object has its class's.
local function find_signature(what)
  local own = signature.of(what)
  local name = type(what) == "userdata" and describe.type(what) or what
  for _, one in ipairs(all_signatures()) do
    local takes = one.takes
    if own and (own == takes or own.path == takes.path
                and own.path and own.name == takes.name)
      or type(name) == "string" and ends_in(one.path .. one.name, name) then
      return takes, one.path
    end
  end
  return own, ""
end

local function describe_signature(takes, prefix)
  local lines = { prefix .. takes:text() }
  lines[2] = takes.doc and "  " .. takes.doc
  for _, p in ipairs(takes.params) do
    local wanted = takes.wanted(p)
    lines[#lines + 1] = ("  %s: %s"):format(p.name,
      p.doc and ("%s (%s)"):format(p.doc, wanted) or wanted)
  end
  return table.concat(lines, "\n")
end

-- ----------------------------------------------------------------- groups --

-- All that has a signature, by its path without what parts it from a name:
-- "nd.optimizers", "Variable"; and these paths in order.
local function by_path()
  local groups, paths = {}, {}
  for _, one in ipairs(all_signatures()) do
    local path = one.path:sub(1, -2)
    if not groups[path] then
      groups[path] = {}
      paths[#paths + 1] = path
    end
    table.insert(groups[path], one)
  end
  return groups, paths
end

-- The group of what is named, of a module or of the class of an object.
local function find_group(what)
  local name = type(what) == "userdata" and describe.type(what) or what
  local groups = by_path()
  for _, path in ipairs { tostring(name), "nd." .. tostring(name) } do
    if groups[path] then return groups[path] end
  end
  for _, field in ipairs(sorted_names(nd)) do
    if rawequal(nd[field], what) then return groups["nd." .. field] end
  end
end

local function list_names(group)
  local list = {}
  for i, one in ipairs(group) do list[i] = one.name end
  return table.concat(list, " ")
end

local function describe_group(group)
  local lines = {}
  for i, one in ipairs(group) do
    lines[i] = one.path .. one.takes:text()
      .. (one.takes.doc and "\n  " .. one.takes.doc or "")
  end
  return table.concat(lines, "\n")
end

-- ------------------------------------------------------------- the module --

local function list_all()
  local names = {}
  for i, op in ipairs(nd.ops()) do names[i] = op.name end
  table.sort(names)
  print(table.concat(names, " "))
  local groups, paths = by_path()
  for _, path in ipairs(paths) do
    print(("%s: %s"):format(path, list_names(groups[path])))
  end
end

--- Prints the help of an op, a function, a class with its methods or a module,
-- given by its name or as itself; or the names of all.
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
  local group = find_group(what)
  if not takes and not group then
    fail("help: no such op: %s", tostring(what))
  end
  if not takes then
    print(describe_group(group))
    return
  end
  print(describe_signature(takes, prefix))
  if group then print("  methods: " .. list_names(group)) end
end
