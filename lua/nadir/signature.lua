--- Signatures: what something that can be called takes. A parameter is written
-- { name, kind, initial value }, with the kinds of nadir.kinds:
--
--   signature.new("Dense", {
--     doc = "y = activation(x * w + b)",
--     { "units", "size", doc = "of the last axis of y" },
--     { "activation", "activation", false },
--   })
--
-- One without an initial value must be given; `false` is none. A call has
-- positions, then options by name in a last table, as those of ops, and what is
-- wrong is said in the words of src/lua/options.c and arguments.c.
local describe = require "nadir.describe"
local entries = require "nadir.signatures"
local fail = require "nadir.fail"
local kinds = require "nadir.kinds"
local names = require "nadir.names"

local Signature = {}
Signature.__index = Signature

-- ----------------------------------------------------------------- reading --

-- Whether the parameter at `position` may be a list, and whether an empty one.
local function takes_lists(self, position)
  local p = self.params[position]
  local kind = p and kinds[p.kind]
  return kind and kind.takes_lists, kind and not kind.needs_one
end

-- Whether a table with names is a value, as { price = y }: it stands where such
-- may, has tensors only, and no name of an option.
local function is_named_value(self, position, value)
  local at = self.params[position]
  if not at or at.kind ~= "nested" then
    return false
  end
  for _, one in pairs(value) do -- any order: all are looked at
    if type(one) ~= "userdata" then
      return false
    end
  end
  for _, p in ipairs(self.params) do
    if value[p.name] ~= nil then
      return false
    end
  end
  return true
end

-- Whether an argument is a table of options: it has names, and nothing else.
-- What has a metatable is a value, such as a layer that another one takes.
local function is_options(self, position, value)
  if type(value) ~= "table" or getmetatable(value) ~= nil then
    return false
  elseif next(value) == nil then -- any order: if there is one
    local lists, empty_ones = takes_lists(self, position)
    return not (lists and empty_ones)
  end
  for key in pairs(value) do -- any order: all are looked at
    if type(key) ~= "string" then
      return false
    end
  end
  return not is_named_value(self, position, value)
end

-- Raises for a list where options alone can stand: in the first place.
local function check_named(self, value)
  local first = self.params[1]
  if first and type(value) == "table" and #value > 0
    and not getmetatable(value) and not takes_lists(self, 1) then
    fail("%s: options go by name, as in { %s = ... }", self.name, first.name)
  end
end

-- The arguments of a call by name.
local function gather(self, ...)
  local n, arguments, options = select("#", ...), { ... }, {}
  if n == 1 then
    check_named(self, arguments[1])
  end
  if n > 0 and is_options(self, n, arguments[n]) then
    options = arguments[n]
    n = n - 1
  end
  if n > #self.params then
    fail("%s: takes at most %d argument%s, got %d", self.name, #self.params,
      #self.params == 1 and "" or "s", n)
  end
  names.check_options(self.name, options, self.names)
  local given = {}
  for i, p in ipairs(self.params) do
    local value, option = nil, options[p.name]
    if i <= n then
      value = arguments[i]
    end
    if value ~= nil and option ~= nil then
      fail("%s: %s is given twice", self.name, p.name)
    elseif value == nil then
      value = option
    end
    given[p.name] = value
  end
  return given
end

-- Raises for a list that has names too: options are in a table of their own.
local function check_mixed(self, value)
  if type(value) == "table" and #value > 0 and not getmetatable(value) then
    local name = names.first(value)
    if name then
      fail("%s: a table mixes values with the name '%s'", self.name, name)
    end
  end
end

-- What a parameter's value becomes.
local function read(self, p, value)
  local kind = kinds[p.kind]
    or fail("%s: %s: no such kind of parameter: '%s'", self.name, p.name,
      p.kind)
  check_mixed(self, value)
  if value == nil then
    value = p.initial
  end
  if value == nil then
    fail("%s: %s is missing: it must be %s", self.name, p.name, kind.wanted)
  end
  local result, problem = kind.read(value)
  if result == nil and value == false and p.initial == false then
    return false
  elseif problem then
    fail("%s: %s", self.name, problem)
  elseif result == nil then
    fail("%s: %s must be %s, got %s", self.name, p.name, kind.wanted,
      describe.value(value))
  end
  return result
end

--- Reads the arguments of a call; raises what is wrong with them.
---@return table values  of all parameters by name, as their kinds make them
---@return table given   by name, as they came
function Signature:read(...)
  local given, values = gather(self, ...), {}
  for _, p in ipairs(self.params) do
    values[p.name] = read(self, p, given[p.name])
  end
  return values, given
end

--- The values of parameters that need not be given.
---@return table values
function Signature:defaults()
  local values = {}
  for _, p in ipairs(self.params) do
    if p.initial ~= nil then
      values[p.name] = read(self, p)
    end
  end
  return values
end

-- ----------------------------------------------------------------- showing --

local function show_value(value)
  if type(value) == "function" then
    return "function"
  end
  return require "nadir.inspect" (value) -- opened when it is first used
end

local function initial_text(p)
  if p.initial == false and p.kind ~= "flag" then
    return "nil"
  end
  return type(p.initial) == "table" and show_value(p.initial)
    or tostring(p.initial)
end

--- What an argument must be.
---@param p table  a parameter
---@return string
function Signature.wanted(p)
  return p.wanted or kinds[p.kind].wanted
end

--- The signature as users would write it: "Dense(units, activation = nil)".
---@return string
function Signature:text()
  local words = { self.rest and self.rest .. "..." }
  for _, p in ipairs(self.params) do
    words[#words + 1] = p.initial == nil and p.name
      or ("%s = %s"):format(p.name, initial_text(p))
  end
  return ("%s(%s)"):format(self.name, table.concat(words, ", "))
end

--- A call as text: the name, and arguments in their order.
---@param given table  by name
---@return string
function Signature:show(given)
  local items = {}
  for _, p in ipairs(self.params) do
    local value = given[p.name]
    if value ~= nil then
      items[#items + 1] = ("%s = %s"):format(p.name, show_value(value))
    end
  end
  return #items == 0 and self.name .. " {}"
    or ("%s { %s }"):format(self.name, table.concat(items, ", "))
end

-- ----------------------------------------------------------------- calling --

--- What scripts call: `call(...)`, with this signature for help.
---@param call function
---@param more? table  of its metatable
---@return table
function Signature:callable(call, more)
  local metatable = {
    __name = "function",
    __signature = self,
    __function = call,
    __call = function(_, ...) return call(...) end,
    __tostring = function() return self:text() end,
  }
  for key, value in pairs(more or {}) do -- any order: each has its own place
    metatable[key] = value
  end
  return setmetatable({}, metatable)
end

-- ------------------------------------------------------------- the module --

local signature = { metatable = Signature }

---@param name string   as messages call what is called
---@param params table  in the order of calls; `doc` says what the whole does,
--- `wanted` of one tells help what it must be, if its kind says too little
---@return table signature
function signature.new(name, params)
  local self = { name = name, doc = params.doc, params = {}, names = {} }
  for i, p in ipairs(params) do
    self.params[i] = { name = p[1], kind = p[2], initial = p[3], doc = p.doc,
                       wanted = p.wanted }
    self.names[i] = p[1]
  end
  return setmetatable(self, Signature)
end

--- A function that gives what a value stands for, as parameters of a kind do.
---@param name string  as messages call it
---@param kind string
---@return fun(value: any): any
function signature.getter(name, kind)
  local takes = signature.new(name, {
    doc = "what a value stands for where such is wanted", { "value", kind },
  })
  return function(value)
    return takes:read({ value = value }).value
  end
end

--- A signature for help alone. As those of functions in C, the entry says
--- itself what arguments must be, and has initial values as text.
---@param entry table  `name`, `params`
---@return table signature
function signature.from_entry(entry)
  return setmetatable(entry, Signature)
end

local from_entry = signature.from_entry

--- The signatures of the functions in C, in the order of their paths and names.
-- `path` is what scripts write before the name.
---@return table list
function signature.list()
  local list = entries()
  for _, entry in ipairs(list) do
    from_entry(entry)
  end
  table.sort(list, function(a, b)
    return a.path .. a.name < b.path .. b.name
  end)
  return list
end

--- The signature of a value that has one.
---@param value any
---@return table? signature
function signature.of(value)
  if type(value) == "function" then
    local entry = entries(value)[1]
    return entry and from_entry(entry)
  end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and rawget(metatable, "__signature") or nil
end

return signature
