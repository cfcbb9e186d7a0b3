--- nd.layers.Embedding: rows of a table by their positions.
local nd = require "nadir"
local Layer = require "nadir.layers.one_input"
local roles = require "nadir.layers.roles"

local Embedding = Layer:extend("Embedding", roles({
  doc = "for each position in x, from 1 to input_dim, a row of the table",
  { "input_dim", "size", doc = "rows of the table" },
  { "output_dim", "size", doc = "length of a row" },
  { "mask_zero", "flag", false,
    doc = "whether 0 pads: it gives zeros, and is masked" },
}, "embeddings", "random_uniform"))

function Embedding:build()
  self.embeddings = self:make_weight("embeddings",
    { self.input_dim, self.output_dim })
end

local function positions(x)
  return x.dtype:find "int" and x or nd.cast(x, "int32")
end

function Embedding:call(x)
  local at = positions(x)
  if not self.mask_zero then
    return nd.gather(self.embeddings, at)
  end
  local rows = nd.gather(self.embeddings, nd.maximum(at, 1))
  return nd.where(nd.expand_dims(nd.not_equal(at, 0), -1), rows, 0)
end

function Embedding:compute_mask(x)
  return self.mask_zero and nd.not_equal(x, 0) or nil
end

return Embedding
