local nd = require "nadir"
package.preload.model = assert(nd.load("local nd = require 'nadir'\n"
  .. "return function(x) return nd.matmul(x, x) end", "=model.lua"))
require "model" { { 1.0, 2 } }
-- error:
-- > model.lua:2: matmul: inner sizes differ: a is [1 2], b is [1 2]
