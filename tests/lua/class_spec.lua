--- Classes, made from a name and a signature.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local class = require "nadir.class"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local function shape_class()
  local Shape = class("Shape", { { "color", "text", "red" } })
  function Shape:area() return self.side and self.side ^ 2 or 0 end
  class.property(Shape, "loud", function(self) return self.color:upper() end)
  return Shape
end

describe("a class", function()
  it("makes objects that have their settings as fields", function()
    local Shape = shape_class()
    assert.equal("red", Shape().color)
    assert.equal("blue", Shape("blue").color)
    assert.equal("blue", Shape { color = "blue" }.color)
    assert.equal("BLUE", Shape("blue").loud)
    assert.equal('Shape { color = "blue" }', tostring(Shape("blue")))
    assert.equal("Shape(color = red)", tostring(Shape))
  end)

  it("is extended, with parameters and methods before those it had", function()
    local Shape = shape_class()
    local Square = Shape:extend("Square", { { "side", "number" } })
    function Square:init() self.twice = 2 * self.side end
    local square = Square(3, "green")
    assert.equal(9, square:area())
    assert.equal(6, square.twice)
    assert.equal("GREEN", square.loud)
    local Dot = Square:extend { name = "Dot", area = function() return 0 end }
    assert.equal(0, Dot(3):area())
    assert.equal(6, Dot(3).twice)
    assert.equal("Dot(side, color = red)", tostring(Dot))
  end)

  it("passes what it is called with to an init without parameters", function()
    local Shape = shape_class()
    local Ring = Shape:extend "Ring"
    function Ring:init(inner, outer) self.widths = { inner, outer } end
    local ring = Ring(1, { name = 2 })
    assert.same({ 1, { name = 2 } }, ring.widths)
    assert.equal("red", ring.color)
    local Thin = Ring:extend("Thin", { { "radius", "number", 1 } })
    assert.equal(5, Thin(5).radius)
  end)

  it("refuses in the name of the class of the object", function()
    local Shape = shape_class()
    function Shape:check() self:fail("no %s is %d", self.color, 3) end
    refuses("Shape: no red is 3", Shape().check, Shape())
    local Square = Shape:extend "Square"
    refuses("Square: no blue is 3", Square.check, Square "blue")
  end)

  it("knows its objects", function()
    local Shape = shape_class()
    local Square = Shape:extend "Square"
    assert.is_true(class.is(Square(), Shape))
    assert.is_false(class.is(Shape(), Square))
    assert.equal(Square, class.of(Square()))
    for _, value in ipairs { 1, "a", {}, Shape, nd.ones { 1 } } do
      assert.is_nil(class.of(value))
    end
  end)

  it("makes objects again of what they were made with", function()
    local Shape = shape_class()
    local config = Shape("blue"):get_config()
    assert.same({ color = "blue" }, config)
    assert.equal("blue", Shape:from_config(config).color)
    local dense = nd.layers.Dense(3, {
      kernel_initializer = nd.initializers.HeNormal { seed = 1 }, name = "d" })
    assert.same({ units = 3, name = "d", kernel_initializer = {
      class_name = "HeNormal", config = { seed = 1 } } }, dense:get_config())
    local again = nd.layers.Dense:from_config(dense:get_config())
    assert.equal(1, again.kernel_initializer.seed)
    for _, Class in ipairs { Shape, nd.Model, nd.optimizers.MultiOptimizer } do
      refuses("from_config: the configuration must be a table, got nil; "
        .. "call it as Class:from_config(configuration)",
        function() Class.from_config(config) end)
    end
    refuses("from_config: it is of classes, as in Class:from_config(config)",
      function() dense:from_config(dense:get_config()) end)
  end)

  it("refuses a mistake at the script's line", function()
    local Shape = shape_class()
    refuses("Shape: color must be a string, got 3", function() Shape(3) end)
    refuses("Shape: no such name: 'colour'; did you mean 'color'?",
      function() return Shape().colour end)
    refuses("Shape: no such name: 'loudd'; did you mean 'loud'?",
      function() return Shape().loudd end)
    refuses("Shape: no such name: 'aria'; did you mean 'area'?",
      function() return Shape.aria end)
    refuses("extend: name must be a string, got number",
      function() Shape:extend(3) end)
    refuses("extend: parameters must be a list, got number",
      function() Shape:extend("Round", 3) end)
    for _, parameter in ipairs { 3, "r", { "r" }, { 1, "number" } } do
      refuses("extend: parameter 1 must be { name, kind, default }, as in "
        .. '{ "units", "size", 1 }',
        function() Shape:extend("Round", { parameter }) end)
    end
    refuses("Round: r: no such kind of parameter: 'radius'",
      function() Shape:extend("Round", { { "r", "radius", 1 } })() end)
    refuses("get_config: Dense.activation is a function, which no file can "
      .. "hold; give it by its name, or by a class", function()
        nd.layers.Dense(1, { activation = function(x) return x end })
          :get_config()
      end)
  end)
end)
