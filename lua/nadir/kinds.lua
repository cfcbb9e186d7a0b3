--- Kinds of parameters, by the words that signatures use. Each says what a
-- value must be, and makes of what was given what a layer works with.
--
-- `read` returns nil for a value of another kind, and then, if there is more to
-- say than what it must be, what is wrong.
local nd = require "nadir"
local names = require "nadir.names"
local wanted = require "nadir.wanted" -- of the kinds that C has too

local kinds = {}

kinds.flag = {
  wanted = wanted.flag,
  read = function(value)
    if type(value) == "boolean" then
      return value
    end
  end,
}

kinds.number = {
  wanted = wanted.number,
  read = function(value)
    return type(value) == "number" and value or nil
  end,
}

kinds.numbers = {
  wanted = "a list of numbers",
  takes_lists = true,
  read = function(value)
    if type(value) ~= "table" then
      return nil
    end
    local list = {}
    for i, number in ipairs(value) do
      list[i] = kinds.number.read(number)
      if not list[i] then
        return nil
      end
    end
    return list
  end,
}

kinds.integer = {
  wanted = wanted.integer,
  read = function(value)
    return type(value) == "number" and math.tointeger(value) or nil
  end,
}

kinds.size = {
  wanted = wanted.integer .. ", 1 or more",
  read = function(value)
    local size = kinds.integer.read(value)
    return size and size >= 1 and size or nil
  end,
}

kinds.text = {
  wanted = wanted.text,
  read = function(value)
    return type(value) == "string" and value or nil
  end,
}

-- A list of sizes; one number is a list of one.
kinds.shape = {
  wanted = wanted.shape,
  takes_lists = true,
  read = function(value)
    local shape = {}
    for i, size in ipairs(type(value) == "table" and value or { value }) do
      shape[i] = kinds.integer.read(size)
      if not shape[i] then
        return nil
      end
    end
    return shape
  end,
}

local function is_callable(value)
  local metatable = getmetatable(value)
  return type(value) == "function"
    or type(metatable) == "table" and metatable.__call ~= nil
end

kinds.callable = {
  wanted = wanted["function"],
  read = function(value)
    return is_callable(value) and value or nil
  end,
}

-- Tensors, or tables of them, which whoever takes them looks into.
kinds.nested = {
  wanted = wanted.nested,
  takes_lists = true,
  read = function(value)
    return value
  end,
}

-- The field `name` of a module, or nil and that there is none.
local function look_up(what, name, module)
  local ok, value = pcall(function() return module[name] end)
  if ok and is_callable(value) then
    return value
  end
  return nil, names.no_such(what, name, module)
end

local function linear(x)
  return x
end

-- Called with a tensor, gives one of the same shape.
kinds.activation = {
  wanted = "the name of an op or a function",
  read = function(value)
    if value == false or value == "linear" then
      return linear
    elseif type(value) == "string" then
      return look_up("activation", value, nd)
    end
    return is_callable(value) and value or nil
  end,
}

-- Called with a shape, gives a tensor of that shape.
kinds.initializer = {
  wanted = "the name of an initializer or a function",
  read = function(value)
    if type(value) == "string" then
      return look_up("initializer", value, nd.initializers)
    end
    return is_callable(value) and value or nil
  end,
}

-- A list of what can be called.
kinds.layers = {
  wanted = "a list of layers",
  takes_lists = true,
  read = function(value)
    if type(value) ~= "table" or is_callable(value) then
      return nil
    elseif #value == 0 then
      return nil, "needs a list of layers, got an empty table"
    end
    for i, layer in ipairs(value) do
      if not is_callable(layer) then
        return nil, ("layer %d cannot be called: it is a %s"):format(i,
          type(layer))
      end
    end
    return value
  end,
}

return kinds
