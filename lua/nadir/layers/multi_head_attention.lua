--- nd.layers.MultiHeadAttention, GroupQueryAttention: attention of several
-- heads.
--
--   local y = attention(query, value)             -- the key is the value
--   local y = attention(query, value, key, { use_causal_mask = true })
--
-- Inputs may have more axes, of which MultiHeadAttention attends to all between
-- the first and the last, or to attention_axes.
--
-- Options of the call: `attention_mask`, bool [batch tq tk] or
-- [batch heads tq tk]; `use_causal_mask`; `return_attention_scores`, which
-- gives a list of y and the scores [batch heads tq tk]. `mask` is a list of
-- those of query, value and key.
local nd = require "nadir"
local axes = require "nadir.layers.axes"
local EinsumDense = require "nadir.layers.einsum_dense"
local Layer = require "nadir.layers.layer"
local masks = require "nadir.masks"
local merged_axes = require "nadir.layers.attention_axes"
local next_seed = require "nadir.layers.seeds"
local roles = require "nadir.layers.roles"

-- What both are: a class sets `query_heads`, `key_heads`, `key_dim`,
-- `value_dim`.
local Heads = Layer:extend "Heads"

Heads.takes = "list"

Heads.call_options = { "attention_mask", "use_causal_mask",
                       "return_attention_scores" }

-- The settings behind `own`, and `more` after the output's shape.
local function params(own, more)
  own[#own + 1] = { "dropout", "rate", 0, doc = "the share of scores to lose" }
  own[#own + 1] = { "use_bias", "flag", true }
  own[#own + 1] = { "output_shape", "sizes", false,
                    doc = "of y for each step; that of the query" }
  own[#own + 1] = more
  own[#own + 1] = { "seed", "integer", false, doc = "of what is lost" }
  return roles(own, "kernel", "glorot_uniform", "bias", "zeros")
end

-- ------------------------------------------------------------------- build --

-- A projection, with the settings of weights that all share.
local function projection(self, name, equation, shape, bias_axes)
  return EinsumDense {
    name = name, equation = equation, output_shape = shape,
    bias_axes = self.use_bias and bias_axes or nil,
    kernel_initializer = self.kernel_initializer,
    bias_initializer = self.bias_initializer,
    kernel_regularizer = self.kernel_regularizer or nil,
    bias_regularizer = self.bias_regularizer or nil,
    kernel_constraint = self.kernel_constraint or nil,
    bias_constraint = self.bias_constraint or nil,
    trainable = self.trainable,
  }
end

-- Query, value and key of a list of two or three, or one that is all of them.
local function split_inputs(self, x)
  if type(x) ~= "table" or getmetatable(x) ~= nil then
    return x, x, x
  elseif #x > 3 then
    self:fail("takes query, value and key, got %d tensors", #x)
  end
  return x[1], x[2] or x[1], x[3] or x[2] or x[1]
end

-- The letters of as many axes, from `first` on.
local function letters(first, n)
  local at = first:byte()
  local list = {}
  for i = 1, n do
    list[i] = string.char(at + i - 1)
  end
  return table.concat(list)
end

function Heads:build(shape)
  local query, value, key = shape, shape, shape
  if type(shape[1]) == "table" then
    query, value, key = split_inputs(self, shape)
  end
  for _, one in ipairs { query, value, key } do
    if #one ~= 3 then
      self:fail("inputs need 3 axes, batch, time and width: one is [%s]",
        table.concat(one, " "))
    end
  end
  local out = self.output_shape or { query[3] }
  local last = letters("p", #out)
  local function add(field, which, equation, sizes, bias_axes, input)
    self[field] = projection(self, which, equation, sizes, bias_axes)
    self:build_within(self[field], input)
  end
  local equation = "btd,dhk->bthk"
  add("query_dense", "query", equation,
    { false, self.query_heads, self.key_dim }, "hk", query)
  add("key_dense", "key", equation, { false, self.key_heads, self.key_dim },
    "hk", key)
  add("value_dense", "value", equation,
    { false, self.key_heads, self.value_dim }, "hk", value)
  add("output_dense", "attention_output",
    ("bthk,hk%s->bt%s"):format(last, last), { false, table.unpack(out) }, last,
    { false, false, self.query_heads, self.value_dim })
end

-- ------------------------------------------------------------------- masks --

-- Which keys each query sees, bool [batch heads tq tk] or what broadcasts to
-- it; nil: all.
local function seen(mask, options)
  mask = type(mask) == "table" and mask or { mask }
  local all = nil
  if mask[1] then
    all = nd.expand_dims(nd.cast(mask[1], "bool"), -1)
  end
  for i = 2, 3 do
    if mask[i] then
      all = masks.both(all, nd.expand_dims(nd.cast(mask[i], "bool"), 2))
    end
  end
  all = all and nd.expand_dims(all, 2)
  local given = options.attention_mask
  if given then
    given = nd.cast(given, "bool")
    given = given.rank == 3 and nd.expand_dims(given, 2) or given
  end
  return masks.both(all, given)
end

function Heads:compute_mask(_, mask)
  if type(mask) == "table" then
    return mask[1] or nil
  end
  return mask
end

-- ------------------------------------------------------------------- calls --

-- Heads [batch time heads dim], each as often as heads of the query share it.
local function share(self, x)
  local times = self.query_heads // self.key_heads
  if times == 1 then
    return x
  end
  local n, time, heads, dim = table.unpack(x.shape)
  return nd.reshape(nd.broadcast_to(nd.expand_dims(x, 4),
    { n, time, heads, times, dim }), { n, time, heads * times, dim })
end

-- With the scores, of which some are lost in training.
local function attend(self, q, k, v, visible, training)
  local scores = nd.einsum("bqhd,bkhd->bhqk", q * self.key_dim ^ -0.5,
    share(self, k))
  if visible then
    scores = nd.where(visible, scores, -1e9)
  end
  scores = nd.softmax(scores)
  if visible then
    scores = nd.where(visible, scores, 0)
  end
  local kept = scores
  if training and self.dropout > 0 then
    kept = nd.nn.dropout(scores, self.dropout, nil, next_seed(self))
  end
  return nd.einsum("bhqk,bkhd->bqhd", kept, share(self, v)), scores
end

function Heads:call(x, training, mask, options)
  local query, value, key = split_inputs(self, x)
  local q, v, k = self.query_dense(query), self.value_dense(value),
    self.key_dense(key)
  local visible, is_causal = seen(mask, options), options.use_causal_mask
  local y, scores
  if options.return_attention_scores or training and self.dropout > 0 then
    visible = masks.both(visible, is_causal
      and masks.causal(q.shape[2], k.shape[2]))
    y, scores = attend(self, q, k, v, visible or nil, training)
  else
    y = nd.nn.dot_product_attention(q, k, v, {
      mask = visible, is_causal = is_causal or false,
    })
  end
  y = self.output_dense(y)
  return options.return_attention_scores and { y, scores } or y
end

-- ----------------------------------------------------------------- classes --

local MultiHeadAttention = Heads:extend("MultiHeadAttention", params({
  doc = "softmax(query key^T / sqrt(key_dim)) value, of projections of its "
    .. "inputs [batch time width], for each head; heads joined by another",
  { "num_heads", "size" },
  { "key_dim", "size", doc = "of query and key in a head" },
  { "value_dim", "size", false, doc = "of the value in a head: key_dim" },
}, { "attention_axes", "shape", false,
     doc = "that are attended to: all but the first and the last" }))

function MultiHeadAttention:init()
  if self.attention_axes then
    axes.check_some(self, "attention_axes")
  end
  self.query_heads, self.key_heads = self.num_heads, self.num_heads
  self.value_dim = self.value_dim or self.key_dim
end

-- Whether inputs of a rank have axes beside batch, time and width.
local function has_more(self, rank)
  return rank > 3 or self.attention_axes and rank == 3
    and axes.find(self, "attention_axes", self.attention_axes[1], 3) ~= 2
end

function MultiHeadAttention:build(shape)
  local shapes = type(shape[1]) == "table" and shape or { shape }
  local merged = {}
  for i, one in ipairs(shapes) do
    merged[i] = #one > 3 and { false, false, one[#one] } or one
  end
  Heads.build(self, #merged == 1 and merged[1] or merged)
end

-- The same with all axes that are attended to as one.
local function call_merged(self, x, training, mask, options)
  if mask ~= nil then
    self:fail "a mask of steps needs inputs of 3 axes; use attention_mask"
  end
  local query, value, key = split_inputs(self, x)
  local plan, key_plan = merged_axes.lay_out(self, query),
    merged_axes.lay_out(self, key)
  if options.use_causal_mask and #plan.sizes - plan.others > 2 then
    self:fail("use_causal_mask needs one axis of time, not %d",
      #plan.sizes - plan.others - 1)
  end
  local given, inner = options.attention_mask, {}
  for option, value_of in pairs(options) do -- any order: each its own
    inner[option] = value_of
  end
  inner.attention_mask = given
    and merged_axes.merge_mask(self, given, plan, key_plan) or nil
  local y = Heads.call(self, {
    merged_axes.merge(query, plan),
    merged_axes.merge(value, merged_axes.lay_out(self, value)),
    merged_axes.merge(key, key_plan),
  }, training, nil, inner)
  if not options.return_attention_scores then
    return merged_axes.split(y, plan)
  end
  return { merged_axes.split(y[1], plan),
           merged_axes.split_scores(y[2], plan, key_plan) }
end

function MultiHeadAttention:call(x, training, mask, options)
  local query = split_inputs(self, x)
  if has_more(self, query.rank) then
    return call_merged(self, x, training, mask, options)
  end
  return Heads.call(self, x, training, mask, options)
end

local GroupQueryAttention = Heads:extend("GroupQueryAttention", params {
  doc = "MultiHeadAttention whose heads of the query share those of key and "
    .. "value",
  { "head_dim", "size", doc = "of query, key and value in a head" },
  { "num_query_heads", "size" },
  { "num_key_value_heads", "size", doc = "of which that many share each" },
})

function GroupQueryAttention:init()
  if self.num_query_heads % self.num_key_value_heads ~= 0 then
    self:fail("%d heads of the query cannot share %d",
      self.num_query_heads, self.num_key_value_heads)
  end
  self.query_heads, self.key_heads = self.num_query_heads,
    self.num_key_value_heads
  self.key_dim, self.value_dim = self.head_dim, self.head_dim
end

return {
  MultiHeadAttention = MultiHeadAttention,
  GroupQueryAttention = GroupQueryAttention,
}
