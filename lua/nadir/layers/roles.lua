--- Settings of weights. A weight has a role, such as "kernel", and the layer
-- says by three settings what it begins with, what it adds to the loss, and
-- what keeps it within bounds; Layer:make_weight reads them.

local function add(params, role, what, initial, doc)
  params[#params + 1] = { ("%s_%s"):format(role, what), what, initial,
                          doc = ("%s %s"):format(doc, role) }
end

--- Adds to parameters, as classes take them, the settings of roles, each with
--- what its weights begin with.
---@param params table
---@param ... string     "kernel", "glorot_uniform", "bias", "zeros"
---@return table params
return function(params, ...)
  local roles = { ... }
  for i = 1, #roles, 2 do
    add(params, roles[i], "initializer", roles[i + 1], "what begins the")
  end
  for i = 1, #roles, 2 do
    add(params, roles[i], "regularizer", false, "adds to the loss for the")
  end
  for i = 1, #roles, 2 do
    add(params, roles[i], "constraint", false, "bounds the")
  end
  return params
end
