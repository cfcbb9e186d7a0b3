--- Variables: what they are made of, how they are assigned, and that nothing
-- read earlier changes.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local recorded, refuses = support.recorded, support.refuses

assert(_VERSION == "Lua 5.4")

local V, C = nd.Variable, nd.constant

describe("Variable", function()
  it("takes an empty table of options", function()
    assert.equal("int32", nd.Variable(1, {}).dtype)
  end)

  it("has the dtype of its value [V2, V28, V29]", function()
    assert.equal("float32", V(1.0).dtype)
    assert.equal("int32", V(1).dtype)
    assert.equal("bool", V(false).dtype)
    assert.equal("int64", V(1 << 40).dtype)
    assert.equal("int64", C(1 << 40).dtype)
    assert.equal("int32", C(3).dtype)
    assert.equal("float32", C({ 1, 2.5 }).dtype)
    assert.same({ 1.0, 2.5 }, C({ 1, 2.5 }):totable())
    assert.equal("float32", V { 1, 2.5 }.dtype)
    assert.equal("int32", V { 1, 2 }.dtype)
    assert.equal("int64", V { 1, 1 << 31 }.dtype)
    assert.equal("float32", V({}).dtype)
    assert.equal("float32", V(2 ^ 70).dtype)
    assert.equal("float64", V(C(1.0, { dtype = "float64" })).dtype)
  end)

  it("takes a function that gives the value [V3]", function()
    local v = V(function() return 1 end, { dtype = "float32" })
    assert.equal("float32", v.dtype)
    assert.equal(1.0, v:item())
    assert.equal("int32", V(function() return 1 end).dtype)
    refuses("Variable: value is missing: it must be a tensor", V,
      function() end)
    local ok, err = pcall(V, function() error("oops", 0) end)
    assert.is_false(ok)
    assert.equal("oops", err)
  end)

  it("takes options by name or by position", function()
    local v = V(1, { trainable = false, name = "bias", dtype = "float64" })
    assert.is_false(v.trainable)
    assert.equal("bias", v.name)
    assert.equal("float64", v.dtype)
    v = V(1, false, "bias", "float64")
    assert.is_false(v.trainable)
    assert.equal("bias", v.name)
    assert.equal("float64", v.dtype)
    assert.is_true(V(1.0).trainable)
    assert.equal("Variable", V(1.0).name)
  end)

  it("has the fields and methods of a tensor", function()
    local v = V { { 1.0, 2, 3 }, { 4, 5, 6 } }
    assert.same({ 2, 3 }, v.shape)
    assert.equal(2, v.rank)
    assert.equal(6, v.size)
    assert.equal(2, #v)
    assert.same({ 4.0, 5.0, 6.0 }, v[2]:totable())
    assert.equal(21.0, v:reduce_sum():item())
    assert.is_true(nd.is_variable(v))
    assert.is_false(nd.is_tensor(v))
    assert.is_false(nd.is_variable(v + 0))
  end)

  it("copies the data of another one, and nothing else [V21]", function()
    local a = V({ 2.0, 3 }, { trainable = false, name = "a" })
    local b = V(a)
    a:assign { 5, 6 }
    assert.same({ 5.0, 6.0 }, a:totable())
    assert.same({ 2.0, 3.0 }, b:totable())
    assert.is_true(b.trainable)
    assert.equal("Variable", b.name)
    assert.same({ 7.0, 9.0 }, a:assign_add({ 2, 3 }):totable())
    assert.same({ 0.0, 0.0 }, a:assign_sub({ 7, 9 }):totable())
    local c = V(V(1.0, { shape = false, constraint = math.abs }))
    assert.is_nil(c.constraint)
    refuses("assign: shapes differ: the variable is [], the value is [2]",
      c.assign, c, { 1, 2 })
  end)

  it("has other shapes where sizes are left open [V14]", function()
    local v = V({ { 1.0 } }, { shape = false })
    v:assign(nd.zeros { 2, 2 })
    assert.same({ 2, 2 }, v.shape)
    assert.same({}, v:assign(5.0).shape)
    refuses("assign_add: shapes differ: the variable is [], the value is [2]",
      v.assign_add, v, { 1, 2 })
    local rows = V(nd.zeros { 1, 2 }, { shape = { false, 2 } })
    assert.same({ 3, 2 }, rows:assign(nd.zeros { 3, 2 }).shape)
    refuses("assign: shapes differ: the variable is [3 2], the value is [2 3]",
      rows.assign, rows, nd.zeros { 2, 3 })
    assert.same({ 3 }, V(nd.zeros(3), { shape = { 3 } }).shape)
  end)

  it("begins anew in another shape", function()
    local v = V({ 1.0, 2 }, { shape = false })
    local adam = nd.optimizers.Adam { learning_rate = 0.1 }
    adam:apply_gradients { { C { 1.0, 1 }, v } }
    v:assign { 1, 2, 3 }
    adam:apply_gradients { { C { 1.0, 1, 1 }, v } }
    local tape, y = recorded({}, function()
      local before = nd.reduce_sum(v * v)
      v:assign { 5 }
      return before + nd.reduce_sum(v)
    end)
    assert.same({ 1.0 }, tape:gradient(y, v):totable())
  end)

  it("has the shape that it was given [V16]", function()
    refuses("Variable: shapes differ: value is [3], shape is [4]", V,
      nd.zeros(3), { shape = { 4 } })
    refuses("Variable: shapes differ: value is [3], shape is [-1 3]", V,
      nd.zeros(3), { shape = { false, 3 } })
    refuses("Variable: shape must be a shape, where false is any size, or "
      .. "false for any shape, got 3", V, nd.zeros(3), { shape = 3 })
    refuses("Variable: negative size: -1", V, nd.zeros(3), { shape = { -1 } })
    refuses("Variable: a size must be a whole number, got string", V,
      nd.zeros(3), { shape = { "3" } })
  end)

  it("may be empty or hold nan and inf", function()
    assert.same({ 0 }, V({}).shape)
    assert.same({ 0, 3 }, V(nd.zeros { 0, 3 }).shape)
    assert.equal(math.huge, V(math.huge):item())
    local nan = V(0 / 0):item()
    assert.is_true(nan ~= nan)
  end)

  it("is a key of tables and equal to itself alone", function()
    local a, b = V(1.0), V(1.0)
    assert.is_true(a == a)
    assert.is_false(a == b)
    assert.equal("a", ({ [a] = "a", [b] = "b" })[a])
  end)

  it("refuses what it cannot hold", function()
    refuses("Variable: value is missing: it must be a tensor", V)
    refuses("Variable: value must be a tensor, got string", V, "1")
    refuses("Variable: trainable must be true or false, got 1",
      V, 1.0, { trainable = 1 })
    refuses("Variable: name must be a string, got 5", V, 1.0, true, 5)
    refuses("Variable: no such dtype: 'real'", V, 1.0, { dtype = "real" })
    refuses("Variable: unknown option 'trainabel': it takes value, trainable, "
      .. "name, dtype, constraint, shape; did you mean 'trainable'?", V, 1.0,
      { trainabel = false })
    refuses("Variable: dtypes differ: float32 and float64; use nd.cast",
      V, C(1.0), { dtype = "float64" })
    refuses("Variable: 1.5 is not a whole number, and the dtype is int32; "
      .. "use nd.cast", V, 1.5, { dtype = "int32" })
    refuses("Variable: a boolean cannot be float32", V, true,
      { dtype = "float32" })
    refuses("Variable: a boolean cannot be int32", V, { 1, true })
    refuses("Variable: 300 does not fit uint8", V, 300, { dtype = "uint8" })
    refuses("Variable: ragged table: level 2 has 2 and 1 values",
      V, { { 1, 2 }, { 3 } })
    refuses("Variable: a table mixes values with the name 'trainable'",
      V, { 1.0, trainable = false })
  end)
end)

describe("assign", function()
  it("sets, adds and subtracts, and gives the variable [V5, V6, V7]", function()
    local v = V(1)
    for i = 2, 4 do
      assert.equal(i, v:assign_add(1):item())
    end
    v:assign(3)
    for i = 2, 0, -1 do
      assert.equal(i, v:assign_sub(1):item())
    end
    assert.equal(2, v:assign(2):item())
    assert.equal(3, v:assign_add(1):item())
    assert.equal(1, v:assign_sub(2):item())
    assert.is_true(rawequal(v, v:assign(4)))
    assert.equal(3, v:assign(2):assign(3):item())
    assert.equal(5, v:assign_add(1):assign_add(1):item())
    assert.equal(3, v:assign_sub(1):assign_sub(1):item())
  end)

  it("gives nothing when read_value is false [V4]", function()
    local v = V(1)
    assert.equal(3, v:assign(3, true):item())
    assert.equal(0, select("#", v:assign(4, false)))
    assert.equal(4, v:item())
    for _, name in ipairs { "assign", "assign_add", "assign_sub" } do
      assert.equal(0, select("#", v[name](v, 4, { read_value = false })))
      assert.equal(0, select("#", v[name](v, 4, false)))
      assert.is_true(rawequal(v, v[name](v, 4, true)))
    end
    refuses("assign: unknown option 'read': it takes value, read_value",
      v.assign, v, 4, { read = false })
    refuses("assign: read_value must be true or false, got 5",
      v.assign, v, 4, 5)
    refuses("assign: takes at most 2 arguments, got 3", v.assign, v, 4, true,
      5)
  end)

  it("converts numbers and tables to the variable's dtype [V22]", function()
    local v = V { 2.0, 3.0 }
    v:assign { 1, 2 }
    assert.equal("float32", v.dtype)
    assert.same({ 1.0, 2.0 }, v:totable())
    local n = V(1)
    n:assign(2.0)
    assert.equal("int32", n.dtype)
    assert.equal(2, n:item())
  end)

  it("neither broadcasts nor converts tensors [V13, V15, V23]", function()
    local v = V { 0.0, 1, 2, 3 }
    local hint = {
      assign_add = "; use assign(v + x)",
      assign_sub = "; use assign(v - x)",
    }
    for _, name in ipairs { "assign", "assign_add", "assign_sub" } do
      local f = v[name]
      refuses(name .. ": shapes differ: the variable is [4], the value is []"
        .. (hint[name] or ""), f, v, 1)
      refuses(name .. ": shapes differ: the variable is [4], the value is [3]",
        f, v, { 1, 2, 3 })
      refuses(name .. ": dtypes differ: the variable is float32, the value is "
        .. "float64; use nd.cast", f, v, nd.zeros({ 4 }, "float64"))
      refuses(name .. ": value is missing: it must be a tensor", f, v)
      refuses(name .. ": value must be a tensor, got string", f, v, "1")
      refuses(name .. ": self must be a Variable, got Tensor", f, C(1.0), 1)
    end
    refuses("assign: shapes differ: the variable is [1 1], the value is [2 2]",
      v.assign, V { { 1.0 } }, nd.zeros { 2, 2 })
    refuses("assign: 2.5 is not a whole number, and the dtype is int32; "
      .. "use nd.cast", v.assign, V(1), 2.5)
    assert.same({ 0.0, 1.0, 2.0, 3.0 }, v:totable())
  end)

  it("refuses bool arithmetic under its own name", function()
    local v = V(true)
    assert.is_false(v:assign(false):item())
    local ok, err = pcall(v.assign_add, v, true)
    assert.is_false(ok)
    assert.matches(": assign_add: a must be numbers, got bool", err)
  end)

  it("leaves what was read before as it was", function()
    for _, name in ipairs { "assign", "assign_add", "assign_sub" } do
      local v = V { { 1.0, 2 }, { 3, 4 } }
      local whole, copy = v:read_value(), v + 0
      local row, turned = v[1], nd.transpose(v)
      local flat = v:reshape { 4 }
      v[name](v, { { 5.0, 6 }, { 7, 8 } })
      assert.same({ { 1.0, 2.0 }, { 3.0, 4.0 } }, whole:totable())
      assert.same({ { 1.0, 2.0 }, { 3.0, 4.0 } }, copy:totable())
      assert.same({ 1.0, 2.0 }, row:totable())
      assert.same({ { 1.0, 3.0 }, { 2.0, 4.0 } }, turned:totable())
      assert.same({ 1.0, 2.0, 3.0, 4.0 }, flat:totable())
    end
  end)

  it("may take a value made of the variable itself", function()
    local v = V { { 1.0, 2 }, { 3, 4 } }
    v:assign(nd.transpose(v))
    assert.same({ { 1.0, 3.0 }, { 2.0, 4.0 } }, v:totable())
    v:assign(v)
    assert.same({ { 1.0, 3.0 }, { 2.0, 4.0 } }, v:totable())
    v:assign_add(v)
    assert.same({ { 2.0, 6.0 }, { 4.0, 8.0 } }, v:totable())
    v:assign_sub(nd.transpose(v))
    assert.same({ { 0.0, 2.0 }, { -2.0, 0.0 } }, v:totable())
  end)

  it("does not share memory with the value", function()
    local a, b = V { 1.0, 2 }, V { 3.0, 4 }
    a:assign(b)
    b:assign { 5, 6 }
    assert.same({ 3.0, 4.0 }, a:totable())
  end)

  it("reuses the memory when nobody holds it", function()
    local v = V(nd.zeros { 100000 })
    local x = nd.ones { 100000 }
    collectgarbage()
    collectgarbage("stop")
    local before = nd.memory()
    for _ = 1, 10 do
      v:assign(x)
    end
    assert.equal(before, (nd.memory()))
    collectgarbage("restart")
  end)
end)

describe("arithmetic", function()
  it("takes variables as tensors [V24, V27]", function()
    local v = V(1.0)
    assert.equal(2.0, (v + V(1.0)):item())
    assert.equal(3.0, (v + 2):item())
    assert.equal(1.0, (2 - v):item())
    assert.same({ 1.5, 2.5 }, (v + { 0.5, 1.5 }):totable())
    assert.is_true(nd.is_tensor(v + 1))
    assert.equal("float32", (v * { 1.0, 2 }).dtype)
  end)

  it("of whole numbers takes no fraction [V25]", function()
    local v = V(1)
    local text = ": 1.5 is not a whole number, and the dtype is int32; "
      .. "use nd.cast"
    refuses("add" .. text, function() return v + 1.5 end)
    refuses("add" .. text, function() return 1.5 + v end)
    refuses("multiply" .. text, function() return v * 1.5 end)
    assert.equal("int32", (v + 2.0).dtype)
  end)

  it("of two dtypes names both [V26]", function()
    local ok, err = pcall(function()
      return V(1.0) * C(1.0, { dtype = "float64" })
    end)
    assert.is_false(ok)
    assert.matches(": multiply: dtypes differ: float32 and float64; "
      .. "use nd.cast", err)
  end)

  it("divides whole numbers as floats [V30]", function()
    local y = C(1) / C(2)
    assert.equal(0.5, y:item())
    assert.equal("float32", y.dtype)
    assert.equal("int64", C(1 << 40).dtype)
    assert.equal("int32", C(3).dtype)
    assert.equal("float32", C({ 1, 2.5 }).dtype)
  end)
end)

describe("a variable's text", function()
  it("shows name, shape, dtype and value [V1]", function()
    assert.equal("nd.Variable('Variable', shape=(), dtype=int32, value=1)",
      tostring(V(1)))
    assert.equal("nd.Variable('w', shape=(2,), dtype=float32, value=[1. 2.])",
      tostring(V({ 1.0, 2 }, { name = "w" })))
  end)

  it("stops to be trainable, and begins again", function()
    local v = V(3.)
    local function gradient()
      local tape <close> = nd.GradientTape()
      return tape:gradient(v * v, v)
    end
    v.trainable = false
    assert.is_false(v.trainable)
    assert.is_nil(gradient())
    v.trainable = true
    assert.equal(6, gradient():item())
  end)
end)
