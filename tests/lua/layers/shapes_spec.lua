--- Layers that merge, reshape, or apply a function.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local masks = require "nadir.masks"
local support = require "support"
local L = nd.layers
local near, refuses = support.near, support.refuses

assert(_VERSION == "Lua 5.4")

local one = nd.constant { { 1., 2. } }
local other = nd.constant { { 3., 5. } }

describe("a merge", function()
  it("takes a list, or its tensors one after the other", function()
    assert.same({ { 4, 7 } }, L.Add() { one, other }:totable())
    assert.same({ { 4, 7 } }, L.Add()(one, other):totable())
    assert.same({ { -2, -3 } }, L.Subtract()(one, other):totable())
    assert.same({ { 5, 9 } }, L.Add()(one, one, other):totable())
    assert.same({ { 1, 2 } }, L.Average() { one }:totable())
    assert.same({ { 1, 2, 3, 5 } }, L.Concatenate()(one, other):totable())
    assert.same({ { 13 } }, L.Dot(2)(one, other):totable())
  end)

  it("is done at once by a name in lower case", function()
    assert.same({ { 4, 7 } }, L.add { one, other }:totable())
    assert.same({ { 3, 10 } }, L.multiply({ one, other }):totable())
    assert.same({ { 1, 2 }, { 3, 5 } },
      L.concatenate({ one, other }, { axis = 1 }):totable())
    assert.same({ { 13 } }, L.dot({ one, other }, 2):totable())
    local a, b = nd.Input { 2 }, nd.Input { 3 }
    local model = nd.Model({ a, b }, L.concatenate({ a, b }))
    assert.same({ false, 5 }, model.output_shape)
    assert.not_equal(L.add({ a, a }).node.layer, L.add({ a, a }).node.layer)
    refuses("concatenate: inputs is missing: it must be a tensor, a Variable "
      .. "or a table", function() L.concatenate() end)
  end)

  it("counts a step that one of its masks has", function()
    local a, b = nd.ones { 1, 3, 2 }, nd.ones { 1, 3, 2 }
    masks.note(a, nd.constant { { true, false, false } })
    assert.is_nil(masks.of(L.Add()(a, b)))
    masks.note(b, nd.constant { { true, true, false } })
    assert.same({ { true, true, false } }, masks.of(L.Add()(a, b)):totable())
    assert.same({ { true, false, false, true, true, false } },
      masks.of(L.Concatenate(2)(a, b)):totable())
    assert.same({ { true, false, false } },
      masks.of(L.Concatenate()(a, b)):totable())
    assert.is_nil(masks.of(L.Dot(3)(a, b)))
  end)

  it("refuses a mistake", function()
    refuses("Add: takes a list of tensors, got one",
      function() L.Add()(one) end)
    refuses("Subtract: takes 2 tensors, got 3",
      function() L.Subtract()(one, one, one) end)
    refuses("Dot: axes has 1, the batch", function() L.Dot(1)(one, other) end)
    refuses("Dot: axes 3: x has 2 axes", function() L.Dot(3)(one, other) end)
    refuses("Concatenate: axis 3: x has 2 axes",
      function() L.Concatenate(3)(one, other) end)
  end)
end)

describe("another form", function()
  it("is that of each example", function()
    local x = nd.zeros { 2, 3, 4 }
    assert.same({ 2, 4, 3 }, L.Reshape { 4, 3 }(x).shape)
    assert.same({ 2, 2, 6 }, L.Reshape { 2, -1 }(x).shape)
    assert.same({ 0, 2, 6 }, L.Reshape { 2, -1 }(nd.zeros { 0, 3, 4 }).shape)
    assert.same({ 2, 12 }, L.Reshape(12)(x).shape)
    assert.same({ 2, 4, 3 }, L.Permute { 2, 1 }(x).shape)
    assert.same({ { { 1, 2 }, { 1, 2 } } }, L.RepeatVector(2)(one):totable())
    assert.same({ 2, 1, 2 }, L.Cropping1D(1)(nd.zeros { 2, 3, 2 }).shape)
    assert.same({ 1, 4, 6, 1 }, L.ZeroPadding2D { 1, 2 }(nd.zeros { 1, 2, 2,
                                                                   1 }).shape)
  end)

  it("refuses a mistake", function()
    local x = nd.zeros { 2, 3, 4 }
    refuses("Reshape: 12 elements of an example do not fit target_shape [5 -1]",
      function() L.Reshape { 5, -1 }(x) end)
    refuses("Permute: dims needs each of the axes 1 to 2 once: it is [1 1]",
      function() L.Permute { 1, 1 }(x) end)
    refuses("RepeatVector: x needs 2 axes: it is [2 3 4]",
      function() L.RepeatVector(2)(x) end)
    refuses("Cropping1D: nothing is left of axis 2, which has 3 elements",
      function() L.Cropping1D { 1, 2 }(x) end)
    refuses("ZeroPadding2D: padding needs 1 number, or 2 of them or of pairs, "
      .. "got 3", function() L.ZeroPadding2D { 1, 2, 3 } end)
    refuses("ZeroPadding1D: padding must be whole numbers, 0 or more, or pairs "
      .. "of them", function() L.ZeroPadding1D(-1) end)
    refuses("UpSampling2D: no such interpolation: 'linear'; did you mean "
      .. "'bilinear'?", function()
        L.UpSampling2D { interpolation = "linear" }
      end)
  end)
end)

describe("a function as a layer", function()
  it("may have options, and a name that a file can hold", function()
    local x = nd.constant { -1., 2. }
    assert.same({ 1, 4 }, L.Lambda(function(y) return y * y end)(x):totable())
    local clip = L.Lambda("clip_by_value", { arguments = {
      low = 0, high = 1 } })
    assert.same({ 0, 1 }, clip(x):totable())
    assert.same({ 0, 1 }, L.Lambda:from_config(clip:get_config())(x):totable())
    refuses("get_config: Lambda.f is a function, which no file can hold; give "
      .. "it by its name, or by a class", function()
        L.Lambda(function(y) return y end):get_config()
      end)
    refuses("Activation: no such activation: 'rel'; did you mean 'relu'?",
      function() L.Activation "rel" end)
  end)

  it("may be told the shape, which it has anyway", function()
    local layer = L.Lambda("square", { output_shape = { 7 } })
    layer(nd.ones { 1, 2 })
    assert.same({ false, 2 }, layer.output_shape)
  end)

  it("has the mask it is told", function()
    local x = nd.ones { 1, 2, 1 }
    masks.note(x, nd.constant { { true, false } })
    local function same(y) return y end
    assert.is_nil(masks.of(L.Lambda "square" (x)))
    local keep = L.Lambda("square", { mask = function(_, mask)
      return mask
    end })
    assert.same({ { true, false } }, masks.of(keep(x)):totable())
    local none = L.Lambda(same, { mask = nd.constant { { false, false } } })
    assert.same({ { false, false } }, masks.of(none(x + 0)):totable())
  end)

  it("takes whole numbers where it scales", function()
    local x = nd.constant({ { 0, 255 } }, "uint8")
    near({ { 0, 1 } }, L.Rescaling(1 / 255)(x))
    near({ { { 1, 4 } } }, L.Rescaling({ 1, 2 }, { 0, -2 })(
      nd.constant { { { 1., 3. } } }))
  end)

  it("is an activation with settings", function()
    local x = nd.constant { { -1., 3. } }
    assert.same({ { 0, 2 } }, L.ReLU(2)(x):totable())
    near({ { -0.3, 3 } }, L.LeakyReLU()(x))
    refuses("ReLU: max_value must not be below 0", function() L.ReLU(-1) end)
    refuses("LeakyReLU: negative_slope must not be below 0",
      function() L.LeakyReLU(-1) end)
    refuses("PReLU: shared_axes has 1, the batch, which always shares",
      function() L.PReLU { shared_axes = { 1 } } (x) end)
    local layer = L.PReLU { shared_axes = { 2, 3 } }
    layer(nd.zeros { 2, 5, 5, 3 })
    assert.same({ 1, 1, 3 }, layer.alpha.shape)
  end)

  it("adds what passes to the losses", function()
    local layer = L.ActivityRegularization(0.5, 2)
    near({ { -1, 3 } }, layer(nd.constant { { -1., 3. } }))
    near(22, layer.losses[1]:item())
  end)

  it("masks the steps that are all of one value", function()
    local x = nd.constant { { { 1., 2. }, { 7., 7. }, { 7., 1. } } }
    local y = L.Masking(7)(x)
    assert.same({ { true, false, true } }, masks.of(y):totable())
    assert.same({ { { 1, 2 }, { 0, 0 }, { 7, 1 } } }, y:totable())
  end)
end)
