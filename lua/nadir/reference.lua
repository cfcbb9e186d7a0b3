--- What help knows of all that scripts call, but for ops: a list of entries,
--
--   { path = "Model:", name = "fit", takes = signature, doc = "Trains ...",
--     returns = { "..." }, value = the function }
--
-- A class has also `class`, its name. A field that is computed has no `takes`.
-- What is said of a function is the comment above it (tools/embed.sh).
local nd = require "nadir"
local class = require "nadir.class"
local docs = require "nadir.docs"
local later = require "nadir.later"
local namespace = require "nadir.namespace"
local origin = require "nadir.origin"
local signature = require "nadir.signature"
local structure = require "nadir.structure"

local reference = {}

-- --------------------------------------------------------------- comments --

-- "table history  its numbers" as "history: its numbers (table)".
local function result_text(told)
  local what, doc = told:match "^(.-)  +(.*)$"
  what = what or told
  local kind, name = what:match "^([%w_?|]+) ([%w_.]+)$"
  kind = kind or what
  if kind == "userdata" then
    kind = "tensor"
  end
  if not name and not doc then
    return kind
  end
  return ("%s%s%s (%s)"):format(name or "", name and doc and ": " or "",
    doc or "", kind)
end

-- A comment's parameters by name, as entries of C have them.
local function param_of(told)
  local name, optional, rest = told:match "^([%w_.]+)(%??) *(.*)$"
  local kind, doc = rest:match "^(.-)  +(.*)$"
  return name, { name = name, initial = optional == "?" and "nil" or nil,
                 doc = doc, wanted = kind or rest }
end

-- What a comment says: text, parameters by name, and what comes back.
local function read_comment(told)
  local lines, params, returns, tags = {}, {}, {}, {}
  for line in told:gmatch "([^\n]*)\n" do
    if line:sub(1, 1) == "@" then
      tags[#tags + 1] = line
    elseif #tags > 0 then
      tags[#tags] = tags[#tags] .. " " .. line
    else
      lines[#lines + 1] = line
    end
  end
  for _, tag in ipairs(tags) do
    local kind, rest = tag:match "^@(%a+) *(.*)$"
    if kind == "param" then
      local name, param = param_of(rest)
      params[name] = param
    elseif kind == "return" then
      returns[#returns + 1] = result_text(rest)
    end
  end
  return #lines > 0 and table.concat(lines, "\n") or nil, params, returns
end

-- -------------------------------------------------------------- functions --

-- The signature of a function that has none, by its parameters.
local function plain_signature(name, list, is_open, told, first)
  local params = {}
  for i = first, #list do
    local param = told[list[i]] or { wanted = "any" }
    param.name = list[i]:gsub("^_(.)", "%1")
    params[#params + 1] = param
  end
  return signature.from_entry { name = name, params = params,
                                rest = is_open and "" or nil }
end

--- The entry of a function of ours that a comment tells of, or which has a
--- signature; nil for any other.
---@param value any
---@param path string
---@param name string
---@param is_method? boolean  whether its first parameter stands before a colon
---@return table?
function reference.of_function(value, path, name, is_method)
  local f = later.open(value)
  local module, line, list, is_open, takes = origin(f, signature.metatable)
  local comment = module and docs[("%s:%d"):format(module, line)]
  if not comment and not takes then
    return nil
  end
  local doc, told, returns = read_comment(comment or "")
  if comment and not (is_open and takes) then
    local first = (is_method or list[1] == "self") and 2 or 1
    takes = plain_signature(name, list, is_open, told, first)
  end
  return { path = path, name = name, takes = takes, doc = doc or takes.doc,
           returns = returns, value = value }
end

-- ------------------------------------------------------------------ values --

-- What the first comment of a module says, if it is that of this name alone.
local function heading(path, name)
  local module = namespace.module(path:sub(1, -2), name)
  local text = docs[path .. name] or module and docs[module]
  return text and (text:gsub("^nd%..-: ", ""):gsub("\n$", ""))
end

--- The entry of a class, which stands nowhere if there is no path.
---@param Class table
---@param path? string
---@param name? string
---@return table
function reference.of_class(Class, path, name)
  local about = class.describe(Class)
  path, name = path or "", name or about.name
  local own = { path = path, name = name, value = Class, class = about.name,
                takes = about.signature, doc = about.signature
                  and about.signature.doc or heading(path, name) }
  if not own.takes then
    local init = class.method(Class, "init")
    local told = reference.of_function(init, path, name)
    own.takes = told and told.takes or signature.from_entry { name = name,
      params = {}, rest = init and "" or nil }
  end
  return own
end

-- The entry of what stands in a namespace; nil for what is not called.
local function of_field(value, path, name)
  if class.describe(value) then
    return reference.of_class(value, path, name)
  elseif type(value) == "function" then
    return not signature.of(value)
      and reference.of_function(value, path, name) or nil
  end
  local takes = type(value) == "table" and signature.of(value)
  if not takes then
    return nil
  end
  local call = rawget(getmetatable(value), "__function")
  local told = call and reference.of_function(call, path, name) or {}
  return { path = path, name = name, value = value, takes = takes,
           doc = takes.doc or told.doc, returns = told.returns }
end

-- Adds what stands in a namespace, and in those within; each of these once.
local function add_namespace(list, path, t, seen)
  seen[t] = true
  for _, name in ipairs(structure.keys(t)) do
    local value = t[name]
    if namespace.is(value) and not seen[value] then
      add_namespace(list, path .. name .. ".", value, seen)
    else
      list[#list + 1] = of_field(value, path, name)
    end
  end
end

-- ----------------------------------------------------------------- members --

-- Adds the methods, or the properties, that comments tell of and that the owner
-- does not have yet.
local function add_members(list, members, path, known)
  for _, name in ipairs(structure.keys(members)) do
    local entry = reference.of_function(rawget(members, name), path, name, true)
    if entry and entry.doc and not known[path .. name] then
      known[path .. name] = true
      list[#list + 1] = entry
      entry.takes = path:sub(-1) == ":" and entry.takes or nil
    end
  end
end

-- Adds those of all classes, each once: those of classes that scripts do not
-- reach stand with the first class that extends them.
local function add_classes(list)
  local reached, seen, classes, known = {}, {}, {}, {}
  for _, entry in ipairs(list) do
    if entry.class then
      classes[#classes + 1] = entry.value
      reached[entry.value] = entry.class
    end
  end
  for _, Class in ipairs(classes) do
    local owner
    while Class do
      owner = reached[Class] or owner
      local about = class.describe(Class)
      if not seen[Class] then
        seen[Class] = true
        add_members(list, about.methods, owner .. ":", known)
        add_members(list, about.properties, owner .. ".", known)
      end
      Class = about.parent
    end
  end
end

-- -------------------------------------------------------------------- all --

-- Functions in C: those that scripts reach from nd come before methods.
local function add_entries(list)
  local entries = signature.list()
  table.sort(entries, function(a, b)
    local x, y = a.path:find "^nd%." ~= nil, b.path:find "^nd%." ~= nil
    if x ~= y then return x end
    return a.path .. a.name < b.path .. b.name
  end)
  for _, takes in ipairs(entries) do
    list[#list + 1] = { path = takes.path, name = takes.name, takes = takes,
                        doc = takes.doc }
  end
end

--- All entries: those in namespaces before methods.
---@return table
function reference.all()
  local list = {}
  add_entries(list)
  local seen = {}
  add_namespace(list, "nd.", nd, seen)
  add_namespace(list, "nd.keras.utils.", nd.keras.utils, seen)
  add_classes(list)
  return list
end

return reference
