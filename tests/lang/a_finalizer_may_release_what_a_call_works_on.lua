-- At any allocation of a call a finalizer releases all that the call was given,
-- and has its memory used for other values. The call then fails or is right.
local nd = require "nadir"

local given = setmetatable({}, { __mode = "v" })
local armed = 0

local function release_all()
  armed = armed - 1
  for i = 1, #given do
    if given[i] then given[i]:release() end
  end
  for _ = 1, 4 do nd.constant { 7., 7., 7., 7. } end
end

-- A tensor that will be released.
local function one(shape)
  local x = nd.ones(shape or { 4 })
  given[#given + 1] = x
  while armed < 20 do
    armed = armed + 1
    setmetatable({}, { __gc = release_all })
  end
  return x
end

local v, random = nd.Variable { 1., 1., 1., 1. }, nd.random.RandomState(1)
local sgd = nd.optimizers.SGD { learning_rate = 0. }
local double = nd.custom_gradient(function(x)
  return x * 2, function(g) return g * 2 end
end)

-- What calls give, as a list of text or of tensors whose sums are counted up.
local function gradient()
  local x = one()
  local tape <close> = nd.GradientTape()
  tape:watch { x }
  local y = double(x) * v
  given[#given + 1] = y
  return tape:gradient({ y }, { x, v }, { one() })
end

local function tangents()
  local x = one()
  local a = nd.autodiff.ForwardAccumulator({ x }, { one() })
  local y
  with a do y = { double(x), x + 1 } end
  given[#given + 1] = y[1]
  return a:jvp(y)
end

local calls = {
  { 12, function() return { nd.concat { one(), { 1., 1., 1., 1. }, v } } end },
  { 2, function() return { nd.gather(one(), { 1, 2 }) } end },
  { 4, function() return nd.split(one(), { 2, 2 }) end },
  { 4, function() return { nd.constant(one():totable()) } end },
  { 4, function()
    local text = tostring(one()):match "%[(.*)%]"
    return { nd.constant(load("return {" .. text:gsub(" ", ",") .. "}")()) }
  end },
  { 4, function() return { nd.ones { table.unpack(one().shape) } } end },
  { 4, function() return { nd.constant(one(), { shape = { 4, 1 } }) } end },
  { 4, function() return { nd.Variable(one()):read_value() } end },
  { 4, function() return { v:assign(one()):read_value() } end },
  { 4, function() return { random:permutation(one()) } end },
  { 2, function() return { random:choice(one(), { size = 2 }) } end },
  { 4, function() return { nd.random.shuffle(one()) } end },
  { 8, function() return { nd.reduce_sum(one { 2, 4 }, { axis = 1 }) } end },
  { 16, gradient },
  { 12, tangents },
  { 4, function()
    sgd:apply_gradients({ a = one() }, { a = v })
    return { v:read_value() }
  end },
  { 8, function() return nd.scope(function() return { one() * 2 } end) end },
}

-- Makes the next collection begin elsewhere.
local function shift()
  local chain
  for _ = 1, math.random(60) do chain = { chain } end
end

math.randomseed(1)
local failed, wrong = 0, 0
collectgarbage("generational", 1, 1)
for _ = 1, 2000 do
  for _, call in ipairs(calls) do
    for i = 1, #given do given[i] = nil end
    shift()
    local ok, result = pcall(call[2])
    local sum = 0
    for i = 1, ok and #result or 0 do
      local right, part = pcall(nd.reduce_sum, result[i])
      sum = sum + (right and part:item() or 0)
    end
    failed = failed + (ok and 0 or 1)
    wrong = wrong + (ok and sum ~= call[1] and 1 or 0)
  end
end
print(failed > 0, wrong)
-- output:
-- > true	0
