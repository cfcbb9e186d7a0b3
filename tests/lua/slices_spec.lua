--- IndexedSlices: gradients of rows that were gathered, which are tensors like
-- any other and keep the rows. What optimizers do with them is in
-- optimizer_spec.lua.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, plain, recorded = support.near, support.plain, support.recorded
local refuses, carried = support.refuses, support.carried

local C, V = nd.constant, nd.Variable
local is_sparse, Slices = nd.is_indexed_slices, nd.IndexedSlices

-- The gradient of the sum of f(x) by x, and by other sources.
local function gradient(f, x, ...)
  local tape, y = recorded(nil, function(tape)
    tape:watch(x)
    return f(x)
  end)
  if select("#", ...) > 0 then
    return table.unpack(tape:gradient(y, { x, ... }))
  end
  return tape:gradient(y, x)
end

describe("the gradient of gathered rows", function()
  it("has a row for each position, duplicates too [S52] [E34]", function()
    local g = gradient(function(x)
      return nd.gather(x, { 1, 1, 3 })
    end, C { 7., 8, 9 })
    assert.is_true(is_sparse(g))
    assert.same({ 1, 1, 3 }, plain(g.indices))
    assert.same({ 1., 1, 1 }, plain(g.values))
    assert.same({ 3 }, { table.unpack(g.shape) })
    assert.same({ 2., 0, 1 }, plain(g))
  end)

  it("is sparse by a Variable, by embedding_lookup too [S52]", function()
    local v = V { { 1., 2 }, { 3, 4 }, { 5, 6 } }
    local g = gradient(function(x)
      return nd.nn.embedding_lookup(x, { 3, 1 }) * { { 1., 2 }, { 3, 4 } }
    end, v)
    assert.is_true(is_sparse(g))
    assert.same({ 3, 1 }, plain(g.indices))
    assert.same({ { 1., 2 }, { 3, 4 } }, plain(g.values))
    assert.same({ { 3., 4 }, { 0, 0 }, { 1, 2 } }, plain(g))
  end)

  it("counts rows from 1, in one list [S52]", function()
    local x = C { { 1., 2 }, { 3, 4 }, { 5, 6 } }
    local function indices(at)
      local g = gradient(function(y) return nd.gather(y, at) end, x)
      assert.is_true(is_sparse(g))
      return plain(g.indices), plain(g.values)
    end
    local at, rows = indices { { -1, 1 }, { 2, -3 } }
    assert.same({ 3, 1, 2, 1 }, at)
    assert.same({ { 1., 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 } }, rows)
    at, rows = indices(-2)
    assert.same({ 2 }, at)
    assert.same({ { 1., 1 } }, rows)
    assert.same({ 1 }, (indices(nd.cast({ 1 }, "int64"))))
    assert.same({ 3 }, (indices(nd.cast({ 3 }, "uint8"))))
  end)

  it("moves a row that was looked up 8 times by as many [G102]", function()
    local v = V { { 1. }, { 1 } }
    local sgd = nd.optimizers.SGD { learning_rate = 0.1 }
    local g = gradient(function(x)
      return 1 - nd.nn.embedding_lookup(x, nd.ones({ 8 }, "int32"))
    end, v)
    assert.same({ 1, 1, 1, 1, 1, 1, 1, 1 }, plain(g.indices))
    assert.same({ 8, 1 }, { table.unpack(g.values.shape) })
    near(-8, nd.reduce_sum(g.values))
    sgd:apply_gradients { { g, v } }
    near({ { 1.8 }, { 1 } }, v)
  end)

  it("is dense along other axes, of parts, and on the way [S52]", function()
    local v = V { { 1., 2 }, { 3, 4 } }
    local function is_dense(f)
      local g = gradient(f, v)
      assert.is_false(is_sparse(g))
    end
    is_dense(function(x) return nd.gather(x, { 1 }, 2) end)
    is_dense(function(x) return x[1] end)
    is_dense(function(x) return nd.gather(x * 2.0, { 1 }) end)
    is_dense(function(x) return nd.gather(x + 0.0, { 1 }) end)
    is_dense(function(x) return nd.gather(nd.identity(x), { 1 }) end)
  end)

  it("is sparse by what is gathered from, dense behind it", function()
    local v = V { 1., 2, 3 }
    local y
    local tape, z = recorded(nil, function()
      y = v + 0.0
      return nd.gather(y, { 2, 2 })
    end)
    local gy, gv = table.unpack(tape:gradient(z, { y, v }))
    assert.is_true(is_sparse(gy))
    assert.is_false(is_sparse(gv))
    assert.same({ 0., 2, 0 }, plain(gy))
    assert.same({ 0., 2, 0 }, plain(gv))
  end)

  it("stays sparse when its values are looked at", function()
    local g = gradient(function(x) return nd.gather(x, { 2 }) end, C { 1., 2 })
    assert.equal("nd.Tensor([0. 1.], shape=(2,), dtype=float32)", tostring(g))
    assert.is_true(is_sparse(g))
    assert.same({ 2 }, plain(g.indices))
    assert.same({ 0., 1 }, g:totable())
  end)

  it("is a tensor for ops, indices and loops", function()
    local g = gradient(function(x) return nd.gather(x, { 2, 2 }) end,
      C { { 1., 2 }, { 3, 4 } })
    assert.is_true(nd.is_tensor(g))
    assert.equal(2, #g)
    assert.equal("float32", g.dtype)
    assert.same({ { 1., 1 }, { 3, 3 } }, plain(g + 1))
    assert.same({ { 0., 0 }, { 4, 4 } }, plain(g * g))
    assert.same({ 2., 2 }, plain(g[2]))
    assert.same({ 2., 2 }, plain(nd.reduce_sum(g, 1)))
    assert.same({ { 4., 4 } }, plain(nd.matmul({ { 1., 2 } }, g)))
    assert.is_false(is_sparse(g + 0))
    assert.same({ { 1., 1 }, { 1, 1 } }, plain(nd.ones_like(g)))
    assert.equal(4.0, nd.reduce_max(nd.exp(nd.log(g * g))):item())
  end)

  it("may have no rows", function()
    local g = gradient(function(x)
      return nd.gather(x, nd.zeros({ 0 }, "int32"))
    end, C { 1., 2 })
    assert.is_true(is_sparse(g))
    assert.same({}, plain(g.indices))
    assert.same({ 0., 0 }, plain(g))
  end)
end)

describe("a Jacobian by gathered rows", function()
  it("is dense [S41]", function()
    local v = V { { 1., 2 }, { 3, 4 } }
    local tape, y = recorded(nil, function()
      local rows = nd.gather(v, { 2, 2 })
      return nd.reduce_sum(rows * rows, 2)
    end)
    local jacobian = tape:jacobian(y, v)
    assert.is_false(is_sparse(jacobian))
    near({ { { 0, 0 }, { 6, 8 } }, { { 0, 0 }, { 6, 8 } } }, jacobian)
  end)
end)

describe("a sum of gradients", function()
  it("of rows joins them [S24]", function()
    local v = V { { 1., 2 }, { 3, 4 }, { 5, 6 } }
    local g = gradient(function(x)
      return nd.reduce_sum(nd.gather(x, { 1, 3 }) * { { 1., 2 }, { 3, 4 } })
        + nd.reduce_sum(nd.gather(x, nd.cast({ -2, -1 }, "int64"))
          * { { 5., 6 }, { 7, 8 } })
    end, v)
    assert.is_true(is_sparse(g))
    local rows = {}
    for i, at in ipairs(plain(g.indices)) do
      rows[i] = { at, plain(g.values[i]) }
    end
    table.sort(rows, function(a, b) return a[2][1] < b[2][1] end)
    assert.same({ { 1, { 1., 2 } }, { 3, { 3., 4 } }, { 2, { 5., 6 } },
      { 3, { 7., 8 } } }, rows)
    assert.same({ { 1., 2 }, { 5, 6 }, { 10, 12 } }, plain(g))
  end)

  it("of rows and a dense one is dense [S24] [G104]", function()
    local t0, t1 = { { 1., 2 }, { 3, 4 } }, { { 0., 0 }, { 5, 6 }, { 7, 8 } }
    local g = gradient(function(x)
      return nd.reduce_sum(nd.gather(x, { 1, 3 }) * t0) + nd.reduce_sum(x * t1)
    end, nd.zeros { 3, 2 })
    assert.is_false(is_sparse(g))
    assert.same({ { 1., 2 }, { 5, 6 }, { 10, 12 } }, plain(g))
  end)

  it("is summed up when rows are more than twice those of the sum", function()
    local g = gradient(function(x)
      local y = nd.reduce_sum(nd.gather(x, { 1, 2 }))
      for _ = 1, 4 do
        y = y + nd.reduce_sum(nd.gather(x, { 1, 2 }))
      end
      return y
    end, C { 1., 2 })
    assert.same({ 5., 5 }, plain(g))
    assert.is_false(is_sparse(g))
  end)
end)

-- Of the sum of the cubes of rows 2, 2, 1 and, apart, 1.
local function cubes(v)
  local inner, y = recorded(nil, function()
    local rows = nd.gather(v, { 2, 2, 1 })
    local first = nd.reduce_sum(nd.gather(v, { 1 }))
    return nd.reduce_sum(rows * rows * rows) + first
  end)
  local g = inner:gradient(y, v)
  assert.is_true(is_sparse(g))
  return g
end

describe("no gradients", function()
  it("have no sum [G105]", function()
    local v, w = V { 1., 2 }, V { 3. }
    local tape, y = recorded(nil, function()
      return nd.gather(v, { 1 }) + 0 * nd.stop_gradient(w)
    end)
    local gv, gw = table.unpack(tape:gradient(y, { v, w }))
    assert.is_true(is_sparse(gv))
    assert.is_false(gw)
  end)
end)

describe("derivatives of rows", function()
  it("reach what they were made of [S52]", function()
    local v = V { { 1., 2 }, { 3, 4 } }
    local tape, y, z = recorded({ persistent = true }, function()
      local g = cubes(v)
      local of_rows = nd.reduce_sum(g.values)
      return nd.reduce_sum(g), of_rows
    end)
    near({ { 6, 12 }, { 36, 48 } }, tape:gradient(y, v))
    near({ { 6, 12 }, { 36, 48 } }, tape:gradient(z, v))
  end)

  it("are carried along in forward mode", function()
    local v = V { { 1., 2 }, { 3, 4 } }
    local acc, g = carried(v, { { 1, 0 }, { 1, 0 } }, cubes, v)
    near({ { 6, 0 }, { 36, 0 } }, acc:jvp(g))
  end)

  it("come from values that somebody watches [G106]", function()
    local values = C { 1., 2 }
    local tape, y = recorded(nil, function(tape)
      tape:watch(values)
      return nd.reduce_sum(Slices(values, { 2, 1 }, { 2 }))
    end)
    assert.same({ 1., 1 }, plain(tape:gradient(y, values)))
  end)

  it("go through a gradient of one's own", function()
    local double = nd.custom_gradient(function(x)
      return nd.gather(x, { 1 }), function(g)
        return Slices(g * 2.0, { 1 }, { 3 })
      end
    end)
    local g = gradient(double, C { 1., 2, 3 })
    assert.is_true(is_sparse(g))
    assert.same({ 2., 0, 0 }, plain(g))
  end)
end)

describe("IndexedSlices", function()
  it("adds rows at indices", function()
    local x = Slices({ { 1., 2 }, { 3, 4 }, { 5, 6 } }, { 2, -1, 2 }, { 4, 2 })
    assert.is_true(is_sparse(x))
    assert.same({ { 0., 0 }, { 6, 8 }, { 0, 0 }, { 3, 4 } }, plain(x))
    assert.same({ 2, 4, 2 }, plain(x.indices))
    assert.same({ { 1., 2 }, { 3, 4 }, { 5, 6 } }, plain(x.values))
  end)

  it("has as many rows as the largest index says", function()
    assert.same({ 0., 7, 0, 8 }, plain(Slices({ 7., 8 }, { 2, 4 })))
    assert.same({ 0, 2 }, { table.unpack(Slices(nd.zeros { 0, 2 },
      nd.zeros({ 0 }, "int32")).shape) })
  end)

  it("takes values of any number's dtype, and options by name", function()
    assert.same({ 0, 7 }, plain(Slices({ 7 }, { 2 })))
    local x = Slices({ 7 }, { 2 }, { dtype = "float64", shape = { 3 } })
    assert.equal("float64", x.dtype)
    assert.same({ 0., 7, 0 }, plain(x))
  end)

  it("may be made of others", function()
    local x = Slices({ { 1., 2 } }, { 2 }, { 2, 2 })
    for _ = 1, 10000 do
      x = Slices(x, { 2, 1 }, { 2, 2 })
    end
    assert.same({ { 0., 0 }, { 1, 2 } }, plain(x))
  end)

  it("is another class's index where integers are", function()
    local at = Slices({ 2 }, { 1 }, { 1 })
    assert.same({ 8. }, plain(nd.gather(C { 7., 8 }, at)))
    assert.same({ 3 }, plain(nd.floordiv(C { 7 }, at)))
  end)

  it("refuses what does not fit", function()
    refuses("IndexedSlices: index 0: positions count from 1 here, and -1 is "
      .. "the last", Slices, { 1. }, { 0 }, { 2 })
    refuses("IndexedSlices: index 3 is outside 1..2", Slices, { 1. }, { 3 },
      { 2 })
    refuses("IndexedSlices: index -1 needs the shape, which is not given",
      Slices, { 1. }, { -1 })
    refuses("IndexedSlices: shapes differ: values is [1 2], indices is [1], "
      .. "shape is [4 3]", Slices, { { 1., 2 } }, { 1 }, { 4, 3 })
    refuses("IndexedSlices: shapes differ: values is [1], indices is [1], "
      .. "shape is []", Slices, { 1. }, { 1 }, {})
    refuses("IndexedSlices: shapes differ: values is [1], indices is [1 1]",
      Slices, { 1. }, { { 1 } })
    refuses("IndexedSlices: values must be numbers, got bool", Slices,
      { true }, { 1 })
    refuses("IndexedSlices: indices must be integers, got float32", Slices,
      { 1. }, C { 1. })
    refuses("IndexedSlices: dtypes differ: float32 and int32; use nd.cast",
      Slices, C { 1. }, { 1 }, { dtype = "int32" })
    refuses("IndexedSlices: negative size: [-1]", Slices, nd.zeros { 0 },
      nd.zeros({ 0 }, "int32"), { -1 })
  end)

  it("alone has values and indices", function()
    refuses("index: only IndexedSlices have 'values', this tensor is dense; "
      .. "nd.is_indexed_slices(x) asks", function() return C { 1. }.values end)
    refuses("index: only IndexedSlices have 'indices', this tensor is dense; "
      .. "nd.is_indexed_slices(x) asks", function() return V { 1. }.indices end)
    assert.is_false(is_sparse(C(1.)))
    assert.is_false(is_sparse(V { 1. }))
    assert.is_false(is_sparse(7))
    assert.is_false(is_sparse())
  end)

  it("is ended and kept like a tensor", function()
    local x = Slices({ 1. }, { 1 }, { 3 })
    x:release()
    assert.is_false(is_sparse(x))
    local kept, gone
    do
      local _ <close> = nd.scope()
      gone = Slices({ 1. }, { 1 }, { 3 })
      kept = nd.keep(Slices({ 1. }, { 2 }, { 3 }))
    end
    assert.is_false(nd.is_tensor(gone))
    assert.is_true(is_sparse(kept))
    assert.same({ 0., 1, 0 }, plain(kept))
  end)

  it("leaves a scope with its rows alone", function()
    local large = nd.zeros { 1000, 1000 }
    local before = nd.memory "tensor"
    local g = nd.scope(function()
      return gradient(function(x)
        return nd.square(nd.gather(x, { 7 }) + 1)
      end, large)
    end)
    assert.is_true(nd.memory "tensor" - before < 100000)
    assert.equal(2000.0, nd.reduce_sum(g):item())
  end)
end)
