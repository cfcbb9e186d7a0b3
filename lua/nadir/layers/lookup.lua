--- nd.layers.StringLookup, IntegerLookup, TextVectorization: words, or numbers
-- that stand for something, as positions in a vocabulary.
--
--   local words = nd.layers.StringLookup { vocabulary = { "a", "b" } }
--   words { "b", "x" }   -- 3, 1
--
-- 1 is what is not known, and words follow it; with a mask_token, as in texts,
-- 0 pads.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local encode = require "nadir.layers.encoding"
local Layer = require "nadir.layers.layer"
local structure = require "nadir.structure"

local Lookup = Layer:extend "Lookup"

-- What lookups take; `oov` is what stands for what is not known.
local function params(doc, oov)
  return {
    doc = doc,
    { "max_tokens", "size", false, doc = "the most there may be" },
    { "num_oov_indices", "integer", 1,
      doc = "0: what is not known is an error; or 1" },
    { "mask_token", "nested", false, doc = "what becomes 0" },
    { "oov_token", "nested", oov, doc = "stands for what is not known" },
    { "vocabulary", "nested", false, doc = "in its order; else adapt(data)" },
    { "invert", "flag", false, doc = "whether positions become words instead" },
    { "output_mode", "output_mode", "int", doc = "as CategoryEncoding has it" },
  }
end

-- -------------------------------------------------------------- vocabulary --

-- Calls see(word) for each word of nested tables or a tensor.
local function each(data, see)
  if nd.is_tensor(data) then
    data = data:totable()
  end
  if type(data) ~= "table" then
    return see(data)
  end
  for _, one in ipairs(data) do
    each(one, see)
  end
end

--- Sets the words, in their order.
---@param words table
function Lookup:set_vocabulary(words)
  local all, at = { self.num_oov_indices == 1 and self.oov_token or nil }, {}
  each(words, function(word)
    local known = word == self.mask_token or word == all[1]
    if word ~= word then
      self:fail "the vocabulary has nan"
    elseif at[word] then
      self:fail("the vocabulary has '%s' twice", word)
    elseif not known then
      all[#all + 1] = word
      at[word] = #all
    end
  end)
  rawset(self, "_words", all)
  rawset(self, "_at", at)
  self._given.vocabulary = table.move(all, 1 + self.num_oov_indices, #all, 1,
    {})
end

function Lookup:init()
  rawset(self, "_words", false)
  if self.num_oov_indices ~= 0 and self.num_oov_indices ~= 1 then
    self:fail("num_oov_indices must be 0 or 1")
  end
  if self.vocabulary then
    self:set_vocabulary(self.vocabulary)
  end
end

-- Words by how often they occur, then from the end of the alphabet, as Keras
-- has it.
local function by_count(counts)
  local words = {}
  for word in pairs(counts) do -- any order: sorted below
    words[#words + 1] = word
  end
  table.sort(words, function(a, b)
    if counts[a] ~= counts[b] then
      return counts[a] > counts[b]
    end
    return a > b
  end)
  return words
end

--- Makes the vocabulary of data.
---@param data any
function Lookup:adapt(data)
  local counts, problem = {}, structure.problem(data)
  if problem then
    self:fail("%s", problem)
  end
  each(data, function(word)
    if word ~= word then
      self:fail "the data has nan"
    elseif word ~= self.mask_token and word ~= self.oov_token then
      counts[word] = (counts[word] or 0) + 1
    end
  end)
  local words = by_count(counts)
  local most = self.max_tokens and self.max_tokens - self.num_oov_indices
    or #words
  self:set_vocabulary(table.move(words, 1, math.min(most, #words), 1, {}))
end

-- The words, or an error where there are none.
local function words_of(self)
  return self._words or self:fail("needs a vocabulary, or adapt(data) first")
end

--- The words by their positions.
---@return table
function Lookup:get_vocabulary()
  local words = words_of(self)
  return table.move(words, 1, #words, 1, {})
end

---@return integer
function Lookup:vocabulary_size()
  return #words_of(self)
end

-- ------------------------------------------------------------------- calls --

-- The position of a word.
local function find(self, word)
  local at = self._at[word]
  if at then
    return at
  elseif word == self.mask_token then
    return 0
  elseif self.num_oov_indices == 0 then
    self:fail("'%s' is not in the vocabulary", word)
  end
  return 1
end

local function map(value, f)
  if type(value) ~= "table" then
    return f(value)
  end
  local list = {}
  for i, one in ipairs(value) do
    list[i] = map(one, f)
  end
  return list
end

-- Numbers as words; lists of words stay lists.
local function invert(self, x)
  local words = words_of(self)
  local found = map(nd.is_tensor(x) and x:totable() or x, function(at)
    return at == 0 and self.mask_token or words[at] or self.oov_token
  end)
  return found
end

function Lookup:call(x)
  words_of(self)
  if self.invert then
    local found = invert(self, x)
    return type(self.oov_token) == "number" and nd.constant(found) or found
  end
  local function position(word) return find(self, word) end
  local at
  if nd.is_tensor(x) then
    local flat = nd.reshape(x, { -1 }):totable()
    at = nd.reshape(nd.constant(map(flat, position), "int32"), x.shape)
  else
    at = nd.constant(map(x, position), "int32")
  end
  return encode(at, self.output_mode, self:vocabulary_size(), self.dtype)
end

-- Words are no tensors, which all other layers take.
local metatable = class.metatable(Lookup)
local call_layer = metatable.__call

local function is_text(x)
  while type(x) == "table" and getmetatable(x) == nil do
    x = x[1]
  end
  return type(x) == "string"
end

function metatable.__call(self, x, ...)
  local problem = x == nil and "x is missing" or structure.problem(x)
  if problem then
    self:fail("%s", problem)
  elseif is_text(x) or self.invert then
    return self:call(x)
  end
  return call_layer(self, x, ...)
end

-- ----------------------------------------------------------------- classes --

local StringLookup = Lookup:extend("StringLookup",
  params("words, in nested lists, as positions in a vocabulary", "[UNK]"))

local IntegerLookup = Lookup:extend("IntegerLookup",
  params("whole numbers as positions in a vocabulary", -1))

local TextVectorization = Lookup:extend("TextVectorization", {
  doc = "texts, in a list, as the positions of their words in a vocabulary, "
    .. "padded by 0",
  { "max_tokens", "size", false, doc = "the most words there may be" },
  { "standardize", "nested", "lower_and_strip_punctuation",
    doc = "lower, strip_punctuation, both, false, or a function" },
  { "split", "nested", "whitespace",
    doc = "whitespace, character, false, or a function" },
  { "output_mode", "output_mode", "int", doc = "as CategoryEncoding has it" },
  { "output_sequence_length", "size", false, doc = "that of the longest" },
  { "vocabulary", "nested", false, doc = "in its order; else adapt(data)" },
})

TextVectorization.num_oov_indices, TextVectorization.oov_token = 1, "[UNK]"
TextVectorization.mask_token, TextVectorization.invert = "", false

local standards = {
  lower = string.lower,
  strip_punctuation = function(text) return (text:gsub("%p", "")) end,
  lower_and_strip_punctuation = function(text)
    return (text:lower():gsub("%p", ""))
  end,
}

local function split_by(pattern)
  return function(text)
    local list = {}
    for word in text:gmatch(pattern) do
      list[#list + 1] = word
    end
    return list
  end
end

local splits = {
  whitespace = split_by "%S+", character = split_by(utf8.charpattern),
}

-- The function that a setting means.
local function choose(self, name, known)
  local value = self[name]
  return type(value) == "function" and value or known[value]
    or value and self:fail("no such %s: '%s'", name,
      tostring(value)) or nil
end

function TextVectorization:init()
  rawset(self, "_standardize", choose(self, "standardize", standards) or false)
  rawset(self, "_split", choose(self, "split", splits) or false)
  Lookup.init(self)
end

-- The words of each text.
local function texts_of(self, x)
  local list = {}
  for i, text in ipairs(type(x) == "table" and x or { x }) do
    text = type(text) == "table" and text[1] or text
    if type(text) ~= "string" then
      self:fail("texts must be strings, got %s", describe.value(text))
    end
    text = self._standardize and self._standardize(text) or text
    list[i] = self._split and self._split(text) or { text }
  end
  return list
end

function TextVectorization:adapt(data)
  Lookup.adapt(self, texts_of(self, data))
end

function TextVectorization:call(x)
  local texts = texts_of(self, x)
  local length = self.output_sequence_length or 0
  for _, words in ipairs(texts) do
    length = self.output_sequence_length or math.max(length, #words)
  end
  for _, words in ipairs(texts) do
    for i = #words, length + 1, -1 do
      words[i] = nil
    end
    for i = #words + 1, length do
      words[i] = ""
    end
  end
  return Lookup.call(self, texts)
end

return { StringLookup = StringLookup, IntegerLookup = IntegerLookup,
         TextVectorization = TextVectorization }
