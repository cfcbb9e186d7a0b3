--- nd.optimizers.OptimizerMap: which optimizer trains which Variable, by its
-- name: that of the name, that of the pattern that all of the name fits, or the
-- default. For nd.optimizers.MultiOptimizer. As in Keras 3.
--
--   nd.optimizers.OptimizerMap(nd.optimizers.SGD(), {
--     ["encoder/.*"] = nd.optimizers.Adam(),
--   })
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local names = require "nadir.names"
local is_plain = require "nadir.structure".is_plain

local OptimizerMap = class "OptimizerMap"

local options = { "default_optimizer", "optimizer_map" }

-- What a call has, by position or by name. A second table has patterns.
local function read(default, map)
  if is_plain(default) then
    names.check_options("OptimizerMap", default, options)
    return default.default_optimizer, default.optimizer_map or {}
  elseif is_plain(map) and is_plain(map.optimizer_map) then
    return default, map.optimizer_map
  end
  return default, map or {}
end

function OptimizerMap:init(...)
  local default, map = read(...)
  self.default_optimizer = kinds.optimizer.read(default)
    or fail("OptimizerMap: default_optimizer must be %s, got %s",
      kinds.optimizer.wanted, describe.value(default))
  if not is_plain(map) then
    fail("OptimizerMap: optimizer_map must be a table, got %s",
      describe.value(map))
  end
  self.optimizer_map = {}
  for pattern, optimizer in pairs(map) do -- any order: each its own
    local found = type(pattern) == "string" and kinds.optimizer.read(optimizer)
    if not found then
      fail("OptimizerMap: optimizer_map must have optimizers by patterns, got "
        .. "%s by %s", describe.value(optimizer), tostring(pattern))
    end
    self.optimizer_map[pattern] = found
  end
end

-- Whether all of a name fits a pattern.
local function fits(name, pattern)
  local ok, first, last = pcall(string.find, name, "^" .. pattern .. "$")
  if not ok then
    fail("OptimizerMap: '%s' is no pattern of Lua's", pattern)
  end
  return first == 1 and last == #name
end

-- The patterns that a name fits, in the order of letters.
local function patterns_of(map, name)
  local found = {}
  for pattern in pairs(map) do -- any order: sorted below
    found[#found + 1] = fits(name, pattern) and pattern or nil
  end
  table.sort(found)
  return found
end

local function choose(self, variable)
  local name, map = variable.name, self.optimizer_map
  local own = map[name]
  if own then
    return own
  end
  local found = patterns_of(map, name)
  if #found > 1 then
    fail("OptimizerMap: '%s' fits two patterns, '%s' and '%s'", name, found[1],
      found[2])
  end
  return map[found[1]] or self.default_optimizer
end

local metatable = class.metatable(OptimizerMap)
metatable.__call = choose

function metatable.__tostring(self)
  return ("OptimizerMap { default_optimizer = %s }"):format(
    self.default_optimizer.name)
end

return OptimizerMap
