-- Whatever metamethod or method a script gets hold of, and whatever it passes,
-- ends in a result or an error.
local nd = require "nadir"

-- Of every kind of our values, one.
local function own_values()
  local tape = nd.GradientTape()
  local values = {
    scalar = nd.constant(1.),
    tensor = nd.ones { 2, 3 },
    shape = nd.zeros { 2 }.shape,
    variable = nd.Variable(nd.ones { 2 }, { name = "v" }),
    tape = tape,
    pause = tape:stop_recording(),
    optimizer = nd.optimizers.Adam(),
    random = nd.random.RandomState(1),
    layer = require "nadir.layers.dense"(2),
  }
  return values
end

-- Values of ours whose finalizers have run.
local function finalized_values()
  local values = {}
  for _, kind in ipairs { "variable", "optimizer" } do
    local value = own_values()[kind]
    debug.getmetatable(value).__gc(value)
    values[kind] = value
  end
  return values
end

-- What is not ours. No number stands for a size that a host might lend.
local function wrong_values()
  local cycle = {}
  cycle[1] = cycle
  return {
    false, 0, -1, 2 ^ 53, 0 / 0, "", ("x"):rep(100), {}, cycle,
    { name = 1, 2 }, math.abs, coroutine.create(print), io.stdout,
    setmetatable({}, { __index = error, __len = error, __tostring = error }),
  }
end

-- The functions of Lua's own libraries, which do what they do.
local function library()
  local found = {}
  for name in ("_G coroutine debug io lpeg math os package string table utf8")
    :gmatch "%S+" do
    for _, f in pairs(package.loaded[name] or {}) do
      found[f] = true
    end
  end
  return found
end

-- The libraries' own metatables, which are not ours to mend.
local function foreign()
  local registry = debug.getregistry()
  return {
    [debug.getmetatable("")] = true,
    [registry["FILE*"]] = true,
    [registry["lpeg-pattern"] or 0] = true,
    [registry[1] or 0] = true,
  }
end

-- Every metatable that can be reached from the globals, the registry and
-- values of ours, by keys, values, metatables, upvalues and user values.
local function find_metatables()
  local seen, found, skip = {}, {}, foreign()
  local todo = { _G, debug.getregistry(), nd, own_values() }
  local function add(x)
    local kind = type(x)
    if (kind == "table" or kind == "userdata" or kind == "function")
      and not seen[x] and not skip[x] then
      seen[x] = true
      todo[#todo + 1] = x
    end
  end
  while #todo > 0 do
    local x = table.remove(todo)
    local mt = debug.getmetatable(x)
    if mt and not skip[mt] and not seen[mt] then
      found[#found + 1] = mt
    end
    add(mt)
    if type(x) == "table" then
      for key, value in next, x do
        add(key)
        add(value)
      end
    elseif type(x) == "userdata" then
      add((debug.getuservalue(x, 1)))
    else
      for i = 1, 255 do
        local name, value = debug.getupvalue(x, i)
        if not name then
          break
        end
        add(value)
      end
    end
  end
  return found
end

-- The functions of a metatable and of the tables in it.
local function functions_of(mt)
  local found = {}
  for key, value in next, mt do
    if type(value) == "function" then
      found[value] = key
    elseif type(value) == "table" and type(key) == "string"
      and key:find "^__" then
      for name, f in next, value do
        if type(f) == "function" then
          found[f] = name
        end
      end
    end
  end
  return found
end

-- Calls `f` with every value in every place of two; returns how many calls.
local function sweep(f)
  local calls = 0
  local function try(...)
    local ok, message = pcall(f, ...)
    calls = calls + 1
    assert(ok or message ~= nil)
  end
  try()
  local all = { wrong_values(), finalized_values(), own_values() }
  for _, values in ipairs(all) do
    for _, value in pairs(values) do
      try(value)
      try(value, value)
      try(nil, value)
      for _, own in pairs(own_values()) do
        try(own, value)
      end
    end
  end
  return calls
end

local calls, kinds, swept = 0, 0, library()
for _, mt in ipairs(find_metatables()) do
  kinds = kinds + 1
  for f, name in pairs(functions_of(mt)) do
    local info = debug.getinfo(f, "S")
    local ours = info.what == "C" or info.source:find "^=nadir"
    if ours and not swept[f] and name ~= "__gc" then
      swept[f] = true
      calls = calls + sweep(f)
    end
  end
end

-- Finalizers end what the sweep is made of, so they come last.
for _, kind in ipairs { "tensor", "variable", "tape", "optimizer" } do
  calls = calls + sweep(debug.getmetatable(own_values()[kind]).__gc)
end
collectgarbage()
print(kinds >= 8, calls > 10000, nd.constant(3.):item())
-- output:
-- > true	true	3.0
