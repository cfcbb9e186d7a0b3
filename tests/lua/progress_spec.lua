--- nd.progress: how far a loop has come.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"

assert(_VERSION == "Lua 5.4")

-- What a script prints where there is no terminal.
local function printed(text)
  return support.output('local nd = require "nadir"\n' .. text)
end

-- What it writes to a terminal that is so wide; drawings are lines.
local function on_terminal(text, width)
  return support.with_file('local nd = require "nadir"\n' .. text,
    function(path)
      local program = os.getenv "NADIR" or "build/nadir"
      local pipe = assert(io.popen(
        ("script -qec 'stty cols %d; %s %s' /dev/null </dev/null 2>&1"):format(
          width, program, path)))
      local output = pipe:read "a"
      pipe:close()
      return (output:gsub("\27%[K", ""):gsub("\r", "\n"))
    end)
end

describe("progress", function()
  it("counts the steps, and tells the numbers set last in a line", function()
    local text = printed [[
      for step, bar in nd.progress(3) do
        bar:set { loss = nd.constant(1 / step), b = 1e-5, n = 7 }
      end]]
    assert.matches("^3/3 %- 0s %d+%a+/step %- b: 1%.0000e%-05 "
      .. "%- loss: 0%.3333 %- n: 7\n$", text)
  end)

  it("is closed when its loop is left, and needs no end", function()
    local text = printed [[
      for step in nd.progress { description = "search" } do
        if step == 4 then break end
      end]]
    assert.matches("^search       3/Unknown %- 0s %d+%a+/step\n$", text)
  end)

  it("is drawn in its place in a terminal, as wide as there is room",
    function()
      local loop = [[
        for step, bar in nd.progress(200, "it") do
          bar:set { loss = .5 }
          local t = nd.clock()
          while nd.clock() - t < 0.001 do end
        end]]
      local text = on_terminal(loop, 90)
      assert.matches("\nit  +%d+/200 %[=*>?%.+%] %- ETA: 0s %- loss: 0%.5000\n",
        text)
      assert.matches("\nit 200/200 %[" .. ("="):rep(30)
        .. "%] %- 0s %d+%a+/step %- loss: 0%.5000\n", text)
      for line in on_terminal(loop, 40):gmatch "[^\n]+" do
        assert.is_true(#line < 40, line)
      end
    end)

  it("refuses a mistake", function()
    support.refuses("progress: n must be a whole number, 1 or more, got 0",
      function() nd.progress(0) end)
  end)
end)
