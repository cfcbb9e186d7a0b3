--- The tables that scripts reach names in: `nd`, `nd.layers`. A name that one
-- lacks is an error. Fields that are modules of ours are opened when they are
-- first asked for; which those are, the modules say in their first lines.
local names = require "nadir.names"

-- The modules by table and field: tables["nd.layers"].Dense is the name of one.
local tables = {}
for path, module in pairs(require "nadir.paths") do -- any order: each its own
  local parent, field = path:match "^(.*)%.([^.]*)$"
  tables[parent] = tables[parent] or {}
  tables[parent][field] = module
end

local namespace = {}

-- An `__index` that opens modules.
local function opener(path, t, modules)
  local missing = names.index(path, t)
  return function(_, name)
    local module = modules[name]
    if not module then
      return missing(t, name)
    end
    local value = require(module)
    rawset(t, name, namespace.close(path .. "." .. name, value))
    return value
  end
end

-- A `__pairs` that opens all of them.
local function walker(t, modules)
  return function()
    for name in pairs(modules) do -- any order: all are opened
      local _ = t[name]
    end
    return next, t -- any order: that of the table
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
  return setmetatable(t, {
    __properties = modules,
    __index = opener(path, t, modules),
    __pairs = walker(t, modules),
  })
end

--- Makes `nd` a namespace, and the tables in it, with those that are there
-- because modules name them.
---@param nd table
---@return table nd
function namespace.open(nd)
  for path in pairs(tables) do -- any order: each gets its own
    local field = path:match "^nd%.([^.]+)$"
    if field then
      nd[field] = nd[field] or {}
    end
  end
  for field, t in pairs(nd) do -- any order: each gets its own
    namespace.close("nd." .. field, t)
  end
  return namespace.close("nd", nd)
end

return namespace
