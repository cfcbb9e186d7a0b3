--- What probabilities were made of. `sigmoid` and `softmax` note it, so that
-- cross entropies compute with it: a probability that rounds to 0 or 1 has lost
-- what its logarithm needs.
local logits = {}

-- By what made them, and by tensor.
local noted = {
  sigmoid = setmetatable({}, { __mode = "k" }),
  softmax = setmetatable({}, { __mode = "k" }),
}

--- Notes that `y` is sigmoid(x), or softmax(x) along the last axis.
---@param by string  "sigmoid" or "softmax"
---@return userdata y
function logits.note(by, y, x)
  noted[by][y] = x
  return y
end

--- What was noted of `y`, or nil.
function logits.of(by, y)
  return noted[by][y]
end

return logits
