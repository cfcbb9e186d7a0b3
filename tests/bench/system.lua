--- The settings of a benchmark run, and the shell under it.
local system = {}

---@param name string     of a variable of the environment, less its BENCH_
---@param default string
function system.setting(name, default)
  local value = os.getenv("BENCH_" .. name)
  return value and value ~= "" and value or default
end

---@param default number
function system.number(name, default)
  local text = system.setting(name, tostring(default))
  return tonumber(text) or error(("bench: BENCH_%s is not a number: %s")
    :format(name, text), 2)
end

--- What a shell command prints, less the blanks at its end.
function system.capture(command)
  local pipe = assert(io.popen(("{ %s; } 2> /dev/null"):format(command)))
  local text = pipe:read "a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

function system.exists(path)
  local file = io.open(path)
  if file then
    file:close()
  end
  return file ~= nil
end

function system.write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local build = os.getenv "BUILD" or "build"
system.nadir = os.getenv "NADIR" or build .. "/nadir"
system.python = system.setting("PYTHON", "build/venv-peers/bin/python")
system.scratch = build .. "/bench"
system.kept = os.getenv "BENCH_KEEP"
system.titles = { nadir = "Nadir", torch = "PyTorch", compile = "compiled",
                  tensorflow = "TensorFlow", ["function"] = "tf.function",
                  jax = "JAX jit", numpy = "NumPy", kann = "KANN" }
-- What programs import for those that are libraries of their own.
system.modules = { torch = "torch", tensorflow = "tensorflow", jax = "jax",
                   numpy = "numpy" }

return system
