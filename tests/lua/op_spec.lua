--- Ops as Lua sees them: the ways to call one, its operators and methods, and
-- what a call refuses. What ops compute are facts.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local cases = require "cases"
local give, raise = cases.give, cases.raise

assert(_VERSION == "Lua 5.4")

describe("the list of ops", function()
  local function home(op)
    local module = op.module and nd[op.module]
    return module and module[op.name]
  end

  it("has each where it says", function()
    for _, op in ipairs(nd.ops()) do
      assert.is_true(op.module == nil or home(op) ~= nil, op.name)
      if op.inside then
        assert.is_false(pcall(function() return nd[op.name] end), op.name)
      else
        assert.is_function(nd[op.name], op.name)
      end
    end
  end)

  it("has a method of each that takes a tensor first", function()
    local x, scalar = nd.zeros { 2 }, nd.constant(0.0)
    local v = nd.Variable { 1 }
    for _, op in ipairs(nd.ops()) do
      local is_method = op.params[1].kind == "tensor"
      for _, owner in ipairs { x, scalar, v } do
        local ok, method = pcall(function() return owner[op.name] end)
        assert.equal(is_method, ok and type(method) == "function", op.name)
      end
    end
  end)

  it("has a text, parameters and a kind of derivative for each", function()
    local names = {}
    for _, op in ipairs(nd.ops()) do
      assert.is_nil(names[op.name], op.name .. " is there twice")
      names[op.name] = true
      assert.is_true(#op.doc > 0 and not op.doc:find("^%u%l"), op.name)
      assert.is_nil(op.doc:find("%.$"), op.name)
      assert.is_true(#op.params > 0, op.name)
      assert.is_truthy(({ none = 1, slope = 1, linear = 1, bilinear = 1,
        vjp = 1, composed = 1 })[op.derivative], op.name)
    end
  end)

  it("refuses in every op an unknown option and too many arguments", function()
    for _, op in ipairs(nd.ops()) do
      local f = home(op) or nd[op.name]
      local ok, message = pcall(f, { nonsense = 1 })
      assert.is_false(ok)
      assert.matches("unknown option 'nonsense': it takes [%w_, ]+$", message)
      local many = {}
      for i = 1, #op.params + 2 do
        many[i] = 1.5
      end
      ok, message = pcall(f, table.unpack(many))
      assert.is_false(ok)
      assert.matches(op.name .. ": takes at most %d+ arguments?, got %d+$",
        message)
    end
  end)

  it("refuses in every op a foreign userdata and nil", function()
    for _, op in ipairs(nd.ops()) do
      local f = home(op) or nd[op.name]
      for i = 1, #op.params do
        local arguments = { 1, 1, 1, 1, 1 }
        arguments[i] = io.stdout
        local ok, message = pcall(f, table.unpack(arguments, 1, #op.params))
        assert.is_false(ok, op.name)
        assert.matches("op_spec.lua:%d+: " .. op.name .. ": ", message)
      end
      local ok, message = pcall(f)
      assert.is_false(ok, op.name)
      assert.matches("op_spec.lua:%d+: " .. op.name .. ": [%w_]+ is missing",
        message)
    end
  end)

  it("has each hand its call to an object that takes it", function()
    local got
    local object = setmetatable({}, { __name = "Object", __apply = function(...)
      got = table.pack(...)
      return 1, nil, 3
    end })
    for _, op in ipairs(nd.ops()) do
      local f = home(op) or nd[op.name]
      local first = op.params[1]
      local path = (op.inside and op.module .. "." or "") .. op.name
      if first.kind:find "^tensor" then
        local x = first.kind == "tensor" and object or { 1, object }
        local options = { [first.name] = x }
        assert.same({ n = 3, 1, nil, 3 }, table.pack(f(options)), op.name)
        assert.same({ n = 2, path, options }, got)
        if #op.params > 1 then
          f(x, "anything")
          assert.same({ n = 3, path, x, "anything" }, got)
        end
      end
    end
    assert.equal(1, nd.matmul(nd.ones { 2, 2 }, object))
    assert.equal(1, (nd.ones { 2 }:maximum(object)))
    local ok, message = pcall(nd.relu, setmetatable({}, {
      __apply = function() error("no such op", 0) end }))
    assert.is_false(ok)
    assert.equal("no such op", message)
  end)

  it("has none that takes an object for values", function()
    local object = setmetatable({ 1, 2 }, { __name = "Object" })
    local ok, message = pcall(nd.relu, object)
    assert.is_false(ok)
    assert.matches("relu: x must be a tensor, got Object$", message)
  end)
end)

describe("an op", function()
  it("takes its arguments by position, by name, or as a method", function()
    give [[
      nd.reduce_sum(m, 1, true)                   --> int32 {{5 7 9}}
      nd.reduce_sum(m, {axis = 1, keepdims = true}) --> int32 {{5 7 9}}
      nd.reduce_sum(m, 1, {keepdims = true})      --> int32 {{5 7 9}}
      nd.reduce_sum({x = m, axis = 1})            --> int32 {5 7 9}
      m:reduce_sum(1, true)                       --> int32 {{5 7 9}}
      m:reduce_sum {axis = 1, keepdims = true}    --> int32 {{5 7 9}}
      m:reduce_sum(nil, true)                     --> int32 {{21}}
      m:reduce_sum()                              --> int32 21
      nd.add {a = 1, b = 2}                       --> int32 3
      nd.add(x, {b = 2})                          --> int32 {3 4 5 6 7 8}
      nd.stack {values = {1, 2}, axis = 1}        --> int32 {1 2}
      x:cast("bool"):reduce_all()                 --> bool true
      x:cast {dtype = "float64"}    --> float64 {1 2 3 4 5 6}
      nd.log_sigmoid({-1000, 0})    --> float32 {-1000 -0.693147}
      nd.constant(0.0):log_sigmoid() --> float32 -0.693147
    ]]
  end)

  it("tells a list from options", function()
    give [[
      nd.reduce_sum(m, {1, 2})     --> int32 21
      nd.reduce_sum({1, 2, 3})     --> int32 6
      nd.reduce_sum(m, {})         --> int32 {{1 2 3} {4 5 6}}
      nd.zeros({2}, {dtype = "int32"}) --> int32 {0 0}
    ]]
    raise [[
      m:reduce_sum({1, keepdims = true})
        --> reduce_sum: a table mixes values with the name 'keepdims'
      m:reduce_sum({[5] = 2, axis = 1})
        --> reduce_sum: a table mixes values with the name 'axis'
      m:reduce_sum({[2] = 1})               --> reduce_sum: a table has gaps
      nd.stack {x, x, axis = 1}
        --> stack: a table mixes values with the name 'axis'
    ]]
  end)

  it("knows its options", function()
    raise [[
      m:reduce_sum({axes = 1})
        --> reduce_sum: unknown option 'axes': it takes x, axis, keepdims;
        ... did you mean 'axis'?
      m:reduce_sum(1, {keep = true})
        --> reduce_sum: unknown option 'keep': it takes x, axis, keepdims
      nd.add {a = 1, c = 2} --> add: unknown option 'c': it takes a, b
      nd.random.uniform({2}, {low = 1})
        --> uniform: unknown option 'low': it takes shape, minval, maxval,
        ... dtype, seed; did you mean 'minval'?
    ]]
  end)

  it("takes an argument once", function()
    raise [[
      m:reduce_sum(1, {axis = 2})           --> reduce_sum: axis is given twice
      m:reduce_sum(1, true, {keepdims = true})
        --> reduce_sum: keepdims is given twice
      nd.add(x, {a = 2})                    --> add: a is given twice
      nd.add(x, 1, {b = 2})                 --> add: b is given twice
      nd.range(1, 2, {start = 1})           --> range: start is given twice
    ]]
    give [[
      m:reduce_sum(nil, {axis = 2})         --> int32 {6 15}
    ]]
  end)

  it("takes as many arguments as it has", function()
    raise [[
      m:reduce_sum(1, true, 3)
        --> reduce_sum: takes at most 3 arguments, got 4
      nd.add(1, 2, 3)               --> add: takes at most 2 arguments, got 3
      nd.square(1, nil)             --> square: takes at most 1 argument, got 2
      m:reshape({3, 2}, 1)
        --> reshape: takes at most 2 arguments, got 3
      nd.zeros({2}, nil, 4)         --> zeros: takes at most 2 arguments, got 3
    ]]
  end)

  it("misses what has no initial value", function()
    raise [[
      nd.square()
        --> square: x is missing: it must be a tensor
      nd.square(nil)
        --> square: x is missing: it must be a tensor
      nd.add(1)                     --> add: b is missing: it must be a tensor
      nd.add(nil, 1)                --> add: a is missing: it must be a tensor
      nd.add {b = 1}                --> add: a is missing: it must be a tensor
      nd.reduce_sum(nil, 1)
        --> reduce_sum: x is missing: it must be a tensor
      nd.cast(x)
        --> cast: dtype is missing: it must be the name of a dtype
      nd.zeros()
        --> zeros: shape is missing: it must be a whole number or a list
        ... of them
      m:reshape()
        --> reshape: shape is missing: it must be a whole number or a list
        ... of them
      m:expand_dims()
        --> expand_dims: axis is missing: it must be a whole number
      nd.concat {x, x}
        --> concat: axis is missing: it must be a whole number
      nd.concat()
        --> concat: values is missing: it must be a list of tensors
      nd.concat(nil, 1)
        --> concat: values is missing: it must be a list of tensors
      nd.where()
        --> where: condition is missing: it must be a tensor
      nd.linspace(0, 1)
        --> linspace: num is missing: it must be a whole number
      nd.one_hot(x)
        --> one_hot: depth is missing: it must be a whole number
      nd.random.normal()
        --> normal: shape is missing: it must be a whole number or a list
        ... of them
      nd.matmul(m)
        --> matmul: b is missing: it must be a tensor
      x + nil                       --> add: b is missing: it must be a tensor
      nil + x                       --> add: a is missing: it must be a tensor
    ]]
  end)

  it("says that a shape is a table", function()
    raise [[
      nd.zeros(2, 3)     --> zeros: a shape is a table: {2, 3}, not 2, 3
      nd.ones(2, 3, 4)   --> ones: a shape is a table: {2, 3, 4}, not 2, 3, 4
      nd.fill(2, 3, 7)   --> fill: a shape is a table: {2, 3}, not 2, 3
      m:reshape(3, -1)   --> reshape: a shape is a table: {3, -1}, not 3, -1
      m:broadcast_to(1, 2, 3)
        --> broadcast_to: a shape is a table: {1, 2, 3}, not 1, 2, 3
    ]]
    local _, message = pcall(nd.random.normal, 2, 3)
    assert.matches("normal: a shape is a table: {2, 3}, not 2, 3; "
      .. "write {2} if 3 is the mean$", message)
    _, message = pcall(nd.random.uniform, 2, 0, 3, "int32")
    assert.matches("uniform: a shape is a table: {2, 0, 3}, not 2, 0, 3; "
      .. "write {2} if 0 is the minval$", message)
    assert.are.same({ 7, 7 }, nd.fill(2, 7):totable())
    assert.are.equal(2, nd.random.normal(2, 3.).size)
    assert.are.equal(2, nd.random.normal({ 2 }, 3).size)
  end)

  it("refuses integers that float64 cannot tell apart", function()
    local _, message = pcall(nd.random.uniform, 2, 0., (1 << 53) + 1, "int64")
    assert.matches("uniform: maxval must be a number that float64 has, got "
      .. "9007199254740993$", message)
  end)

  it("takes no name with a NUL", function()
    assert.is_false(pcall(nd.zeros, 1, "int32\0"))
    assert.is_false(pcall(nd.zeros, { 1, ["dtype\0"] = "int32" }))
  end)

  it("checks the kinds of its options", function()
    raise [[
      m:reduce_sum(1, 1)
        --> reduce_sum: keepdims must be true or false, got 1
      m:reduce_sum(1, "true")
        --> reduce_sum: keepdims must be true or false, got string
      m:reduce_sum(1.5)
        --> reduce_sum: axis must be an axis or a list of axes, got 1.5
      m:reduce_sum(x)
        --> reduce_sum: axis 3 is outside 1..2
      m:reduce_sum({1, 1.5})
        --> reduce_sum: axis must be whole numbers, got 1.5
      nd.one_hot(x, 2.5)
        --> one_hot: depth must be a whole number, got 2.5
      m:expand_dims({1})
        --> expand_dims: axis must be a whole number, got table
      nd.matmul(m, m, 1)
        --> matmul: transpose_a must be true or false, got 1
      nd.random.normal({2}, true)
        --> normal: mean must be a number, got boolean
      nd.concat(x, 1)
        --> concat: values must be a list of tensors, got Tensor
      nd.stack("ab")
        --> stack: values must be a list of tensors, got string
    ]]
  end)

  it("counts axes from 1, or from -1 at the end", function()
    give [[
      m:reduce_sum({1, -1})         --> int32 21
      m:transpose({2, 1})           --> int32 {{1 4} {2 5} {3 6}}
    ]]
    raise [[
      m:reduce_sum(0)
        --> reduce_sum: axis 0: axes count from 1 here; TensorFlow's axis 0 is 1
      m:reduce_sum(2^40|0)
        --> reduce_sum: axis 1099511627776 is outside 1..2
      m:reduce_sum({1,1,1,1,1,1,1,1,1}) --> reduce_sum: at most 8 axes, got 9
    ]]
  end)

  it("refuses tensors of different dtypes and shows both", function()
    raise [[
      f + x
        --> add: dtypes differ: float32 and int32; use nd.cast(x, nd.float32)
      nd.exp(x)
        --> exp: x must be float32 or float64, got int32; use nd.cast
    ]]
  end)

  it("shows the shapes that do not fit", function()
    raise [[
      x + {1, 2}
        --> add: shapes do not broadcast: [6] and [2]
      nd.concat({}, 1)              --> concat: needs at least one tensor
    ]]
  end)
end)

describe("an operator", function()
  it("takes a tensor on either side", function()
    give [[
      x + 1      --> int32 {2 3 4 5 6 7}
      1 + x      --> int32 {2 3 4 5 6 7}
      x - 1      --> int32 {0 1 2 3 4 5}
      1 - x      --> int32 {0 -1 -2 -3 -4 -5}
      x * 2.0    --> int32 {2 4 6 8 10 12}
      2 * f      --> float32 {1 2 4}
      f / 2      --> float32 {0.25 0.5 1}
      1 / f      --> float32 {2 1 0.5}
      x // 4     --> int32 {0 0 0 1 1 1}
      7 // x     --> int32 {7 3 2 1 1 1}
      x % 4      --> int32 {1 2 3 0 1 2}
      7 % x      --> int32 {0 1 1 3 2 1}
      x ^ 2      --> int32 {1 4 9 16 25 36}
      2 ^ x      --> int32 {2 4 8 16 32 64}
      f ^ 2      --> float32 {0.25 1 4}
      -f         --> float32 {-0.5 -1 -2}
      -x         --> int32 {-1 -2 -3 -4 -5 -6}
      m + {10, 20, 30}   --> int32 {{11 22 33} {14 25 36}}
      {{1}, {2}} + m     --> int32 {{2 3 4} {6 7 8}}
      f + f      --> float32 {1 2 4}
    ]]
  end)

  it("of integers behaves as Lua's", function()
    give [[
      -x % 4                                --> int32 {3 2 1 0 3 2}
      x % -4                                --> int32 {-3 -2 -1 0 -3 -2}
      nd.constant(-7) // 2                  --> int32 -4
      nd.constant(-7) % 3                   --> int32 2
      nd.constant(7.5) // 2                 --> float32 3
      nd.constant(-7.5) % 2                 --> float32 0.5
      nd.constant(2147483647) + 1           --> int32 -2147483648
      nd.constant(-2147483648) // -1        --> int32 -2147483648
      nd.constant(-2147483648) % -1         --> int32 0
      nd.constant(math.mininteger) // -1    --> int64 -9223372036854775808
      nd.constant(math.mininteger) % -1     --> int64 0
      nd.constant(5.0) // 0                 --> float32 inf
      nd.constant({0.0, 1}) ^ 0             --> float32 {1 1}
      nd.constant(2) ^ 0                    --> int32 1
    ]]
    raise [[
      x // 0        --> floordiv: integer division by zero
      x % 0         --> mod: integer division by zero
      7 // (x - 3)  --> floordiv: integer division by zero
      x ^ -1        --> pow: integer to a negative power
      2 ^ -x        --> pow: integer to a negative power
    ]]
  end)

  it("/ of integers gives float32", function()
    give [[
      x / 2                              --> float32 {0.5 1 1.5 2 2.5 3}
      nd.constant(1) / nd.constant(2)    --> float32 0.5
      nd.constant(1) / 0                 --> float32 inf
      nd.constant(2^40|0) / 2            --> float32 5.49756e+11
    ]]
  end)

  it("refuses numbers that the dtype cannot hold", function()
    raise [[
      x + 1.5
        --> add: 1.5 is not a whole number, and the dtype is int32; use nd.cast
      1.5 + x
        --> add: 1.5 is not a whole number, and the dtype is int32; use nd.cast
      x ^ 0.5
        --> pow: 0.5 is not a whole number, and the dtype is int32; use nd.cast
      x + 2^40      --> add: 1099511627776 does not fit int32
      x + true      --> add: a boolean cannot be int32
      f + true      --> add: a boolean cannot be float32
      nd.equal(x, 3.5)
        --> equal: 3.5 is not a whole number, and the dtype is int32; use
        ... nd.cast
      -nd.constant(true) --> negative: x must be numbers, got bool; use nd.cast
    ]]
  end)
end)

describe("comparison", function()
  it("is by functions and methods", function()
    give [[
      nd.equal(f, 1)            --> bool {false true false}
      f:less(1)                 --> bool {true false false}
      f:less_equal(1)           --> bool {true true false}
      nd.greater(1, f)          --> bool {true false false}
      f:greater_equal(f)        --> bool {true true true}
      nd.not_equal(true, {true, false}) --> bool {false true}
      nd.is_nan({0/0, 1})       --> bool {true false}
      nd.logical_and(true, {true, false}) --> bool {true false}
      nd.logical_not({true})    --> bool {false}
    ]]
  end)
end)

describe("creation", function()
  it("range includes both ends", function()
    give [[
      nd.range(5)               --> int32 {1 2 3 4 5}
      nd.range(2, 5)            --> int32 {2 3 4 5}
      nd.range(1, 6, 2)         --> int32 {1 3 5}
      nd.range(5, 1, -2)        --> int32 {5 3 1}
      nd.range(0)               --> int32 {}
      nd.range(3, 2)            --> int32 {}
      nd.range(1, 3, {delta = 2}) --> int32 {1 3}
      nd.range(2, {limit = 4})  --> int32 {2 3 4}
      nd.range({start = 2, limit = 4}) --> int32 {2 3 4}
      nd.range(nd.constant(3))  --> int32 {1 2 3}
      nd.range(3, {dtype = "float32"}) --> float32 {1 2 3}
      nd.range(2, 3, 1, "float64") --> float64 {2 3}
      nd.range(0, 1, 0.25)      --> float32 {0 0.25 0.5 0.75 1}
      nd.range(2147483646, 2147483647) --> int32 {2147483646 2147483647}
    ]]
    raise [[
      nd.range()                --> range: limit is missing: it must be a tensor
      nd.range(1, 2, 0)         --> range: no such range: 1 to 2 by 0
      nd.range(1, 1/0)          --> range: no such range: 1 to inf by 1
      nd.range("3")             --> range: limit must be a tensor, got string
      nd.range(1, 2, 3, "int32", 5) --> range: takes at most 4 arguments, got 5
      nd.range(x, 5)            --> range: needs numbers, got [6]
      nd.range(2, 4, {dleta = 2})
        --> range: unknown option 'dleta': it takes start, limit, delta, dtype;
        ... did you mean 'delta'?
    ]]
  end)

  it("linspace ends at both ends", function()
    give [[
      nd.linspace(0, 1, 5)      --> float32 {0 0.25 0.5 0.75 1}
      nd.linspace(0, 10, 0)     --> float32 {}
      nd.linspace(3, 10, 1)     --> float32 {3}
      nd.linspace(0, 1, {num = 2}) --> float32 {0 1}
      nd.linspace(0, 1, 2, "float64") --> float64 {0 1}
    ]]
    raise [[
      nd.linspace(0, 1, 2.5)
        --> linspace: num must be a whole number, got 2.5
      nd.linspace(x, 1, 2)
        --> linspace: start must be float32 or float64, got int32; use nd.cast
    ]]
  end)

  it("one_hot counts from 1", function()
    give [[
      nd.one_hot({1, 3, -1, 4}, 3) --> float32 {{1 0 0} {0 0 1} {0 0 0} {0 0 0}}
      nd.one_hot(2, 3)          --> float32 {0 1 0}
      nd.one_hot(2, 3, "int32") --> int32 {0 1 0}
      nd.one_hot({1.0}, 2)      --> float32 {{1 0}}
      nd.one_hot({1}, 0).shape  --> {1 0}
    ]]
    raise [[
      nd.one_hot({1.5}, 3)
        --> one_hot: 1.5 is not a whole number, and the dtype is int32; use
        ... nd.cast
      nd.one_hot(f, 3)
        --> one_hot: indices must be integers, got float32; use nd.cast
    ]]
  end)

  it("eye, fill, zeros and ones have the shape asked for", function()
    give [[
      nd.eye(2)                 --> float32 {{1 0} {0 1}}
      nd.eye(2, 3)              --> float32 {{1 0 0} {0 1 0}}
      nd.eye(2, {columns = 1, dtype = "int32"}) --> int32 {{1} {0}}
      nd.fill({2, 2}, 7)        --> int32 {{7 7} {7 7}}
      nd.fill({2}, true)        --> bool {true true}
      nd.ones(2, "int64")       --> int64 {1 1}
      nd.zeros_like(f)          --> float32 {0 0 0}
      nd.ones_like({{1, 2}})    --> int32 {{1 1}}
    ]]
    raise [[
      nd.eye(2.5)               --> eye: rows must be a whole number, got 2.5
      nd.eye(2, -1)             --> eye: negative size: [2 -1]
    ]]
  end)
end)

describe("picking", function()
  it("gather takes positions", function()
    give [[
      nd.gather(x, 2)           --> int32 2
      nd.gather(x, {1, -1})     --> int32 {1 6}
      nd.gather(x, {{1, 2}, {3, 4}}) --> int32 {{1 2} {3 4}}
      nd.gather(x, {})          --> int32 {}
      nd.gather(x, 2.0)         --> int32 2
      nd.gather(m, {3, 1}, 2)   --> int32 {{3 1} {6 4}}
      m:gather({2}, {axis = 1}) --> int32 {{4 5 6}}
    ]]
    raise [[
      nd.gather(x, 0)
        --> gather: index 0: positions count from 1 here, and -1 is the last
      nd.gather(x, 7)           --> gather: index 7 is outside 1..6
      nd.gather(x, {1, -7})     --> gather: index -7 is outside 1..6
      nd.gather(x, 1.5)
        --> gather: 1.5 is not a whole number, and the dtype is int32; use
        ... nd.cast
      nd.gather(1, 1)           --> gather: needs an axis: x is []
    ]]
  end)

  it("where takes literals for each part", function()
    give [[
      nd.where({true, false}, 1, 2)           --> int32 {1 2}
      nd.where(nd.greater(x, 3), x, 0)        --> int32 {0 0 0 4 5 6}
      nd.where(nd.greater(f, .7), f, {1, 2, 3}) --> float32 {1 1 2}
      nd.where(true, {1, 2}, 0)               --> int32 {1 2}
    ]]
  end)

  it("argmax counts from 1 and gives int64", function()
    give [[
      nd.argmax({3, 9, 2})      --> int64 2
      nd.argmax(m, 2)           --> int64 {3 3}
      m:argmax(1)               --> int64 {2 2 2}
      nd.argmin({5, 5, 5})      --> int64 1
      nd.argmax({0/0, 1})       --> int64 2
    ]]
  end)

  it("concat and stack take tensors and literals in one list", function()
    give [[
      nd.stack {1, 2, 3}            --> int32 {1 2 3}
      nd.stack {true, false}        --> bool {true false}
      nd.stack {x[1], 5}            --> int32 {1 5}
      nd.stack {5, f[1]}            --> float32 {5 0.5}
      nd.stack({{1, 2}, {3, 4}}, 2) --> int32 {{1 3} {2 4}}
      nd.concat({f, {7}}, 1)        --> float32 {0.5 1 2 7}
      nd.concat({{7}, f}, {axis = 1}) --> float32 {7 0.5 1 2}
    ]]
    raise [[
      nd.concat({x, {7.5}}, 1)
        --> concat: 7.5 is not a whole number, and the dtype is int32; use
        ... nd.cast
      nd.concat({x, nil, x}, 1)     --> concat: a table has gaps
      nd.concat({x, "a"}, 1)
        --> concat: values must be a tensor, got string
      nd.concat({x, io.stdout}, 1)
        --> concat: values must be a tensor, got FILE*
    ]]
  end)
end)
