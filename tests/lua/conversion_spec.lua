--- What Lua's values become beside tensors and without them, and what is said
-- of two dtypes. Values of single ops are facts.
package.path = "tests/lua/?.lua;" .. package.path
local cases = require "cases"
local give, raise = cases.give, cases.raise

assert(_VERSION == "Lua 5.4")

describe("a literal", function()
  it("has the dtype that all of its numbers need", function()
    give [[
      nd.convert_to_tensor(1)            --> int32 1
      nd.constant(2147483647)            --> int32 2147483647
      nd.constant(2147483648)            --> int64 2147483648
      nd.constant(-2147483649)           --> int64 -2147483649
      nd.constant({1, 1 << 40}).dtype    --> int64
      nd.constant(2 ^ 70).dtype          --> float32
      nd.constant({1, 2.5})              --> float32 {1 2.5}
      nd.constant({true, false})         --> bool {true false}
      nd.constant({})                    --> float32 {}
      nd.constant({{}, {}}).shape        --> {2 0}
    ]]
    raise [[
      nd.constant({true, 1})     --> constant: a boolean cannot be int32
      nd.constant({1.5, true})   --> constant: a boolean cannot be float32
      nd.constant("1")
        --> constant: value must be a tensor, got string
      nd.constant({"a"})
        --> constant: a value must be a number or a boolean, got string
      nd.constant()
        --> constant: value is missing: it must be a tensor
    ]]
  end)

  it("becomes the dtype that is asked for, if it can be it", function()
    give [[
      nd.constant(2, "float64")          --> float64 2
      nd.constant({1.0, 2.0}, "int64")   --> int64 {1 2}
      nd.constant(255, "uint8")          --> uint8 255
    ]]
    raise [[
      nd.constant(1.5, "int32") --> constant: 1.5 is not a whole number, and
        ... the dtype is int32; use nd.cast
      nd.constant(300, "uint8")  --> constant: 300 does not fit uint8
      nd.constant(1 << 40, "int32")
        --> constant: 1099511627776 does not fit int32
      nd.constant(true, "float32") --> constant: a boolean cannot be float32
      nd.constant(1, "bool")       --> constant: a number cannot be bool
      nd.constant(f, "float64")
        --> constant: dtypes differ: float32 and float64; use nd.cast
    ]]
  end)

  it("becomes what the tensor beside it is", function()
    give [[
      f + 1                       --> float32 {1.5 2 3}
      f * {2, 2, 0.5}             --> float32 {1 2 1}
      nd.cast(f, "float64") + .5  --> float64 {1 1.5 2.5}
      2.0 * x[{{1, 2}}]           --> int32 {2 4}
    ]]
    raise [[
      x + 1.5  --> add: 1.5 is not a whole number, and the dtype is int32;
        ... use nd.cast
      1.5 - x  --> subtract: 1.5 is not a whole number, and the dtype is int32;
        ... use nd.cast
      nd.constant({1, 2}) * {1.5, 2} --> multiply: 1.5 is not a whole number,
        ... and the dtype is int32; use nd.cast
      x + (1 << 40)              --> add: 1099511627776 does not fit int32
      nd.constant(1, "uint8") + 300 --> add: 300 does not fit uint8
      f + nd.constant(1.0, "float64")
        --> add: dtypes differ: float32 and float64; use nd.cast(x, nd.float32)
    ]]
  end)

  it("beside another has the dtype that both need", function()
    give [[
      nd.add(2.5, 1)              --> float32 3.5
      nd.add(1, 2.5)              --> float32 3.5
      nd.add(1, {2.5})            --> float32 {3.5}
      nd.add(1, 2)                --> int32 3
    ]]
  end)
end)

describe("whole numbers", function()
  it("are divided as floats, or down, and never by 0", function()
    give [[
      nd.constant(1) / 2                   --> float32 0.5
      nd.constant(1) / 0                   --> float32 inf
      nd.constant({7, -7}) // 2            --> int32 {3 -4}
      nd.constant({7, -7}) % 3             --> int32 {1 2}
      nd.reduce_mean({1, 0, 1, 0})         --> int32 0
      nd.reduce_mean({-3, -4})             --> int32 -3
    ]]
    raise [[
      x // 0                       --> floordiv: integer division by zero
      x % 0                        --> mod: integer division by zero
      nd.constant(true) / true     --> divide: a must be numbers, got bool;
        ... use nd.cast
    ]]
  end)

  it("are cast toward zero, and rounded to even", function()
    give [[
      nd.cast({1.7, -1.7}, "int32")        --> int32 {1 -1}
      nd.cast({0 / 0, 3e10}, "int32")      --> int32 {-2147483648 -2147483648}
      nd.round({0.5, 1.5, 2.5, -0.5})      --> float32 {0 2 2 -0}
    ]]
  end)
end)

describe("nothing", function()
  it("has a sum, a product and extremes", function()
    give [[
      nd.reduce_sum({})                            --> float32 0
      nd.reduce_prod({})                           --> float32 1
      nd.reduce_max({})                            --> float32 -inf
      nd.reduce_min({})                            --> float32 inf
      nd.is_nan(nd.reduce_mean({}))                --> bool true
      nd.reduce_sum(nd.zeros({0}, "int32"))        --> int32 0
      nd.reduce_prod(nd.zeros({0}, "int32"))       --> int32 1
      nd.reduce_max(nd.zeros({0}, "int32"))        --> int32 -2147483648
      nd.reduce_min(nd.zeros({0}, "int32"))        --> int32 2147483647
      nd.reduce_mean(nd.zeros({0}, "int32"))       --> int32 0
    ]]
  end)
end)

describe("positions", function()
  it("come first of equals, and are there", function()
    give [[
      nd.argmax({1, 3, 3})                   --> int64 2
      nd.one_hot({2, 9, -1}, 2)              --> float32 {{0 1} {0 0} {0 0}}
      nd.gather({1, 2}, {-1})                --> int32 {2}
      nd.linspace(0, 1, 3)                   --> float32 {0 0.5 1}
      nd.linspace(0, 1, 1)                   --> float32 {0}
      nd.linspace(0, 1, 0)                   --> float32 {}
    ]]
    raise [[
      nd.gather({1, 2}, {3})       --> gather: index 3 is outside 1..2
      nd.one_hot({0}, 2)  --> one_hot: label 0: labels count from 1 here; -1
        ... and labels above the depth give rows of zeros
    ]]
  end)
end)

describe("shapes", function()
  it("broadcast, or are shown", function()
    give [[
      m + {10, 20, 30}             --> int32 {{11 22 33} {14 25 36}}
      nd.zeros({2, 1}) + f         --> float32 {{0.5 1 2} {0.5 1 2}}
    ]]
    raise [[
      nd.zeros(2) + nd.zeros(3) --> add: shapes do not broadcast: [2] and [3]
      nd.matmul(f, f)           --> matmul: needs at least 2 axes: a is [3]
    ]]
  end)

  it("have a length along the first axis, where ipairs ends", function()
    give [[
      (function() local n = 0
      ... for i in ipairs(m) do n = n + i end return n end)()
        --> 3
      (function() local n = 0
      ... for i in ipairs(nd.Variable({1, 2})) do n = n + i end return n end)()
        --> 3
      #m                           --> 2
    ]]
    raise [[
      #nd.constant(1)              --> #: needs an axis: x is []
    ]]
  end)
end)
