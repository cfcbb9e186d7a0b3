--- The tables that scripts reach names in: `nd`, `nd.layers`. A name that one
-- lacks is an error. Fields that are ops are made, and those that are modules
-- of ours opened, when they are first asked for; which modules those are, they
-- say in their first lines. A field that a script sets or removes is the
-- script's.
local fields = require "nadir.fields"

-- The modules by table and field: tables["nd.layers"].Dense is the name of one.
local tables = {}
for _, paths, module in require "nadir.paths", nil, 0 do
  for parent, field in paths:gmatch "(%S+)%.([^.%s]+)" do
    tables[parent] = tables[parent] or {}
    tables[parent][field] = module
    if parent == "nd.autodiff" then -- its functions are at the top, too
      tables.nd = tables.nd or {}
      tables.nd[field] = module
    end
  end
end

local all = setmetatable({}, { __mode = "k" })  -- by table: its path

local namespace = {}

-- What a module means by a name: the field of that name, if it is a table of
-- several things.
local function pick(value, name)
  local plain = type(value) == "table" and getmetatable(value) == nil
  local field = plain and rawget(value, name)
  return field or value
end

-- An `__index` that makes what is first asked for.
local function opener(path, t, modules)
  return function(_, name)
    local op = fields.ask(t, name)
    if op then
      return op
    end
    local module = modules[name]
    if not module then
      return require "nadir.names".index(path, t)(t, name)
    end
    local value = pick(require(module), name)
    rawset(t, name, namespace.close(path .. "." .. name, value))
    return value
  end
end

-- A `__newindex`: an op that a script sets before it is made, to nil too, is
-- not made any more.
local function setter(t, name, value)
  fields.take(t, name)
  rawset(t, name, value)
end

-- The keys of a table, names first and in the order of letters.
local function keys_of(t)
  local keys, others = {}, {}
  for key in next, t do -- any order: names are sorted below
    local list = type(key) == "string" and keys or others
    list[#list + 1] = key
  end
  table.sort(keys)
  return table.move(others, 1, #others, #keys + 1, keys)
end

-- A `__pairs` that makes all there is.
local function walker(t, modules)
  return function()
    for name in pairs(modules) do -- any order: all are opened
      local _ = t[name]
    end
    fields.fill(t)
    local keys, i = keys_of(t), 0
    return function()
      local key, value
      repeat
        i = i + 1
        key = keys[i]
        value = key ~= nil and rawget(t, key)
      until value ~= nil
      return key, value
    end
  end
end

--- Makes `t`, which scripts reach as `path`, a namespace, unless it is no table
-- or has a metatable already.
---@param path string
---@param t any
---@return any t
function namespace.close(path, t)
  if type(t) ~= "table" or getmetatable(t) then
    return t
  end
  local modules = tables[path] or {}
  all[t] = path
  return setmetatable(t, {
    __properties = modules,
    __index = opener(path, t, modules),
    __newindex = setter,
    __pairs = walker(t, modules),
  })
end

--- Whether a value is a namespace.
---@return boolean
function namespace.is(value)
  return all[value] ~= nil
end

--- The name of the module that a field of a namespace comes from, if there is
--- one for it.
---@param path string   "nd.layers"
---@param field string  "Dense"
---@return string?
function namespace.module(path, field)
  return tables[path] and tables[path][field]
end

--- Makes `nd` a namespace, and the tables in it, with those that are there
-- because modules name them.
---@param nd table
---@return table nd
function namespace.open(nd)
  for path in pairs(tables) do -- any order: each gets its own
    local t = nd
    for field in path:gmatch "%.([^.]+)" do
      t[field] = t[field] or {}
      t = t[field]
    end
  end
  for field, t in pairs(nd) do -- any order: each gets its own
    namespace.close("nd." .. field, t)
  end
  return namespace.close("nd", nd)
end

return namespace
