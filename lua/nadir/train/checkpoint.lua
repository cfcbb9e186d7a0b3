--- nd.train.Checkpoint, CheckpointManager, latest_checkpoint: all that a
-- training goes on from, in a file: models, Variables, optimizers, random
-- states, and the state of `nd.random`.
--
--   local checkpoint = nd.train.Checkpoint { model = model, optimizer = adam }
--   local manager = nd.train.CheckpointManager(checkpoint, "run", 3)
--   manager:restore_or_initialize()
--   ...
--   manager:save()
local nd = require "nadir"
local checkpoint_file = require "nadir.checkpoint_file"
local class = require "nadir.class"
local describe = require "nadir.describe"
local fail = require "nadir.fail"
local file = require "nadir.file"
local form = require "nadir.form"
local json = require "nadir.json"
local Module = require "nadir.module"
local module_state = require "nadir.module_state"
local pack = require "nadir.pack"
local file_names = require "nadir.file_names"
local signature = require "nadir.signature"
local variables = require "nadir.variables"

local open = io and io.open

local Checkpoint = class "Checkpoint"

-- ------------------------------------------------------------------- kinds --
-- What can be kept, each by what it is: `write` gives a value that may hold
-- tensors, `read` notes in a plan what such a value sets.

local function is_optimizer(value)
  local Class = class.of(value)
  return describe.type(value) == "Optimizer"
    or Class ~= nil and class.method(Class, "state_dict") ~= nil
end

-- What a module has beside Variables, among their paths.
local STATE <const> = "@state"

local kinds = {
  {
    fits = nd.is_variable,
    write = function(variable) return variable:read_value() end,
    form = "userdata",
    read = function(plan, variable, value) plan:assign(variable, value) end,
  },
  {
    fits = function(value) return class.is(value, Module) end,
    write = function(module)
      local written = {}
      for _, named in ipairs(module:named_variables()) do
        written[named[1]] = named[2]:read_value()
      end
      written[STATE] = module_state.of(module)
      return written
    end,
    form = { [STATE .. "?"] = "table", ["*"] = "any" },
    read = function(plan, module, value, name)
      for _, named in ipairs(module:named_variables()) do
        local path, variable = named[1], named[2]
        if value[path] == nil then
          fail("restore: the file lacks %s/%s", name, path)
        end
        plan:assign(variable, value[path])
      end
      plan.last[#plan.last + 1] = module_state.setter("restore", module,
        value[STATE])
    end,
  },
  {
    fits = is_optimizer,
    write = function(optimizer, all) return optimizer:state_dict(all) end,
    form = "table",
    read = function(plan, optimizer, value)
      plan.first[#plan.first + 1] = function()
        optimizer:load_state_dict(value, plan.all)
      end
    end,
  },
  {
    fits = function(value) return describe.type(value) == "RandomState" end,
    write = function(random) return random:get_state() end,
    form = "table",
    read = function(plan, random, value)
      plan.first[#plan.first + 1] = function() random:set_state(value) end
    end,
  },
}

local function kind_of(name, value)
  for _, kind in ipairs(kinds) do
    if kind.fits(value) then
      return kind
    end
  end
  fail("Checkpoint: %s cannot be kept: it is a %s", name, describe.type(value))
end

-- ------------------------------------------------------------- checkpoints --

---@param kept table  what it keeps by name: { model = model, optimizer = adam }
function Checkpoint:init(kept)
  if type(kept) ~= "table" or getmetatable(kept) then
    fail("Checkpoint: needs a table of what it keeps, by name")
  end
  self.kept, self.names, self.save_counter = {}, {}, 0
  for name, value in pairs(kept) do -- any order: sorted below
    if type(name) ~= "string" then
      fail("Checkpoint: what it keeps goes by name, as in { model = model }")
    end
    kind_of(name, value)
    self.kept[name] = value
    self.names[#self.names + 1] = name
  end
  table.sort(self.names)
end

-- The Variables that optimizers are asked about: all trainable ones.
local function variables_of(self)
  local list, seen = {}, {}
  local function add(variable)
    if variable.trainable and not seen[variable] then
      seen[variable] = true
      list[#list + 1] = variable
    end
  end
  for _, name in ipairs(self.names) do
    local value = self.kept[name]
    if nd.is_variable(value) then
      add(value)
    elseif class.is(value, Module) then
      for _, variable in ipairs(value.variables) do add(variable) end
    end
  end
  return list
end

local path_params = { { "path", "text" } }
local takes = {
  write = signature.new("write", path_params),
  read = signature.new("read", path_params),
  save = signature.new("save", { { "file_prefix", "text" } }),
}

-- Writes a file that has this as its save_counter.
local function write(self, path, save_counter)
  local all, tensors, values = variables_of(self), {}, {}
  for _, name in ipairs(self.names) do
    local value = self.kept[name]
    values[name] = pack.write(kind_of(name, value).write(value, all), name,
      tensors)
  end
  checkpoint_file.write(path, tensors, { kept = values,
    random = nd.random.get_state(), save_counter = save_counter }, "write")
  return path
end

--- Writes all that it keeps to a file, as a whole or not at all.
---@param path string
---@return string path
function Checkpoint:write(...)
  return write(self, takes.write:read(...).path, self.save_counter)
end

local FORM <const> = { kept = { ["*"] = "any" }, random = "table",
                       save_counter = "integer" }

local function check(path, wanted, value, name)
  local problem = form.problem(wanted, value, name)
  if problem then
    fail("restore: %s is damaged: %s", path, problem)
  end
end

-- What a file sets: `first` and `last` are functions, and in between Variables
-- get their values, all or none.
local Plan = {}
Plan.__index = Plan

function Plan:assign(variable, value)
  local n = #self.variables + 1
  self.variables[n], self.values[n] = variable, value
end

function Plan:carry_out()
  variables.check("restore", self.variables, self.values)
  for _, set in ipairs(self.first) do
    set()
  end
  variables.assign("restore", self.variables, self.values)
  for _, set in ipairs(self.last) do
    set()
  end
end

--- Sets all that it keeps, and the state of `nd.random`, from a file. What does
--- not fit is found before anything is set.
---@param path string
function Checkpoint:read(...)
  local path = takes.read:read(...).path
  local tensors, values = checkpoint_file.read(path, "restore")
  if values.kept == nil then
    fail("restore: %s is no checkpoint", path)
  end
  check(path, FORM, values, "it")
  local plan = setmetatable({ all = variables_of(self), first = {}, last = {},
                              variables = {}, values = {} }, Plan)
  for _, name in ipairs(self.names) do
    local value = self.kept[name]
    if values.kept[name] == nil then
      fail("restore: the file lacks %s", name)
    end
    local kind = kind_of(name, value)
    local written = pack.read(values.kept[name], tensors)
    check(path, kind.form, written, name)
    kind.read(plan, value, written, name)
  end
  plan:carry_out()
  nd.random.set_state(values.random)
  self.save_counter = values.save_counter
end

Checkpoint.restore = Checkpoint.read

--- Writes the next of several files: "prefix-1", "prefix-2", ...
---@param file_prefix string
---@return string path
function Checkpoint:save(...)
  local prefix = takes.save:read(...).file_prefix
  local counter = self.save_counter + 1
  local path = write(self, ("%s-%d"):format(prefix, counter), counter)
  self.save_counter = counter
  return path
end

-- ---------------------------------------------------------------- managers --

local CheckpointManager = class("CheckpointManager", {
  { "checkpoint", "nested", doc = "what is saved" },
  { "directory", "text", doc = "where; it is made if it is not there" },
  { "max_to_keep", "size", doc = "how many files stay" },
  { "checkpoint_name", "text", "ckpt", doc = "what files begin with" },
})

-- The file that lists the others.
local function index_of(directory)
  return directory .. "/checkpoint"
end

-- Whether a name in an index may be one of a file within: what is too old is
-- removed, wherever its name leads.
local function is_within(name)
  local steps = "/" .. name .. "/"
  return not name:find("\0", 1, true) and not steps:find("/../", 1, true)
end

-- The paths that a directory's index lists, the last one last.
local function read_index(who, directory)
  local index = open and open(index_of(directory), "r")
  if not index then
    return {}
  end
  local text = index:read "a"
  index:close()
  local written = json.decode(text, who)
  local problem = form.problem({ all = { "string" } }, written, "it")
  if problem then
    fail("%s: %s is damaged: %s", who, index_of(directory), problem)
  end
  local list = written.all
  for i, name in ipairs(list) do
    if not is_within(name) then
      fail("%s: %s is damaged: it names a file elsewhere: %s", who,
        index_of(directory), name)
    end
    list[i] = directory .. "/" .. name
  end
  return list
end

function CheckpointManager:init()
  file_names.check_folder("CheckpointManager", "directory", self.directory)
  self.checkpoints = read_index("CheckpointManager", self.directory)
end

--- The path of the last file, or nil.
class.property(CheckpointManager, "latest_checkpoint", function(self)
  return self.checkpoints[#self.checkpoints]
end)

local function write_index(self, paths)
  local list = {}
  for i, path in ipairs(paths) do
    list[i] = path:sub(#self.directory + 2)
  end
  file.write("save", index_of(self.directory),
    { json.encode({ all = list }, "save") })
end

-- Notes that a file is the last one, if it has been written before, too.
local function note_last(list, path)
  for i = #list, 1, -1 do
    if list[i] == path then
      table.remove(list, i)
    end
  end
  list[#list + 1] = path
end

--- Writes the next file, and removes those that are too many. The list is
--- written in between, so that it names files that are there; what was not
--- removed because that failed, the next call removes.
---@return string path
function CheckpointManager:save()
  local list = self.checkpoints
  file.make_folders("save", self.directory .. "/")
  note_last(list, self.checkpoint:save(self.directory .. "/"
    .. self.checkpoint_name))
  local old = math.max(#list - self.max_to_keep, 0)
  write_index(self, table.move(list, old + 1, #list, 1, {}))
  for _ = 1, old do
    os.remove(list[1])
    table.remove(list, 1)
  end
  return list[#list]
end

--- Goes on from the last file, if there is one.
---@return string? path
function CheckpointManager:restore_or_initialize()
  local path = self.latest_checkpoint
  if path then
    self.checkpoint:read(path)
  end
  return path
end

local latest = signature.new("latest_checkpoint", {
  doc = "the last file that a manager has written in a directory, or nil",
  { "checkpoint_dir", "text" },
})

local function latest_checkpoint(...)
  local directory = latest:read(...).checkpoint_dir
  file_names.check_folder(latest.name, "checkpoint_dir", directory)
  local list = read_index(latest.name, directory)
  return list[#list]
end

return {
  Checkpoint = Checkpoint, CheckpointManager = CheckpointManager,
  latest_checkpoint = latest:callable(latest_checkpoint),
}
