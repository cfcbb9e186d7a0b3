--- The table of a model's layers.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local Dense = nd.layers.Dense

-- What summary prints, without blanks at the ends of lines.
local function summary(model, options)
  local lines = {}
  options = options or {}
  options.print_fn = function(line)
    lines[#lines + 1] = (line:gsub(" +$", ""))
  end
  model:summary(options)
  return table.concat(lines, "\n")
end

local function small()
  return nd.Sequential { layers = {
    nd.Input { 784 }, Dense(64, { name = "hidden" }),
    Dense(10, { name = "out" }) }, name = "small" }
end

describe("summary", function()
  it("tells classes, shapes and numbers of parameters", function()
    local line = ("_"):rep(65)
    assert.equal(table.concat({
      'Model: "small"',
      line,
      "Layer (type)                 Output Shape              Param #",
      ("="):rep(65),
      "hidden (Dense)               (None, 64)                50,240",
      line,
      "out (Dense)                  (None, 10)                650",
      ("="):rep(65),
      "Total params: 50,890",
      "Trainable params: 50,890",
      "Non-trainable params: 0",
      line,
    }, "\n"), summary(small()))
  end)

  it("tells what branches are connected to", function()
    local x = nd.Input({ 32, 8 }, { name = "x" })
    local a, b = Dense(4, { name = "a" })(x), Dense(4, { name = "b" })(x)
    local model = nd.Model { inputs = x, outputs = a + b, name = "m" }
    local text = summary(model)
    assert.matches("\nx %(InputLayer%) +%[%(None, 32, 8%)%] +0\n", text)
    assert.matches("\nb %(Dense%) +%(None, 32, 4%) +36 +x%[0%]%[0%]\n", text)
    assert.matches("\nadd[_%d]* %(Operation%) +%(None, 32, 4%) +0 +a%[0%]%[0%]"
      .. "\n +b%[0%]%[0%]\n", text)
    assert.matches("\n" .. ("="):rep(98) .. "\n", text)
  end)

  it("is as narrow as ever for a model without branches", function()
    local x = nd.Input { 8 }
    local text = summary(nd.Model(x, Dense(3)(Dense(4)(x))))
    assert.not_matches("Connected", text)
    assert.matches("\n" .. ("="):rep(65) .. "\n", text)
  end)

  it("tells what is frozen, and what is within", function()
    local inner = small()
    local model = nd.Sequential { inner, Dense(1) }
    model(nd.ones { 1, 784 })
    inner.layers[1].trainable = false
    local text = summary(model, { show_trainable = true, expand_nested = true })
    assert.matches("\n|  hidden %(Dense%) +%(None, 64%) +50,240 +N\n", text)
    assert.matches("\n|  out %(Dense%) +%(None, 10%) +650 +Y\n", text)
    assert.matches("\nTrainable params: 661\nNon%-trainable params: 50,240\n",
      text)
  end)

  it("refuses a model that is not built", function()
    refuses("summary: m is not built yet; call it, or use model:build",
      function() nd.Sequential { layers = { Dense(1) }, name = "m" }:summary()
      end)
  end)
end)
