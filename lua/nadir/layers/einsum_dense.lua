--- nd.layers.EinsumDense: a fully connected layer over any axes.
local nd = require "nadir"
local class = require "nadir.class"
local Kernel = require "nadir.layers.kernel"

local EinsumDense = Kernel:extend("EinsumDense", {
  doc = "activation(sums of products of x and a kernel by an equation, "
    .. "'abc,cd->abd', + bias)",
  { "equation", "text", doc = "as nd.einsum has it: x,kernel->y" },
  { "output_shape", "axes",
    doc = "of y without the batch, and what '...' stands for; false: as in x" },
  { "activation", "activation", false, doc = "called with the sums" },
  { "bias_axes", "text", false, doc = "letters of the axes that have a bias" },
})

-- "abc...": the letters as a list, and where the dots stand.
local function read_letters(self, text)
  local front, back = text:match "^(%a*)%.%.%.(%a*)$"
  local letters = front and front .. back or text:match "^%a+$"
  if not letters or front ~= "" and (back or "") ~= "" then
    self:fail("equation '%s': '%s' needs letters, and ... before or "
      .. "after them at most", self.equation, text)
  end
  local list = {}
  for letter in letters:gmatch "." do
    list[#list + 1] = letter
  end
  return list, front ~= nil and (front == "" and "before" or "after")
end

function EinsumDense:init()
  local x, kernel, y = self.equation:gsub("%s", "")
    :match "^([%a.]+),(%a+)%->([%a.]+)$"
  if not x then
    self:fail("equation '%s' needs the form x,kernel->y",
      self.equation)
  end
  self._x, self._dots = read_letters(self, x)
  self._kernel = read_letters(self, kernel)
  self._y = read_letters(self, y)
end

-- The sizes of letters, by x and by output_shape.
local function sizes_of(self, shape)
  local sizes, x, y = {}, self._x, self._y
  if self._dots and #shape < #x or not self._dots and #shape ~= #x then
    self:fail("equation '%s': x is [%s]", self.equation,
      table.concat(shape, " "))
  end
  local skip = self._dots == "before" and #shape - #x or 0
  for i, letter in ipairs(x) do
    sizes[letter] = shape[skip + i]
  end
  skip = #y - #self.output_shape
  for i, size in ipairs(self.output_shape) do
    local letter = y[skip + i]
    if not letter then
      self:fail("equation '%s': output_shape has %d sizes",
        self.equation, #self.output_shape)
    end
    sizes[letter] = sizes[letter] or size or nil
  end
  return sizes
end

-- The shape of letters.
local function shape_of(self, letters, sizes)
  local shape = {}
  for i, letter in ipairs(letters) do
    shape[i] = sizes[letter]
      or self:fail("equation '%s': nothing tells the size of '%s'",
        self.equation, letter)
  end
  return shape
end

-- The shape of the bias: from the first of its axes on, 1 for others. `more` is
-- how many dots stand for.
local function bias_shape(self, sizes, more)
  local shape, first = {}, false
  for _, letter in ipairs(self._y) do
    local is_one = self.bias_axes:find(letter, 1, true)
    first = first or is_one
    if first then
      shape[#shape + 1] = is_one and sizes[letter] or 1
    end
  end
  if not first then
    self:fail("bias_axes '%s' are no axes of '%s'", self.bias_axes,
      self.equation)
  end
  for _ = 1, self._dots == "after" and more or 0 do
    shape[#shape + 1] = 1
  end
  return shape
end

local function has(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

-- An initializer that is scaled by how much an output adds up, and an input
-- goes to, as that of a matrix: of axes that x has, by others.
local function as_matrix(self, sizes)
  local initializer = self.kernel_initializer
  local Class = class.of(initializer)
  local inputs, outputs = 1, 1
  for _, letter in ipairs(self._kernel) do
    if has(self._x, letter) then
      inputs = inputs * sizes[letter]
    else
      outputs = outputs * sizes[letter]
    end
  end
  if not Class or not (rawget(initializer, "mode")
    or class.method(Class, "mode")) then
    return initializer
  end
  return function(shape, dtype)
    return nd.reshape(initializer({ inputs, outputs }, dtype), shape)
  end
end

function EinsumDense:build(shape)
  local sizes = sizes_of(self, shape)
  local kernel = shape_of(self, self._kernel, sizes)
  self.kernel = self:add_weight("kernel", kernel, {
    initializer = as_matrix(self, sizes),
    regularizer = self.kernel_regularizer or nil,
    constraint = self.kernel_constraint or nil,
  })
  self.bias = self.use_bias and self.bias_axes
    and self:make_weight("bias", bias_shape(self, sizes, #shape - #self._x))
end

function EinsumDense:call(x)
  return self:finish(nd.einsum(self.equation, x, self.kernel))
end

return EinsumDense
