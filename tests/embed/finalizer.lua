-- What finalizers do, as text in `out`; tests/embed/test_like_lua.c compares it
-- with what a stock Lua says.
-- luacheck: ignore 211 221 231 311 331 411 431
local say = dofile "tests/embed/say.lua"
local function collect()
  collectgarbage()
  collectgarbage()
end
local function made(name, meta)
  return setmetatable({ name = name }, meta)
end
local plain = { __gc = function(x) say("gc", x.name) end }

say "order"
for i = 1, 5 do made(i, plain) end
collect()
local kept = made("kept", plain)
local a, b = made("a", plain), made("b", plain)
a.b, b.a = b, a
a, b = nil, nil
collect()
say(kept.name)

say "marking"
local late = {}
local x = setmetatable({ name = "late" }, late)
late.__gc = plain.__gc
x = nil
collect()
x = setmetatable({ name = "set again" }, late)
x = nil
collect()
local marked = { __gc = true }
x = made("marked", marked)
marked.__gc = function(o) say("marked", o.name) end
x = nil
collect()
x = made("not callable", { __gc = "text" })
x = nil
collect()
x = made("changed", plain)
setmetatable(x, { __gc = function(o) say("other", o.name) end })
x = nil
collect()
x = made("taken", plain)
setmetatable(x, nil)
x = nil
collect()
x = made("twice", plain)
setmetatable(x, plain)
x = nil
collect()
local holder = { __gc = plain.__gc }
x = made("removed", holder)
holder.__gc = nil
x = nil
collect()

say "resurrection"
local saved
local again = {}
again.__gc = function(o)
  say("gc", o.name)
  saved = o
end
made("phoenix", again)
collect()
say(saved.name, getmetatable(saved) == again)
saved = nil
collect()
local count = 0
local forever = {}
forever.__gc = function(o)
  count = count + 1
  if count < 3 then setmetatable(o, forever) end
end
made("remarked", forever)
for _ = 1, 5 do collect() end
say(count)

say "weak tables"
local by_key = setmetatable({}, { __mode = "k" })
local by_value = setmetatable({}, { __mode = "v" })
do
  local o = made("weak", { __gc = function(w)
    say(by_key[w], by_value.x == nil, w.name)
  end })
  by_key[o], by_value.x = "still there", o
end
collect()
say(next(by_key), next(by_value))

say "errors and yields"
warn "@off"
made("fails", { __gc = function() error "in a finalizer" end })
made("fails with nil", { __gc = function() error() end })
made("fails with a table", { __gc = function() error {} end })
made("next", plain)
collect()
made("yields", { __gc = function()
  say(coroutine.isyieldable(), pcall(coroutine.yield))
end })
coroutine.wrap(collect)()
made("catches", { __gc = function() say(pcall(error, "caught")) end })
collect()
made("resumes", { __gc = function()
  say(coroutine.wrap(function() return coroutine.yield "resumed" end)())
end })
collect()
made("running", { __gc = function()
  say(collectgarbage "step" ~= nil, collectgarbage "count" > 0)
end })
collect()
made("makes", { __gc = function() made("made in one", plain) end })
collect()
made("arguments", { __gc = function(...) say(select("#", ...)) end })
collect()
made("results", { __gc = function() return 1, 2, 3 end })
collect()
coroutine.wrap(function()
  made("in a coroutine", plain)
  collect()
end)()

say "setmetatable"
say(pcall(setmetatable))
say(pcall(setmetatable, 1, {}))
say(pcall(setmetatable, {}))
say(pcall(setmetatable, {}, 1))
say(pcall(setmetatable, setmetatable({}, { __metatable = 1 }), {}))
say(getmetatable(setmetatable({}, { __metatable = "locked" })))
local t = {}
say(setmetatable(t, plain) == t, select("#", setmetatable(t, nil, 1)))
say(rawget(plain, "__gc") ~= nil)
say(getmetatable(setmetatable({}, plain)) == plain)
local watched = setmetatable({}, { __newindex = error, __index = error })
say(pcall(setmetatable, {}, watched))
collect()
say "end"
