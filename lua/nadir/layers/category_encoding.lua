--- nd.layers.CategoryEncoding, Discretization: numbers of categories, and of
-- intervals, as rows.
local nd = require "nadir"
local encode = require "nadir.layers.encoding"
local fail = require "nadir.fail"
local Layer = require "nadir.layers.one_input"

local CategoryEncoding = Layer:extend("CategoryEncoding", {
  doc = "categories, from 1 to num_tokens, as rows with a place for each",
  { "num_tokens", "size" },
  { "output_mode", "output_mode", "multi_hot",
    doc = "one_hot: a row for each; multi_hot: one for all of the last axis; "
      .. "count: how often each occurs there; int: as they are" },
})

CategoryEncoding.call_options = { "count_weights" }

function CategoryEncoding:call(x, _, _, options)
  local weights = options.count_weights
  if weights and self.output_mode ~= "count" then
    self:fail("count_weights need output_mode 'count'")
  end
  local at = x.dtype:find "int" and x or nd.cast(x, "int32")
  if at.size > 0 and (nd.reduce_min(at):item() < 1
    or nd.reduce_max(at):item() > self.num_tokens) then
    self:fail("categories must be from 1 to %d", self.num_tokens)
  end
  return encode(at, self.output_mode, self.num_tokens, self.dtype, weights)
end

local Discretization = Layer:extend("Discretization", {
  doc = "the number, from 1, of the interval that each element lies in",
  { "bin_boundaries", "numbers", false,
    doc = "where intervals begin, but for the first" },
  { "num_bins", "size", false,
    doc = "how many `adapt` makes, each with as many elements" },
  { "output_mode", "output_mode", "int", doc = "as CategoryEncoding has it" },
})

function Discretization:init()
  if (self.bin_boundaries == false) == (self.num_bins == false) then
    self:fail "needs either bin_boundaries or num_bins"
  end
end

-- The value below which the share p of sorted numbers lies.
local function quantile(sorted, p)
  local at = math.max(1, p * #sorted)
  local low = math.floor(at)
  local high = math.min(low + 1, #sorted)
  return sorted[low] + (at - low) * (sorted[high] - sorted[low])
end

--- Makes intervals of data.
---@param data any
function Discretization:adapt(data)
  if not self.num_bins then
    fail "adapt: bin_boundaries were given"
  end
  local x = nd.constant(data)
  if x.size == 0 then
    fail "adapt: there is no data"
  end
  local sorted = nd.sort(nd.reshape(nd.cast(x, "float64"), { -1 })):totable()
  local boundaries = {}
  for i = 1, self.num_bins - 1 do
    boundaries[i] = quantile(sorted, i / self.num_bins)
  end
  rawset(self, "bin_boundaries", boundaries)
  self._given.num_bins, self._given.bin_boundaries = nil, boundaries
end

function Discretization:call(x)
  if not self.bin_boundaries then
    self:fail "needs bin_boundaries, or adapt(data) first"
  end
  local boundaries = nd.constant(self.bin_boundaries, "float64")
  local at = nd.searchsorted(boundaries,
    nd.reshape(nd.cast(x, "float64"), { -1 }), { side = "right" })
  return encode(nd.reshape(at, x.shape), self.output_mode,
    #self.bin_boundaries + 1, self.dtype)
end

return { CategoryEncoding = CategoryEncoding, Discretization = Discretization }
