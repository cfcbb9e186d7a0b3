--- Kinds of parameters, by the words that signatures use. Each says what a
-- value must be, and makes of what was given what a layer works with.
--
-- `read` returns nil for a value of another kind, and then, if there is more to
-- say than what it must be, what is wrong.
local nd = require "nadir"
local structure = require "nadir.structure"
local wanted = require "nadir.wanted" -- of the kinds that C has too
local words = require "nadir.words"

-- Those of objects need classes, which have signatures themselves.
local kinds = setmetatable({}, {
  __index = function(kinds, name)
    require "nadir.kinds_of_objects"
    return rawget(kinds, name)
  end,
})

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

-- A share of what there is.
kinds.rate = {
  wanted = "a number, 0 or more and below 1",
  read = function(value)
    local is_share = type(value) == "number" and value >= 0 and value < 1
    return is_share and value or nil
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

-- A list, not empty, of what another kind takes; one alone is a list of one. An
-- empty table is no such list, so it can be options.
local function one_or_more(kind, text)
  return {
    wanted = text,
    takes_lists = true, needs_one = true,
    read = function(value)
      local list = {}
      for i, one in ipairs(type(value) == "table" and value or { value }) do
        list[i] = kind.read(one)
        if not list[i] then
          return nil
        end
      end
      return #list > 0 and list or nil
    end,
  }
end

kinds.sizes = one_or_more(kinds.size,
  "a whole number, 1 or more, or a list of them")
kinds.positions = one_or_more(kinds.integer, "a whole number or a list of them")
kinds.thresholds = one_or_more(kinds.number, "a number or a list of them")

-- A list of sizes, `false` for those that are not known.
kinds.axes = {
  wanted = wanted.shape .. ", false for those that are not known",
  takes_lists = true,
  read = function(value)
    local shape = {}
    for i, size in ipairs(type(value) == "table" and value or { value or nil })
    do
      local known = size ~= false
      shape[i] = known and kinds.size.read(size)
      if known and not shape[i] then
        return nil
      end
    end
    return value ~= false and shape or nil
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

for name, list in pairs { -- any order: each its own
  padding = { "valid", "same" },
  data_format = { "channels_last" },
  interpolation = { "nearest", "bilinear" },
  merge_mode = { "sum", "mul", "concat", "ave", "none" },
  output_mode = { "int", "one_hot", "multi_hot", "count" },
  fill_mode = { "reflect", "constant", "wrap", "nearest" },
  score_mode = { "dot", "concat" },
} do
  kinds[name] = words(name, list)
end

kinds.causal_padding = words("padding", { "valid", "same", "causal" })
kinds.flip_mode = words("mode",
  { "horizontal", "vertical", "horizontal_and_vertical" })

-- Tensors, or tables of them, which whoever takes them looks into.
kinds.nested = {
  wanted = wanted.nested,
  takes_lists = true,
  read = function(value)
    local problem = structure.problem(value)
    if problem then
      return nil, problem
    end
    return value
  end,
}

kinds.dtype = {
  wanted = wanted.dtype,
  read = function(value)
    return pcall(nd.zeros, {}, { dtype = value }) and value or nil
  end,
}

-- That weights can have.
kinds.float_dtype = {
  wanted = "float32 or float64",
  read = function(value)
    return (value == "float32" or value == "float64") and value or nil
  end,
}

return kinds
