--- How layers give what they count: as numbers, from 1, or as rows with a place
-- for each.
local nd = require "nadir"

-- The last axis of `at` becomes one of `depth`; 0 has no place in it.
local function one_hot(at, depth, dtype)
  local rows = nd.one_hot(nd.maximum(at, 1), depth, dtype or "float32")
  return nd.where(nd.expand_dims(nd.greater(at, 0), -1), rows, 0)
end

---@param at userdata   positions
---@param mode string   int; one_hot: a row for each, multi_hot: one for all of
---                     the last axis, count: how often each occurs there
---@param depth integer
---@param dtype? string      of rows
---@param weights? userdata  what each counts, instead of 1
---@return userdata
return function(at, mode, depth, dtype, weights)
  if mode == "int" then
    return at
  elseif mode == "one_hot" then
    local is_column = at.rank > 1 and at.shape[at.rank] == 1
    return one_hot(is_column and nd.squeeze(at, -1) or at, depth, dtype)
  end
  local rows = one_hot(at, depth, dtype)
  local axis = rows.rank - 1
  if axis == 0 then
    return rows
  elseif mode == "multi_hot" then
    return nd.reduce_max(nd.concat({ rows, nd.zeros_like(rows) }, axis), axis)
  end
  return nd.reduce_sum(weights and rows * nd.expand_dims(weights, -1) or rows,
    axis)
end
