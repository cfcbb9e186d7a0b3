--- What a model is trained on, in batches: tensors that are cut along their
-- first axis, or what a function gives each time it is called.
--
-- A batch is a list of x, y and sample weights, as far as there are any; each
-- may be a structure of tensors.
local nd = require "nadir"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local structure = require "nadir.structure"

local Data = {}
Data.__index = Data

local PARTS <const> = { "x", "y", "sample_weight" }

-- ----------------------------------------------------------------- reading --

-- How many examples all parts have.
local function count_examples(who, parts)
  local n, first
  for i, name in ipairs(PARTS) do
    for _, leaf in ipairs(structure.flatten(parts[i])) do
      if not nd.is_tensor(leaf) and not nd.is_variable(leaf) then
        fail("%s: %s must be a tensor or a table of tensors, got %s", who, name,
          type(leaf))
      elseif leaf.rank == 0 then
        fail("%s: %s needs an axis of examples: it is []", who, name)
      elseif n and leaf.shape[1] ~= n then
        fail("%s: %s has %d examples, %s has %d", who, first, n, name,
          leaf.shape[1])
      end
      n, first = n or leaf.shape[1], first or name
    end
  end
  return n
end

-- The weight of each example by its class: y has labels, or rows with a 1.
local function weigh_classes(who, class_weight, y)
  if type(class_weight) ~= "table" then
    fail("%s: class_weight must be a table of numbers by labels, got %s", who,
      describe.value(class_weight))
  elseif not nd.is_tensor(y) then
    fail("%s: class_weight needs one y, a tensor", who)
  end
  local labels = y
  if y.rank > 1 and y.shape[y.rank] > 1 then
    labels = nd.argmax(y, y.rank)
  elseif y.rank > 1 then
    labels = nd.squeeze(y, y.rank)
  end
  labels = nd.cast(labels, "int64")
  local weights = nd.ones(labels.shape)
  for label, weight in pairs(class_weight) do -- any order: each has its own
    if math.type(label) ~= "integer" or label < 1
      or type(weight) ~= "number" then
      fail("%s: class_weight must have numbers by labels from 1 on", who)
    end
    weights = nd.where(nd.equal(labels, label), weight, weights)
  end
  return weights
end

--- Data for a method of a model.
---@param who string      the method, for messages
---@param options table   `x`, `y`, `sample_weight`, `class_weight`,
--- `batch_size`, `shuffle`, `steps`, `needs_y`
---@return table data
local function new(who, options)
  local self = setmetatable({ who = who, steps = options.steps or nil,
                              shuffle = options.shuffle,
                              needs_y = options.needs_y }, Data)
  if type(options.x) == "function" then
    self.generate = options.x
    return self
  end
  if not options.x then
    fail("%s: x must be a tensor or a table of tensors, got %s", who,
      describe.value(options.x))
  elseif self.needs_y and not options.y then
    fail("%s: y is missing: the loss compares it with what the model gives",
      who)
  end
  local parts = {}
  for i, name in ipairs(PARTS) do
    local part = options[name]
    parts[i] = part and structure.to_tensors(part, who) or false
  end
  if options.class_weight then
    if parts[3] then
      fail("%s: class_weight and sample_weight are given both", who)
    end
    parts[3] = weigh_classes(who, options.class_weight, parts[2])
    self.weighs_classes = true
  end
  self.parts = {}
  for i in ipairs(PARTS) do
    self.parts[i] = parts[i] or nil
  end
  self.n = count_examples(who, self.parts)
  self.batch_size = options.batch_size or 32
  local all = math.ceil(self.n / self.batch_size)
  self.steps = math.min(self.steps or all, all)
  return self
end

-- ----------------------------------------------------------------- batches --

-- Rows of every tensor of every part.
local function pick(self, rows)
  local batch = {}
  for i = 1, #PARTS do
    local part = self.parts[i]
    batch[i] = part ~= nil and structure.map(part, rows) or nil
  end
  return batch
end

local function cut(self, order, step)
  local first = (step - 1) * self.batch_size + 1
  local last = math.min(first + self.batch_size - 1, self.n)
  if order then
    local at = order[{ { first, last } }]
    return pick(self, function(x) return nd.gather(x, at, 1) end)
  elseif first == 1 and last == self.n then
    return self.parts
  end
  local range = { { first, last } }
  return pick(self, function(x) return x[range] end)
end

-- Raises for a batch of a function that is none, or has no labels where they
-- are needed.
local function check_batch(self, batch)
  local x, y = batch[1], batch[2]
  if self.needs_y and y == nil then
    fail("%s: y is missing: the function returned %s", self.who,
      structure.is_plain(x) and "one table; return x, y without braces"
      or "x only; return x, y")
  end
  for i, name in ipairs(PARTS) do
    for _, leaf in ipairs(structure.flatten(batch[i])) do
      if not nd.is_tensor(leaf) and not nd.is_variable(leaf) then
        fail("%s: the function returned a %s for %s, no tensor", self.who,
          describe.value(leaf), name)
      end
    end
  end
  return batch
end

--- An iterator over the batches of an epoch, with their numbers. Each epoch of
--- shuffled data has an order of its own, from `nd.random`.
function Data:batches()
  if self.generate then
    return function(_, step)
      if self.steps and step >= self.steps then
        return nil
      end
      local batch = { self.generate() }
      if batch[1] == nil and step == 0 then
        fail("%s: the function gave no batches", self.who)
      elseif batch[1] ~= nil then
        return step + 1, check_batch(self, structure.to_tensors(batch,
          self.who))
      end
    end, nil, 0
  end
  local order = self.shuffle and nd.random.shuffle(nd.range(1, self.n)) or nil
  return function(_, step)
    if step < self.steps then
      return step + 1, cut(self, order, step + 1)
    end
  end, nil, 0
end

--- Two parts of the data: all but the last share, and that.
---@param share number
---@return table first, table last
function Data:split(share)
  if not self.parts then
    fail("%s: validation_split needs tensors, not a function", self.who)
  end
  local at = math.floor(self.n * (1 - share))
  if at < 1 or at >= self.n then
    fail("%s: validation_split leaves no examples of %d: it is %s", self.who,
      self.n, share)
  end
  local function part(first, last, shuffle, is_weighed)
    local parts = pick(self, function(x) return x[{ { first, last } }] end)
    return new(self.who, { x = parts[1], y = parts[2], shuffle = shuffle,
                           sample_weight = is_weighed and parts[3] or nil,
                           batch_size = self.batch_size })
  end
  return part(1, at, self.shuffle, true),
    part(at + 1, self.n, false, not self.weighs_classes)
end

--- How many examples an input, or a structure of them, has.
---@return integer
local function size(x)
  if type(x) == "userdata" then
    return #x
  end
  return structure.flatten(x)[1].shape[1]
end

return { new = new, size = size }
