--- What a model is compiled with, for each of its outputs: a loss with its
-- weight, and metrics. Losses and metrics are given for all outputs, as a list
-- in the order of the outputs, or by their names.
local nd = require "nadir"
local config = require "nadir.config"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local name_problem = require "nadir.names".problem
local structure = require "nadir.structure"
local symbolic = require "nadir.symbolic"

local Compiled = {}
Compiled.__index = Compiled

-- ----------------------------------------------------------------- outputs --

-- A list, or a table by names, of several; not what describes one object.
local function is_plain(value)
  return structure.is_plain(value) and not config.is(value)
end

-- The names of outputs: their keys, or those of the layers that give them.
local function name_outputs(model, y_pred)
  local names, graph = {}, rawget(model, "_graph")
  local symbols = graph and graph.outputs
  if not is_plain(y_pred) then
    return { symbolic.is(symbols) and symbols.name or "output" }
  end
  for i, key in ipairs(structure.keys(y_pred)) do
    names[i] = key
    if type(key) == "number" then
      local symbol = is_plain(symbols) and symbols[key]
      names[i] = symbolic.is(symbol) and symbol.name or ("output_%d"):format(i)
    end
  end
  return names
end

-- What is given for output i of n, which is called `name`: one value for all, a
-- list with one for each, or a table by names. Of a single output a list is its
-- own if `is_list`.
local function given_for(what, value, i, n, name, is_list)
  if value == nil or value == false then
    return nil
  elseif n == 1 and not (is_plain(value) and value[1] == nil) then
    return is_plain(value) and not is_list and value[1] or value
  elseif not is_plain(value) then
    return value
  elseif value[1] ~= nil then
    if #value ~= n then
      fail("compile: %s has %d entries for %d outputs", what, #value, n)
    end
    return value[i]
  end
  return value[name]
end

local function check_names(who, what, value, names)
  if not is_plain(value) then
    return
  end
  for key in pairs(value) do -- any order: one is shown
    local known = type(key) == "number"
    for _, name in ipairs(names) do
      known = known or key == name
    end
    if not known then
      fail("%s: %s: no such output: '%s': there are %s", who, what,
        tostring(key), table.concat(names, ", "))
    end
  end
end

local function is_by_name(value)
  return is_plain(value) and value[1] == nil
end

-- The parts of y, or of weights, in the order of the outputs. Where they are
-- given by names some may be missing.
local function in_order(value, names)
  if not is_by_name(value) then
    return structure.flatten(value)
  end
  local list = {}
  for i, name in ipairs(names) do
    list[i] = value[name]
  end
  return list
end

-- The weights of each output: its own, or those of all.
local function weights_in_order(value, names)
  local list = in_order(value, names)
  if #list == 1 and not is_by_name(value) then
    for i = 2, #names do
      list[i] = list[1]
    end
  end
  return list
end

-- ----------------------------------------------------------------- metrics --

-- The metrics for a list, or one alone.
local function make_metrics(list, y_true, y_pred)
  local metrics = {}
  if list ~= nil and not (is_plain(list) and list[1] ~= nil) then
    list = { list }
  end
  for i, what in ipairs(list or {}) do
    metrics[i] = nd.metrics.resolve(what, y_true, y_pred)
  end
  return metrics
end

-- ---------------------------------------------------------------- building --

-- Makes losses and metrics when the first outputs show what they are for. What
-- fails is made anew for the next.
local function build(self, y_true, y_pred)
  local names = name_outputs(self.model, y_pred)
  local wanted, outputs = in_order(y_true, names), structure.flatten(y_pred)
  local n = #outputs
  check_names(self.model.name, "y", y_true, names)
  if not is_by_name(y_true) and #wanted ~= n then
    fail("%s: y has %d parts for %d outputs", self.model.name, #wanted, n)
  end
  for _, what in ipairs { "loss", "loss_weights", "metrics",
                          "weighted_metrics" } do
    check_names("compile", what, self[what], names)
  end
  local entries = {}
  for i, name in ipairs(names) do
    local function given(what, is_list)
      return given_for(what, self[what], i, n, name, is_list)
    end
    local loss = given "loss"
    if wanted[i] == nil and (loss or given "metrics"
      or given "weighted_metrics") then
      fail("%s: y has no part for output '%s'", self.model.name, name)
    end
    loss = loss ~= nil and nd.losses.get(loss) or nil
    entries[i] = {
      name = name, loss = loss, weight = given "loss_weights",
      metrics = make_metrics(given("metrics", true), wanted[i], outputs[i]),
      weighted = make_metrics(given("weighted_metrics", true), wanted[i],
        outputs[i]),
      total = 0, count = 0,
    }
  end
  self.names, self.entries = names, entries
end

-- Raises for a name, alone or in lists and tables, that no module has, and that
-- is not in `others`.
local function check_known(value, what, module, others)
  if is_plain(value) then
    for _, key in ipairs(structure.keys(value)) do
      check_known(value[key], what, module, others)
    end
  elseif type(value) == "string" and not others[value] then
    local problem = name_problem(what, value, module)
    if problem then
      fail("compile: %s", problem)
    end
  end
end

---@param model table
---@param settings table  `loss`, `loss_weights`, `metrics`, `weighted_metrics`
---@return table compiled
local function new(model, settings)
  local self = { model = model, total = 0, count = 0 }
  for key, value in pairs(settings) do -- any order: each its own
    self[key] = value or nil
  end
  check_known(self.loss, "loss", nd.losses, {})
  for _, list in ipairs { self.metrics or {}, self.weighted_metrics or {} } do
    check_known(list, "metric", nd.metrics, nd.metrics._choices)
  end
  return setmetatable(self, Compiled)
end

-- ------------------------------------------------------------------- steps --

-- The loss of one output.
local function loss_of(entry, y_true, y_pred, sample_weight)
  local loss = entry.loss and entry.loss(y_true, y_pred, sample_weight)
  entry.last = loss
  return loss and (entry.weight and entry.weight * loss or loss)
end

-- That of all, of each by its weight.
local function sum_losses(self, y_true, y_pred, sample_weight)
  local entries, names = self.entries, self.names
  if #entries == 1 and not (is_plain(y_true) or is_plain(y_pred)) then
    return loss_of(entries[1], y_true, y_pred, sample_weight)
  end
  local wanted, outputs = in_order(y_true, names), structure.flatten(y_pred)
  local weights = weights_in_order(sample_weight, names)
  local sum
  for i, entry in ipairs(entries) do
    local loss = loss_of(entry, wanted[i], outputs[i], weights[i])
    sum = sum and loss and sum + loss or sum or loss
  end
  return sum
end

--- The loss of a batch, all outputs and what layers add. Forgets those of the
--- batch before.
---@return userdata? loss
function Compiled:compute_loss(y_true, y_pred, sample_weight)
  if not self.entries and y_true ~= nil then
    build(self, y_true, y_pred)
  end
  local sum = y_true ~= nil
    and sum_losses(self, y_true, y_pred, sample_weight) or nil
  for _, loss in ipairs(self.model.losses) do
    sum = sum and sum + loss or loss
  end
  return sum
end

--- Adds a batch of n examples to the means and the metrics.
function Compiled:update(loss, y_true, y_pred, sample_weight, n)
  if loss then
    if not nd.is_tensor(loss) then
      fail("%s: compute_loss must return a tensor, got %s", self.model.name,
        describe.value(loss))
    end
    self.total = self.total + loss:item() * n
    self.count = self.count + n
  end
  local entries = y_true ~= nil and self.entries or {}
  if #entries == 1 and #entries[1].metrics + #entries[1].weighted == 0 then
    return
  end
  local names = self.names
  local wanted, outputs = in_order(y_true, names), structure.flatten(y_pred)
  local weights = weights_in_order(sample_weight, names)
  for i, entry in ipairs(entries) do
    if #entries > 1 and entry.last then
      entry.total = entry.total + entry.last:item() * n
      entry.count = entry.count + n
    end
    for _, metric in ipairs(entry.metrics) do
      metric:update_state(wanted[i], outputs[i])
    end
    for _, metric in ipairs(entry.weighted) do
      metric:update_state(wanted[i], outputs[i], weights[i])
    end
  end
end

--- Calls see(name, metric) for the metrics of all outputs.
function Compiled:each_metric(see)
  local entries = self.entries or {}
  for _, entry in ipairs(entries) do
    for _, list in ipairs { entry.metrics, entry.weighted } do
      for _, metric in ipairs(list) do
        see(#entries > 1 and ("%s_%s"):format(entry.name, metric.name)
          or metric.name, metric)
      end
    end
  end
end

--- Forgets all batches.
function Compiled:reset()
  self.total, self.count = 0, 0
  for _, entry in ipairs(self.entries or {}) do
    entry.total, entry.count = 0, 0
  end
  self:each_metric(function(_, metric) metric:reset_state() end)
end

--- Calls see(name, value) for the mean loss and each metric; the value is a
--- number, or what the metric gives.
function Compiled:results(see)
  if self.count > 0 then
    see("loss", self.total / self.count)
  end
  local entries = self.entries or {}
  for _, entry in ipairs(#entries > 1 and entries or {}) do
    if entry.loss and entry.count > 0 then
      see(entry.name .. "_loss", entry.total / entry.count)
    end
  end
  self:each_metric(function(name, metric) see(name, metric:result()) end)
end

local WAYS <const> = { up = "max", down = "min" }

--- Which way a metric is better, "min" or "max", if it says.
---@param name string
---@return string?
function Compiled:direction_of(name)
  local way
  self:each_metric(function(one, metric)
    way = one == name and WAYS[metric.direction] or way
  end)
  return way
end

return new
