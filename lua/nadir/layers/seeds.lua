--- The seeds of layers that draw random numbers: with a setting `seed` each
-- call has one of its own, the same in every process; without, numbers come
-- from nd.random.
---@param self table  the layer
---@return table? seed
return function(self)
  if not self.seed then
    return nil
  end
  local state = self._state
  state.draws = (state.draws or 0) + 1
  return { self.seed, state.draws }
end
