--- `nd.layers`: the layers by name.
return {
  Dense = require "nadir.nn.dense",
  Sequential = require "nadir.nn.sequential",
}
