--- Files that are nearly right: valid ones in which bytes, numbers and words
-- change, to be loaded. What is not refused, in words of ours, must be sound.
--
--   build/asan/nadir tests/fuzz/files.lua SECONDS SEED    (make fuzz)
package.path = "tests/?.lua;" .. package.path
local nd = require "nadir"

local files = {}

local GOLDEN = table.concat(require "golden.files"):gsub("%x%x",
  function(digits) return string.char(tonumber(digits, 16)) end)

local WORDS = {
  "0", "1", "-1", "2", "7", "8", "64", "255", "4294967296", "1e3", "0.5",
  "null", "9223372036854775807", "18446744073709551615", "1e999", "NaN",
  "true", "[]",
  "{}", '""', '"a"', '"__metadata__"', '"F32"', '"U8"', '"F8_E5M2"', '"dtype"',
  '"shape"', '"data_offsets"', "[", "]", "{", "}", ",", ":", '"', "\\",
  "\\u0000", "\\ud800", "\0", "\xff", "\xc3\xa9", " ",
}

local function file_of(header, data)
  return string.pack("<s8", header) .. data
end

-- ---------------------------------------------------------------- mutations --

local function replace(text, first, last, by)
  return text:sub(1, first - 1) .. by .. text:sub(last + 1)
end

local changes = {
  function(text, random) -- a byte
    local at = random(#text)
    return replace(text, at, at, string.char(random(0, 255)))
  end,
  function(text, random) -- a bit
    local at = random(#text)
    return replace(text, at, at, string.char(text:byte(at) ~ 1 << random(0, 7)))
  end,
  function(text, random) -- a word put in
    local at = random(#text)
    return replace(text, at, at - 1, WORDS[random(#WORDS)])
  end,
  function(text, random) -- a number or a string for another
    local at = random(#text)
    local kinds = { "%d+", '"[^"]*"', "[%[{][^%[%]{}]*[%]}]" }
    local first, last = text:find(kinds[random(3)], at)
    return first and replace(text, first, last, WORDS[random(#WORDS)]) or text
  end,
  function(text, random) -- a part left out
    local at = random(#text)
    return replace(text, at, at + random(0, 20), "")
  end,
  function(text, random) -- a part twice
    local at, n = random(#text), random(0, 60)
    return replace(text, at, at - 1, text:sub(at, at + n))
  end,
  function(text, random) -- an end
    return text:sub(1, random(0, #text))
  end,
}

-- A file in which some of that has happened, most often with the right length
-- of the header.
local function mutate(text, random)
  local size = string.unpack("<i8", text)
  local header, data = text:sub(9, 8 + size), text:sub(9 + size)
  if random(8) == 1 then
    return changes[random(#changes)](text, random)
  end
  for _ = 1, random(3) do
    if #header > 0 then
      header = changes[random(#changes)](header, random)
    end
  end
  if random(8) == 1 and #data > 0 then
    data = changes[random(#changes)](data, random)
  end
  return file_of(header, data)
end

-- ------------------------------------------------------------------- trying --

-- Raises unless the file is refused as files are, or sound.
local function try(path)
  local ok, result = pcall(nd.safetensors.load_file, path)
  if not ok then
    assert(result:find "load_file: " and not result:find "attempt to",
      "refused by: " .. result)
    return
  end
  for name, x in pairs(result) do -- any order: each its own
    assert(utf8.len(name) and #x:tobytes() >= x.size, name)
    assert(#tostring(x) > 0)
  end
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

--- Tries mutations for so many seconds, or so many of them; gives how many.
function files.run(path, seconds, most, seed)
  math.randomseed(seed)
  local small = file_of('{"a":{"dtype":"U8","shape":[2,1],"data_offsets":'
    .. '[0,2]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[2,3]}}',
    "\1\2\3")
  local start, count = nd.clock(), 0
  while count < most and nd.clock() - start < seconds do
    count = count + 1
    local text = mutate(count % 2 == 0 and GOLDEN or small, math.random)
    write(path, text)
    local ok, message = pcall(try, path)
    if not ok then
      write("fuzz-failure.safetensors", text)
      error(("seed %d, file %d, kept as fuzz-failure.safetensors: %s"):format(
        seed, count, message), 0)
    end
  end
  return count
end

if arg and arg[0] and arg[0]:find "fuzz/files.lua$" then
  local seconds = tonumber(arg[1] or 60)
  local seed = math.tointeger(tonumber(arg[2] or os.time()))
  local path = os.tmpname()
  print(("%d files in %d s, seed %d: all refused or sound"):format(
    files.run(path, seconds, math.huge, seed), seconds, seed))
  os.remove(path)
end

return files
