--- Functions that give at once what an object of a class would: they take what
-- the object is called with, and then the settings of the class.
--
--   nd.initializers.random_normal({ 4, 3 }, { stddev = 0.1 })
--   nd.losses.huber(y_true, y_pred, { delta = 2 })
local class = require "nadir.class"
local signature = require "nadir.signature"

local function join(...)
  local all = {}
  for _, list in ipairs { ... } do
    table.move(list, 1, #list, #all + 1, all)
  end
  return all
end

-- Whether a call gives the inputs alone, the last of them a tensor.
local function is_plain(n, ...)
  return select("#", ...) == n and type(select(n, ...)) == "userdata"
end

---@param name string    of the function
---@param Class table    whose objects it stands for where one is wanted
---@param inputs table   what an object is called with, as signatures have it
---@param params table   the settings
---@param apply function calls an object: apply(object, ...)
return function(name, Class, inputs, params, apply)
  local all = join(inputs, params)
  all.doc = class.metatable(Class).__signature.doc
  local takes = signature.new(name, all)
  local default
  local function plain()
    default = default or Class()
    return default
  end
  return takes:callable(function(...)
    if is_plain(#inputs, ...) then
      return apply(plain(), ...)
    end
    local values, given = takes:read(...)
    local arguments = {}
    for i, input in ipairs(inputs) do
      arguments[i], given[input[1]] = values[input[1]], nil
    end
    local none = next(given) == nil -- any order: whether there is one
    return apply(none and plain() or Class(given), table.unpack(arguments))
  end, { __made_of = Class })
end
