--- float16 and bfloat16, in which values are stored: made, moved, cast, printed
-- and read like others. Values are facts; ops on them, tests/op/test_stored.c.
package.path = "tests/lua/?.lua;" .. package.path
local cases = require "cases"
local nd = require "nadir"
local give, raise = cases.give, cases.raise

describe("a float of two bytes", function()
  it("is made of numbers, cast, and read", function()
    give [[
      nd.float16 .. " " .. nd.bfloat16          --> float16 bfloat16
      nd.constant(0.1, "float16")               --> float16 0.0999756
      nd.constant({1, 2.5}, "bfloat16")         --> bfloat16 {1 2.5}
      nd.cast(x, "float16")                     --> float16 {1 2 3 4 5 6}
      nd.cast(nd.cast(f, "bfloat16"), "float32")  --> float32 {0.5 1 2}
      nd.cast(f, "float16")[3]:item()           --> 2
      nd.zeros({2}, "float16")                  --> float16 {0 0}
      nd.ones_like(f, "bfloat16")               --> bfloat16 {1 1 1}
      nd.constant(nd.cast(f, "float16"), {shape = {3, 1}}).shape --> {3 1}
      nd.cast({1.5, 2}, "float16"):tobytes() == "\0\x3e\0\x40" --> true
      nd.from_bytes("\x80\x3f", "bfloat16")     --> bfloat16 {1}
    ]]
    raise [[
      nd.constant(true, "float16") --> constant: a boolean cannot be float16
      nd.constant(nd.cast(f, "float16"), "float32")
        --> constant: dtypes differ: float16 and float32; use nd.cast
    ]]
  end)

  it("is moved like any other", function()
    give [[
      nd.cast(m, "float16")[2]                        --> float16 {4 5 6}
      nd.cast(m, "float16")[{{}, {-1, 1, -2}}]        --> float16 {{3 1} {6 4}}
      nd.gather(nd.cast(f, "bfloat16"), {3, 1})       --> bfloat16 {2 0.5}
      nd.transpose(nd.cast(m, "float16"))
        --> float16 {{1 4} {2 5} {3 6}}
      nd.concat({nd.cast(f, "float16"), {3, 4}}, 1)   --> float16 {0.5 1 2 3 4}
      nd.split(nd.cast(x, "float16"), 3)[2]           --> float16 {3 4}
      nd.where({true, false, true}, nd.cast(f, "float16"), 0)
        --> float16 {0.5 0 2}
      nd.random.shuffle(nd.cast({7, 7}, "float16"))   --> float16 {7 7}
    ]]
  end)

  it("prints as in NumPy", function()
    assert.equal("nd.Tensor([1.e+00 1.e+03], shape=(2,), dtype=float16)",
      tostring(nd.constant({ 1, 1000 }, "float16")))
    assert.equal("nd.Tensor(0.1, shape=(), dtype=bfloat16)",
      tostring(nd.constant(0.1, "bfloat16")))
  end)

  it("may be the value of a Variable", function()
    local v = nd.Variable(nd.cast({ 1, 2, 3 }, "float16"))
    v:assign(nd.cast({ 4, 5, 6 }, "float16"))
    v[2] = 0.5
    v:scatter_nd_update({ { 1 } }, nd.constant({ 7 }, "float16"))
    assert.same({ 7., 0.5, 6. }, v:totable())
  end)

  it("is nothing to compute with", function()
    raise [[
      nd.cast(f, "float16") + 1
        --> add: a is float16, which is only stored; use nd.cast(x, nd.float32)
      f * nd.cast(f, "bfloat16")
        --> multiply: b is bfloat16, which is only stored; use nd.cast(x,
        ... nd.float32)
      nd.equal(nd.cast(f, "float16"), 1)
        --> equal: a is float16, which is only stored; use nd.cast(x,
        ... nd.float32)
      nd.Variable(nd.cast(f, "float16")):assign_add({1, 1, 1})
        --> assign_add: a is float16, which is only stored; use nd.cast(x,
        ... nd.float32)
      nd.Variable(nd.cast(f, "float16")):scatter_nd_add({{1}},
        ... nd.ones({1}, "float16"))
        --> scatter_nd_add: the variable is float16, which is only stored
      nd.gather(f, nd.cast({1}, "float16"))
        --> gather: indices must be integers, got float16; use nd.cast
      nd.random.uniform({2}, {dtype = "float16"})
        --> uniform: no such dtype here: float16
      nd.random.normal({2}, {dtype = "float16"})
        --> normal: dtype must be float32 or float64, got float16
      nd.IndexedSlices(nd.ones({1, 2}, "float16"), {1}, {3, 2})
        --> IndexedSlices: values must be numbers, got float16
      nd.reduce_sum(nd.cast(f, "float16"))
        --> reduce_sum: x is float16, which is only stored; use nd.cast(x,
        ... nd.float32)
    ]]
  end)
end)
