--- Functions of layers' results.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local near, refuses = support.near, support.refuses
local activations = nd.activations

assert(_VERSION == "Lua 5.4")

local X = { -2, -.5, 0, .5, 2 }

describe("an activation", function()
  it("is found by its name", function()
    for name, f in pairs(activations) do
      if name ~= "get" then
        assert.equal(f, activations.get(name))
      end
    end
    near({ .311230 }, activations.swish(nd.constant { .5 }))
    near({ .291667 }, activations.hard_swish(nd.constant { .5 }))
    assert.equal(activations.linear, activations.get(false))
    assert.equal(nd.tanh, activations.get "tanh")
    assert.equal(nd.sin, activations.get "sin")
    assert.equal(nd.abs, activations.get(nd.abs))
  end)

  it("takes its parameters by the names that Keras has for them", function()
    near({ -.2, -.05, 0, .5, 2 }, activations.leaky_relu(nd.constant(X), {
      negative_slope = .1 }))
    near({ -.2, -.05, 0, .5, 1 }, activations.relu(nd.constant(X), {
      negative_slope = .1, max_value = 1 }))
    near({ 0, 0, 0, 0, 2 }, activations.relu(X, { threshold = 1 }))
    near({ -.3, -.15, -.1, -.05, 2 }, activations.relu(X, .1, nil, 1))
    near({ { .5, .5 } }, activations.softmax({ { 1., 1. } }))
    near({ { 1, 1 } }, activations.softmax({ { 1., 2. } }, { axis = 1 }))
    assert.equal("relu(x, negative_slope = 0, max_value = nil, threshold = 0)",
      tostring(activations.relu))
  end)

  it("makes a layer's result", function()
    local layer = nd.layers.Dense(2, { activation = "softmax",
                                       kernel_initializer = "ones" })
    near({ { .5, .5 } }, layer({ { 1., 2. } }))
    near({ { 3, 3 } }, nd.layers.Dense(2, { activation = "linear",
      kernel_initializer = "ones" })({ { 1., 2. } }))
  end)

  it("refuses a mistake", function()
    refuses("activations.get: no such activation: 'tanj'; did you mean "
      .. "'tanh'?", function() activations.get "tanj" end)
    refuses("relu: unknown option 'alpha': it takes x, negative_slope, "
      .. "max_value, threshold",
      function() activations.relu(X, { alpha = 1 }) end)
  end)
end)
