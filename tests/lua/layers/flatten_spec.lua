--- The layer that makes rows.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local Flatten = nd.layers.Flatten
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

describe("Flatten", function()
  it("makes one axis of all but the first", function()
    local x = nd.reshape(nd.range(1, 12), { 2, 3, 2 })
    assert.same({ { 1, 2, 3, 4, 5, 6 }, { 7, 8, 9, 10, 11, 12 } },
      Flatten()(x):totable())
    assert.same({ 2, 3 }, Flatten()(nd.zeros { 2, 3 }).shape)
  end)

  it("makes a column of a list", function()
    assert.same({ 3, 1 }, Flatten()(nd.zeros { 3 }).shape)
  end)

  it("keeps the shape of no examples at all", function()
    assert.same({ 0, 6 }, Flatten()(nd.zeros { 0, 3, 2 }).shape)
    assert.same({ 2, 0 }, Flatten()(nd.zeros { 2, 0, 2 }).shape)
  end)

  it("has no variables, and passes gradients", function()
    local layer, x = Flatten(), nd.Variable(nd.ones { 2, 1, 2 })
    local tape <close> = nd.GradientTape()
    local y = nd.reduce_sum(layer(x) * 3)
    assert.same({}, layer.trainable_variables)
    assert.same({ { { 3, 3 } }, { { 3, 3 } } }, tape:gradient(y, x):totable())
  end)

  it("refuses a mistake", function()
    refuses("Flatten: x needs 1 axis or more: it is []",
      function() Flatten()(nd.constant(1.)) end)
    refuses("Flatten: unknown option 'units': it takes name, trainable, "
      .. "dtype, activity_regularizer",
      function() Flatten { units = 2 } end)
    refuses("Flatten: takes at most 4 arguments, got 5",
      function() Flatten("a", true, nil, nil, 1) end)
  end)
end)
