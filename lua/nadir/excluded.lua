--- Which Variables optimizers leave alone: functions that say whether one is of
-- a list, or has one of the patterns in its name.
local nd = require "nadir"
local fail = require "nadir.fail"

local function is_named(name, patterns, who)
  for _, pattern in ipairs(patterns) do
    local ok, found = pcall(string.find, name, pattern)
    if not ok then
      fail("%s: '%s' is no pattern of Lua's", who, pattern)
    elseif found then
      return true
    end
  end
  return false
end

-- A copy of a list, which is not empty. Raises unless every value fits.
local function check(who, name, list, wanted, fits)
  local ok = type(list) == "table" and #list > 0
  for _, value in ipairs(ok and list or {}) do
    ok = ok and fits(value)
  end
  if not ok then
    fail("%s: %s must be a list of %s", who, name, wanted)
  end
  return table.move(list, 1, #list, 1, {})
end

local function is_text(value)
  return type(value) == "string"
end

local excluded = {}

--- What `exclude_from_weight_decay` keeps.
---@param variables? table  a list of Variables
---@param patterns? table   a list of patterns of Lua's
---@return fun(variable: userdata): boolean
function excluded.from_decay(variables, patterns)
  local who = "exclude_from_weight_decay"
  variables = variables
    and check(who, "var_list", variables, "Variables", nd.is_variable) or {}
  patterns = patterns and check(who, "var_names", patterns, "patterns", is_text)
    or {}
  local listed = setmetatable({}, { __mode = "k" })
  for _, variable in ipairs(variables) do
    listed[variable] = true
  end
  return function(variable)
    return listed[variable] or is_named(variable.name, patterns, who)
  end
end

--- What Muon keeps: which Variables it leaves to AdamW, and its options.
---@param who string
---@param layers? table  a list of patterns of Lua's
---@param embeddings boolean
---@return fun(variable: userdata): boolean
---@return table options
function excluded.from_rule(who, layers, embeddings)
  layers = layers and check(who, "exclude_layers", layers, "patterns", is_text)
  return function(variable)
    local name = variable.name
    return embeddings and name:lower():find("embedding", 1, true) ~= nil
      or is_named(name, layers or {}, who)
  end, { exclude_layers = layers, exclude_embeddings = embeddings }
end

return excluded
