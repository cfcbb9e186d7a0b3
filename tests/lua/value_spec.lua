--- Lua values as tensors: numbers, booleans, nested tables, sizes and dtypes,
-- and what none of these may be.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local cases = require "cases"
local refusal = require "support".refusal
local give, raise = cases.give, cases.raise

assert(_VERSION == "Lua 5.4")

-- A table nested to that depth around a number.
local function nest(depth, inner)
  local t = inner or 1
  for _ = 1, depth do
    t = { t }
  end
  return t
end

describe("a Lua value", function()
  it("that is an integer is int32, or int64 when it does not fit", function()
    give [[
      nd.constant(3)              --> int32 3
      nd.constant(-2147483648)    --> int32 -2147483648
      nd.constant(2147483647)     --> int32 2147483647
      nd.constant(2147483648)     --> int64 2147483648
      nd.constant(-2147483649)    --> int64 -2147483649
      nd.constant(math.maxinteger) --> int64 9223372036854775807
      nd.constant({1, 2^31|0})    --> int64 {1 2147483648}
    ]]
  end)

  it("that is a float is float32, even if it is whole", function()
    give [[
      nd.constant(1.5)        --> float32 1.5
      nd.constant(2.0)        --> float32 2
      nd.constant(2^31)       --> float32 2.14748e+09
      nd.constant(1/0)        --> float32 inf
      nd.constant(1e300)      --> float32 inf
      nd.constant({1, 2.5})   --> float32 {1 2.5}
      nd.constant({2.5, 1})   --> float32 {2.5 1}
      nd.constant({{1}, {.5}}) --> float32 {{1} {0.5}}
    ]]
  end)

  it("that is a boolean is bool", function()
    give [[
      nd.constant(true)                --> bool true
      nd.constant({{true}, {false}})   --> bool {{true} {false}}
    ]]
  end)

  it("that is an empty table is float32 of size 0", function()
    give [[
      nd.constant({})                  --> float32 {}
      nd.constant({{}, {}})            --> float32 {{} {}}
      nd.constant({{}, {}}).shape      --> {2 0}
      nd.constant({}, "int32")         --> int32 {}
    ]]
  end)

  it("nests in up to eight levels", function()
    assert.same({ 1, 1, 1, 1, 1, 1, 1, 1 }, nd.constant(nest(8)).shape)
    assert.matches("constant: a table is nested deeper than 8$",
      refusal(nd.constant, nest(9)))
    assert.matches("square: a table is nested deeper than 8$",
      refusal(nd.square, nest(5000)))
  end)

  it("may not contain itself", function()
    local t = {}
    t[1] = t
    assert.matches("constant: a table is nested deeper than 8$",
      refusal(nd.constant, t))
    t = { 1 }
    t[2] = t
    assert.matches("constant: ragged table: level 1 has values and a table$",
      refusal(nd.constant, t))
  end)

  it("that contains itself often is refused at once", function()
    local t = {}
    for i = 1, 100 do
      t[i] = t
    end
    local start = os.clock()
    assert.matches("nested deeper than 8$", refusal(nd.constant, t))
    assert.matches("nested deeper than 8$", refusal(nd.square, t))
    assert.matches("nested deeper than 8$", refusal(nd.stack, { t, t }))
    assert.is_true(os.clock() - start < 1)
  end)

  it("must be rectangular", function()
    raise [[
      nd.constant({{1, 2}, {3}})
        --> constant: ragged table: level 2 has 2 and 1 values
      nd.constant({{}, {1}})
        --> constant: ragged table: level 2 has 0 and 1 values
      nd.constant({1, {2}})
        --> constant: ragged table: level 1 has values and a table
      nd.constant({{1}, 2})
        --> constant: ragged table: level 2 has a table and a number
      nd.square({{1, 2}, {3}})
        --> square: ragged table: level 2 has 2 and 1 values
      x + {{1}, 2}
        --> add: ragged table: level 2 has a table and a number
    ]]
  end)

  it("has no gaps and no names", function()
    raise [[
      nd.constant({1, nil, 3})       --> constant: a table has gaps
      nd.constant({[2] = 1})         --> constant: a table has gaps
      nd.constant({1, [1.5] = 2})    --> constant: a table has gaps
      nd.constant({1, [true] = 2})   --> constant: a table has gaps
      nd.constant({1, 2, y = 3})
        --> constant: a table mixes values with the name 'y'
      nd.constant({y = 3})
        --> constant: unknown option 'y': it takes value, dtype, shape
      nd.constant({{1, y = 2}})
        --> constant: a table mixes values with the name 'y'
    ]]
  end)

  it("is never a string", function()
    raise [[
      nd.constant("2")
        --> constant: value must be a tensor, got string
      nd.constant({"2"})
        --> constant: a value must be a number or a boolean, got string
      nd.constant({1, "2"})
        --> constant: a value must be a number or a boolean, got string
      x + "1"                        --> add: b must be a tensor, got string
      "1" + x                        --> add: a must be a tensor, got string
      nd.square("3")                 --> square: x must be a tensor, got string
      nd.square({"3"})
        --> square: a value must be a number or a boolean, got string
      nd.zeros("3")
        --> zeros: a size must be a whole number, got string
      nd.zeros({"3"})
        --> zeros: a size must be a whole number, got string
      m:reduce_sum("1")
        --> reduce_sum: axis must be an axis or a list of axes, got string
      m:reduce_sum({"1"})
        --> reduce_sum: axis must be whole numbers, got string
      nd.gather(x, "1")
        --> gather: indices must be a tensor, got string
      x[{ {"1", 2} }]
        --> slice: ranges must be whole numbers, got string
      nd.one_hot(x, "3")
        --> one_hot: depth must be a whole number, got string
      nd.random.normal({2}, "1")
        --> normal: mean must be a number, got string
      nd.Variable("1")
        --> Variable: value must be a tensor, got string
      nd.Variable(1):assign("1")
        --> assign: value must be a tensor, got string
    ]]
  end)

  it("is nothing else either", function()
    raise [[
      nd.constant()
        --> constant: value is missing: it must be a tensor
      nd.constant(nil)
        --> constant: value is missing: it must be a tensor
      nd.constant(print)
        --> constant: value must be a tensor, got function
      nd.constant({print})
        --> constant: a value must be a number or a boolean, got function
      nd.constant(io.stdout)
        --> constant: value must be a tensor, got FILE*
      nd.constant({io.stdout})
        --> constant: a value must be a number or a boolean, got FILE*
      nd.constant({x, x})
        --> constant: a value must be a number or a boolean, got Tensor
      nd.square(io.stdout)           --> square: x must be a tensor, got FILE*
      nd.square(coroutine.create(print))
        --> square: x must be a tensor, got thread
      x + io.stdout                  --> add: b must be a tensor, got FILE*
      io.stdout + x                  --> add: a must be a tensor, got FILE*
      nd.Variable(io.stdout)
        --> Variable: value must be a tensor, got FILE*
      nd.Variable(1):assign(io.stdout)
        --> assign: value must be a tensor, got FILE*
    ]]
  end)

  it("takes the dtype that is asked for", function()
    give [[
      nd.constant(1, "float64")               --> float64 1
      nd.constant(1, {dtype = "uint8"})       --> uint8 1
      nd.constant(2.0, {dtype = "int32"})     --> int32 2
      nd.constant({1, 2}, {dtype = nd.float32}) --> float32 {1 2}
      nd.constant(x, "int32")                 --> int32 {1 2 3 4 5 6}
    ]]
  end)

  it("is not changed to fit a dtype", function()
    raise [[
      nd.constant(1.5, "int32")
        --> constant: 1.5 is not a whole number, and the dtype is int32; use
        ... nd.cast
      nd.constant(300, "uint8")      --> constant: 300 does not fit uint8
      nd.constant(-1, "uint8")       --> constant: -1 does not fit uint8
      nd.constant(2147483648, "int32")
        --> constant: 2147483648 does not fit int32
      nd.constant(1/0, "int32")
        --> constant: inf is not a whole number, and the dtype is int32; use
        ... nd.cast
      nd.constant(1, "bool")         --> constant: a number cannot be bool
      nd.constant(true, "int32")     --> constant: a boolean cannot be int32
      nd.constant({1, true})         --> constant: a boolean cannot be int32
      nd.constant({true, 1.5})       --> constant: a boolean cannot be float32
      nd.constant(x, "float32")
        --> constant: dtypes differ: int32 and float32; use nd.cast
    ]]
  end)

  it("takes the shape that is asked for", function()
    give [[
      nd.constant(1, {shape = {2, 2}})            --> int32 {{1 1} {1 1}}
      nd.constant({1, 2, 3, 4}, {shape = {2, 2}}) --> int32 {{1 2} {3 4}}
      nd.constant({1, 2}, "int64", {2, 1})        --> int64 {{1} {2}}
      nd.constant({7}, {shape = {}})              --> int32 7
      nd.constant({}, {shape = {0, 4}}).shape     --> {0 4}
    ]]
    raise [[
      nd.constant({1, 2, 3}, {shape = {2, 2}})
        --> constant: sizes differ: value is [3], shape is [2 2]
      nd.constant({1, 2, 3}, {shape = -1})
        --> constant: negative size: [-1]
      nd.constant({1, 2, 3}, {shape = "3"})
        --> constant: a size must be a whole number, got string
    ]]
  end)

  it("beside a tensor takes the tensor's dtype", function()
    give [[
      f + 1                        --> float32 {1.5 2 3}
      x * 2.0                      --> int32 {2 4 6 8 10 12}
      f + {1, 2, 3}                --> float32 {1.5 3 5}
      nd.cast(f, "float64") * 2    --> float64 {1 2 4}
      nd.maximum(2, f)             --> float32 {2 2 2}
      nd.where({true, false, true}, f, 0) --> float32 {0.5 0 2}
      nd.where({true, false, true}, 0, f) --> float32 {0 1 0}
    ]]
  end)

  it("among others gives all of them their common dtype", function()
    give [[
      nd.add(1, 2)                 --> int32 3
      nd.add(1, 2.5)               --> float32 3.5
      nd.add(2.5, 1)               --> float32 3.5
      nd.add(1, 2^40|0)            --> int64 1099511627777
      nd.where(true, 1, 2.5)       --> float32 1
      nd.stack {1, 2.5}            --> float32 {1 2.5}
      nd.stack {{1, 2}, {3, 4.5}}  --> float32 {{1 2} {3 4.5}}
      nd.concat({{1}, {2.5}}, 1)   --> float32 {1 2.5}
      nd.exp(0)                    --> float32 1
      nd.sqrt({4, 9})              --> float32 {2 3}
    ]]
  end)
end)

describe("a size", function()
  it("is a whole number", function()
    give [[
      nd.zeros(2)                  --> float32 {0 0}
      nd.zeros(2.0)                --> float32 {0 0}
      nd.zeros({})                 --> float32 0
      nd.zeros(0)                  --> float32 {}
      nd.zeros({0, 3}).shape       --> {0 3}
    ]]
    raise [[
      nd.zeros()
        --> zeros: shape is missing: it must be a whole number or a list of them
      nd.zeros(2.5)
        --> zeros: a size must be a whole number, got 2.5
      nd.zeros({2, 2.5})
        --> zeros: a size must be a whole number, got 2.5
      nd.zeros(1/0)
        --> zeros: a size must be a whole number, got inf
      nd.zeros(-1/0)
        --> zeros: a size must be a whole number, got -inf
      nd.zeros(true)
        --> zeros: a size must be a whole number, got boolean
      nd.zeros({2, x})
        --> zeros: a size must be a whole number, got Tensor
      nd.zeros({2, {3}})
        --> zeros: a size must be a whole number, got table
    ]]
    assert.matches("zeros: a size must be a whole number, got %-?nan$",
      refusal(nd.zeros, 0 / 0))
  end)

  it("is not negative", function()
    raise [[
      nd.zeros(-1)                 --> zeros: negative size: [-1]
      nd.ones({2, -1})             --> ones: negative size: [2 -1]
      nd.eye(-1)                   --> eye: negative size: [-1 -1]
      nd.random.normal({-2})       --> normal: negative size: [-2]
      nd.fill({-2}, 1)             --> fill: negative size: [-2]
      nd.linspace(0, 1, -1)        --> linspace: num is negative: -1
      nd.one_hot({1}, -1)
        --> one_hot: no such shape: indices is [1], depth -1
      m:reshape({-2, 3})           --> reshape: bad shape: [-2 3]
      m:reshape({-1, -1})          --> reshape: bad shape: [-1 -1]
    ]]
  end)

  it("times the others does not overflow", function()
    raise [[
      nd.zeros({1e18, 1e18})
        --> zeros: too large: [1000000000000000000 1000000000000000000] of
        ... float32
      nd.ones({1e18|0, 1e18|0})
        --> ones: too large: [1000000000000000000 1000000000000000000] of
        ... float32
      nd.zeros(math.maxinteger)
        --> zeros: too large: [9223372036854775807] of float32
      nd.eye(1e18)
        --> eye: too large: [1000000000000000000 1000000000000000000] of float32
      nd.broadcast_to(1, {1e9, 1e9, 1e9})
        --> broadcast_to: too large: [1000000000 1000000000 1000000000]
      nd.zeros(1e300)
        --> zeros: a size must be a whole number, got 1e+300
      nd.zeros({0, 1e18, 1e18})
        --> zeros: too large: [0 1000000000000000000 1000000000000000000] of
        ... float32
    ]]
  end)

  it("beyond all memory is an error that can be caught", function()
    for _ = 1, 3 do
      assert.matches("zeros: out of memory: %d+ bytes",
        refusal(nd.zeros, { 1e9, 1e9 }))
    end
    assert.equal(3, nd.reduce_sum(nd.ones(3)):item())
  end)

  it("comes in lists of up to eight, without gaps or names", function()
    raise [[
      nd.zeros({1,1,1,1,1,1,1,1,1})  --> zeros: at most 8 axes, got 9
      nd.zeros({2, nil, 3})          --> zeros: a table has gaps
      nd.zeros({2, dtype = "bool"})
        --> zeros: a table mixes values with the name 'dtype'
      nd.constant({1, 2}, {shape = {2, y = 1}})
        --> constant: a table mixes values with the name 'y'
    ]]
  end)
end)

describe("a dtype", function()
  it("is named by a string", function()
    give [[
      nd.zeros(1, "int64")           --> int64 {0}
      nd.zeros(1, {dtype = "bool"})  --> bool {false}
      nd.float32                     --> float32
      nd.bool                        --> bool
      nd.cast(x, nd.float64).dtype   --> float64
    ]]
    raise [[
      nd.zeros(1, "float")           --> zeros: no such dtype: 'float'
      nd.zeros({2}, 3)
        --> zeros: dtype must be the name of a dtype, got number
      nd.cast(x, "string")           --> cast: no such dtype: 'string'
      nd.cast(x, 3)
        --> cast: dtype must be the name of a dtype, got number
      nd.cast(x)
        --> cast: dtype is missing: it must be the name of a dtype
      nd.constant(1, {dtype = "f4"}) --> constant: no such dtype: 'f4'
      nd.Variable(1, {dtype = "f4"}) --> Variable: no such dtype: 'f4'
    ]]
  end)
end)
