--- nd.models.load_model: models in files; and the methods of models that write
-- them, `save`, `save_weights`, `load_weights`. docs/files.md says what is in
-- one.
local nd = require "nadir"
local checkpoint_file = require "nadir.checkpoint_file"
local check_self = require "nadir.models.receiver"
local class = require "nadir.class"
local config = require "nadir.config"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local finally = require "nadir.finally"
local form = require "nadir.form"
local Layer = require "nadir.layers.layer"
local module_state = require "nadir.module_state"
local pack = require "nadir.pack"
local signature = require "nadir.signature"
local variables = require "nadir.variables"

local saving = {}

-- ----------------------------------------------------------------- weights --

local function tensors_of(model)
  local tensors = {}
  for _, named in ipairs(model:named_variables()) do
    tensors[named[1]] = named[2]:read_value()
  end
  return tensors
end

-- Those of the tensors of a file that are weights of a model.
local function only_weights(tensors)
  local weights = {}
  for name, x in pairs(tensors) do -- any order: each its own
    weights[name] = name:sub(1, 1) ~= "@" and x or nil
  end
  return weights
end

-- At most five names, and how many more there are.
local function list(names)
  table.sort(names)
  local shown = table.concat(names, ", ", 1, math.min(#names, 5))
  return #names > 5 and ("%s and %d more"):format(shown, #names - 5) or shown
end

-- Sets the weights from tensors by path, all or none. What is amiss is an error
-- unless `skip_mismatch`.
local function set_weights(who, model, tensors, skip_mismatch)
  local known, missing, strange, fitting, values = {}, {}, {}, {}, {}
  for _, named in ipairs(model:named_variables()) do
    local path, variable = named[1], named[2]
    local x = tensors[path]
    known[path] = true
    if not x then
      missing[#missing + 1] = path
    elseif x.shape ~= variable.shape then
      strange[#strange + 1] = ("%s is %s, not %s"):format(path, x.shape,
        variable.shape)
    else
      fitting[#fitting + 1] = variable
      values[#values + 1] = nd.cast(x, variable.dtype)
    end
  end
  for path in pairs(only_weights(tensors)) do -- any order: sorted below
    strange[#strange + 1] = not known[path] and "no weight is called " .. path
      or nil
  end
  if not skip_mismatch and #missing > 0 then
    fail("%s: the file lacks weights: %s", who, list(missing))
  elseif not skip_mismatch and #strange > 0 then
    fail("%s: the file does not fit: %s", who, list(strange))
  end
  variables.assign(who, fitting, values)
  return #fitting
end

local save_weights = signature.new("save_weights", {
  { "filepath", "text" },
})

--- Writes the weights to a safetensors file, by their paths.
function saving:save_weights(...)
  check_self(self, "save_weights", "path")
  local v = save_weights:read(...)
  if not self.built then
    fail("save_weights: %s is not built yet; call it, or use model:build",
      self.name)
  end
  checkpoint_file.write(v.filepath, tensors_of(self), nil, "save_weights")
end

local load_weights = signature.new("load_weights", {
  { "filepath", "text" },
  { "skip_mismatch", "flag", false,
    doc = "whether weights that fit are set though others do not" },
  { "rename", "callable", false,
    doc = "gives the path of a weight for a name in the file, or nil" },
})

--- Sets the weights from a safetensors file, by their paths.
---@return integer n  how many were set
function saving:load_weights(...)
  check_self(self, "load_weights", "path")
  local v = load_weights:read(...)
  if not self.built then
    fail("load_weights: %s is not built yet; call it, or use model:build",
      self.name)
  end
  local tensors = only_weights(
    checkpoint_file.read(v.filepath, "load_weights"))
  if v.rename then
    local renamed = {}
    for name, x in pairs(tensors) do -- any order: each its own
      local path = v.rename(name)
      if path and type(path) ~= "string" then
        fail("load_weights: rename must give a path or nil, got %s",
          describe.value(path))
      elseif path then
        renamed[path] = x
      end
    end
    tensors = renamed
  end
  return set_weights("load_weights", self, tensors, v.skip_mismatch)
end

-- ------------------------------------------------------------------ models --
-- In the file of a model, names of weights are their paths; those of all else
-- begin with "@". The rest is the value "model".

local save = signature.new("save", {
  { "filepath", "text" },
  { "include_optimizer", "flag", true,
    doc = "whether what it was compiled with, and its state, are saved" },
})

-- What it was compiled with, and the state of the optimizer.
local function write_training(model, tensors)
  local given = rawget(model, "_compile")
  if not given then
    return nil
  end
  local written = { arguments = config.write(given, "compile") }
  local state = model.optimizer:state_dict(model.trainable_variables)
  written.state = pack.write(state, "@optimizer", tensors)
  return written
end

-- The paths of layers and Variables that do not train.
local function write_frozen(model)
  local frozen = { layers = {}, variables = {} }
  for _, named in ipairs(model:named_modules()) do
    local still = class.is(named[2], Layer) and not named[2].trainable
    table.insert(frozen.layers, still and named[1] or nil)
  end
  for _, named in ipairs(model:named_variables()) do
    table.insert(frozen.variables, not named[2].trainable and named[1] or nil)
  end
  return frozen
end

-- Sets `trainable`, where it is another, of what named_modules or
-- named_variables gives: outer layers first, since they set it of those within.
local function set_trainable(parts, frozen)
  local still = {}
  for _, path in ipairs(frozen) do
    still[path] = true
  end
  for _, named in ipairs(parts) do
    local trains = not still[named[1]]
    if named[2].trainable ~= trains then
      named[2].trainable = trains
    end
  end
end

local function read_frozen(model, frozen)
  local layers = {}
  for _, named in ipairs(model:named_modules()) do
    layers[#layers + 1] = class.is(named[2], Layer) and named or nil
  end
  set_trainable(layers, frozen.layers)
  set_trainable(model:named_variables(), frozen.variables)
end

--- Writes the model to one file: its configuration, its weights, what its calls
--- left, and, if it is compiled, what training goes on from.
function saving:save(...)
  check_self(self, "save", "path")
  local v = save:read(...)
  if not self.built then
    fail("save: %s is not built yet; call it, or use model:build", self.name)
  end
  local tensors = tensors_of(self)
  local written = {
    model = config.write(self, self.name),
    build_shape = rawget(self, "_build_shape"),
    frozen = write_frozen(self),
    state = pack.write(module_state.of(self), "@state", tensors),
    training = v.include_optimizer and write_training(self, tensors) or nil,
  }
  checkpoint_file.write(v.filepath, tensors, { model = written }, "save")
end

local load_model = signature.new("load_model", {
  doc = "the model that a file holds, with its weights",
  { "filepath", "text" },
  { "custom_objects", "nested", {}, doc = "classes of scripts, by name" },
  { "compile", "flag", true,
    doc = "whether it is compiled as it was, with the optimizer's state" },
})

-- Compiles a model as it was.
local function read_training(model, written, tensors)
  local arguments = {}
  for key, value in pairs(written.arguments) do -- any order: each its own
    arguments[key] = value
  end
  model:compile(arguments)
  model.optimizer:load_state_dict(pack.read(written.state, tensors),
    model.trainable_variables)
end

local FORM <const> = {
  model = { class_name = "string", config = "table" },
  ["build_shape?"] = "table",
  frozen = { layers = { "string" }, variables = { "string" } },
  ["state?"] = "table",
  ["training?"] = { arguments = { ["*"] = "any" }, state = "table" },
}

-- What a file tells of its model.
local function read_file(path)
  local tensors, values = checkpoint_file.read(path, "load_model")
  local written = values.model
  if written == nil then
    fail("load_model: %s holds no model, only tensors; use "
      .. "model:load_weights", path)
  end
  local problem = form.problem(FORM, written, "model")
  if problem then
    fail("load_model: %s: the configuration is damaged: %s", path, problem)
  end
  return written, tensors
end

--- The model that a file holds. Random numbers go on as without it: what layers
--- draw first, which the file overwrites, is drawn for nobody.
---@return table model
local function load(...)
  local v = load_model:read(...)
  local written, tensors = read_file(v.filepath)
  local _ <close> = finally(nd.random.set_state, nd.random.get_state())
  local loan <close> = config.loan(v.custom_objects)
  config.lend(loan)
  local model, problem = config.make(written.model, "model", nd.models)
  if not model then
    fail("load_model: %s", problem)
  end
  if not model.built then
    model:build(written.build_shape)
  end
  read_frozen(model, written.frozen)
  set_weights("load_model", model, tensors)
  module_state.setter("load_model", model, pack.read(written.state, tensors))()
  if v.compile and written.training then
    read_training(model, written.training, tensors)
  end
  return model
end

saving.load_model = load_model:callable(load)

return saving
