--- nd.clip_by_global_norm: tensors, made shorter together where the norm of all
-- of them is above clip_norm, and that norm. Where it is not finite all become
-- nan. Entries that are `false` stay; gradients by rows keep their rows.
--
--   local grads, norm = nd.clip_by_global_norm(grads, 1.0)
local nd = require "nadir"
local arguments = require "nadir.autodiff.arguments"
local fail = require "nadir.fail"

local NAME = "clip_by_global_norm"

local function scaled(x, scale)
  if nd.is_indexed_slices(x) then
    return nd.IndexedSlices(x.values * scale, x.indices, x.shape)
  end
  return x * scale
end

local function use_norm_of(options)
  local is_options = type(options) == "table" and not getmetatable(options)
  if is_options then
    require "nadir.names".check_options(NAME, options, { "use_norm" })
    return options.use_norm
  end
  return options
end

return arguments.callable(NAME, {
  doc = "tensors scaled so that the norm of all is at most clip_norm; the norm",
  { "t_list", "nested", doc = "tensors; false stays" },
  { "clip_norm", "number" },
  { "use_norm", "nested", false, doc = "the norm, if it is known" },
}, function(list, clip_norm, use_norm)
  if type(list) ~= "table" or getmetatable(list) then
    fail("%s: t_list must be a list of tensors", NAME)
  elseif clip_norm == nil then
    fail("%s: clip_norm is missing: it must be a number", NAME)
  end
  local leaves = arguments.leaves(list)
  if #leaves == 0 then
    return list, nd.constant(0.)
  end
  local norm = use_norm_of(use_norm) or nd.linalg.global_norm(leaves)
  local share = nd.minimum(clip_norm / norm, 1.)
  local scale = nd.where(nd.is_finite(norm), share, 0 / 0)
  local clipped = {}
  for key, x in pairs(list) do -- any order: each its own
    clipped[key] = x and scaled(x, scale)
  end
  return clipped, norm
end)
