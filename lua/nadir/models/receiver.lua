--- What methods of models are called with first.
local describe = require "nadir.describe"
local fail = require "nadir.fail"

--- Raises for what is no model, because a dot was written for the colon.
---@param self any
---@param who string        the method
---@param arguments string  as the call may have them
return function(self, who, arguments)
  if type(self) ~= "table" or getmetatable(self) == nil then
    fail("%s: self must be a model, got %s; use a colon, model:%s(%s)", who,
      describe.value(self), who, arguments)
  end
end
