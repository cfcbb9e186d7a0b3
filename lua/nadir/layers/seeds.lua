--- The seeds of layers that draw random numbers: with a setting `seed` each
-- call has one of its own, the same in every process; without, numbers come
-- from nd.random.
---@param self table  the layer
---@return table? seed
return function(self)
  if not self.seed then
    return nil
  end
  local calls = (rawget(self, "_draws") or 0) + 1
  rawset(self, "_draws", calls)
  return { self.seed, calls }
end
