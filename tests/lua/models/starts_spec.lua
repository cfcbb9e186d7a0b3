--- Weights are the same in every process, with a seed and without.
package.path = "tests/lua/?.lua;" .. package.path
local support = require "support"

assert(_VERSION == "Lua 5.4")

-- Prints the bits of what each initializer gives, and of a model of many layers
-- before and after it is trained.
local PROGRAM <const> = [[
  local nd = require "nadir"
  local L, seed = nd.layers, %s
  if seed then nd.random.set_seed(seed) end
  local function print_bits(x)
    print((x:tobytes():gsub(".", function(byte)
      return ("%%02x"):format(byte:byte())
    end)))
  end
  local names = {}
  for name in pairs(nd.initializers) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local Class = nd.initializers[name]
    if type(Class) == "table" and name:find "^%%u" and name ~= "Initializer"
    then
      print_bits(Class() { 3, 3 })
    end
  end
  local function branch(x)
    local y = L.Conv1D(3, 2, { kernel_initializer = "he_uniform" })(x)
    return L.GRU(3)(L.SpatialDropout1D(0.2, { seed = 4 })(y))
  end
  local x = nd.Input { 5, 4 }
  local attended = L.MultiHeadAttention(2, 3)(x, x)
  local last = L.Bidirectional(L.LSTM(2))(L.BatchNormalization()(attended))
  local all = L.Concatenate() { branch(x), last,
                                L.Flatten()(L.Dropout(0.3)(x)) }
  local model = nd.Model(x, L.Dense(1)(L.Dense(4)(all)))
  for _, w in ipairs(model:get_weights()) do print_bits(w) end
  model:compile("adam", "mse")
  model:fit(nd.random.normal { 12, 5, 4 }, nd.random.normal { 12, 1 },
    { batch_size = 4, epochs = 2, verbose = 0, validation_split = 0.25 })
  for _, w in ipairs(model:get_weights()) do print_bits(w) end
]]

it("ten processes have the same weights, with a seed or none", function()
  local seen = {}
  for _, seed in ipairs { "nil", "7" } do
    local first = support.output(PROGRAM:format(seed))
    assert.is_nil(first:find "[^%x\n]", first)
    assert.is_true(#first > 5000)
    for _ = 2, 10 do
      assert.equal(first, support.output(PROGRAM:format(seed)))
    end
    seen[first] = true
  end
  assert.is_truthy(next(seen, (next(seen))), "a seed makes no difference")
end)
