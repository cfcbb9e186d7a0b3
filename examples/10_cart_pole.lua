-- A pole stands on a cart that can be pushed to the left or to the right. A
-- small network learns by REINFORCE to keep it up: what it did in a good run
-- becomes likelier.
--
-- prints:
-- > stays up three times as long: true
local nd = require "nadir"
local layers = nd.layers

local LIMIT, RUNS, DISCOUNT = 200, 400, 0.99
nd.random.set_seed(3)
local random = nd.random.RandomState(3)

-- One step of 0.02 s. The state is place, speed, angle and turning of the pole;
-- the masses are 1 and 0.1 kg, the pole is 1 m long, the push 10 N.
local function push(s, right)
  local force = right and 10 or -10
  local sin, cos = math.sin(s[3]), math.cos(s[3])
  local pull = (force + 0.05 * s[4] ^ 2 * sin) / 1.1
  local turn = (9.8 * sin - cos * pull) / (0.5 * (4 / 3 - 0.1 * cos ^ 2 / 1.1))
  local speed = pull - 0.05 * turn * cos / 1.1
  return { s[1] + 0.02 * s[2], s[2] + 0.02 * speed,
           s[3] + 0.02 * s[4], s[4] + 0.02 * turn }
end

local function has_fallen(s)
  return math.abs(s[1]) > 2.4 or math.abs(s[3]) > 0.209
end

local policy = nd.Sequential {
  layers.Dense(16, { activation = "tanh" }), layers.Dense(2),
}
policy:build { false, 4 }

-- States and what was done in them, until the pole falls.
local function run()
  local states, actions = {}, {}
  local s = random:uniform(-0.05, 0.05, 4):totable()
  while #states < LIMIT and not has_fallen(s) do
    local chance = nd.nn.softmax(policy { s })[1]
    local right = random:rand() < chance[2]:item()
    states[#states + 1], actions[#actions + 1] = s, right and 2 or 1
    s = push(s, right)
  end
  return states, actions
end

-- What each step led to: the steps after it, later ones counting less, as far
-- as they differ from the mean.
local function returns(n)
  local list, sum = {}, 0
  for i = n, 1, -1 do
    sum = 1 + DISCOUNT * sum
    list[i] = sum
  end
  local x = nd.constant(list)
  return (x - nd.reduce_mean(x)) / (nd.reduce_std(x) + 1e-6)
end

local function mean_steps(runs)
  local sum = 0
  for _ = 1, runs do sum = sum + #run() end
  return sum / runs
end

local before = mean_steps(20)
local adam = nd.optimizers.Adam { learning_rate = 0.01 }
local log_loss = nd.nn.sparse_softmax_cross_entropy_with_logits
for i, bar in nd.progress(RUNS, "runs") do
  local states, actions = run()
  local worth = returns(#states)
  adam:minimize(function()
    return nd.reduce_mean(log_loss(nd.constant(actions),
      policy(nd.cast(states, "float32"))) * worth)
  end, policy.trainable_variables)
  bar:set { steps = #states, run = i }
end
local after = mean_steps(20)
print(("steps before %.0f, after %.0f"):format(before, after))
print("stays up three times as long: " .. tostring(after > 3 * before))
