--- What `exclude_from_weight_decay` of optimizers keeps: a function that says
-- whether a Variable is one of a list, or has one of the patterns in its name.
local nd = require "nadir"
local fail = require "nadir.fail"

local function is_named(variable, patterns)
  for _, pattern in ipairs(patterns) do
    local ok, found = pcall(string.find, variable.name, pattern)
    if not ok then
      fail("exclude_from_weight_decay: '%s' is no pattern of Lua's", pattern)
    elseif found then
      return true
    end
  end
  return false
end

-- Raises unless every value of a list, which is not empty, fits.
local function check(name, list, wanted, fits)
  local ok = type(list) == "table" and #list > 0
  for _, value in ipairs(ok and list or {}) do
    ok = ok and fits(value)
  end
  if not ok then
    fail("exclude_from_weight_decay: %s must be a list of %s", name, wanted)
  end
  return list
end

local function is_text(value)
  return type(value) == "string"
end

---@param variables? table  a list of Variables
---@param patterns? table   a list of patterns of Lua's
---@return fun(variable: userdata): boolean
return function(variables, patterns)
  variables = variables
    and check("var_list", variables, "Variables", nd.is_variable) or {}
  patterns = patterns and check("var_names", patterns, "patterns", is_text)
    or {}
  local listed = setmetatable({}, { __mode = "k" })
  for _, variable in ipairs(variables) do
    listed[variable] = true
  end
  patterns = table.move(patterns, 1, #patterns, 1, {})
  return function(variable)
    return listed[variable] or is_named(variable, patterns)
  end
end
