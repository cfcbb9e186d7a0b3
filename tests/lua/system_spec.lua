--- What the module tells about itself and the machine, and the parts of it that
-- are written in Lua.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refusal = require "support".refusal

assert(_VERSION == "Lua 5.4")

describe("the module", function()
  it("tells its version and its level of the CPU", function()
    assert.matches("^%d+%.%d+%.%d+$", nd.version)
    assert.is_truthy(({ baseline = 1, avx2 = 1, avx512 = 1 })[nd.cpu()])
  end)

  it("has the names of the dtypes", function()
    for _, name in ipairs { "float32", "float64", "int32", "int64", "uint8",
      "bool" } do
      assert.equal(name, nd[name])
    end
  end)

  it("has nothing under other names", function()
    assert.is_nil(rawget(nd, "nothing"))
    assert.is_false(pcall(function() return nd.nothing end))
    assert.is_nil(nd[1])
    assert.is_function(nd.convert_to_tensor)
  end)

  it("is loaded once", function()
    assert.equal(nd, require "nadir")
  end)
end)

describe("the clock", function()
  it("goes forward, in seconds", function()
    local a = nd.clock()
    local b = nd.clock()
    assert.equal("float", math.type(a))
    assert.is_true(b >= a and b - a < 10)
  end)

  it("knows the time since 1970, too", function()
    local time = nd.timestamp()
    assert.equal("float", math.type(time))
    assert.is_true(math.abs(time - os.time()) < 10)
  end)
end)

describe("threads", function()
  it("are as many as are set, and change no bit", function()
    local before = nd.get_num_threads()
    assert.is_true(before >= 1)
    local x, sums = nd.linspace(0., 1., 300000), {}
    for i, n in ipairs { 1, 2, 8 } do
      nd.set_num_threads(n)
      assert.equal(n, nd.get_num_threads())
      sums[i] = nd.reduce_sum(nd.exp(x)):item()
    end
    nd.set_num_threads(before)
    assert.same({ sums[1], sums[1], sums[1] }, sums)
  end)

  it("are 1 to 64", function()
    assert.equal("set_num_threads: threads must be 1 to 64, got 0",
      refusal(nd.set_num_threads, 0))
    assert.equal("set_num_threads: threads must be 1 to 64, got 65",
      refusal(nd.set_num_threads, 65))
  end)
end)

describe("memory", function()
  it("counts the bytes of tensors, now and at the peak", function()
    local before = nd.memory()
    local x = nd.zeros(1000)
    local now, peak = nd.memory()
    assert.equal(4000, now - before)
    assert.is_true(peak >= now)
    assert.equal(1000, #x)
  end)

  it("is told of each kind, with what waits to be used again", function()
    collectgarbage()
    local before, _, cached = nd.memory "tensor"
    do
      local x = nd.zeros(50000)
      assert.equal(before + 200000, (nd.memory "tensor"))
      assert.equal(50000, #x)
    end
    collectgarbage()
    collectgarbage()
    local now, peak, waits = nd.memory "tensor"
    assert.equal(before, now)
    assert.is_true(peak >= before + 200000)
    assert.is_true(waits >= cached + 200000)
    local live = 0
    for _, kind in ipairs { "tensor", "object", "script" } do
      local used, most = nd.memory(kind)
      live = live + used
      assert.is_true(used >= 0 and most >= used, kind)
    end
    local all, most = nd.memory { kind = "all" }
    assert.is_true(all >= live and most >= all)
    assert.equal("memory: kind must be 'tensor' or 'object' or 'script' or "
      .. "'all', got 'lua'", refusal(nd.memory, "lua"))
  end)

  it("is shared by views", function()
    local x = nd.zeros { 100, 100 }
    local before = nd.memory()
    local views = { x[1], x:transpose(), x:reshape(-1), x[{ {}, { 1, 50 } }] }
    assert.equal(before, (nd.memory()))
    assert.equal(4, #views)
  end)

  it("does not grow with throw-away tensors", function()
    local x = nd.zeros(100000)
    local before = nd.memory()
    for _ = 1, 1000 do
      x = x + 1
    end
    assert.is_true(nd.memory() - before < 64e6)
    assert.equal(1000, x[1]:item())
  end)
end)

describe("zip", function()
  it("pairs two lists, with false for what one lacks", function()
    assert.same({ { 1, 3 }, { 2, 4 } }, nd.zip({ 1, 2 }, { 3, 4 }))
    assert.same({ { 1, 2 }, { false, 3 } }, nd.zip({ 1 }, { 2, 3 }))
    assert.same({ { false, 1 } }, nd.zip({ false }, { 1 }))
    assert.same({}, nd.zip({}, {}))
  end)

  it("takes lists", function()
    assert.equal("zip: a is missing: it must be a list", refusal(nd.zip))
    assert.equal("zip: b is missing: it must be a list", refusal(nd.zip, {}))
    assert.equal("zip: a must be a list, got 1", refusal(nd.zip, 1, {}))
    assert.equal("zip: b must be a list, got the name 'b'; apply_gradients "
      .. "takes tables with names as they are",
      refusal(nd.zip, { 1 }, { 1, w = 2, b = 3 }))
  end)
end)

describe("load", function()
  it("is Lua's, with the statement", function()
    assert.equal(3, nd.load("return 1 + 2")())
    local closed = 0
    local meta = { __close = function() closed = closed + 1 end }
    nd.load("with ... do end")(setmetatable({}, meta))
    assert.equal(1, closed)
    assert.equal(7, nd.load("return y", "=t", "t", { y = 7 })())
  end)

  it("gives nil and Lua's message for what is no program", function()
    local chunk, text = nd.load("return +", "=t")
    assert.is_nil(chunk)
    assert.matches("^t:1: unexpected symbol near", text)
  end)

  it("takes text or a function", function()
    assert.equal("load: chunk must be text or a function, got nil",
      refusal(nd.load))
    assert.equal("load: chunk must be text or a function, got number",
      refusal(nd.load, 3))
  end)
end)
