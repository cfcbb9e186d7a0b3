-- lua/state.c: what a value of ours is known by.

local nd = require "nadir"

describe("the type of a value", function()
  local function metatable_of(value)
    return debug.getmetatable(value)
  end

  it("does not come from a metatable", function()
    local ours = {
      nd.constant(1.), nd.ones { 2 }, nd.Variable(1.), nd.GradientTape(),
      nd.optimizers.SGD(), nd.random.RandomState(1),
    }
    for _, value in ipairs(ours) do
      local file <close> = assert(io.tmpfile())
      local own = metatable_of(file)
      debug.setmetatable(file, metatable_of(value))
      local told = { pcall(nd.square, file) }
      local listed = { pcall(nd.concat, { file }, 1) }
      local closed = { pcall(metatable_of(value).__gc or error, file) }
      debug.setmetatable(file, own)
      assert.is_false(told[1])
      assert.is_false(listed[1])
      assert.is_false(closed[1])
      assert.equals("file", io.type(file))
    end
  end)

  it("does not go with a metatable", function()
    local x = nd.ones { 3 }
    local own = metatable_of(x)
    debug.setmetatable(x, nil)
    assert.equals(3, nd.reduce_sum(x):item())
    debug.setmetatable(x, own)
  end)
end)
