--- nd.map_fn, nd.foldl, nd.foldr, nd.scan and nd.clip_by_global_norm.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses

local C = nd.constant

local function add(a, x) return a + x end

describe("map_fn", function()
  it("stacks what f gives for each element", function()
    near({ 3, 7 }, nd.map_fn(nd.reduce_sum, C { { 1., 2. }, { 3., 4. } }))
  end)

  it("takes tables of tensors, and gives tables", function()
    local y = nd.map_fn(function(e)
      return { sum = e.a + e.b, list = { e.a * e.b } }
    end, { a = C { 1., 2. }, b = C { 3., 4. } })
    near({ 4, 6 }, y.sum)
    near({ 3, 8 }, y.list[1])
  end)

  it("has gradients", function()
    local x = nd.Variable { 1., 2. }
    local tape = nd.GradientTape()
    local y
    do
      local _ <close> = tape
      y = nd.map_fn(function(e) return e * e end, x)
    end
    near({ 2, 4 }, tape:gradient(y, x))
  end)

  it("says what it cannot map", function()
    refuses("map_fn: elems holds no tensors", nd.map_fn, add, { 1 })
    refuses("map_fn: elems needs an axis: it is []", nd.map_fn, add, C(1.))
    refuses("map_fn: elems differ in their first axes: 2 and 1", nd.map_fn, add,
      { C { 1., 2. }, C { 1. } })
    refuses("map_fn: there are no elements, so nothing tells the result",
      nd.map_fn, add, nd.zeros { 0 })
    refuses("map_fn: f must be a function, got 3", nd.map_fn, 3, C { 1. })
  end)
end)

describe("folds", function()
  it("begin with the first element, or the initializer", function()
    near(6, nd.foldl(add, C { 1., 2., 3. }))
    near(16, nd.foldl(add, C { 1., 2., 3. }, C(10.)))
    near(5, nd.foldl(add, nd.zeros { 0 }, C(5.)))
  end)

  it("begin with the last element from the right", function()
    near(0, nd.foldr(function(a, x) return a - x end, C { 1., 2., 3. }))
  end)

  it("need something to begin with", function()
    refuses("foldl: there are no elements; give an initializer", nd.foldl, add,
      nd.zeros { 0 })
  end)
end)

describe("scan", function()
  it("gives all values of a fold", function()
    near({ 1, 3, 6 }, nd.scan(add, C { 1., 2., 3. }))
    near({ 11, 13, 16 }, nd.scan(add, C { 1., 2., 3. }, C(10.)))
    near({ 6, 5, 3 }, nd.scan(add, C { 1., 2., 3. }, { reverse = true }))
  end)
end)

describe("clip_by_global_norm", function()
  it("scales all tensors together, and keeps what is false", function()
    local list, norm = nd.clip_by_global_norm({ C { 3. }, false, C { { 4. } } },
      1.)
    near({ .6 }, list[1])
    assert.is_false(list[2])
    near({ { .8 } }, list[3])
    near(5, norm)
  end)

  it("leaves what is short as it is", function()
    local list = nd.clip_by_global_norm({ C { 3., 4. }, C { 0. } }, 5.)
    assert.are.same({ 3., 4. }, list[1]:totable())
    list = nd.clip_by_global_norm({ C { 0. } }, 1.)
    assert.are.same({ 0. }, list[1]:totable())
  end)

  it("makes all nan where the norm is not finite", function()
    local list, norm = nd.clip_by_global_norm({ C { 1 / 0 }, C { 1. } }, 1.)
    local x = list[2]:item()
    assert.is_true(x ~= x)
    assert.are.equal(1 / 0, norm:item())
  end)

  it("takes a norm that is known", function()
    local list = nd.clip_by_global_norm({ C { 4. } }, 1., { use_norm = C(8.) })
    near({ .5 }, list[1])
  end)

  it("keeps rows of gradients by rows", function()
    local g = nd.IndexedSlices(C { { 3., 4. } }, C { 2 }, { 3, 2 })
    local list = nd.clip_by_global_norm({ g }, 1.)
    assert.is_true(nd.is_indexed_slices(list[1]))
    near({ { .6, .8 } }, list[1].values)
  end)

  it("says what it cannot clip", function()
    refuses("clip_by_global_norm: t_list must be a list of tensors",
      nd.clip_by_global_norm, C { 1. }, 1.)
    refuses("clip_by_global_norm: clip_norm is missing: it must be a number",
      nd.clip_by_global_norm, { C { 1. } })
  end)
end)
