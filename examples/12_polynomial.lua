-- A polynomial of degree 12 through twenty noisy points: alone it follows the
-- noise, with a penalty on its coefficients it follows the curve.
-- The picture shows both.
--
-- prints:
-- > off the curve: alone 0.19, penalized 0.15
-- > picture: build/polynomial.png
local nd = require "nadir"
local plot = require "nadir.plot"

local DEGREE, POINTS, PENALTY = 12, 20, 1e-3
nd.random.set_seed(12)

local function curve(x)
  return nd.sin(3 * x)
end

-- Powers [n, DEGREE] of x [n].
local function powers(x)
  return x:reshape { -1, 1 } ^ nd.linspace(1., DEGREE, DEGREE)
end

local x = nd.linspace(-1., 1., POINTS)
local y = curve(x) + 0.2 * nd.random.normal { POINTS }

-- The polynomial with the least squares and penalty.
local function fit(penalty)
  local layer = nd.layers.Dense { units = 1, kernel_initializer = "zeros",
    kernel_regularizer = nd.regularizers.L2(penalty), dtype = "float64" }
  local inputs = nd.cast(powers(x), "float64")
  local targets = nd.cast(y, "float64"):reshape { -1, 1 }
  layer(inputs)
  nd.optimizers.LBFGS { max_iterations = 2000 } :minimize(function()
    return nd.reduce_mean(nd.square(layer(inputs) - targets))
      + nd.add_n(layer.losses)
  end, layer.weights)
  return function(at)
    return nd.cast(layer(nd.cast(powers(at), "float64")), "float32")
      :reshape { -1 }
  end
end

local at = nd.linspace(-1., 1., 200)
local function distance(f)
  return nd.sqrt(nd.reduce_mean(nd.square(f(at) - curve(at)))):item()
end

local alone, penalized = fit(0), fit(PENALTY)
plot.figure { title = "a polynomial of degree 12, alone and penalized",
              ylim = { -2, 2 }, legend = "top left" }
  :scatter(x, y, { label = "points" })
  :line(at, curve(at), { label = "curve" })
  :line(at, alone(at), { label = "alone" })
  :line(at, penalized(at), { label = "penalized" })
  :save "build/polynomial.png"

print(("off the curve: alone %.2f, penalized %.2f"):format(distance(alone),
  distance(penalized)))
print "picture: build/polynomial.png"
