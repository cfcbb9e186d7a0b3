--- Errors: where they say they come from, and that nothing is broken after one.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

-- Runs a text as the chunk "script"; returns its error.
local function failure(text, ...)
  local ok, message = pcall(assert(load(text, "=script")), nd, ...)
  assert.is_false(ok)
  return message
end

describe("an error's line", function()
  it("is the line of the call", function()
    assert.equal("script:2: zeros: negative size: [-1]", failure [[
      local nd = ...
      nd.zeros(-1)
    ]])
  end)

  it("is the line of a tail call's function", function()
    assert.equal("script:2: zeros: negative size: [-1]", failure [[
local nd = ...
return nd.zeros(-1)]])
  end)

  it("is the line of the operator", function()
    assert.equal("script:3: add: shapes do not broadcast: [2] and [3]",
      failure [[
      local nd = ...
      local x = nd.zeros(2)
      local y = x + nd.zeros(3)
    ]])
  end)

  it("is the line of the method or index", function()
    assert.equal("script:2: item: needs one element, x is [2]", failure [[
local nd = ...
local y = nd.zeros(2):item()]])
    assert.equal("script:2: slice: position 4 is outside 1..2", failure [=[
local nd = ...
local y = nd.zeros(2)[4]]=])
  end)

  it("is the innermost function's of the script", function()
    assert.equal("script:2: square: x is missing: it must be a tensor",
      failure [[
local nd = ...
local function f(x) local y = nd.square(x) return y end
f()]])
  end)

  it("is the script's when the error is in a module of ours", function()
    assert.equal("script:2: range: no such range: 1 to 2 by 0", failure [[
local nd = ...
local x = nd.range(1, 2, 0)]])
    assert.equal("script:2: zip: a is missing: it must be a list", failure [[
local nd = ...
local x = nd.zip()]])
    assert.equal("script:2: help: no such name: 'x'", failure [[
local nd = ...
nd.help("x")]])
  end)

  it("is the caller's when Lua's own function calls ours", function()
    assert.equal("script:2: square: x must be a tensor, got string", failure [[
local nd = ...
local s = ("a"):gsub(".", nd.square)]])
  end)

  it("is found from a coroutine", function()
    assert.equal("script:3: exp: x must be a tensor, got string", failure [[
local nd = ...
local co = coroutine.create(function()
  local y = nd.exp("a")
end)
error(select(2, coroutine.resume(co)), 0)]])
  end)

  it("is missing only when no script is running", function()
    local ok, message = coroutine.resume(coroutine.create(nd.exp), "a")
    assert.is_false(ok)
    assert.equal("exp: x must be a tensor, got string", message)
  end)
end)

describe("after an error", function()
  it("the next call works", function()
    for _ = 1, 3 do
      assert.is_false(pcall(nd.matmul, nd.zeros { 2, 3 }, nd.zeros { 2, 3 }))
      assert.is_false(pcall(nd.constant, { { 1, 2 }, { 3 } }))
      assert.is_false(pcall(nd.zeros, { 1e9, 1e9 }))
      assert.is_false(pcall(nd.cast, 1, "nope"))
      assert.equal(4, nd.square(2):item())
    end
  end)

  it("a tape goes on recording", function()
    local x = nd.Variable(3.0)
    local tape = nd.GradientTape()
    local y = x * x
    assert.is_false(pcall(nd.add, y, nd.constant(1)))
    assert.is_false(pcall(nd.reduce_sum, y, 0))
    local z = y * x
    assert.equal(27, tape:gradient(z, x):item())
  end)

  it("a Variable keeps its value", function()
    local v = nd.Variable { 1.0, 2 }
    assert.is_false(pcall(v.assign, v, { 1, 2, 3 }))
    assert.is_false(pcall(v.assign_add, v, 1))
    assert.is_false(pcall(v.assign, v, { 3, "4" }))
    assert.same({ 1, 2 }, v:totable())
  end)

  it("no tensor is left behind", function()
    collectgarbage()
    collectgarbage()
    local before = nd.memory()
    for _ = 1, 100 do
      pcall(nd.constant, { { 1, 2 }, { 3 } })
      pcall(nd.gather, nd.zeros(10), { 1, 11 })
      pcall(nd.stack, { nd.zeros(10), nd.zeros(11) })
      pcall(nd.concat, { { 1, 2 }, { 3, "4" } }, 1)
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, (nd.memory()))
  end)
end)

describe("a finalized value", function()
  local function finalize(x)
    debug.getmetatable(x).__gc(x)
    return x
  end

  it("is called one", function()
    local sgd = nd.optimizers.SGD()
    local apply = sgd.apply_gradients
    refuses("square: x must be a tensor, got finalized Variable",
      nd.square, finalize(nd.Variable(1.)))
    refuses("apply_gradients: self must be an optimizer, "
      .. "got finalized Optimizer", apply, finalize(sgd), {}, {})
  end)
end)
