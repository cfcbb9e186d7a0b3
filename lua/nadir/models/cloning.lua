--- nd.models.clone_model: models that are made as others are, with weights of
-- their own.
local class = require "nadir.class"
local config = require "nadir.config"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local InputLayer = require "nadir.models.input".InputLayer
local Layer = require "nadir.layers.layer"
local Model = require "nadir.models.model"
local signature = require "nadir.signature"

local clone_model = signature.new("clone_model", {
  doc = "a model with the same settings and layers, and new weights; it is not "
    .. "compiled",
  { "model", "layer", wanted = "a model" },
  { "clone_function", "callable", false,
    doc = "gives the copy of a layer; nil: one with its settings" },
})

-- What gives the copies of layers.
local function replacement(clone)
  return clone and function(value)
    if not class.is(value, Layer) or class.is(value, InputLayer) then
      return nil
    end
    local copy = clone(value)
    if not class.is(copy, Layer) then
      fail("clone_model: clone_function must give a layer, got %s",
        describe.value(copy))
    end
    return copy
  end or nil
end

---@return table model
local function clone(...)
  local v = clone_model:read(...)
  local model = v.model
  if not class.is(model, Model) then
    fail("clone_model: model must be a model, got %s", describe.type(model))
  end
  local copy = config.copy(model, {}, replacement(v.clone_function))
  if model.built and not copy.built then
    copy:build(rawget(model, "_build_shape"))
  end
  return copy
end

return { clone_model = clone_model:callable(clone) }
