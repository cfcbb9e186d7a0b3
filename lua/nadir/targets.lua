--- What losses and metrics compare: labels and predictions as tensors of one
-- shape, and the weights that go with them.
--
-- Nothing is repeated to fit. Of two shapes that differ in rank by one the
-- longer may end in 1: [n 1] goes with [n].
local nd = require "nadir"

local targets = {}

--- Numbers, and tables of them, as a tensor.
function targets.tensor(x)
  return (nd.is_tensor(x) or nd.is_variable(x)) and x or nd.constant(x)
end

local tensor = targets.tensor

--- A tensor of a dtype.
function targets.cast(x, dtype)
  x = tensor(x)
  return x.dtype == dtype and x or nd.cast(x, dtype)
end

--- A tensor of floats: of its own dtype, or float32.
function targets.float(x)
  x = tensor(x)
  return x.dtype:find "float" and x or nd.cast(x, "float32")
end

--- A tensor of integers.
function targets.integer(x)
  x = tensor(x)
  return x.dtype:find "^u?int" and x or nd.cast(x, "int64")
end

-- Without the last axis of `x`, whose size is 1, or with one on `other`, so
-- that there is one of examples.
local function drop_axis(x, other, n)
  if n == 2 then
    return x, nd.expand_dims(other, 2)
  end
  return nd.squeeze(x, n), other
end

--- Two tensors of one rank, if the longer ends in 1.
function targets.same_rank(a, b)
  local n, m = a.rank, b.rank
  if n == m + 1 and a.shape[n] == 1 then
    return drop_axis(a, b, n)
  elseif m == n + 1 and b.shape[m] == 1 then
    b, a = drop_axis(b, a, m)
  end
  return a, b
end

--- The same, and of one shape.
---@param object table  whose class messages name
---@param hint? string
function targets.align(object, y_true, y_pred, hint)
  if y_true.shape == y_pred.shape then
    return y_true, y_pred
  end
  y_true, y_pred = targets.same_rank(y_true, y_pred)
  if y_true.shape ~= y_pred.shape then
    object:fail("shapes differ: y_true is %s, y_pred %s%s", y_true.shape,
      y_pred.shape, hint and "; " .. hint or "")
  end
  return y_true, y_pred
end

--- Classes for each of the rows of y_pred [... classes]: [...], or [... 1].
function targets.classes(object, y_true, y_pred)
  local n = y_pred.rank
  if n == 0 then
    object:fail("y_pred needs an axis of classes: it is []")
  elseif y_true.rank == n and y_true.shape[n] == 1 then
    y_true = nd.squeeze(y_true, n)
  end
  local fits = y_true.rank == n - 1
  for axis = 1, fits and n - 1 or 0 do
    fits = fits and y_true.shape[axis] == y_pred.shape[axis]
  end
  if not fits then
    object:fail("shapes differ: y_true is %s, y_pred %s; y_true has a class "
      .. "for each row of y_pred", y_true.shape, y_pred.shape)
  end
  return y_true
end

local function fits(weights, values)
  for axis, size in ipairs(weights) do
    if size ~= 1 and size ~= values[axis] then
      return false
    end
  end
  return #weights <= #values
end

--- Weights that broadcast over `values` [n ...]: one for all, one for each of
--- them, or for each part along the first axes.
---@param dtype? string  that of `values`, if it is not given
function targets.weights(object, weights, values, dtype)
  weights = targets.cast(weights, dtype or values.dtype)
  local n, rank = weights.rank, values.rank
  if n == rank + 1 and weights.shape[n] == 1 then
    weights, n = nd.squeeze(weights, n), rank
  end
  if not fits(weights.shape, values.shape) then
    object:fail("sample_weight %s does not fit what it weighs, %s%s",
      weights.shape, values.shape, rank == 0
      and "; y_pred needs an axis of examples and another one" or "")
  end
  if n > 0 and n < rank then
    local shape = { table.unpack(weights.shape) }
    for axis = n + 1, rank do
      shape[axis] = 1
    end
    weights = nd.reshape(weights, shape)
  end
  return weights
end

--- Weights, 0 where the mask is false; either may be nil.
function targets.masked(object, weights, mask, values)
  weights = weights and targets.weights(object, weights, values)
  if not mask then
    return weights
  end
  mask = targets.weights(object, mask, values)
  return weights and weights * mask or mask
end

return targets
