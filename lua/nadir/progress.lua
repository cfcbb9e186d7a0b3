--- nd.progress: the steps of a loop, with a line that shows how far it has
-- come.
--
--   for step, bar in nd.progress(1000, { description = "training" }) do
--     bar:set { loss = train_step() }
--   end
--
-- The numbers set last are shown; means over some steps are the caller's to
-- make.
local Bar = require "nadir.bar"
local columns = require "nadir.columns"
local signature = require "nadir.signature"

local takes = signature.new("progress", {
  doc = "counts the steps of a loop, and shows how far it has come",
  { "n", "size", false, doc = "how many steps; no end if there is none" },
  { "description", "text", false, doc = "what stands before the bar" },
})

-- What `for` calls before each step; the bar is closed when the loop is left.
local function new_loop(...)
  local v = takes:read(...)
  local bar = Bar { target = v.n, description = v.description,
                    interactive = columns() ~= nil }
  local function next_step(_, step)
    if step > 0 then
      bar:advance(step)
    end
    if not v.n or step < v.n then
      return step + 1, bar
    end
  end
  local guard = setmetatable({}, { __close = function() bar:finish() end })
  return next_step, nil, 0, guard
end

return takes:callable(new_loop)
