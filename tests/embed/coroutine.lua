-- What coroutines do, as text in `out`; tests/embed/test_like_lua.c compares it
-- with what a stock Lua says.
-- luacheck: ignore 211 221 231 311 331 411 431
local say = dofile "tests/embed/say.lua"
local yield, resume = coroutine.yield, coroutine.resume
local create = coroutine.create
local wrap, status, close = coroutine.wrap, coroutine.status, coroutine.close
local gate = { __close = function(x, e) say("close", x.name, e) end }
local function open(name)
  return setmetatable({ name = name }, gate)
end

say "values and status"
local co
co = create(function(...)
  say(status(co), coroutine.isyieldable(), select("#", ...), ...)
  say(select("#", yield(1, nil)), yield())
  local inner = create(function() say(status(co), close and status(co)) end)
  say(resume(inner))
  return nil, nil
end)
say(status(co), coroutine.isyieldable(co), coroutine.isyieldable())
say(resume(co, nil, 2, nil))
say(status(co), resume(co, nil, nil))
say(resume(co, "x", "y"))
say(status(co), resume(co), select("#", resume(co)))
say(select(2, coroutine.running()), type(coroutine.running()))
say(pcall(yield, 1))
say(pcall(resume, 1))
say(pcall(create, 1))
say(pcall(wrap))
say(pcall(status, {}))
say(pcall(close, nil))
say(resume(create(tostring), nil) ~= nil, resume(coroutine.running()))
say(resume(create(function()
  local self = coroutine.running()
  return resume(self), pcall(close, self)
end)))

say "errors"
for _, e in ipairs { "text", 42, false, {}, setmetatable({}, {
  __tostring = function() return "object" end }) } do
  co = create(function() error(e) end)
  local ok, got = resume(co)
  say(ok, rawequal(got, e) or got, status(co))
  say(resume(co))
  say(select("#", close(co)), status(co), close(co))
  ok, got = pcall(wrap(function() error(e) end))
  say(ok, rawequal(got, e) or got)
end
say(resume(create(function() error() end)))
say(pcall(wrap(function() error("no place", 0) end)))
say(pcall(wrap(function() local x = nil; return x.y end)))
say(pcall(wrap(function() return wrap(function() error "deep" end)() end)))
local once = wrap(function() end)
say(once(), pcall(once))
local again
again = wrap(function() again() end)
say(pcall(again))
say(pcall(wrap(function() return string.rep() end)))
say(select("#", pcall(wrap(function() error(nil) end))))

say "closing"
co = create(function()
  local a <close> = open "a"
  local b <close> = open "b"
  yield "in"
end)
say(resume(co))
say(close(co), status(co), close(co), resume(co))
co = create(function()
  local a <close> = open "a"
  local b <close> = setmetatable({}, { __close = function(_, e)
    error("b after " .. tostring(e), 0)
  end })
  yield()
end)
say(resume(co))
say(close(co))
say(close(co), status(co))
co = create(function()
  local a <close> = open "a"
  error "inside"
end)
say(resume(co))
say(close(co))
say(close(co))
say(pcall(wrap(function()
  local a <close> = open "a"
  error("wrapped", 0)
end)))
say(pcall(wrap(function()
  local a <close> = setmetatable({}, { __close = function() error("b", 0) end })
  error("a", 0)
end)))
co = create(function()
  local a <close> = setmetatable({}, { __close = function()
    yield "closing"
  end })
  return "returned"
end)
say(resume(co))
say(resume(co))
co = create(function()
  local a <close> = setmetatable({}, { __close = function()
    yield "closing"
  end })
  yield()
end)
say(resume(co))
say(close(co))
say(close(create(print)), pcall(close, coroutine.running()))
local outer
outer = create(function()
  local inner = create(function() return pcall(close, outer) end)
  return resume(inner)
end)
say(resume(outer))

say "yields from within"
say(wrap(function() return pcall(yield, "through pcall") end)())
co = wrap(function()
  local results = table.pack(pcall(function()
    yield "a"
    error "after"
  end))
  yield(table.unpack(results))
  return xpcall(function() yield "b"; error "c" end, function(e)
    return "handled " .. e
  end)
end)
say(co())
say(co())
say(co())
say(co())
local meta = setmetatable({}, {
  __index = function(_, k) return yield("index " .. k) end,
  __newindex = function(_, k, v) yield("newindex " .. k .. v) end,
  __add = function() return yield "add" end,
  __eq = function() return yield "eq" end,
  __lt = function() return yield "lt" end,
  __le = function() return yield "le" end,
  __concat = function() return yield "concat" end,
  __len = function() return yield "len" end,
  __call = function(_, x) return yield("call " .. x) end,
  __unm = function() return yield "unm" end,
  __close = function() yield "close" end,
})
co = create(function()
  local r = { meta.key, meta + 1, meta == setmetatable({}, getmetatable(meta)),
              meta < meta, meta <= meta, meta .. "x", #meta, meta "y", -meta }
  meta.field = 7
  do local m <close> = meta end
  for i = 1, 9 do r[i] = tostring(r[i]) end
  return table.concat(r, " ")
end)
local turn = 0
repeat
  turn = turn + 1
  say(resume(co, turn))
until status(co) == "dead"
for a, b in wrap(function() for i = 1, 3 do yield(i, i * i) end end) do
  say(a, b)
end
co = wrap(function()
  for k in function(_, n) return yield(n) end, nil, 0 do say("turn", k) end
  return "over"
end)
say(co(), co(1), co(2), co(nil))
say(resume(create(function() table.sort({ 3, 2, 1 }, yield) end)))
say(resume(create(function() ("x"):gsub("x", yield) end)))
say(resume(create(function() return require "coroutine" == coroutine end)))
say(resume(create(function() load(yield) end)))
co = wrap(function() return select("#", table.unpack({}, 1, 200)), yield() end)
say(co(table.unpack({}, 1, 250)))
say(select("#", wrap(function(...) yield(...) end)(table.unpack({}, 1, 5000))))
co = create(function(...) return select("#", ...) end)
say(resume(co, table.unpack({}, 1, 100000)))
local function nested(n)
  if n == 0 then return "bottom" end
  return wrap(nested)(n - 1)
end
say(nested(50))
say(select(2, pcall(nested, 250)))
local function deep() return deep() + 1 end
say((select(2, resume(create(deep))):gsub("^.-:%d+: ", ""):match "^[^\n]*"))

say "names"
local names = {}
for name in pairs(coroutine) do names[#names + 1] = name end
table.sort(names)
say(table.concat(names, " "))
say(debug.traceback(create(function() end)))
co = create(function() yield() end)
resume(co)
say((debug.traceback(co, "trace"):gsub("[%w./_]+%.lua", "script")))
say(pcall(wrap(function() error("two", 2) end)))
say(select("#", resume(create(function() end))), tostring(co):match "^%a+")
