--- What `exclude_from_weight_decay` of optimizers keeps: a function that says
-- whether a Variable is one of a list, or has one of the patterns in its name.
local nd = require "nadir"
local fail = require "nadir.fail"

local function is_named(variable, patterns)
  for _, pattern in ipairs(patterns) do
    if variable.name:find(pattern) then
      return true
    end
  end
  return false
end

-- Raises for what is no pattern of Lua's.
local function check(patterns)
  for _, pattern in ipairs(patterns) do
    if type(pattern) ~= "string" or not pcall(string.find, "", pattern) then
      fail("exclude_from_weight_decay: var_names must be a list of patterns, "
        .. "as string.find has them")
    end
  end
end

local function check_list(variables)
  for _, variable in ipairs(variables) do
    if not nd.is_variable(variable) then
      fail("exclude_from_weight_decay: var_list must be a list of Variables")
    end
  end
end

---@param variables? table  a list of Variables
---@param patterns? table   a list of patterns of Lua's
---@return fun(variable: userdata): boolean
return function(variables, patterns)
  variables, patterns = variables or {}, patterns or {}
  check_list(variables)
  check(patterns)
  local listed = setmetatable({}, { __mode = "k" })
  for _, variable in ipairs(variables) do
    listed[variable] = true
  end
  patterns = table.move(patterns, 1, #patterns, 1, {})
  return function(variable)
    return listed[variable] or is_named(variable, patterns)
  end
end
