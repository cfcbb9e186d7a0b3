--- nd.help: what an op does, from its entry in the table of ops; what a class
-- or a function takes, from its signature, and what the comment above it says.
local nd = require "nadir"
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local names = require "nadir.names"
local reference = require "nadir.reference"
local signature = require "nadir.signature"
local structure = require "nadir.structure"

-- -------------------------------------------------------------------- ops --

local function call(op)
  local words = {}
  for i, p in ipairs(op.params) do
    words[i] = p.initial and ("%s = %s"):format(p.name, p.initial) or p.name
  end
  local path = op.module and op.inside and op.module .. "." or ""
  local results = op.gives_list and " -> list"
    or op.results and " -> " .. table.concat(op.results, ", ") or ""
  return ("nd.%s%s(%s)%s"):format(path, op.name, table.concat(words, ", "),
                                  results)
end

local gradients = {
  none = "no gradient",
  slope = "gradient: elementwise slope",
  linear = "gradient: linear",
  bilinear = "gradient: linear in each input",
  vjp = "gradient: own rule",
  composed = "gradient: that of the ops that it applies",
}

local function describe_op(op)
  local lines = {
    call(op),
    "  " .. op.doc,
    "  " .. gradients[op.derivative],
  }
  if op.params[1].kind == "tensor" then
    lines[#lines + 1] = ("  also a method: %s:%s()"):format(op.params[1].name,
                                                            op.name)
  end
  return table.concat(lines, "\n")
end

-- Whether an op is reached by that path, without "nd.".
local function is_at(op, path)
  return path == op.name or op.module and path == op.module .. "." .. op.name
    or not op.inside and path == "math." .. op.name
end

local function find_op(value)
  local path = type(value) == "string" and value:gsub("^nd%.", "")
  for _, op in ipairs(nd.ops()) do
    local module = op.module and nd[op.module] or nd
    if is_at(op, path) or value == module[op.name] then
      return op
    end
  end
end

-- ----------------------------------------------------------------- finding --

-- Whether `name` is the end of a path, of whole words.
local function ends_in(path, name)
  return ("." .. path:gsub(":", ".")):sub(-#name - 1)
    == "." .. name:gsub(":", ".")
end

-- Those of a list that are called so, with as much of the path as one likes.
local function named(list, name)
  local found = {}
  for _, entry in ipairs(list) do
    found[#found + 1] = ends_in(entry.path .. entry.name, name) and entry or nil
  end
  return found
end

-- Those of a list that are a value: a class, a function of ours or one in C.
local function valued(list, value)
  local found, own = {}, signature.of(value)
  for _, entry in ipairs(list) do
    local takes = entry.takes
    if entry.value ~= nil and rawequal(entry.value, value)
      or own and own.path and takes and own.path == takes.path
      and own.name == takes.name then
      found[#found + 1] = entry
    end
  end
  return found
end

-- The classes that a class extends, itself first, as help calls them.
local function ancestors(list, Class)
  local path, owners = {}, {}
  for _, entry in ipairs(list) do
    owners[entry.value or entry] = entry.class
  end
  while Class do
    path[#path + 1] = owners[Class]
    Class = class.describe(Class).parent
  end
  return path
end

-- What stands at a path, as "keras.layers.Dense" says it.
local function value_at(path)
  local value = nd
  for name in path:gsub("^nd%.", ""):gmatch "[^.]+" do
    local ok, found = pcall(function() return value[name] end)
    value = ok and found
  end
  return value or nil
end

-- "Sequential:fit" for what Sequential has of Model.
local function inherited(list, name)
  local owner, method = name:match "^(.+)[.:]([%w_]+)$"
  for _, entry in ipairs(owner and named(list, owner) or {}) do
    local above = entry.class and ancestors(list, entry.value) or {}
    for _, class_name in ipairs(above) do
      local found = named(list, class_name .. ":" .. method)
      if found[1] then
        return found
      end
    end
  end
  return {}
end

-- The entries of what is given as a value or by a name; an object has its
-- class's.
local function find(list, what)
  local Class = class.of(what)
    or type(what) == "table" and class.describe(what) and what
  if type(what) == "userdata" then
    what = describe.type(what)
  end
  if type(what) ~= "string" then
    local found = valued(list, Class or what)
    return found[1] and found or { Class and reference.of_class(Class) }
  end
  local found = named(list, what)
  found = found[1] and found or inherited(list, what)
  return found[1] and found or valued(list, value_at(what))
end

-- ----------------------------------------------------------------- groups --

-- All entries by their path without what parts it from a name: "nd.optimizers",
-- "Variable"; and these paths in order.
local function by_path(list)
  local groups, paths = {}, {}
  for _, entry in ipairs(list) do
    local path = entry.path:sub(1, -2)
    if not groups[path] then
      groups[path] = {}
      paths[#paths + 1] = path
    end
    table.insert(groups[path], entry)
  end
  return groups, paths
end

-- The group of what is named, of a module or of the class of an object.
local function find_group(list, what)
  local name = type(what) == "userdata" and describe.type(what) or what
  local groups = by_path(list)
  for _, path in ipairs { tostring(name), "nd." .. tostring(name) } do
    if groups[path] then return groups[path] end
  end
  for _, field in ipairs(structure.keys(nd)) do
    if rawequal(nd[field], what) then return groups["nd." .. field] end
  end
end

-- ----------------------------------------------------------------- showing --

-- How many columns a line has that is cut.
local WIDTH <const> = 78

-- The call, or a field by its name.
local function heading(entry)
  local takes = entry.takes
  return entry.path .. entry.name
    .. (takes and takes:text():sub(#takes.name + 1) or "")
end

-- Paragraphs that are not indented, as lines of that width; what is one line
-- stays one.
local function wrap(text)
  local lines, open = {}, false
  if not text:find "\n" then
    return { text }
  end
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    local flows = line:find "^%S" ~= nil
    local words = flows and line:gmatch "%S+" or function() return nil end
    if not flows then
      lines[#lines + 1] = line
    end
    for word in words do
      local last = open and lines[#lines]
      local longer = last and last .. " " .. word
      local fits = longer and #longer <= WIDTH - 2
      lines[fits and #lines or #lines + 1] = fits and longer or word
      open = true
    end
    open = flows
  end
  return lines
end

-- The first sentence of what is said of an entry.
local function brief(entry)
  local text = (entry.doc or ""):gsub("\n\n.*", ""):gsub("%s+", " ")
  return text:match "^(.-)[.;] " or text:match "^(.*[^.])%.$" or text
end

local function cut(line)
  if #line <= WIDTH then
    return line
  end
  return line:sub(1, WIDTH - 3):gsub("[ ,:]+[^ ]*$", "") .. "..."
end

local function list_names(group)
  local list = {}
  for i, entry in ipairs(group) do list[i] = entry.name end
  return table.concat(list, " ")
end

-- Those of a group whose path ends so, each with a line.
local function add_members(lines, head, group, link)
  for _, entry in ipairs(group) do
    if entry.path:sub(-1) == link then
      lines[#lines + 1] = head
      lines[#lines + 1] = cut(("    %s: %s"):format(entry.name, brief(entry)))
      head = nil
    end
  end
end

-- The classes that one has further methods of. Those of optimizers in C share
-- them all.
local function origins(entry, list)
  if entry.class then
    return ancestors(list, entry.value)
  end
  return entry.path == "nd.optimizers." and { "Optimizer" } or {}
end

local function describe_entry(entry, list)
  local lines, takes = { heading(entry) }, entry.takes
  for _, line in ipairs(entry.doc and wrap(entry.doc) or {}) do
    lines[#lines + 1] = line == "" and line or "  " .. line
  end
  for _, p in ipairs(takes and takes.params or {}) do
    local wanted = takes.wanted(p)
    lines[#lines + 1] = ("  %s: %s"):format(p.name,
      p.doc and ("%s (%s)"):format(p.doc, wanted) or wanted)
  end
  for _, what in ipairs(entry.returns or {}) do
    lines[#lines + 1] = "  returns " .. what
  end
  local groups = by_path(list)
  if entry.path == "" or entry.path:find "^nd%." then
    local group = groups[entry.class or entry.name] or {}
    add_members(lines, "  methods:", group, ":")
    add_members(lines, "  fields:", group, ".")
  end
  for _, above in ipairs(origins(entry, list)) do
    if groups[above] and above ~= entry.class then
      lines[#lines + 1] = ("  from %s: %s"):format(above,
        list_names(groups[above]))
    end
  end
  return table.concat(lines, "\n")
end

local function describe_group(group)
  local lines = {}
  for _, entry in ipairs(group) do
    lines[#lines + 1] = heading(entry)
    lines[#lines + 1] = entry.doc and "  " .. brief(entry)
  end
  return table.concat(lines, "\n")
end

-- Prints a group, or the first of some entries, and what else is called so. A
-- module is asked for sooner than a field.
local function print_found(found, group, list)
  local others = {}
  local is_group = group and not (found[1] and found[1].takes)
  for i = is_group and 1 or 2, #found do
    others[#others + 1] = found[i].path .. found[i].name
  end
  if not is_group and group and group[1].path:find "^nd%." then
    others[#others + 1] = group[1].path:sub(1, -2)
  end
  print(is_group and describe_group(group) or describe_entry(found[1], list))
  if #others > 0 then
    print("  also: " .. table.concat(others, ", "))
  end
end

local function list_all(list)
  local ops = {}
  for i, op in ipairs(nd.ops()) do ops[i] = op.name end
  table.sort(ops)
  print(table.concat(ops, " "))
  local groups, paths = by_path(list)
  for _, path in ipairs(paths) do
    print(("%s: %s"):format(path, list_names(groups[path])))
  end
end

-- ---------------------------------------------------------------- missing --

-- How many names are told that have all words of one that there is not.
local FEW <const> = 4

local function has_words(name, words)
  for _, word in ipairs(words) do
    if not name:lower():find(word, 1, true) then
      return false
    end
  end
  return #words > 0
end

-- The shortest names that have all words of another.
local function similar(list, name)
  local words, found = {}, {}
  for word in name:lower():gmatch "[^_.: ]+" do
    words[#words + 1] = #word > 2 and word or nil
  end
  for _, op in ipairs(nd.ops()) do
    found[#found + 1] = has_words(op.name, words) and op.name or nil
  end
  for _, entry in ipairs(list) do
    found[#found + 1] = has_words(entry.name, words)
      and entry.path .. entry.name or nil
  end
  table.sort(found, function(a, b)
    return #a < #b or #a == #b and a < b
  end)
  return table.move(found, 1, FEW, 1, {})
end

local function fail_unknown(list, what)
  if type(what) ~= "string" then
    fail("help: there is none for a %s", describe.type(what))
  end
  local found = similar(list, what)
  if #found == 0 then
    fail("help: %s", names.no_such("name", what, nd))
  end
  fail("help: no such name: '%s'; did you mean %s?", what,
    table.concat(found, ", "))
end

--- Prints the help of an op, a function, a class with its methods or a module,
-- given by its name or as itself; or the names of all.
---@param what? any
return function(what)
  local op = what ~= nil and find_op(what)
    or type(what) == "string" and find_op(value_at(what))
  if op then
    print(describe_op(op))
    return
  end
  local list = reference.all()
  if what == nil then
    list_all(list)
    return
  end
  local found, group = find(list, what), find_group(list, what)
  if not found[1] and not group then
    fail_unknown(list, what)
  end
  print_found(found, group, list)
end
