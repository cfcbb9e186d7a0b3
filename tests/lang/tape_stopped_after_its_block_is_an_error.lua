local nd = require "nadir"
with nd.GradientTape() as tape do end
with tape:stop_recording() do print "never" end
-- error:
-- > 3: stop_recording: the tape is not recording
