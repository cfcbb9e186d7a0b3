--- Values in lists and tables of them, to any depth. What has a metatable is a
-- value.
local fail = require "nadir.fail"
local nd = require "nadir"

local structure = {}

local DEEPEST <const> = 100

local type, getmetatable = type, getmetatable

--- Whether a value is a list or a table, to be looked into.
---@return boolean
function structure.is_plain(value)
  return type(value) == "table" and getmetatable(value) == nil
end

local is_plain = structure.is_plain

local function comes_before(a, b)
  if type(a) ~= type(b) then
    return type(a) == "number"
  end
  return a < b
end

--- The keys of a table that are numbers, in their order, then those that are
--- strings, in that of their bytes.
---@param t table
---@return table
function structure.keys(t)
  local keys = {}
  for key in pairs(t) do -- any order: sorted below
    local sorts = type(key) == "number" or type(key) == "string"
    keys[#keys + 1] = sorts and key or nil
  end
  table.sort(keys, comes_before)
  return keys
end

local TOO_DEEP <const> = ("a table is nested deeper than %d"):format(DEEPEST)

local function check_depth(depth, who)
  if depth > DEEPEST then
    fail("%s: %s", who, TOO_DEEP)
  end
end

--- The structure with f(value) in place of each value. Numbers come before
--- names, in their order.
---@param value any
---@param f fun(value: any): any
function structure.map(value, f, depth)
  if not is_plain(value) then
    return f(value)
  end
  local mapped = {}
  depth = depth or 0
  check_depth(depth, "nadir")
  for _, key in ipairs(structure.keys(value)) do
    mapped[key] = structure.map(value[key], f, depth + 1)
  end
  return mapped
end

--- The values of a structure as a list.
---@param value any
---@return table
function structure.flatten(value)
  if not is_plain(value) then
    return { value }
  end
  local list = {}
  structure.map(value, function(one)
    list[#list + 1] = one
    return one
  end)
  return list
end

--- The structure with f(a, b) for the values in the same place of both.
function structure.join(first, second, f)
  if not is_plain(first) then
    return f(first, second)
  end
  local joined = {}
  for _, key in ipairs(structure.keys(first)) do
    joined[key] = structure.join(first[key], second[key], f)
  end
  return joined
end

--- What is wrong with tables that are nested too deep, as one within itself is;
--- nil for others.
---@param value any
---@return string?
function structure.problem(value, depth)
  depth = depth or 0
  if depth > DEEPEST then
    return TOO_DEEP
  end
  for _, one in pairs(is_plain(value) and value or {}) do -- any order: all
    local problem = type(one) == "table" and structure.problem(one, depth + 1)
    if problem then
      return problem
    end
  end
end

-- The first value in nested lists.
local function first_of(value, who, depth)
  while is_plain(value) do
    value, depth = value[1], depth + 1
    check_depth(depth, who)
  end
  return value
end

--- Numbers, and nested lists of them, as tensors; lists and tables of inputs
--- with each as a tensor.
---@param value any
---@param who string  for messages
---@return any
function structure.to_tensors(value, who, depth)
  depth = depth or 0
  local first = first_of(value, who, depth)
  if type(first) == "number" or type(first) == "boolean"
    or is_plain(value) and next(value) == nil then -- any order: none is there
    return nd.constant(value)
  elseif not is_plain(value) then
    return value
  end
  local mapped = {}
  for key, one in pairs(value) do -- any order: each its own
    mapped[key] = structure.to_tensors(one, who, depth + 1)
  end
  return mapped
end

return structure
