local nd = require "nadir"
with nd.GradientTape() as tape do
  with tape do print "never" end
end
-- error:
-- > 3: GradientTape: the tape is still recording
