--- Kinds of arguments that only some ops take: pairs, pairs of axes, texts, and
-- lists of tensors that are written as arguments.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local give, raise = require "cases".give, require "cases".raise

describe("pairs", function()
  it("are a number, or one or two for each axis", function()
    give [[
      nd.pad({1, 2}, 1)            --> int32 {0 1 2 0}
      nd.pad({1, 2}, {1})          --> int32 {0 1 2 0}
      nd.pad({1, 2}, {{1, 0}})     --> int32 {0 1 2}
      nd.pad({1}, {{0, 2}}, "CONSTANT", 7)             --> int32 {1 7 7}
      nd.pad({1}, {{0, 2}}, { constant_values = 7 })   --> int32 {1 7 7}
      nd.pad{ x = {1, 2}, paddings = 1, mode = "SYMMETRIC" }
        --> int32 {1 1 2 2}
    ]]
    raise [[
      nd.pad({1}, {{1, 2, 3}}) --> pad: paddings must be numbers or {before,
        ... after} of each axis, got table
      nd.pad({1}, {{1, .5}})   --> pad: paddings must be whole numbers, got 0.5
      nd.pad({1}, 1, "wrap") --> pad: mode must be 'CONSTANT' or 'REFLECT' or
        ... 'SYMMETRIC', got 'wrap'
    ]]
  end)
end)

describe("words", function()
  it("may be in capitals or not", function()
    give [[
      nd.pad({1, 2}, 1, "Reflect")                  --> int32 {2 1 2 1}
      nd.sort({1, 2}, { direction = "descending" }) --> int32 {2 1}
      nd.norm({3., 4.}, "FRO")                      --> float32 5
      nd.nn.max_pool1d(nd.ones {1, 3, 1}, 2, 2, "same").shape --> {1 2 1}
    ]]
  end)
end)

describe("lists", function()
  it("may be tensors of whole numbers, as in TensorFlow", function()
    give [[
      nd.reshape({1, 2, 3, 4}, nd.constant {2, -1}) --> int32 {{1 2} {3 4}}
      nd.zeros(nd.constant {1, 2})                  --> float32 {{0 0}}
      nd.zeros(nd.constant(2))                      --> float32 {0 0}
      nd.zeros(nd.Variable {2})                     --> float32 {0 0}
      nd.pad({1}, nd.constant {{1, 2}})             --> int32 {0 1 0 0}
      nd.tile({1, 2}, nd.constant {2})              --> int32 {1 2 1 2}
      nd.transpose({{1, 2}}, nd.constant {2, 1})    --> int32 {{1} {2}}
      nd.reduce_sum({{1, 2}, {3, 4}}, nd.constant(2))      --> int32 {3 7}
      nd.reduce_sum({{1, 2}, {3, 4}}, nd.constant {1, 2})  --> int32 10
      nd.reshape({1}, nd.zeros({0}, "int32"))       --> int32 1
      nd.random.stateless_uniform({0}, nd.constant {1, 2}) --> float32 {}
    ]]
    raise [[
      nd.reshape({1, 2}, nd.constant {1.5, 2}) --> reshape: a size must be a
        ... whole number, got 1.5
      nd.reshape({1, 2}, nd.constant {{1, 2}}) --> reshape: a size must be a
        ... whole number, got table
      nd.reshape({1, 2}, nd.constant {true})   --> reshape: a size must be a
        ... whole number, got boolean
      nd.reduce_sum({1, 2}, nd.constant(.5))   --> reduce_sum: axis must be an
        ... axis or a list of axes, got 0.5
    ]]
  end)

  it("note that a tensor of theirs became numbers", function()
    local v = nd.Variable { 2., 1. }
    local tape <close> = nd.GradientTape()
    local y = nd.reshape({ 1., 2. }, v)
    assert.matches("read as a number", tape:explain(y, v))
  end)
end)

describe("a number or a word", function()
  it("is either", function()
    give [[
      nd.norm({3., 4.}, "fro")         --> float32 5
      nd.norm({3., 4.}, 1)             --> float32 7
      nd.norm({3., 4.}, math.huge)     --> float32 4
      nd.norm({3., 4.}, { ord = 1 })   --> float32 7
    ]]
    raise [[
      nd.norm({1.}, "one") --> norm: ord must be a number or 'euclidean' or
        ... 'fro' or 'nuc', got 'one'
    ]]
  end)
end)

describe("pairs of axes", function()
  it("are a number of axes, or axes or lists of both tensors", function()
    give [[
      nd.tensordot({1, 2}, {3, 4}, 1)                   --> int32 11
      nd.tensordot({1, 2}, {3, 4}, {1, -1})             --> int32 11
      nd.tensordot({{1, 2}}, {{3, 4}}, {{1, 2}, {1, 2}}) --> int32 11
      nd.tensordot({{1, 2}}, {{3, 4}}, {{}, {}}).shape   --> {1 2 1 2}
    ]]
    raise [[
      nd.tensordot({1}, {1}, {{1}, {1, 2}}) --> tensordot: axes has lists of
        ... different lengths
      nd.tensordot({1}, {1}, "1") --> tensordot: axes must be a number of axes
        ... or {of_a, of_b}, axes or lists of as many, got string
      nd.tensordot({1}, {1}, {1, 2, 3}) --> tensordot: axes must be a number of
        ... axes or {of_a, of_b}, axes or lists of as many, got table
      nd.tensordot({1}, {1}, {{1.5}, {1}}) --> tensordot: axes must be whole
        ... numbers, got 1.5
    ]]
  end)
end)

describe("a list of tensors at the end", function()
  it("may be written as arguments", function()
    give [[
      nd.einsum("ij,jk->ik", {m, nd.ones{3, 1}:cast("int32")})
        --> int32 {{6} {15}}
      nd.einsum("ij,jk->ik", m, nd.ones{3, 1}:cast("int32"))
        --> int32 {{6} {15}}
      nd.einsum("i,i", x, x)                     --> int32 91
      nd.einsum("i->", x)                        --> int32 21
      nd.einsum{ equation = "i->", inputs = {x} } --> int32 21
    ]]
    raise [[
      nd.einsum(m, m)     --> einsum: equation must be a string, got Tensor
      nd.einsum("i->")    --> einsum: inputs is missing: it must be a list of
        ... tensors
      nd.einsum("i", x, "x") --> einsum: inputs must be a tensor, got
        ... string
    ]]
  end)
end)

describe("a list of tensors before other arguments", function()
  it("may be written as arguments, two at least", function()
    give [[
      nd.meshgrid(nd.constant{1, 2}, nd.constant{3})[2]  --> int32 {{3 3}}
      nd.meshgrid(nd.constant{1, 2}, nd.constant{3}, "ij")[2]
        --> int32 {{3} {3}}
      nd.meshgrid(nd.constant{1, 2}, nd.constant{3}, { indexing = "ij" })[1]
        --> int32 {{1} {2}}
      nd.concat(nd.constant{1}, nd.constant{2}, 1)       --> int32 {1 2}
      nd.stack(nd.constant(1), nd.constant(2))           --> int32 {1 2}
    ]]
    raise [[
      nd.meshgrid(x)         --> meshgrid: values must be a list of tensors,
        ... got Tensor
      nd.concat(x, x)        --> concat: axis is missing: it must be a whole
        ... number
      nd.meshgrid(x, x, "xyz") --> meshgrid: indexing must be 'xy' or 'ij', got
        ... 'xyz'
    ]]
  end)
end)

describe("options that TensorFlow has", function()
  it("are refused with what to write", function()
    raise [[
      nd.top_k(x, { sorted = true }) --> top_k: unknown option 'sorted': it
        ... takes x, k; use no option: the largest comes first
      nd.matmul(m, m, { adjoint_b = true }) --> matmul: unknown option
        ... 'adjoint_b': it takes a, b, transpose_a, transpose_b; did you mean
        ... 'transpose_b'?
      nd.eye(2, { num_columns = 3 }) --> eye: unknown option 'num_columns': it
        ... takes rows, columns, dtype; did you mean 'columns'?
      nd.nn.hard_shrink({1.}, { lambda = 1 }) --> hard_shrink: unknown option
        ... 'lambda': it takes x, threshold; did you mean 'threshold'?
      nd.nn.relu({1.}, { name = "r" }) --> relu: unknown option 'name': it takes
        ... x; use no name: only Variables have one
    ]]
  end)
end)
