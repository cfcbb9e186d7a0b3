--- nd.optimizers.schedules: rates that change with the steps done. Each is a
-- function of their number, which optimizers take for `learning_rate`, as they
-- take any other. Formulas and defaults are Keras 3's.
local fail = require "nadir.fail"
local names = require "nadir.names"
local signature = require "nadir.signature"

local schedules = {}

-- The settings of a call; raises what `check` says is wrong with them.
local function read(takes, check, ...)
  local settings, given = takes:read(...)
  local problem = check and check(settings)
  if problem then
    fail("%s: %s", takes.name, problem)
  end
  return settings, given
end

-- The metatable of the schedules of a class.
local function metatable_of(takes, rate, check)
  local metatable = { __name = takes.name, __signature = takes }
  function metatable.__index(self, key)
    local value = self._settings[key]
    if value == nil then
      fail("%s", names.missing(takes.name, key, self._settings))
    end
    return value
  end
  function metatable.__newindex(self, key, value)
    local given = { [key] = value }
    for name, other in pairs(self._given) do -- any order: each its own
      given[name] = name == key and value or other
    end
    rawset(self, "_settings", read(takes, check, given))
    rawset(self, "_given", given)
  end
  function metatable.__call(self, step)
    if type(step) ~= "number" then
      fail("%s: step must be a number, got %s", takes.name, type(step))
    end
    return rate(self._settings, step)
  end
  function metatable.__tostring(self)
    return takes:show(self._given)
  end
  function metatable.__config(self)
    return self._given
  end
  metatable.__class_name = takes.name
  return metatable
end

-- Adds a class: rate(settings, step) gives the rate after so many steps.
-- `check` says what is wrong with settings.
local function add(name, doc, params, rate, check)
  local takes = signature.new(name, table.move(params, 1, #params, 1,
                                               { doc = doc }))
  local metatable = metatable_of(takes, rate, check)
  schedules[name] = takes:callable(function(...)
    local settings, given = read(takes, check, ...)
    return setmetatable({ _settings = settings, _given = given }, metatable)
  end, { __name = name })
end

local function first(doc)
  return { "initial_learning_rate", "number", doc = doc or "the first rate" }
end

-- How many steps something lasts; more than none.
local function steps(name, doc)
  return { name, "number", doc = doc }
end

local function lasts(name)
  return function(settings)
    if settings[name] <= 0 then
      return name .. " must be above 0"
    end
  end
end

local staircase = { "staircase", "flag", false,
                    doc = "whether it falls once in decay_steps, not always" }

local function passed(s, step)
  local share = step / s.decay_steps
  return s.staircase and math.floor(share) or share
end

add("ExponentialDecay", "falls by the same share in the same time", {
  first(), steps("decay_steps", "after which the rate is times decay_rate"),
  { "decay_rate", "number", doc = "what is left after decay_steps" }, staircase,
}, function(s, step)
  return s.initial_learning_rate * s.decay_rate ^ passed(s, step)
end, lasts "decay_steps")

add("InverseTimeDecay",
  "initial_learning_rate / (1 + decay_rate * step / decay_steps)", {
    first(), steps("decay_steps", "the unit of time"),
    { "decay_rate", "number", doc = "how fast the divisor grows" }, staircase,
  }, function(s, step)
    return s.initial_learning_rate / (1 + s.decay_rate * passed(s, step))
  end, lasts "decay_steps")

add("PolynomialDecay", "falls to end_learning_rate as a power of time left", {
  first(), steps("decay_steps", "until the end, or one cycle"),
  { "end_learning_rate", "number", 1e-4, doc = "the last rate" },
  { "power", "number", 1, doc = "1: along a line" },
  { "cycle", "flag", false, doc = "whether it begins again, and lasts longer" },
}, function(s, step)
  local all = s.decay_steps
  if s.cycle then
    all = all * math.max(1, math.ceil(step / all))
  end
  local left = 1 - math.min(step, all) / all
  return (s.initial_learning_rate - s.end_learning_rate) * left ^ s.power
    + s.end_learning_rate
end, lasts "decay_steps")

add("PiecewiseConstantDecay", "values[1] up to boundaries[1], and so on", {
  { "boundaries", "numbers", doc = "the last step of each value but the last" },
  { "values", "numbers", doc = "one more than boundaries" },
}, function(s, step)
  for i, boundary in ipairs(s.boundaries) do
    if step <= boundary then
      return s.values[i]
    end
  end
  return s.values[#s.values]
end, function(s)
  if #s.values ~= #s.boundaries + 1 then
    return ("%d values for %d boundaries: needs one more"):format(#s.values,
      #s.boundaries)
  end
end)

-- From 1 to 0 on half a wave.
local function wave(share)
  return .5 * (1 + math.cos(math.pi * share))
end

add("CosineDecay", "falls on half a cosine, after a line up if there is one", {
  first "the first rate, that of the cosine if there is no warmup_target",
  steps("decay_steps", "of the cosine"),
  { "alpha", "number", 0, doc = "the share of the rate that stays" },
  { "warmup_target", "number", false,
    doc = "the rate after warmup_steps, from which the cosine falls" },
  { "warmup_steps", "number", 0, doc = "of the line up to it" },
}, function(s, step)
  local from = s.initial_learning_rate
  if s.warmup_target then
    if step < s.warmup_steps then
      return from + (s.warmup_target - from) * step / s.warmup_steps
    end
    from, step = s.warmup_target, step - s.warmup_steps
  end
  local share = wave(math.min(step, s.decay_steps) / s.decay_steps)
  return from * ((1 - s.alpha) * share + s.alpha)
end, lasts "decay_steps")

-- How many first stages so many stages last together.
local function lengths(t_mul, stages)
  return t_mul == 1 and stages or (t_mul ^ stages - 1) / (t_mul - 1)
end

-- Which stage a step is in, from 0, and what share of it has passed. The
-- logarithm may round to the stage before or behind.
local function find_stage(s, step)
  local share, t_mul = step / s.first_decay_steps, s.t_mul
  local stage = t_mul == 1 and math.floor(share)
    or math.floor(math.log(1 + share * (t_mul - 1)) / math.log(t_mul))
  if lengths(t_mul, stage + 1) <= share then
    stage = stage + 1
  elseif lengths(t_mul, stage) > share then
    stage = stage - 1
  end
  return stage, (share - lengths(t_mul, stage)) / t_mul ^ stage
end

add("CosineDecayRestarts", "falls on half a cosine, again and again", {
  first(), steps("first_decay_steps", "of the first fall"),
  { "t_mul", "number", 2, doc = "how much longer each lasts" },
  { "m_mul", "number", 1, doc = "how much higher each begins" },
  { "alpha", "number", 0, doc = "the share of the rate that stays" },
}, function(s, step)
  local stage, share = find_stage(s, step)
  return s.initial_learning_rate
    * ((1 - s.alpha) * s.m_mul ^ stage * wave(share) + s.alpha)
end, function(s)
  return lasts "first_decay_steps" (s)
    or s.t_mul < 1 and "t_mul must be 1 or more" or nil
end)

return schedules
