--- Attention: masks, options of calls, and what is refused.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local masks = require "nadir.masks"
local support = require "support"
local L = nd.layers
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

local rng = nd.random.RandomState(7)

local function steps(n, time, width)
  return nd.cast(rng:randn(n, time, width), "float32")
end

local function mask_of_steps(...)
  return nd.constant { ... }
end

describe("MultiHeadAttention", function()
  it("attends to itself, given one input", function()
    local x = steps(2, 3, 4)
    local layer = L.MultiHeadAttention(2, 3)
    near(layer(x):totable(), layer(x, x))
    near(layer(x):totable(), layer(x, x, x))
    assert.equal(8, #layer.weights)
    assert.equal("query/kernel", layer.weights[1].name)
    assert.same({ 4, 2, 3 }, layer.weights[1].shape)
    assert.same({ 2, 3, 4 }, layer.weights[7].shape)
  end)

  it("sees no keys that a mask leaves out, from where it may come", function()
    local x, y = steps(1, 3, 4), steps(1, 3, 4)
    local layer = L.MultiHeadAttention(2, 2)
    local visible = mask_of_steps { true, true, false }
    local want = layer(x, y[{ {}, { 1, 2 } }])
    near(want:totable(), layer(x, y, { mask = { false, visible } }))
    near(want:totable(), layer(x, y, { mask = { false, false, visible } }))
    local all = nd.broadcast_to(visible, { 1, 3, 3 })
    near(want:totable(), layer(x, y, { attention_mask = all }))
    near(want:totable(), layer(x, y, {
      attention_mask = nd.broadcast_to(visible, { 1, 2, 3, 3 }) }))
    masks.note(y, visible)
    near(want:totable(), layer(x, y))
    local scores = layer(x, y, { return_attention_scores = true })
    near(want:totable(), scores[1])
    near({ 0, 0, 0 }, scores[2][{ 1, 1, {}, 3 }])
  end)

  it("attends to several axes at once, and to some", function()
    local x = steps(1, 6, 2)
    local square = nd.reshape(x, { 1, 2, 3, 2 })
    local layer = L.MultiHeadAttention(1, 2)
    local visible = nd.greater(nd.reshape(nd.range(1, 36), { 1, 6, 6 }) % 5, 1)
    local want = layer(x, x, { attention_mask = visible })
    near(nd.reshape(want, { 1, 2, 3, 2 }):totable(), layer(square, square, {
      attention_mask = nd.reshape(visible, { 1, 2, 3, 2, 3 }) }))
    local by_row = L.MultiHeadAttention(1, 2, { attention_axes = -2 })
    by_row:build(square.shape)
    by_row:set_weights(layer:get_weights())
    local rows = nd.reshape(x, { 2, 3, 2 })
    near(nd.reshape(layer(rows), { 1, 2, 3, 2 }):totable(), by_row(square))
    near(nd.reshape(layer(rows, rows, { use_causal_mask = true }),
      { 1, 2, 3, 2 }):totable(),
      by_row(square, square, { use_causal_mask = true }))
    local model = nd.Input { 2, 3, 2 }
    assert.same({ false, 2, 3, 2 }, by_row(model, model).shape)
    for message, f in pairs {
      ["MultiHeadAttention: use_causal_mask needs one axis of time, not 2"] =
        function() layer(square, square, { use_causal_mask = true }) end,
      ["MultiHeadAttention: attention_mask [1 6 6] has not one value for each "
        .. "of 2 times 3 times 3"] =
        function() by_row(square, square, { attention_mask = visible }) end,
      ["MultiHeadAttention: a mask of steps needs inputs of 3 axes; use "
        .. "attention_mask"] = function()
          layer(square, square, { mask = { nd.ones { 1, 2 } } })
        end,
      ["MultiHeadAttention: attention_axes 4 is the width"] =
        function()
          L.MultiHeadAttention(1, 2, { attention_axes = 4 })(square)
        end,
    } do
      refuses(message, f)
    end
  end)

  it("passes the mask of the query on", function()
    local x = steps(1, 2, 2)
    masks.note(x, mask_of_steps { true, false })
    local y = L.MultiHeadAttention(1, 2)(x, x)
    assert.same({ { true, false } }, masks.of(y):totable())
  end)

  it("loses scores in training, by its seed", function()
    local x = steps(1, 4, 4)
    local layer = L.MultiHeadAttention(2, 2, { dropout = 0.5, seed = 3 })
    local y = layer(x)
    near(y:totable(), layer(x))
    assert.is_true(nd.reduce_max(nd.abs(y - layer(x, true))):item() > 0)
  end)

  it("begins with weights scaled as those of a matrix", function()
    local layer = L.MultiHeadAttention(8, 8)
    layer(nd.zeros { 1, 2, 64 })
    local bound = math.sqrt(6 / (64 + 64))
    local most = nd.reduce_max(nd.abs(layer.weights[1])):item()
    assert.is_true(most <= bound and most > 0.9 * bound)
  end)

  it("refuses a mistake", function()
    refuses("MultiHeadAttention: inputs need 3 axes, batch, time and width: "
      .. "one is [2 3]", function()
        L.MultiHeadAttention(1, 2)(nd.ones { 2, 3 })
      end)
    refuses("MultiHeadAttention: takes query, value and key, got 4 tensors",
      function()
        local x = nd.ones { 1, 2, 2 }
        L.MultiHeadAttention(1, 2)(x, x, x, x)
      end)
    refuses("GroupQueryAttention: 3 heads of the query cannot share 2",
      function() L.GroupQueryAttention(2, 3, 2) end)
    refuses("MultiHeadAttention: num_heads must be a whole number, 1 or more, "
      .. "got 0", function() L.MultiHeadAttention(0, 2) end)
  end)
end)

describe("Attention", function()
  it("passes the mask of the query on, and makes its steps 0", function()
    local q, v = steps(1, 2, 3), steps(1, 4, 3)
    local mask = mask_of_steps { true, false }
    local y = L.Attention() ({ q, v }, { mask = { mask, false } })
    assert.same({ 0, 0, 0 }, y[1][2]:totable())
    assert.same(mask:totable(), masks.of(y):totable())
  end)

  it("refuses a mistake", function()
    refuses("Attention: takes a list of query, value and, if it is another, "
      .. "key, got 1", function() L.Attention()(nd.ones { 1, 2, 3 }) end)
    refuses("AdditiveAttention: takes a list of query, value and, if it is "
      .. "another, key, got 4", function()
        local x = nd.ones { 1, 2, 3 }
        L.AdditiveAttention() { x, x, x, x }
      end)
    refuses("Attention: no such score_mode: 'dott'; did you mean 'dot'?",
      function() L.Attention { score_mode = "dott" } end)
  end)
end)

describe("EinsumDense", function()
  it("is Dense, in another notation", function()
    local x = steps(2, 3, 4)
    local dense, other = L.Dense(5),
      L.EinsumDense("...i,io->...o", 5, { bias_axes = "o" })
    dense(x)
    other(x)
    other:set_weights(dense:get_weights())
    near(dense(x):totable(), other(x))
  end)

  it("has a bias along the axes that are named", function()
    local layer = L.EinsumDense("ab...,bc->ac...", 3, { bias_axes = "c" })
    assert.same({ 2, 3, 5 }, layer(nd.ones { 2, 4, 5 }).shape)
    layer = L.EinsumDense("abc,cde->abde", { false, 2, 3 },
      { bias_axes = "be" })
    layer(nd.ones { 2, 4, 5 })
    assert.same({ 4, 1, 3 }, layer.bias.shape)
  end)

  it("refuses a mistake", function()
    refuses("EinsumDense: equation 'ab->c' needs the form x,kernel->y",
      function() L.EinsumDense("ab->c", 2) end)
    refuses("EinsumDense: equation 'a...b,bc->ac': 'a...b' needs letters, and "
      .. "... before or after them at most",
      function() L.EinsumDense("a...b,bc->ac", 2) end)
    refuses("EinsumDense: equation 'ab,bc->ac': x is [2 3 4]",
      function() L.EinsumDense("ab,bc->ac", 2)(nd.ones { 2, 3, 4 }) end)
    refuses("EinsumDense: equation 'ab,bcd->ac': nothing tells the size of 'd'",
      function() L.EinsumDense("ab,bcd->ac", 2)(nd.ones { 2, 3 }) end)
    refuses("EinsumDense: equation 'ab,bc->ac': output_shape has 3 sizes",
      function() L.EinsumDense("ab,bc->ac", { 1, 2, 3 })(nd.ones { 2, 3 }) end)
    refuses("EinsumDense: bias_axes 'x' are no axes of 'ab,bc->ac'", function()
      L.EinsumDense("ab,bc->ac", 2, { bias_axes = "x" })(nd.ones { 2, 3 })
    end)
  end)
end)
