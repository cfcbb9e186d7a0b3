--- Parts of Variables: they are assigned by range and by position, and nothing
-- that was read before changes.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local recorded, refuses = support.recorded, support.refuses

assert(_VERSION == "Lua 5.4")

local V, C = nd.Variable, nd.constant

describe("a part of a Variable", function()
  it("is assigned, and gives the Variable [V18]", function()
    local v = V { 1.0, 2 }
    assert.is_true(rawequal(v, v[1]:assign(2)))
    assert.same({ 2.0, 2.0 }, v:totable())
    assert.equal(0, select("#", v[2]:assign(3, { read_value = false })))
    assert.equal(0, select("#", v[2]:assign(3, false)))
    assert.same({ 2.0, 3.0 }, v:totable())
  end)

  it("is set by the short form", function()
    local v = V { 1.0, 2, 3 }
    v[3] = 9
    v[-2] = nd.constant(8.0)
    assert.same({ 1.0, 8.0, 9.0 }, v:totable())
    v[{ { 1, 2 } }] = { 5, 6 }
    assert.same({ 5.0, 6.0, 9.0 }, v:totable())
    local m = V(nd.zeros { 2, 3 })
    m[1] = { 1, 2, 3 }
    m[{ 2, 3 }] = 7
    m[{ {}, 2 }] = { 8, 9 }
    assert.same({ { 1.0, 8.0, 3.0 }, { 0.0, 9.0, 7.0 } }, m:totable())
  end)

  it("takes a value that broadcasts, as the whole does not", function()
    local v = V(nd.zeros { 3, 2 })
    v[{ { 2, 3 } }]:assign(5)
    assert.same({ { 0.0, 0.0 }, { 5.0, 5.0 }, { 5.0, 5.0 } }, v:totable())
    v[{ { 1, 3, 2 } }]:assign { 1, 2 }
    assert.same({ { 1.0, 2.0 }, { 5.0, 5.0 }, { 1.0, 2.0 } }, v:totable())
    v[{ "...", 2 }] = 7
    v[{ 1, nd.newaxis, "..." }]:assign { { 8, 9 } }
    assert.same({ { 8.0, 9.0 }, { 5.0, 7.0 }, { 1.0, 7.0 } }, v:totable())
    refuses("assign: does not fit: the part is [2 2], the value is [3]",
      v[{ { 1, 2 } }].assign, v[{ { 1, 2 } }], { 1, 2, 3 })
  end)

  it("stays one, whatever the Variable becomes", function()
    local v = V { 1.0, 2, 3 }
    local part = v[{ { 1, 2 } }]
    v:assign { 4, 5, 6 }
    assert.same({ 1.0, 2.0 }, part:totable())
    part:assign(0)
    assert.same({ 0.0, 0.0, 6.0 }, v:totable())
    assert.same({ 1.0, 2.0 }, part:totable())
  end)

  it("leaves what was read before", function()
    local v = V { 1.0, 2, 3 }
    local whole, row, sum = v:read_value(), v[{ { 2, 3 } }], v + 0
    v[2] = 7
    assert.same({ 1.0, 2.0, 3.0 }, whole:totable())
    assert.same({ 2.0, 3.0 }, row:totable())
    assert.same({ 1.0, 2.0, 3.0 }, sum:totable())
    v[{ { 1, 2 } }] = v[{ { 2, 3 } }]
    assert.same({ 7.0, 3.0, 3.0 }, v:totable())
  end)

  it("is refused what it cannot hold", function()
    local v = V { 1.0, 2 }
    local function set(value, i)
      return function() v[i or 1] = value end
    end
    refuses("assign: value is missing: it must be a tensor", set(nil))
    refuses("assign: value must be a tensor, got string", set("1"))
    refuses("assign: dtypes differ: the variable is float32, the value is "
      .. "int32; use nd.cast", set(C(1)))
    refuses("assign: position 3 is outside 1..2", set(1, 3))
    refuses("assign: position 0: positions count from 1 here, and -1 is the "
      .. "last", set(1, 0))
    refuses("assign: 2 ranges for [2]; one range is written {{first, last}}",
      set(1, { 1, 2 }))
    refuses("assign: 2.5 is not a whole number, and the dtype is int32; "
      .. "use nd.cast", function() V { 1, 2 }[1] = 2.5 end)
    refuses("assign: tensors never change, only Variables and parts of them "
      .. "do, as in v[{1, 2}]:assign(x)", v[1].assign, v + 0, 1)
    refuses("assign: self must be a part of a Variable, got number",
      v[1].assign, 1, 1)
    local n = V { 1, 2 }
    n[1] = 5.0
    assert.same({ 5, 2 }, n:totable())
    assert.same({ 1.0, 2.0 }, v:totable())
  end)

  it("is no gradient's way", function()
    local v, x = V { 1.0, 2 }, C(3.0)
    local tape, sums = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      local before = nd.reduce_sum(v * v)
      v[1] = x * x
      return { before, nd.reduce_sum(v * v) }
    end)
    local before, after = table.unpack(sums)
    assert.is_nil(tape:gradient(after, x))
    assert.same({ 2.0, 4.0 }, tape:gradient(before, v):totable())
    assert.same({ 18.0, 4.0 }, tape:gradient(after, v):totable())
  end)

  it("goes with the tensor that was read", function()
    local v = V { 1.0, 2 }
    local function read()
      for _ = 1, 20000 do
        local _ = v[1]
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    read()
    local before = read()
    assert.is_true(read() - before < 100)
  end)
end)

describe("scatter_nd", function()
  it("meets parts by lists of indices", function()
    local v = V { { 1.0, 2 }, { 3, 4 }, { 5, 6 } }
    assert.is_true(rawequal(v, v:scatter_nd_add({ { 1, 2 }, { -1, 1 } },
      { 10, 20 })))
    assert.same({ { 1.0, 12.0 }, { 3.0, 4.0 }, { 25.0, 6.0 } }, v:totable())
    v:scatter_nd_sub({ { 1 }, { 1 } }, { { 1, 1 }, { 1, 1 } })
    assert.same({ { -1.0, 10.0 }, { 3.0, 4.0 }, { 25.0, 6.0 } }, v:totable())
    v:scatter_nd_update({ { 2 }, { 2 } }, { { 7, 7 }, { 8, 9 } })
    v:scatter_nd_max({ { 1 } }, { { 0, 0 } })
    v:scatter_nd_min({ { 3 } }, { { 7, 7 } })
    assert.same({ { 0.0, 10.0 }, { 8.0, 9.0 }, { 7.0, 6.0 } }, v:totable())
    v:scatter_nd_update { indices = C { { 1 } }, updates = nd.zeros { 1, 2 } }
    assert.same({ 0.0, 0.0 }, v[1]:totable())
  end)

  it("keeps what was read before", function()
    local v = V { 1.0, 2 }
    local old = v:read_value()
    v:scatter_nd_add({ { 1 } }, { 5 })
    assert.same({ 1.0, 2.0 }, old:totable())
    assert.same({ 6.0, 2.0 }, v:totable())
  end)

  it("refuses indices and updates that do not fit", function()
    local v = V { { 1.0, 2 }, { 3, 4 } }
    local add = v.scatter_nd_add
    refuses("scatter_nd_add: index 3 is outside 1..2", add, v, { { 3 } },
      { { 1, 1 } })
    refuses("scatter_nd_add: index 0: positions count from 1 here, and -1 is "
      .. "the last", add, v, { { 1, 0 } }, { 1 })
    refuses("scatter_nd_add: shapes differ: the variable is [2 2], indices "
      .. "stand for [1] of its parts, updates are [2]", add, v, { { 1 } },
      { 1, 1 })
    refuses("scatter_nd_add: lists of 3 indices: indices are [1 3], x is "
      .. "[2 2]", add, v, { { 1, 1, 1 } }, { 1 })
    refuses("scatter_nd_add: indices must be lists of indices, got a number",
      add, v, 1, 1)
    refuses("scatter_nd_add: indices must be integers, got float32", add, v,
      nd.ones { 1, 1 }, { { 1, 1 } })
    refuses("scatter_nd_add: self must be a Variable, got Tensor", add, v + 0,
      { { 1 } }, { { 1, 1 } })
    assert.same({ { 1.0, 2.0 }, { 3.0, 4.0 } }, v:totable())
  end)
end)

describe("rows", function()
  it("are read by position [V19]", function()
    local v = V(nd.reshape(nd.range(1, 64), { 4, 4, 4 }))
    local rows = v:sparse_read { 1, 4, 2, 3 }
    assert.same({ 4, 4, 4 }, rows.shape)
    for i, from in ipairs { 1, 4, 2, 3 } do
      assert.same(v[from]:totable(), rows[i]:totable())
    end
    assert.same({ 5, 6 }, V { 4, 5, 6 }:gather_nd({ { 2 }, { 3 } }):totable())
  end)
end)

describe("scatter", function()
  local function slices(value, index)
    return nd.IndexedSlices({ value }, { index }, { 2 })
  end

  it("meets rows in every way [V10]", function()
    local cases = {
      { "add", { 0, 1.5 }, 2.5, { 0, 4 } },
      { "sub", { 0, 2.5 }, 1.5, { 0, 1 } },
      { "mul", { 0, 4.0 }, 3.0, { 0, 12 } },
      { "div", { 0, 6.0 }, 2.0, { 0, 3 } },
      { "update", { 0, 6.0 }, 3.0, { 0, 3 } },
      { "max", { 0, 4.0 }, 5.0, { 0, 5 } },
      { "max", { 0, 3.5 }, 2.0, { 0, 3.5 } },
      { "min", { 0, 4.0 }, 5.0, { 0, 4 } },
      { "min", { 0, 3.5 }, 2.0, { 0, 2 } },
    }
    for _, dtype in ipairs { "float32", "float64" } do
      for _, case in ipairs(cases) do
        local way, from, value, result = table.unpack(case)
        local v = V(from, { dtype = dtype })
        local x = nd.IndexedSlices({ value }, { 2 }, { 2 }, dtype)
        assert.is_true(rawequal(v, v["scatter_" .. way](v, x)))
        assert.same(result, v:totable())
      end
    end
  end)

  it("takes rows of several axes, and several for one", function()
    local v = V { { 1.0, 2 }, { 3, 4 }, { 5, 6 } }
    local x = nd.IndexedSlices({ { 1.0, 1 }, { 2, 2 }, { 4, 4 } }, { 3, 1, -1 },
      { 3, 2 })
    v:scatter_add(x)
    assert.same({ { 3.0, 4.0 }, { 3.0, 4.0 }, { 10.0, 11.0 } }, v:totable())
    v:scatter_update(x)
    assert.same({ { 2.0, 2.0 }, { 3.0, 4.0 }, { 4.0, 4.0 } }, v:totable())
  end)

  it("takes IndexedSlices and nothing else [V11]", function()
    local v = V { 1.0, 2 }
    for _, x in ipairs { C { 1.0, 2 }, 1 } do
      refuses("scatter_add: slices must be nd.IndexedSlices(values, indices), "
        .. "got " .. (x == 1 and "number" or "Tensor"), v.scatter_add, v, x)
    end
    refuses("scatter_add: index 2 is outside 1..1", v.scatter_add, V { 1.0 },
      slices(1.0, 2))
    refuses("scatter_add: dtypes differ: the variable is int32, the value is "
      .. "float32; use nd.cast", v.scatter_add, V { 1, 2 }, slices(1.0, 2))
    refuses("scatter_div: integer division by zero", v.scatter_div, V { 1, 2 },
      slices(0, 2))
    refuses("scatter_add: the variable has no rows", v.scatter_add, V(1.0),
      slices(1.0, 2))
  end)

  it("wants as many updates as indices [V12]", function()
    local v = V { 1.0, 2, 3 }
    assert.is_false(pcall(nd.IndexedSlices, { 1.0, 2, 3 }, { 1, 2 }, { 3 }))
    local x = nd.IndexedSlices({ { 1.0, 2, 3 } }, { 1 }, { 3, 3 })
    refuses("scatter_update: shapes differ: the variable is [3], indices stand "
      .. "for [1] of its parts, updates are [1 3]", v.scatter_update, v, x)
  end)

  it("is no gradient's way", function()
    local v, x = V { 1.0, 2 }, C { 3.0 }
    local tape, loss = recorded({ persistent = true }, function(tape)
      tape:watch(x)
      v:scatter_add(nd.IndexedSlices(x * 2, { 1 }, { 2 }))
      return nd.reduce_sum(v * v)
    end)
    assert.is_nil(tape:gradient(loss, x))
    assert.same({ 14.0, 4.0 }, tape:gradient(loss, v):totable())
  end)

  it("updates rows of batches", function()
    local v = V(nd.zeros { 2, 3, 2 })
    local x = nd.IndexedSlices({ { { 1.0, 2 } }, { { 3, 4 } } },
      { { 3 }, { 1 } }, { 3, 2 })
    v:batch_scatter_update(x)
    assert.same({
      { { 0.0, 0.0 }, { 0.0, 0.0 }, { 1.0, 2.0 } },
      { { 3.0, 4.0 }, { 0.0, 0.0 }, { 0.0, 0.0 } },
    }, v:totable())
  end)
end)

describe("a constraint", function()
  local sgd = nd.optimizers.SGD { learning_rate = 1.0 }
  local function update_by(v, g)
    sgd:apply_gradients { { C(g), v } }
  end

  it("is something that can be called [V17]", function()
    refuses("Variable: constraint must be a function, got 0", V, 1.0,
      { constraint = 0 })
    local f = setmetatable({}, { __call = function(_, w) return w + 1 end })
    local v = V(1.0, { constraint = f })
    assert.is_true(rawequal(f, v.constraint))
    assert.is_nil(V(v).constraint)
    update_by(v, 0.5)
    assert.equal(1.5, v:item())
  end)

  it("holds after a step, and not for assignments", function()
    local v = V({ 1.0, -2 }, {
      constraint = function(w) return nd.maximum(w, 0) end
    })
    assert.same({ 1.0, -2.0 }, v:totable())
    update_by(v, { 0.5, 1.0 })
    assert.same({ 0.5, 0.0 }, v:totable())
    v:assign { -1, -1 }
    assert.same({ -1.0, -1.0 }, v:totable())
  end)

  it("is asked in the order of the Variables, for those with gradients",
    function()
      local asked = {}
      local function named(name)
        return V(1.0, { constraint = function(w)
          asked[#asked + 1] = name
          return w
        end })
      end
      local a, b, c = named "a", named "b", named "c"
      sgd:apply_gradients { { C(1.0), a }, { false, b }, { C(1.0), c } }
      assert.same({ "a", "c" }, asked)
    end)

  it("raises its own error, after the step", function()
    local mark = {}
    local v = V(1.0, { constraint = function() error(mark) end })
    local ok, err = pcall(update_by, v, 1.0)
    assert.is_false(ok)
    assert.is_true(rawequal(mark, err))
    assert.equal(0.0, v:item())
    refuses("apply_gradients: what a constraint gives is missing: it must be "
      .. "a tensor", update_by, V(1.0, { constraint = function() end }), 1.0)
  end)

  it("goes with its Variable, whatever it captures", function()
    local weak = setmetatable({}, { __mode = "k" })
    do
      local v
      v = V(1.0, { constraint = function(w) return w + 0 * v end })
      weak[v] = true
      update_by(v, 1.0)
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)
end)
