--- Tensors and Variables as Lua values: fields, indices, the way back to Lua,
-- text, and what Lua itself says about them.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local cases = require "cases"
local give, raise = cases.give, cases.raise

assert(_VERSION == "Lua 5.4")

describe("a tensor", function()
  it("tells its shape, dtype, rank, size and length", function()
    give [[
      m.shape                      --> {2 3}
      m.dtype                      --> int32
      m.rank                       --> 2
      m.size                       --> 6
      #m                           --> 2
      #x                           --> 6
      #nd.zeros({0, 3})            --> 0
      nd.constant(1).shape         --> {}
      nd.constant(1).rank          --> 0
      nd.constant(1).size          --> 1
      nd.zeros({0, 3}).size        --> 0
      nd.Variable({1, 2}).shape    --> {2}
      #nd.Variable({1, 2})         --> 2
    ]]
    raise [[
      #nd.constant(1)              --> #: needs an axis: x is []
      #nd.Variable(1)              --> #: needs an axis: x is []
    ]]
  end)

  it("prints its shape as messages show it", function()
    assert.equal("[2 3]", tostring(nd.zeros { 2, 3 }.shape))
    assert.equal("[]", tostring(nd.constant(1).shape))
  end)

  it("refuses comparison by <, which Lua makes one boolean", function()
    local ok, message = pcall(function() return nd.zeros { 2 } < 1 end)
    assert.is_false(ok)
    assert.matches(": <: gives one boolean in Lua", message, 1, true)
  end)

  it("compares its shape with shapes and lists, and joins it", function()
    give [[
      m.shape == nd.zeros({2, 3}).shape --> true
      m.shape == {2, 3}            --> true
      {2, 3} == m.shape            --> true
      m.shape ~= {3, 2}            --> true
      m.shape == {2}               --> false
      m.shape == {2, 3, n = 2}     --> false
      x[1].shape == {}             --> true
      x[1].shape == nd             --> false
      m.shape == nil               --> false
      "shape " .. m.shape          --> shape [2 3]
      m.shape .. x.shape           --> [2 3][6]
    ]]
    raise [[
      m.shape .. nil  --> ..: a shape and a nil value do not join
      m.shape .. x    --> ..: a shape and a Tensor value do not join
    ]]
    assert.has_error(function()
      debug.getmetatable(nd.zeros(2).shape).__tostring(("x"):rep(100))
    end)
  end)

  it("hands out its shape as a table of the caller's own", function()
    local x = nd.zeros { 2, 3 }
    x.shape[1] = 7
    assert.same({ 2, 3 }, x.shape)
  end)

  it("has one element as a Lua value", function()
    give [[
      math.type(nd.constant(2):item())   --> integer
      nd.constant(2.5):item()            --> 2.5
      nd.constant({{2}}):item()          --> 2
      nd.constant(true):item()           --> true
      nd.constant(2^31|0):item()         --> 2147483648
      x[3]:item()                        --> 3
      nd.Variable(2):item()              --> 2
      math.type(nd.constant(2.0):item()) --> float
    ]]
    raise [[
      x:item()                     --> item: needs one element, x is [6]
      nd.zeros(0):item()           --> item: needs one element, x is [0]
      x.item()
        --> item: self is missing: it must be a tensor
      x.item(3)                    --> item: self must be a tensor, got number
      x.item(io.stdout)            --> item: self must be a tensor, got FILE*
    ]]
  end)

  it("becomes nested tables, whatever its strides", function()
    give [[
      m:totable()                  --> {{1 2 3} {4 5 6}}
      m:transpose():totable()      --> {{1 4} {2 5} {3 6}}
      m[{ {}, {3, 1, -2} }]:totable() --> {{3 1} {6 4}}
      nd.broadcast_to(7, {2, 2}):totable() --> {{7 7} {7 7}}
      nd.constant(3):totable()     --> 3
      nd.zeros({2, 0}):totable()   --> {{} {}}
      nd.zeros({0, 2}):totable()   --> {}
      nd.constant({true, false}):totable() --> {true false}
      nd.Variable({1, 2}):totable() --> {1 2}
      math.type(m:totable()[1][1]) --> integer
    ]]
  end)

  it("goes through tables unchanged", function()
    local t = { { { 1.5, -2 }, { 0, 1e10 } }, { { 3, 4 }, { 5, 0.25 } } }
    assert.same(t, nd.constant(t):totable())
  end)

  it("is compared by nd.equal, as == gives one boolean", function()
    local text = ": ==: gives one boolean in Lua; use nd.equal, or rawequal "
      .. "to ask for the same object"
    local x, v = nd.constant(1), nd.Variable(1)
    for _, other in ipairs { nd.constant(1), nd.zeros { 2 }, v } do
      for _, compare in ipairs {
        function() return x == other end, function() return other == x end,
        function() return x ~= other end,
      } do
        local ok, err = pcall(compare)
        assert.is_false(ok)
        assert.equal(text, err:match "^[^:]*:%d+(.*)")
      end
    end
  end)

  it("is equal to itself, and to nothing that is no tensor", function()
    local y, v = nd.constant(1), nd.Variable(1)
    assert.is_true(y == y and v == v) -- luacheck: ignore
    assert.is_false(y == 1 or y == io.stdout or io.stdout == y or y == {})
    assert.is_false(v == nd.Variable(1))
    local keys = { [y] = "y", [v] = "v" }
    assert.equal("y", keys[y])
    assert.equal("v", keys[v])
    assert.is_nil(keys[nd.constant(1)])
  end)

  it("joins text as the number that item() gives", function()
    give [[
      "loss " .. nd.constant(1.5)      --> loss 1.5
      nd.constant(3) .. " rows"        --> 3 rows
      "w " .. nd.Variable({{2.}})      --> w 2.0
      nd.constant(true) .. nd.constant({7}, "uint8") --> true7
    ]]
    raise [[
      "x " .. x  --> ..: needs one element, x is [6]; use tostring(x)
      nd.zeros(0) .. "" --> ..: needs one element, x is [0]; use tostring(x)
      x[1] .. nil       --> ..: a tensor and a nil value do not join
      {} .. x[1]        --> ..: a tensor and a table value do not join
    ]]
  end)

  it("ends ipairs after the last position of the first axis", function()
    local function rows(y)
      local all = {}
      for i, row in ipairs(y) do all[i] = row:totable() end
      return all
    end
    local m = { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.same(m, rows(nd.constant(m)))
    assert.same({ 1, 2 }, rows(nd.Variable { 1, 2 }))
    assert.same({}, rows(nd.zeros { 0, 2 }))
    give [[
      m[3]                             --> nil
      m[3.0]                           --> nil
      nd.Variable({1, 2})[3]           --> nil
    ]]
    raise [[
      m[4]         --> slice: position 4 is outside 1..2
      m[-3]        --> slice: position -3 is outside 1..2
      m[{3}]       --> slice: position 3 is outside 1..2
      nd.slice(m, 3) --> slice: position 3 is outside 1..2
      nd.constant(1)[1] --> slice: 1 range for []
    ]]
  end)

  it("never changes", function()
    raise [[
      (function() x[1] = 2 end)()
        --> index: tensors never change; a part of a Variable is set in one
        ... step, as in v[{1, 2}] = x
      (function() nd.Variable({{1}})[1][1] = 2 end)()
        --> index: tensors never change; a part of a Variable is set in one
        ... step, as in v[{1, 2}] = x
      (function() x.shape = {} end)()
        --> index: the fields of a tensor never change: 'shape'
      (function() nd.Variable(1).name = "w" end)()
        --> index: the field 'name' of a Variable never changes
      (function() nd.Variable(1).trainable = 0 end)()
        --> trainable: must be true or false, got number
    ]]
  end)

  it("is told from other values", function()
    give [[
      nd.is_tensor(x)                  --> true
      nd.is_tensor(nd.constant(1))     --> true
      nd.is_tensor(nd.Variable(1))     --> false
      nd.is_tensor(1)                  --> false
      nd.is_tensor()                   --> false
      nd.is_tensor(io.stdout)          --> false
      nd.is_variable(nd.Variable(1))   --> true
      nd.is_variable(x)                --> false
      nd.is_variable({})               --> false
      type(x)                          --> userdata
      getmetatable(x)                  --> false
    ]]
  end)

  it("leaves to Lua what Lua says", function()
    raise [[
      x()          --> attempt to call a Tensor value (local 'x')
      x & 1
        --> attempt to perform bitwise operation on a Tensor value (local 'x')
    ]]
  end)
end)

describe("an index", function()
  it("counts from 1, or from -1 at the end, and drops its axis", function()
    give [[
      x[1]         --> int32 1
      x[6]         --> int32 6
      x[-1]        --> int32 6
      x[nd.constant{6, 1}]           --> int32 {6 1}
      x[nd.constant(2)]              --> int32 2
      x[nd.greater(x, 4)]            --> int32 {5 6}
      m[nd.constant{false, true}]    --> int32 {{4 5 6}}
      m[nd.greater(m, 4)]            --> int32 {5 6}
      x[-6]        --> int32 1
      x[2.0]       --> int32 2
      m[2]         --> int32 {4 5 6}
      m[2][3]      --> int32 6
      m[{2, 3}]    --> int32 6
      m[{2}]       --> int32 {4 5 6}
      m[{1, {}}]   --> int32 {1 2 3}
      m[{{}, 1}]   --> int32 {1 4}
      m[{{}, -1}]  --> int32 {3 6}
      nd.Variable({1, 2})[2] --> int32 2
    ]]
  end)

  it("adds an axis, or leaves all others whole", function()
    give [[
      x[nd.newaxis]                  --> int32 {{1 2 3 4 5 6}}
      x["newaxis"]                   --> int32 {{1 2 3 4 5 6}}
      m[{{}, nd.newaxis, 1}]         --> int32 {{1} {4}}
      m[{"...", 1}]                  --> int32 {1 4}
      m[{"...", {1, 2}, nd.newaxis}] --> int32 {{{1} {2}} {{4} {5}}}
      m["..."]                       --> int32 {{1 2 3} {4 5 6}}
      nd.Variable({1, 2})[nd.newaxis] --> int32 {{1 2}}
    ]]
    raise [[
      m[{"...", 1, "..."}]  --> slice: 2 times '...', it can stand once
    ]]
  end)

  it("is an error outside", function()
    raise [[
      x[0]
        --> slice: position 0: positions count from 1 here, and -1 is the last
      x[8]         --> slice: position 8 is outside 1..6
      x[-7]        --> slice: position -7 is outside 1..6
      m[{1, 4}]    --> slice: position 4 is outside 1..3
      m[{1, 0}]
        --> slice: position 0: positions count from 1 here, and -1 is the last
      nd.zeros(0)[2] --> slice: position 2 is outside 1..0
      m[{1, 2, 3}] --> slice: 3 ranges for [2 3]
      nd.constant(1)[1] --> slice: 1 range for []
    ]]
  end)

  it("is a position or a range", function()
    raise [[
      x[1.5]
        --> slice: ranges must be positions, {first, last, step}, 'newaxis'
        ... or '...', got 1.5
      x[true]
        --> slice: ranges must be positions, {first, last, step}, 'newaxis'
        ... or '...', got boolean
      m[{{}, nd.Variable(1)}]
        --> slice: a tensor is no range; use nd.gather(x, indices, axis)
      x[{1, 5}]
        --> slice: 2 ranges for [6]; one range is written {{first, last}}
      x[io.stdout]
        --> slice: ranges must be positions, {first, last, step}, 'newaxis'
        ... or '...', got FILE*
      x[{"a"}]
        --> slice: ranges must be positions, {first, last, step}, 'newaxis'
        ... or '...', got string
      x[nil]
        --> slice: ranges is missing: it must be positions, {first, last,
        ... step}, 'newaxis' or '...'
      x[{{1.5, 2}}] --> slice: ranges must be whole numbers, got 1.5
      x[{{1, 2, 3, 4}}] --> slice: a range is {first, last, step}, got 4 values
      x[{1, nil, 2}] --> slice: a table has gaps
      m[{{1, 2}, y = 1}] --> slice: a table mixes values with the name 'y'
      x[{{1, 2, step = 2}}] --> slice: a table mixes values with the name 'step'
      x[{step = 2}] --> slice: unknown option 'step': it takes x, ranges
    ]]
    assert.matches("slice: at most 8 ranges, got 9$", select(2, pcall(nd.slice,
      nd.zeros(1), { 1, 1, 1, 1, 1, 1, 1, 1, 1 })))
  end)

  it("range includes both ends", function()
    give [[
      x[{{2, 5}}]       --> int32 {2 3 4 5}
      x[{{2, 2}}]       --> int32 {2}
      m[{{2, 2}, {}}]   --> int32 {{4 5 6}}
      m[{{}, {2, 3}}]   --> int32 {{2 3} {5 6}}
      x[{{3}}]          --> int32 {3 4 5 6}
      x[{{nil, 3}}]     --> int32 {1 2 3}
      x[{{-3, -2}}]     --> int32 {4 5}
      x[{{}}]           --> int32 {1 2 3 4 5 6}
      x[{}]             --> int32 {1 2 3 4 5 6}
    ]]
  end)

  it("range may have a step, negative too", function()
    give [[
      x[{{1, 6, 2}}]        --> int32 {1 3 5}
      x[{{2, 5, 2}}]        --> int32 {2 4}
      x[{{1, 6, 10}}]       --> int32 {1}
      x[{{5, 2, -1}}]       --> int32 {5 4 3 2}
      x[{{-1, 1, -2}}]      --> int32 {6 4 2}
      x[{{nil, nil, -1}}]   --> int32 {6 5 4 3 2 1}
      x[{{3, nil, -1}}]     --> int32 {3 2 1}
      x[{{nil, nil, 3}}]    --> int32 {1 4}
      x[{{2, 5, -1}}]       --> int32 {}
      m[{{2, 1, -1}, {3, 1, -2}}] --> int32 {{6 4} {3 1}}
      x[{{1, 6, math.maxinteger}}] --> int32 {1}
      x[{{6, 1, math.mininteger}}] --> int32 {6}
    ]]
    raise [[
      x[{{1, 5, 0}}]        --> slice: step 0
      x[{{0, 2}}]
        --> slice: position 0: positions count from 1 here, and -1 is the last
      x[{{1, 0}}]
        --> slice: position 0: positions count from 1 here, and -1 is the last
    ]]
  end)

  it("range is cut to the size", function()
    give [[
      x[{{-100, 100}}]      --> int32 {1 2 3 4 5 6}
      x[{{5, 100}}]         --> int32 {5 6}
      x[{{100, 200}}]       --> int32 {}
      x[{{-200, -100}}]     --> int32 {}
      x[{{100, -100, -1}}]  --> int32 {6 5 4 3 2 1}
      x[{{3, 2}}]           --> int32 {}
      nd.zeros({0, 2})[{{1, 9}}].shape --> {0 2}
      x[{{math.mininteger, math.maxinteger}}] --> int32 {1 2 3 4 5 6}
    ]]
  end)

  it("works as a function and as a method", function()
    give [[
      nd.slice(x, 2)           --> int32 2
      x:slice({{1, 2}})        --> int32 {1 2}
      nd.slice(m, {{}, 2})     --> int32 {2 5}
      nd.slice(x, {ranges = {{1, 2}}}) --> int32 {1 2}
    ]]
  end)
end)

describe("the text of a tensor", function()
  it("has its values, shape and dtype", function()
    assert.equal("nd.Tensor(1.5, shape=(), dtype=float32)",
      tostring(nd.constant(1.5)))
    assert.equal("nd.Tensor([1 2 3], shape=(3,), dtype=int32)",
      tostring(nd.range(3)))
    assert.equal("nd.Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)",
      tostring(nd.reshape(nd.range(6), { 2, 3 })))
    assert.equal("nd.Tensor([ true false], shape=(2,), dtype=bool)",
      tostring(nd.constant { true, false }))
    assert.equal("nd.Tensor([], shape=(0, 3), dtype=float32)",
      tostring(nd.zeros { 0, 3 }))
    assert.equal("nd.Tensor([ 1. inf], shape=(2,), dtype=float32)",
      tostring(nd.constant { 1, math.huge }))
  end)

  it("summarises what is long", function()
    assert.equal("nd.Tensor([   1    2    3 ... 1999 2000 2001], "
      .. "shape=(2001,), dtype=int32)", tostring(nd.range(2001)))
    assert.is_true(#tostring(nd.zeros { 100, 100, 100 }) < 2000)
  end)

  it("names a Variable", function()
    assert.equal("nd.Variable('Variable', shape=(), dtype=int32, value=1)",
      tostring(nd.Variable(1)))
    assert.equal("nd.Variable('w', shape=(2,), dtype=float32, value=[1. 2.])",
      tostring(nd.Variable({ 1.0, 2.0 }, { name = "w" })))
    assert.equal("nd.Variable('Variable', shape=(1, 2), dtype=int32, value=\n"
      .. "[[1 2]])", tostring(nd.Variable { { 1, 2 } }))
  end)
end)

describe("a Variable", function()
  it("is made from a value or from a function that gives one", function()
    give [[
      nd.Variable(1)                    --> int32 1
      nd.Variable({1, 2.5})             --> float32 {1 2.5}
      nd.Variable(false)                --> bool false
      nd.Variable(x)                    --> int32 {1 2 3 4 5 6}
      nd.Variable(nd.Variable(2))       --> int32 2
      nd.Variable(function() return 1 end) --> int32 1
      nd.Variable(function() return 1 end, {dtype = "float32"}) --> float32 1
      nd.Variable(1, false, "w", "float64") --> float64 1
      nd.Variable {value = 1, dtype = "float64"} --> float64 1
      nd.Variable {value = function() return 1 end} --> int32 1
    ]]
    raise [[
      nd.Variable()
        --> Variable: value is missing: it must be a tensor
      nd.Variable(function() end)
        --> Variable: value is missing: it must be a tensor
      nd.Variable(function() error("oops") end) --> oops
      nd.Variable({trainable = false})
        --> Variable: value is missing: it must be a tensor
      nd.Variable({1, trainable = false})
        --> Variable: a table mixes values with the name 'trainable'
      nd.Variable(x, {dtype = "float32"})
        --> Variable: dtypes differ: int32 and float32; use nd.cast
    ]]
  end)

  it("has options by position or by name", function()
    give [[
      nd.Variable(1).trainable                      --> true
      nd.Variable(1, {trainable = false}).trainable --> false
      nd.Variable(1, false).trainable               --> false
      nd.Variable(1).name                           --> Variable
      nd.Variable(1, {name = "w"}).name             --> w
      nd.Variable(1, nil, "w").name                 --> w
    ]]
    raise [[
      nd.Variable(1, {trainable = 1})
        --> Variable: trainable must be true or false, got 1
      nd.Variable(1, {name = 3})
        --> Variable: name must be a string, got 3
      nd.Variable(1, {trainabel = false})
        --> Variable: unknown option 'trainabel': it takes value, trainable,
        ... name, dtype, constraint, shape; did you mean 'trainable'?
      nd.Variable(1, true, "w", "int32", nil, nil, 5)
        --> Variable: takes at most 6 arguments, got 7
    ]]
  end)

  it("changes by assignments, which return it", function()
    give [[
      nd.Variable(1):assign(2)                 --> int32 2
      nd.Variable(1):assign(2):assign_add(3)   --> int32 5
      nd.Variable(3):assign_sub(1):assign_sub(1) --> int32 1
      nd.Variable(1.0):assign(2)               --> float32 2
      nd.Variable(1):assign(2.0)               --> int32 2
      nd.Variable({1, 2}):assign({3, 4})       --> int32 {3 4}
      nd.Variable({1, 2}):assign_add({3, 4})   --> int32 {4 6}
    ]]
  end)

  it("keeps its shape and dtype", function()
    raise [[
      nd.Variable(1):assign(2.5)
        --> assign: 2.5 is not a whole number, and the dtype is int32; use
        ... nd.cast
      nd.Variable(1):assign(true)     --> assign: a boolean cannot be int32
      nd.Variable(1.0):assign({1})
        --> assign: shapes differ: the variable is [], the value is [1]
      nd.Variable({1, 2}):assign({1, 2, 3})
        --> assign: shapes differ: the variable is [2], the value is [3]
      nd.Variable({1, 2}):assign_add(1)
        --> assign_add: shapes differ: the variable is [2], the value is [];
        ... use assign(v + x)
      nd.Variable(1.0):assign(nd.constant(1))
        --> assign: dtypes differ: the variable is float32, the value is int32;
        ... use nd.cast
      nd.Variable(1):assign()
        --> assign: value is missing: it must be a tensor
      nd.Variable(1).assign()
        --> assign: self is missing: it must be a Variable
      nd.Variable(1).assign(x, 2)
        --> assign: self must be a Variable, got Tensor
      nd.Variable(1).assign(io.stdout, 2)
        --> assign: self must be a Variable, got FILE*
    ]]
  end)

  it("does not change what was read earlier", function()
    local v = nd.Variable { 1, 2 }
    local before, row, read = v + 0, v[1], v:read_value()
    v:assign { 7, 8 }
    v:assign_add { 1, 1 }
    assert.same({ 1, 2 }, before:totable())
    assert.equal(1, row:item())
    assert.same({ 1, 2 }, read:totable())
    assert.same({ 8, 9 }, v:value():totable())
  end)

  it("made from another is its own", function()
    local a = nd.Variable { 2, 3 }
    local b = nd.Variable(a)
    a:assign { 5, 6 }
    assert.same({ 2, 3 }, b:totable())
  end)

  it("has the operators and methods of tensors", function()
    give [[
      nd.Variable({1, 2}) + {1, 2}     --> int32 {2 4}
      2 * nd.Variable(3.0)             --> float32 6
      -nd.Variable(3)                  --> int32 -3
      nd.Variable({1, 2}):reduce_sum() --> int32 3
      nd.Variable({1, 2}).dtype        --> int32
      nd.Variable(1.0) * nd.Variable(2.0) --> float32 2
    ]]
    raise [[
      nd.Variable(1) + 1.5
        --> add: 1.5 is not a whole number, and the dtype is int32; use nd.cast
    ]]
  end)
end)
