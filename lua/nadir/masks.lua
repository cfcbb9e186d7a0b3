--- Which steps of a sequence count: a mask, bool [n, steps], that layers which
-- make or pass one note beside their result, so that those behind find it.
local nd = require "nadir"

local masks = {}

local noted = setmetatable({}, { __mode = "k" })  -- by tensor
local any = false

--- The mask of a tensor; of a list the list of masks, `false` where there is
--- none. nil where there is none at all.
---@param x any
function masks.of(x)
  if not any then
    return nil
  elseif type(x) ~= "table" or getmetatable(x) then
    return noted[x]
  end
  local list, found = {}, false
  for i, one in ipairs(x) do
    list[i] = noted[one] or false
    found = found or list[i] ~= false
  end
  return found and list or nil
end

--- Notes the mask of what a layer gave; of a list that of each.
---@param y any
---@param mask any
function masks.note(y, mask)
  if mask == nil or mask == false then
    return
  elseif type(y) == "table" then
    for i, one in ipairs(y) do
      local own = mask
      if type(mask) == "table" then
        own = mask[i]
      end
      masks.note(one, own)
    end
  else
    any = true
    noted[y] = mask
  end
end

--- What two masks have both; one of them where the other is missing.
---@param a? userdata|boolean
---@param b? userdata|boolean
function masks.both(a, b)
  return a and b and nd.logical_and(a, b) or a or b
end

--- Which of `to` steps each of `from` may see if none looks ahead: those up to
--- its own.
---@param from integer
---@param to integer
---@return userdata mask  bool [from to]
function masks.causal(from, to)
  return nd.greater_equal(nd.reshape(nd.range(1, from), { from, 1 }),
    nd.range(1, to))
end

return masks
