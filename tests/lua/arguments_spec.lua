--- Kinds of arguments that only some ops take: pairs, pairs of axes, texts, and
-- lists of tensors that are written as arguments.
package.path = "tests/lua/?.lua;" .. package.path
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
      nd.pad({1}, 1, "reflect") --> pad: mode must be 'CONSTANT' or 'REFLECT' or
        ... 'SYMMETRIC', got 'reflect'
    ]]
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
