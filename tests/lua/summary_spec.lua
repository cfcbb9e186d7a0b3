--- nd.summary: what writers write, byte by byte, and when; what they refuse.
package.path = "tests/lua/?.lua;tests/?.lua;" .. package.path
local nd = require "nadir"
local events = require "events"
local golden = require "golden.events"
local support = require "support"
local refuses = support.refuses
local create = nd.summary.create_file_writer

assert(_VERSION == "Lua 5.4")

local function unhex(text)
  return (text:gsub("%x%x", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

local function contents_of(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- Calls use(set) where the time is what was last set.
local function with_time(now, use)
  local timestamp = nd.timestamp
  nd.timestamp = function() return now end
  local ok, message = pcall(use, function(time) now = time end)
  nd.timestamp = timestamp
  assert(ok, message)
end

-- Calls use(writer, folder) with a writer in a folder of its own.
local function with_writer(options, use)
  events.with_folder(function(folder)
    local writer <close> = create(folder .. "/a/b", options)
    use(writer, folder .. "/a/b")
  end)
end

local function count(writer)
  return #events.of(writer.path) - 1
end

describe("a writer", function()
  it("writes the bytes that TensorBoard's own does", function()
    with_time(golden.time, function()
      with_writer({}, function(writer)
        local want = { unhex(golden.version) }
        for i, case in ipairs(golden) do
          local name, value, step, record = table.unpack(case)
          writer:scalar(name, ("<d"):unpack(unhex(value)), step)
          want[i + 1] = unhex(record)
        end
        writer:flush()
        assert.equal(table.concat(want), contents_of(writer.path))
      end)
    end)
    assert.equal(0xe3069283, events.crc "123456789")
  end)

  it("makes the folders, and a file that tells when and where", function()
    with_writer({ filename_suffix = ".v2" }, function(writer, folder)
      local path = writer.path
      local time = tonumber(path:match "/events%.out%.tfevents%.(%d+)%.[%w.-_]+"
        .. "%.0%.v2$" and path:match "tfevents%.(%d+)")
      assert.is_true(math.abs(nd.timestamp() - time) < 10)
      assert.same({ path }, events.files(folder))
      local first = events.of(path)[1]
      assert.equal("brain.Event:2", first.version)
      assert.is_true(first.time >= time and nd.timestamp() >= first.time)
    end)
  end)

  it("takes a file of its own each time", function()
    with_time(golden.time, function()
      with_writer({}, function(writer, folder)
        local other <close> = create(folder)
        assert.equal(writer.path:gsub("0$", "1"), other.path)
      end)
    end)
  end)

  it("takes tensors and Variables of one element, of any dtype", function()
    with_writer({}, function(writer)
      writer:scalar("x", nd.constant(2.5, "float64"), 1)
      writer:scalar("x", nd.Variable(nd.ones { 1, 1 }), 2)
      writer:scalar("x", nd.constant(7), { step = 3 })
      writer:scalar { name = "x", data = nd.constant(true), step = 4 }
      writer:scalar("x", nd.cast(nd.constant(0.5), "bfloat16"), 5)
      writer:flush()
      local values = {}
      for i, event in ipairs(events.of(writer.path)) do
        values[i - 1] = event.value
        assert.equal(event.tag and i - 1, event.step)
      end
      assert.same({ 2.5, 1., 7., 1., 0.5 }, { table.unpack(values) })
    end)
  end)

  it("writes when more than max_queue wait, or flush_millis passed", function()
    with_time(100, function(set_time)
      with_writer({ max_queue = 2, flush_millis = 5000 }, function(writer)
        for step, written in ipairs { 0, 0, 3, 3, 3, 6 } do
          writer:scalar("x", 1, step)
          assert.equal(written, count(writer))
        end
        set_time(104.9)
        writer:scalar("x", 1, 7)
        assert.equal(6, count(writer))
        set_time(105)
        writer:scalar("x", 1, 8)
        assert.equal(8, count(writer))
        writer:scalar("x", 1, 9)
        assert.equal(8, count(writer))
      end)
    end)
  end)

  it("writes what waits when it is flushed, closed, left, or lost", function()
    events.with_folder(function(folder)
      local writer = create(folder)
      writer:scalar("x", 1, 1)
      writer:flush()
      assert.equal(1, count(writer))
      writer:scalar("x", 1, 2)
      writer:close()
      assert.equal(2, count(writer))
      writer:close()
      refuses("scalar: the file is closed", writer.scalar, writer, "x", 1, 1)
      refuses("flush: the file is closed", writer.flush, writer)
      local function leave()
        local left <close> = create(folder)
        left:scalar("x", 1, 1)
        return left.path
      end
      assert.equal(2, #events.of(leave()))
      local function lose()
        local lost = create(folder)
        lost:scalar("x", 1, 1)
        return lost.path
      end
      local path = lose()
      collectgarbage()
      collectgarbage()
      assert.equal(2, #events.of(path))
    end)
  end)

  it("shows itself, and what it lacks", function()
    with_writer({}, function(writer, folder)
      assert.equal(('create_file_writer { logdir = "%s" }'):format(folder),
        tostring(writer))
      refuses("create_file_writer: no such name: 'add_scalar'; did you mean "
        .. "'scalar'?", function() return writer.add_scalar end)
    end)
  end)
end)

describe("a writer refuses", function()
  it("arguments that are none", function()
    with_writer({}, function(writer)
      local function scalar(...) return writer:scalar(...) end
      refuses("scalar: step is missing: it must be a whole number",
        scalar, "x", 1)
      refuses("scalar: step must be a whole number, got 1.5", scalar, "x", 1,
        1.5)
      refuses("scalar: name must be a string, got 1", scalar, 1, 1, 1)
      local why = "scalar: data must be a number or a tensor of one element, "
      refuses(why .. "got string", scalar, "x", "1", 1)
      refuses(why .. "got shape [2 3]", scalar, "x", nd.ones { 2, 3 }, 1)
      refuses(why .. "got shape [0]", scalar, "x", nd.ones { 0 }, 1)
      refuses('scalar: name must be UTF-8, got "\xff"', scalar, "\xff", 1, 1)
      writer:flush()
      assert.equal(0, count(writer))
    end)
  end)

  it("folders that cannot be", function()
    local path = os.tmpname()
    assert.matches("^create_file_writer: cannot make the folders of " .. path
      .. "/x/y/events%.out%.tfevents%.%S+: Not a directory$",
      support.refusal(create, path .. "/x/y"))
    os.remove(path)
    assert.matches("^create_file_writer: cannot make /proc/events%.out%.tfeve"
      .. "nts%.%S+: No such file or directory$",
      support.refusal(create, "/proc"))
    local long = "of x+/events%.out%.tfevents%.%S+: File name too long$"
    assert.matches("^create_file_writer: cannot make the folders " .. long,
      support.refusal(create, ("x"):rep(300)))
    assert.matches("^create_file_writer: cannot make xxx",
      support.refusal(create, ("x"):rep(5000)))
    refuses("create_file_writer: logdir names no folder", create, "")
    refuses("create_file_writer: logdir names no folder", create, "a\0b")
    refuses("create_file_writer: unknown option 'flush_secs': it takes logdir, "
      .. "max_queue, flush_millis, filename_suffix",
      create, "x", { flush_secs = 1 })
    refuses('create_file_writer: filename_suffix must be part of a name, got '
      .. '"/x"', create, "x", { filename_suffix = "/x" })
  end)

  it("to work where a script has no files", function()
    local open = io.open
    rawset(io, "open", function() end)
    local ok, message = pcall(create, "x")
    rawset(io, "open", open)
    assert.is_false(ok)
    assert.matches("create_file_writer: there are no files here", message)
  end)
end)

describe("a file that cannot grow", function()
  -- What a script says that may write files of 1024 bytes at most, and the
  -- first file that it leaves in the folder.
  local function run_limited(folder, text)
    return support.with_file(text, function(path)
      local program = os.getenv "NADIR" or "build/nadir"
      local pipe <close> = assert(io.popen(
        ("trap '' XFSZ; ulimit -f %s; %s %s %s 2>&1"):format(
          "$((1024 / 512))", program, path, folder)))
      return pipe:read "a", events.of(events.files(folder)[1])
    end)
  end

  it("is an error with the path, and keeps whole records", function()
    events.with_folder(function(folder)
      local text, written = run_limited(folder, [[
        local nd = require "nadir"
        local writer = nd.summary.create_file_writer(arg[1],
          { max_queue = 3 })
        local step = 0
        local ok, message
        repeat
          step = step + 1
          ok, message = pcall(writer.scalar, writer, "x", step, step)
        until not ok
        print(step, message)
        print(pcall(writer.close, writer))
        writer:close()]])
      local step, first, second = text:match "^(%d+)\t(.-)\nfalse\t(.-)\n$"
      local path = events.files(folder)[1]:gsub("%p", "%%%0")
      assert.matches("scalar: cannot write " .. path .. ": File too large$",
        first)
      assert.matches("close: cannot write " .. path .. ": File too large$",
        second)
      assert.equal(tonumber(step) - 4, #written - 1)
      assert.equal(#written - 1, written[#written].step)
    end)
  end)
end)

describe("a process that is killed", function()
  it("leaves what was flushed, whole", function()
    events.with_folder(function(folder)
      support.output(([[
        local nd = require "nadir"
        local writer = nd.summary.create_file_writer(%q)
        for step = 1, 5 do writer:scalar("x", step, step) end
        writer:flush()
        writer:scalar("x", 6, 6)
        local pipe = io.popen "echo $PPID"
        os.execute("kill -9 " .. pipe:read "n")]]):format(folder))
      local written = events.of(events.files(folder)[1])
      assert.equal(6, #written)
      assert.equal(5., written[6].value)
    end)
  end)
end)
