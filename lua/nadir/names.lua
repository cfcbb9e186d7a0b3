--- Names that nobody knows: the text of every message about one, with the
-- nearest name that there is.
--
-- What there is comes as tables: modules have names as keys, lists of options
-- have them as values. Fields that a table does not hold, because an `__index`
-- makes them, are the keys of its metatable's `__properties`.
local fail = require "nadir.fail"
local nearest = require "nadir.nearest"

-- Whatever a script makes of its globals.
local require = require

local names = {}

-- A list this long is shown where nothing is near.
local FEW = 12

-- ------------------------------------------------------------ what there is --

local function is_public(key)
  return type(key) == "string" and key:sub(1, 1) ~= "_"
end

local function add(paths, key, prefix)
  paths[key] = paths[key] or prefix .. key
end

local function add_properties(paths, t, prefix)
  local metatable = getmetatable(t)
  local properties = type(metatable) == "table"
    and rawget(metatable, "__properties")
  for key in pairs(properties or {}) do -- any order: each key has one place
    add(paths, key, prefix)
  end
end

-- Adds the names of a table to `paths`: what to write by what it ends in. What
-- modules hold comes after what there is outside.
local function add_names(paths, t, prefix)
  local modules = {}
  require "nadir.fields".fill(t)
  for key, value in next, t do -- any order: each key has one place
    if math.type(key) == "integer" and is_public(value) then
      paths[value] = value
    elseif is_public(key) then
      add(paths, key, prefix)
      modules[#modules + 1] = prefix == "" and type(value) == "table" and key
        or nil
    end
  end
  add_properties(paths, t, prefix)
  table.sort(modules)
  for _, key in ipairs(modules) do
    add_names(paths, t[key], key .. ".")
  end
end

local function paths_of(...)
  local paths = {}
  for _, t in ipairs { ... } do
    add_names(paths, t, "")
  end
  return paths
end

local function sorted(paths)
  local list = {}
  for name in pairs(paths) do -- any order: sorted below
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

--- The first key of the table that is a name, in the order of letters.
---@param t table
---@return string?
function names.first(t)
  local first
  for key in pairs(t) do -- any order: the least is kept
    if type(key) == "string" and (not first or key < first) then
      first = key
    end
  end
  return first
end

-- ------------------------------------------------------------------- meant --

-- What the name that others use stands for: a name of `paths`, or a hint.
local function translate(name, paths)
  local foreign = require "nadir.foreign"
  local ours = foreign[name] or foreign[name:lower()]
  for _, word in ipairs(type(ours) == "table" and ours or { ours }) do
    if paths[word] or word:find "^use " then
      return word
    end
  end
end

-- Where the whole module has the name, for one that was asked for elsewhere.
local function elsewhere(name)
  return paths_of(require "nadir")[name]
end

-- The shortest name that has all the words of another, two at least, in their
-- order: 'sparse_crossentropy' is meant for 'sparse_categorical_crossentropy'.
local function with_words(name, list)
  local pattern, n = name:gsub("[^%w_]", ""):gsub("_+", "_.*")
  local found
  for _, one in ipairs(n > 0 and list or {}) do
    local fits = ("_" .. one .. "_"):find("_" .. pattern .. "_")
    found = fits and (not found or #one < #found) and one or found
  end
  return found
end

local function hint(name, paths, list)
  local found = translate(name, paths) or with_words(name, list)
    or nearest(name, list)
  if not found then
    return ""
  end
  return paths[found] and ("; did you mean '%s'?"):format(paths[found])
    or "; " .. found
end

-- The same, or else the names that there are, if they are few.
local function hint_or_list(name, paths, list)
  local near = hint(name, paths, list)
  if near == "" and #list > 0 and #list <= FEW then
    return ": there are " .. table.concat(list, ", ")
  end
  return near
end

-- ---------------------------------------------------------------- messages --

--- The text of the error for a name that `what`, a module or an object, lacks.
---@param what string  as users write it
---@param key any
---@param ... table    what it has
---@return string
function names.missing(what, key, ...)
  local name = tostring(key)
  local paths = paths_of(...)
  local list = sorted(paths)
  local path = not paths[name] and elsewhere(name)
  return ("%s: no such name: '%s'%s"):format(what, name,
    path and "; use nd." .. path or hint_or_list(name, paths, list))
end

--- The text of the error for a name that was given as a value, of something
-- that `has` holds.
---@param what string  "activation", say
---@param name string
---@param has table
---@param lists? boolean  whether all are told, if few, where none is near
---@return string
function names.no_such(what, name, has, lists)
  local paths = paths_of(has)
  return ("no such %s: '%s'%s"):format(what, name,
    (lists and hint_or_list or hint)(name, paths, sorted(paths)))
end

--- The same, or nil where a module, whose unknown names are errors, has it.
---@param what string
---@param name string
---@param module table
---@return string?
function names.problem(what, name, module)
  local ok, value = pcall(function() return module[name] end)
  if not ok or value == nil then
    return names.no_such(what, name, module)
  end
end

--- The text of the error for an option that `who`, a function or a class, does
-- not take.
---@param who string
---@param key any
---@param options table  those that it takes: a list, or names as keys
---@return string
function names.unknown_option(who, key, options)
  local paths = paths_of(options)
  local list = #options > 0 and options or sorted(paths)
  return ("%s: unknown option '%s': it takes %s%s"):format(who, tostring(key),
    #list > 0 and table.concat(list, ", ") or "none",
    hint(tostring(key), paths, list))
end

--- Raises that error unless every key of `given` is one of `options`.
---@param who string
---@param given any
---@param options table
function names.check_options(who, given, options)
  if type(given) ~= "table" then
    fail("%s: options must be a table, got %s", who, type(given))
  end
  local known = paths_of(options)
  local strange = {}
  for key in pairs(given) do -- any order: the first by its text is shown
    strange[#strange + 1] = not known[key] and tostring(key) or nil
  end
  if #strange > 0 then
    table.sort(strange)
    fail("%s", names.unknown_option(who, strange[1], options))
  end
end

--- An `__index` for a module: names that it lacks are errors.
---@param what string
---@param ... table  what it has; the module itself, at least
---@return function
function names.index(what, ...)
  local has = { ... }
  return function(_, key)
    if type(key) == "string" then
      fail("%s", names.missing(what, key, table.unpack(has)))
    end
  end
end

--- An `__index` for the objects of a class: methods; names that neither the
-- class nor the object has are errors.
---@param what string
---@param class table
---@return function
function names.class(what, class)
  return function(self, key)
    local value = rawget(class, key)
    if value == nil then
      fail("%s", names.missing(what, key, class, self))
    end
    return value
  end
end

return names
