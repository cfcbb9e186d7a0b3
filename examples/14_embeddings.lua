-- Words of a small made language get places in a plane: what stands in the same
-- company, animals, colours or numbers, comes to lie together.
--
-- prints:
-- > 12 of 12 words have a neighbour of their kind
local nd = require "nadir"
local layers = nd.layers

local KINDS = {
  { "cat", "dog", "fox", "owl" }, { "red", "blue", "green", "grey" },
  { "one", "two", "three", "four" },
}
nd.random.set_seed(14)
local random = nd.random.RandomState(14)

-- Words by their numbers, and the kind of each.
local words, kinds = {}, {}
for kind, list in ipairs(KINDS) do
  for _, word in ipairs(list) do
    words[#words + 1], kinds[#kinds + 1] = word, kind
  end
end

-- A word, and one that stood near it: mostly one of its kind.
local function company(n)
  local first, second = {}, {}
  for i = 1, n do
    first[i] = random:randint(#words)
    repeat
      second[i] = random:randint(#words)
    until kinds[second[i]] == kinds[first[i]] or random:rand() < 0.1
  end
  return nd.constant(first), nd.constant(second)
end

local embedding = layers.Embedding(#words, 2)
local model = nd.Sequential {
  embedding, layers.Dense(#words, { activation = "softmax" }),
}
model:compile { optimizer = nd.optimizers.Adam { learning_rate = 0.03 },
                loss = "sparse_categorical_crossentropy" }
local x, y = company(4000)
model:fit(x, y, { epochs = 20, verbose = 2 })

-- How many words have the nearest other one of their kind.
local places = embedding:get_weights()[1]:totable()
local function distance(a, b)
  return (places[a][1] - places[b][1]) ^ 2 + (places[a][2] - places[b][2]) ^ 2
end

local right = 0
for a, word in ipairs(words) do
  local nearest
  for b in ipairs(words) do
    if b ~= a and (not nearest or distance(a, b) < distance(a, nearest)) then
      nearest = b
    end
  end
  print(("%-6s %-6s (%6.2f, %6.2f)"):format(word, words[nearest],
    table.unpack(places[a])))
  right = right + (kinds[nearest] == kinds[a] and 1 or 0)
end
print(("%d of %d words have a neighbour of their kind"):format(right, #words))
