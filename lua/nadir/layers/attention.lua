--- nd.layers.Attention, AdditiveAttention: attention without weights of its own
-- but for a scale.
--
--   local y = attention { query, value }          -- the key is the value
--   local y = attention({ query, value, key }, { use_causal_mask = true })
--
-- Options of the call: `use_causal_mask`; `return_attention_scores`, which
-- gives a list of y and the scores [batch tq tv]. `mask` is a list of those of
-- query and value.
local nd = require "nadir"
local Layer = require "nadir.layers.layer"
local masks = require "nadir.masks"
local next_seed = require "nadir.layers.seeds"

-- A class has `scores(self, query, key)`.
local Attending = Layer:extend("Attending", {
  { "dropout", "rate", 0, doc = "the share of scores to lose" },
  { "seed", "integer", false, doc = "of what is lost" },
})

Attending.takes = "list"
Attending.call_options = { "use_causal_mask", "return_attention_scores" }

-- Raises unless there are two inputs or three.
local function check_inputs(self, list)
  local plain = type(list) == "table" and getmetatable(list) == nil
  local n = plain and type(list[1]) ~= "number" and #list or 1
  if n ~= 2 and n ~= 3 then
    self:fail("takes a list of query, value and, if it is another, key, got %d",
      n)
  end
end

-- Which values each query sees, or nil.
local function seen(mask, options, tq, tv)
  local visible = mask and mask[2]
    and nd.expand_dims(nd.cast(mask[2], "bool"), 2) or nil
  local causal = options.use_causal_mask and masks.causal(tq, tv) or nil
  return masks.both(visible, causal)
end

function Attending:call(x, training, mask, options)
  check_inputs(self, x)
  local query, value, key = x[1], x[2], x[3] or x[2]
  local scores = self:scores(query, key)
  local visible = seen(mask, options, query.shape[2], value.shape[2])
  if visible then
    scores = nd.where(visible, scores, scores - 1e9)
  end
  scores = nd.softmax(scores)
  if training and self.dropout > 0 then
    scores = nd.nn.dropout(scores, self.dropout, nil, next_seed(self))
  end
  local y = nd.matmul(scores, value)
  if mask and mask[1] then
    y = nd.where(nd.expand_dims(nd.cast(mask[1], "bool"), -1), y, 0)
  end
  return options.return_attention_scores and { y, scores } or y
end

function Attending:compute_mask(_, mask)
  return mask and mask[1] or nil
end

-- tanh(query + key) for every pair, [batch tq tv dim].
local function pairs_of(query, key, scale)
  local sum = nd.expand_dims(query, 3) + nd.expand_dims(key, 2)
  return nd.tanh(scale and scale * sum or sum)
end

local Attention = Attending:extend("Attention", {
  doc = "softmax(scores) value, by the products of query [batch tq dim] and "
    .. "key [batch tv dim]",
  { "use_scale", "flag", false, doc = "whether a weight scales the scores" },
  { "score_mode", "score_mode", "dot",
    doc = "dot: products; concat: sums of tanh(query + key)" },
})

Attention.scale = false

function Attention:build(shape)
  check_inputs(self, shape)
  self.scale = self.use_scale and self:add_weight("scale", {}, "ones")
  self.concat_score_weight = self.score_mode == "concat"
    and self:add_weight("concat_score_weight", {}, "ones")
end

function Attention:scores(query, key)
  if self.score_mode == "concat" then
    return self.concat_score_weight
      * nd.reduce_sum(pairs_of(query, key, self.scale), -1)
  end
  local scores = nd.matmul(query, key, { transpose_b = true })
  return self.scale and scores * self.scale or scores
end

local AdditiveAttention = Attending:extend("AdditiveAttention", {
  doc = "softmax(scores) value, by sums of tanh(query + key), each times a "
    .. "weight",
  { "use_scale", "flag", true, doc = "whether there are weights" },
})

AdditiveAttention.scale = false

function AdditiveAttention:build(shape)
  check_inputs(self, shape)
  local query = shape[1]
  self.scale = self.use_scale
    and self:add_weight("scale", { query[#query] }, "glorot_uniform")
end

function AdditiveAttention:scores(query, key)
  local sums = pairs_of(query, key)
  return nd.reduce_sum(self.scale and self.scale * sums or sums, -1)
end

return { Attention = Attention, AdditiveAttention = AdditiveAttention }
