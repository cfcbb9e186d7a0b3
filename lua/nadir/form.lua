--- Forms of values that files hold: whether a value, of whoever wrote it, is
-- what is read. A form is the word of a type, "any" or "integer" among them; a
-- list of one form, which all of a list have; or a table of forms by name, in
-- which "name?" may be missing and "*" is what all names have.
--
--   form.problem({ steps = { "integer" }, ["name?"] = "string" }, value)
local form = {}

local problem_of

local function problem_of_list(one, value, where)
  local n = 0
  for _ in pairs(value) do -- any order: how many
    n = n + 1
  end
  if n ~= #value then
    return where .. " is no list"
  end
  for i, inner in ipairs(value) do
    local problem = problem_of(one, inner, ("%s[%d]"):format(where, i))
    if problem then
      return problem
    end
  end
end

local function problem_of_names(wanted, value, where)
  local names = {}
  for name, one in pairs(wanted) do -- any order: one problem is told
    local plain, marks = name:gsub("%?$", "")
    names[plain] = { one, marks > 0 }
  end
  for name, inner in pairs(names["*"] and value or {}) do -- any order: as above
    local problem = type(name) ~= "string" and where .. " is a list"
      or problem_of(names["*"][1], inner, ("%s.%s"):format(where, name))
    if problem then
      return problem
    end
  end
  names["*"] = nil
  for name, pair in pairs(names) do -- any order: as above
    local problem = (value[name] ~= nil or not pair[2])
      and problem_of(pair[1], value[name], ("%s.%s"):format(where, name))
    if problem then
      return problem
    end
  end
end

--- What is wrong with a value, or nil.
---@param wanted any    a form
---@param value any
---@param where string  what the value is, for the problem
---@return string?
function problem_of(wanted, value, where)
  if wanted == "any" and value ~= nil
    or wanted == type(value) or wanted == math.type(value) then
    return nil
  elseif type(wanted) ~= "table" or type(value) ~= "table"
    or getmetatable(value) ~= nil then
    return value == nil and where .. " is missing"
      or ("%s is a %s, not %s"):format(where, type(value),
        type(wanted) == "table" and "a table" or "of the type " .. wanted)
  elseif wanted[1] ~= nil then
    return problem_of_list(wanted[1], value, where)
  end
  return problem_of_names(wanted, value, where)
end

form.problem = problem_of

return form
