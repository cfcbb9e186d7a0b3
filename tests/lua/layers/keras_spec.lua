--- Layers give what Keras's give for the same weights: the records of
-- golden/keras_layers.records, whose script says how they read.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local near = require "support".near

assert(_VERSION == "Lua 5.4")

-- ------------------------------------------------------------- the records --

-- The lines of the file, those that go on in one.
local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do
    if line:find "^  " then
      lines[#lines] = lines[#lines] .. line:sub(2)
    else
      lines[#lines + 1] = line
    end
  end
  return lines
end

local function words_of(text)
  local list = {}
  for word in text:gmatch "%S+" do
    list[#list + 1] = tonumber(word) or word
  end
  return list
end

-- A record as its layer's text, and the lines by their first words.
local function read_records(path)
  local records, record = {}, nil
  for _, line in ipairs(read_lines(path)) do
    if line == "" then
      record = nil
    elseif not record then
      record = { make = line, inputs = {}, y = {}, dx = {}, dw = {}, w = {} }
      records[#records + 1] = record
    else
      local key, rest = line:match "^(%a+) ?(.*)$"
      if key == "x" or key == "i" then
        record.inputs[#record.inputs + 1] = { kind = key,
                                              sizes = words_of(rest) }
      elseif record[key] then
        local head, values = rest:match "^(.-) ?: (.*)$"
        table.insert(record[key], { head = words_of(head),
                                    values = words_of(values) })
      else
        record[key] = rest
      end
    end
  end
  return records
end

-- ------------------------------------------------------------- the numbers --

local function numbers(shape, k)
  local n = 1
  for _, size in ipairs(shape) do n = n * size end
  local list = {}
  for i = 0, n - 1 do
    list[i + 1] = ((7 * i + 5 * k) % 23 - 11) / 8
  end
  return nd.reshape(nd.constant(list, "float32"), shape)
end

local function integers(sizes, k)
  local n, shape, most = 1, {}, sizes[1]
  for i = 2, #sizes do
    shape[i - 1] = sizes[i]
    n = n * sizes[i]
  end
  local list = {}
  for i = 0, n - 1 do
    list[i + 1] = (3 * i + k) % most + 1
  end
  return nd.reshape(nd.constant(list, "int32"), shape)
end

local function set_weights(layer)
  local values = {}
  for j, w in ipairs(layer.weights) do
    local value = numbers(w.shape, 9 + j)
    values[j] = w.name:find "variance" and nd.abs(value) + 0.5 or value
  end
  layer:set_weights(values)
end

local mask_of

function mask_of(text)
  if text:find "|" then
    local list = {}
    for part in text:gmatch "[^|]+" do list[#list + 1] = mask_of(part) end
    return list
  end
  local rows = {}
  for word in text:gmatch "%S+" do
    local row = {}
    for c in word:gmatch "." do row[#row + 1] = c == "1" end
    rows[#rows + 1] = row
  end
  return nd.constant(rows)
end

-- -------------------------------------------------------------- the checks --

local function flat(x)
  return nd.reshape(nd.cast(x, "float32"), { -1 }):totable()
end

local function agree(what, want, got)
  local most = 1
  for _, value in ipairs(want) do
    most = type(value) == "number" and math.max(most, math.abs(value)) or most
  end
  local ok, problem = pcall(near, want, flat(got), 2e-5 * most)
  assert(ok, what .. ": " .. tostring(problem))
end

local function inputs_of(record)
  local list = {}
  for k, input in ipairs(record.inputs) do
    list[k] = input.kind == "x" and numbers(input.sizes, k)
      or integers(input.sizes, k)
  end
  return list
end

local function options_in(record)
  local options = {}
  if record.options then
    options = assert(load("local nd = ... return " .. record.options))(nd)
  end
  options.training = record.training and true
  options.mask = record.mask and mask_of(record.mask)
  return options
end

local function outputs_of(y)
  if type(y) ~= "table" then
    return { y }
  end
  local list = {}
  for _, one in ipairs(y) do
    for _, x in ipairs(outputs_of(one)) do list[#list + 1] = x end
  end
  return list
end

local function replay(record)
  local layer = assert(load("local _ENV = ... return " .. record.make))(
    setmetatable({ nd = nd }, { __index = nd.layers }))
  local inputs = inputs_of(record)
  local x = #inputs > 1 and inputs or inputs[1]
  layer(x)
  set_weights(layer)
  local tape <close> = nd.GradientTape()
  local floats = {}
  for _, one in ipairs(inputs) do
    if one.dtype == "float32" then
      tape:watch(one)
      floats[#floats + 1] = one
    end
  end
  local outputs, loss = outputs_of(layer(x, options_in(record))), 0
  for k, y in ipairs(outputs) do
    loss = loss + nd.reduce_sum(nd.cast(y, "float32")
      * numbers(y.shape, 4 + k))
  end
  local trainable = layer.trainable_variables
  local n = #floats
  local sources = table.move(trainable, 1, #trainable, n + 1, floats)
  return layer, outputs, tape:gradient(loss, sources), n
end

describe("a layer gives what Keras's gives:", function()
  for i, record in ipairs(read_records "tests/golden/keras_layers.records") do
    local name = ("%d %s%s%s"):format(i, record.make,
      record.training and ", training" or "", record.mask and ", masked" or "")
    it(name, function()
      local layer, outputs, gradients, n = replay(record)
      assert.equal(#record.y, #outputs)
      for k, y in ipairs(record.y) do
        assert.same(y.head, { table.unpack(outputs[k].shape) })
        agree("y " .. k, y.values, outputs[k])
      end
      for _, d in ipairs(record.dx) do
        agree("dx " .. d.head[1], d.values, gradients[d.head[1]])
      end
      for _, d in ipairs(record.dw) do
        agree("dw " .. d.head[1], d.values, gradients[n + d.head[1]])
      end
      local others = layer.non_trainable_variables
      for _, w in ipairs(record.w) do
        agree("w " .. w.head[1], w.values, others[w.head[1]])
      end
    end)
  end
end)
