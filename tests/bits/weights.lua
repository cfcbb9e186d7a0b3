--- Runs a script and prints what stands for the bits of all Variables that it
--- made, as they are at its end.
--
--     nadir tests/bits/weights.lua SCRIPT THREADS deferred|eager
--
-- Instead it prints `-` if the module has no such setting.
local nd = require "nadir"

local script, threads, mode = arg[1], math.tointeger(arg[2]), arg[3]

-- Sets what the module may have no name for; false if it has none.
local function set(name, value, usual)
  local known, setting = pcall(function() return nd[name] end)
  if known then
    setting(value)
  end
  return known or value == usual
end

if not (set("set_num_threads", threads, 1) and
        set("eager", mode == "eager", false)) then
  print "-"
  return
end

local variables = {}
local make = nd.Variable

function nd.Variable(...)
  local v = make(...)
  variables[#variables + 1] = v
  return v
end

-- FNV-1a over numbers of 64 bits, with their high bits brought down.
local function hash(values, h)
  if type(values) == "table" then
    for _, value in ipairs(values) do
      h = hash(value, h)
    end
    return h
  end
  local bits = string.unpack("<i8", string.pack("<n", tonumber(values)
    or (values and 1 or 0)))
  h = (h ~ bits) * 0x100000001b3
  return h ~ h >> 32
end

local say = print
print = function() end -- luacheck: ignore
dofile(script)
local h = 0x4bf29ce484222325
for _, v in ipairs(variables) do
  h = hash(v:totable(), h)
end
say(("%d variables %016x"):format(#variables, h))
