--- The table of a model's layers, as Keras 2 prints it: their names and
-- classes, the shapes of what they give, and how many parameters they have. Of
-- models whose layers do not simply follow each other it tells what each is
-- connected to.
local check_self = require "nadir.models.receiver"
local class = require "nadir.class"
local fail = require "nadir.fail"
local signature = require "nadir.signature"
local structure = require "nadir.structure"
local symbolic = require "nadir.symbolic"

local print = print

local takes = signature.new("summary", {
  { "line_length", "size", false, doc = "columns of a line" },
  { "positions", "numbers", false, doc = "where columns end, as shares of it" },
  { "print_fn", "callable", false, doc = "called with each line" },
  { "expand_nested", "flag", false, doc = "whether models within are shown" },
  { "show_trainable", "flag", false, doc = "whether each layer is trained" },
})

-- ------------------------------------------------------------------ columns --

-- A row whose fields end at the positions; what is too long is cut.
local function row(fields, positions)
  local line = ""
  for i, field in ipairs(fields) do
    if i > 1 then
      line = line:sub(1, -2) .. " "
    end
    line = (line .. field):sub(1, positions[i])
    line = line .. (" "):rep(positions[i] - #line)
  end
  return line
end

-- 1234567 as "1,234,567".
local function thousands(n)
  local text = tostring(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (text:gsub("^,", ""))
end

local function shape_text(shape)
  local words = {}
  for axis, size in ipairs(shape) do
    words[axis] = size and tostring(size) or "None"
  end
  return ("(%s%s)"):format(table.concat(words, ", "),
    #words == 1 and "," or "")
end

local function output_text(layer)
  local shape = rawget(layer, "_output_shape")
  if not shape then
    return "?"
  elseif type(shape[1]) ~= "table" then
    return shape_text(shape)
  end
  local words = {}
  for i, one in ipairs(shape) do
    words[i] = shape_text(one)
  end
  return "[" .. table.concat(words, ", ") .. "]"
end

-- ------------------------------------------------------------- connections --

-- Which of a model's symbolic tensors stand behind each layer, as text.
local function connections_of(graph)
  local by_layer = {}
  for _, node in ipairs(graph.nodes) do
    local list = by_layer[node.layer] or {}
    by_layer[node.layer] = list
    for _, x in ipairs(structure.flatten(node.arguments)) do
      if symbolic.is(x) then
        list[#list + 1] = x.name .. "[0][0]"
      end
    end
  end
  return by_layer
end

-- Whether each layer gets one thing only, that the one before it gives.
local function is_chain(graph)
  local last = graph.inputs
  for _, node in ipairs(graph.nodes) do
    local argument = node.arguments[1]
    if node.arguments.n > 1 and symbolic.within(node.arguments[3])
      or argument ~= last then
      return false
    end
    last = node.outputs
  end
  return last == graph.outputs
end

-- ------------------------------------------------------------------- output --

local function count(variables)
  local n = 0
  for _, variable in ipairs(variables) do
    n = n + variable.size
  end
  return n
end

local function print_totals(model, say, rule)
  local trained = count(model.trainable_variables)
  local all = count(model.weights)
  say("Total params: " .. thousands(all))
  say("Trainable params: " .. thousands(trained))
  say("Non-trainable params: " .. thousands(all - trained))
  say(rule)
end

-- The rows of a layer, the first with all that is told of it.
local function print_layer(layer, style, indent)
  local fields = {
    ("%s%s (%s)"):format(indent, layer.name, getmetatable(layer).__name),
    output_text(layer),
    thousands(layer:count_params()),
  }
  local behind = style.connections and style.connections[layer] or {}
  if style.connections then
    fields[#fields + 1] = behind[1] or ""
  end
  if style.show_trainable then
    fields[#fields + 1] = layer.trainable and "Y" or "N"
  end
  style.say(row(fields, style.positions))
  for i = 2, #behind do
    style.say(row({ "", "", "", behind[i] }, style.positions))
  end
end

local function print_layers(layers, style, indent)
  for i, layer in ipairs(layers) do
    print_layer(layer, style, indent)
    if style.expand_nested and layer.is_model then
      style.say(style.thin)
      print_layers(layer.layers, style, indent .. "|  ")
    end
    style.say(i == #layers and indent == "" and style.thick or style.thin)
  end
end

-- Lengths and headings.
local function style_of(model, v)
  local graph = rawget(model, "_graph")
  local branches = graph and not is_chain(graph)
  local style = {
    say = v.print_fn or print,
    expand_nested = v.expand_nested,
    show_trainable = v.show_trainable,
    connections = branches and connections_of(graph) or nil,
    heads = { "Layer (type)", "Output Shape", "Param #" },
  }
  local length = v.line_length or branches and 98 or 65
  local shares = v.positions or branches and { .33, .55, .67, 1 }
    or { .45, .85, 1 }
  style.positions = {}
  for i, share in ipairs(shares) do
    style.positions[i] = share <= 1 and math.floor(length * share)
      or math.floor(share)
  end
  if branches then
    table.insert(style.heads, "Connected to")
  end
  if v.show_trainable then
    table.insert(style.heads, "Trainable")
    table.insert(style.positions, style.positions[#style.positions] + 10)
  end
  length = math.max(length, style.positions[#style.positions])
  style.thin, style.thick = ("_"):rep(length), ("="):rep(length)
  return style
end

--- Prints the table of the layers of a model.
---@param model table
return function(model, ...)
  check_self(model, "summary", "")
  local v = takes:read(...)
  if not model.built then
    fail("summary: %s is not built yet; call it, or use model:build",
      model.name)
  end
  local layers = {}
  for _, layer in ipairs(model.layers) do
    layers[#layers + 1] = class.of(layer) and layer or nil
  end
  local style = style_of(model, v)
  style.say(('Model: "%s"'):format(model.name))
  style.say(style.thin)
  style.say(row(style.heads, style.positions))
  style.say(style.thick)
  print_layers(layers, style, "")
  print_totals(model, style.say, style.thin)
end
