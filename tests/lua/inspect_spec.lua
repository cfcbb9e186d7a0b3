--- Values as text.
local nd = require "nadir"
local inspect = require "nadir.inspect"

assert(_VERSION == "Lua 5.4")

local function lines(...)
  return table.concat({ ... }, "\n")
end

describe("inspect", function()
  it("is nd.inspect", function()
    assert.equal(inspect, nd.inspect)
  end)

  it("shows plain values as Lua writes them", function()
    for text, value in pairs { ["1"] = 1, ["1.0"] = 1., ["true"] = true } do
      assert.equal(text, inspect(value))
    end
    assert.equal("nil", inspect(nil))
    assert.equal(tostring(print), inspect(print))
  end)

  it("shows the list first, then sorted keys", function()
    local t = { 1, "two", b = true, a = {}, [10] = 10, [2.5] = 2, [-1] = 0,
                ["end"] = 1, ["a b"] = 2, [false] = 3, [true] = 4 }
    assert.equal('{ 1, "two", [-1] = 0, [2.5] = 2, [10] = 10, a = {}, '
      .. '["a b"] = 2, b = true, ["end"] = 1, [false] = 3, [true] = 4 }',
      inspect(t, { width = 200 }))
  end)

  it("has one order, whatever the order of making", function()
    local names, there, back = {}, {}, {}
    for i = 1, 50 do
      names[i] = ("k%d"):format(i * 7919 % 101)
    end
    for i = 1, #names do
      there[names[i]] = i
      back[names[#names + 1 - i]] = #names + 1 - i
    end
    assert.equal(inspect(there), inspect(back))
  end)

  it("breaks what is wider than a line", function()
    assert.equal(lines(
      "{",
      '  first = "' .. ("x"):rep(40) .. '",',
      "  second = { 1, 2 },",
      '  third = "' .. ("x"):rep(40) .. '"',
      "}"), inspect { first = ("x"):rep(40), second = { 1, 2 },
                      third = ("x"):rep(40) })
  end)

  it("fills lines with numbers, and gives rows a line each", function()
    local numbers = {}
    for i = 1, 30 do
      numbers[i] = 100 + i
    end
    assert.equal(3, select(2, inspect(numbers):gsub("\n", "")))
    assert.equal(lines(
      "{",
      "  { 1.0, 2.0, 3.0 },",
      "  { 4.0, 5.0, 6.0 }",
      "}"), inspect(nd.constant { { 1., 2., 3. }, { 4., 5., 6. } }:totable(),
                    { width = 30 }))
  end)

  it("shows tensors and layers inside tables", function()
    assert.equal(lines(
      "{",
      "  x = nd.Tensor(",
      "  [[0. 0.]",
      "   [0. 0.]], shape=(2, 2), dtype=float32)",
      "}"), inspect { x = nd.zeros { 2, 2 } })
    assert.equal('{ Dense { units = 1, name = "d" } }',
      inspect { nd.layers.Dense { units = 1, name = "d" } })
  end)

  it("says what it leaves out", function()
    local numbers = {}
    for i = 1, 105 do
      numbers[i] = i
    end
    assert.truthy(inspect(numbers):find("100, ... 5 more", 1, true))
    assert.equal("{ 1, ... 104 more }", inspect(numbers, { items = 1 }))
    assert.equal("{ { { { { { ... } } } } } }",
      inspect { { { { { { 1 } } } } } })
    assert.equal("{ { ... } }", inspect({ { 1 } }, { depth = 1 }))
    assert.equal('"abc"... (6 bytes)', inspect("abcdef", { bytes = 3 }))
    assert.equal('"é"... (4 bytes)', inspect("éé", { bytes = 3 }))
  end)

  it("shows no more than a thousand values in all", function()
    local t = {}
    for i = 1, 100 do
      t[i] = {}
      for j = 1, 100 do
        t[i][j] = { j }
      end
    end
    assert.is_true(#inspect(t) < 20000)
  end)

  it("ends where a table is inside itself", function()
    local t = { 1 }
    t.me, t.list = t, { t }
    assert.equal("{ 1, list = { <cycle> }, me = <cycle> }", inspect(t))
    local twice = { 2 }
    assert.equal("{ { 2 }, { 2 } }", inspect { twice, twice })
  end)

  it("quotes strings so that Lua reads them back", function()
    local s = 'tab\t "quoted" \\ \n\r\0\x1f\xff\xc3 é'
    local text = inspect(s)
    assert.equal([["tab\t \"quoted\" \\ \n\r\x00\x1F\xFF\xC3 é"]], text)
    assert.equal(s, load("return " .. text)())
    assert.equal('{ ["\\n"] = "" }', inspect { ["\n"] = "" })
  end)

  it("lets __tostring speak, and survives its failure", function()
    local function speaking(f)
      return { setmetatable({}, { __tostring = f }) }
    end
    assert.equal("{ me }", inspect(speaking(function() return "me" end)))
    assert.equal("{ <__tostring failed: no> }",
      inspect(speaking(function() error("no", 0) end)))
    assert.truthy(inspect(speaking(function() return {} end))
      :find("must return a string", 1, true))
  end)

  it("runs nothing else, and sees through __metatable", function()
    local function never() error "ran" end
    assert.equal("Name { 1, x = 2 }", inspect(setmetatable({ 1, x = 2 }, {
      __name = "Name", __index = never, __len = never, __pairs = never,
      __eq = never, __call = never, __metatable = false,
    })))
  end)

  it("refuses options that it does not have", function()
    local _, err = pcall(inspect, {}, { dept = 1 })
    assert.truthy(err:find("inspect: unknown option 'dept'", 1, true))
    assert.truthy(err:find("did you mean 'depth'?", 1, true))
    _, err = pcall(inspect, {}, { depth = "deep" })
    assert.truthy(err:find("inspect: depth must be a number, 0 or more, "
      .. "got deep", 1, true))
    _, err = pcall(inspect, {}, 1)
    assert.truthy(err:find("inspect: options must be a table, got number", 1,
      true))
  end)
end)
