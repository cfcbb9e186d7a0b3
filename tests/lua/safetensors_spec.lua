--- nd.safetensors: files of tensors by name. golden/files.py made one with
-- Python's library; tests/golden/exchange.sh goes both ways.
package.path = "tests/lua/?.lua;tests/?.lua;" .. package.path
local nd = require "nadir"
local support = require "support"
local refuses, with_file = support.refuses, support.with_file
local golden = require "golden.files"

local load_file = nd.safetensors.load_file
local save_file = nd.safetensors.save_file
local safe_open = nd.safetensors.safe_open

local GOLDEN = table.concat(golden):gsub("%x%x", function(digits)
  return string.char(tonumber(digits, 16))
end)

-- The tensors and metadata that golden/files.py writes.
local TENSORS = {
  a = nd.constant { 1, -2.5, 3e38 },
  b = nd.constant({ { 1, 2 }, { 3, math.mininteger } }, "int64"),
  c = nd.constant({ 0.1, -0.0 }, "float64"),
  d = nd.constant { { 2147483647, -5 } },
  e = nd.constant { true, false, true },
  f = nd.constant({ 0, 255 }, "uint8"),
  g = nd.constant({ 65504, 6e-8, -1 }, "float16"),
  h = nd.constant({ 1, 0.1 }, "bfloat16"),
  ["one/é\n\1\"\\😀"] = nd.constant(3.),
  zero = nd.zeros { 0, 3 },
}
local METADATA = { format = "€ {\"x\":1}" }

local function content(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- What a file with that header and data gives `use`, which gets its path.
local function with_header(header, data, use)
  return with_file(string.pack("<s8", header) .. data, use)
end

local function entry(name, dtype, shape, first, last)
  return ('"%s":{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}'):format(name,
    dtype, shape, first, last)
end

-- Asserts that reading such a file is refused; FILE stands for its path.
local function denies(message, header, data)
  with_header(header, data or "", function(path)
    refuses((message:gsub("FILE", path)), load_file, path)
  end)
end

local function is_same(want, got)
  assert.equal(want.dtype, got.dtype)
  assert.same({ table.unpack(want.shape) }, { table.unpack(got.shape) })
  assert.equal(want:tobytes(), got:tobytes())
end

describe("save_file", function()
  it("writes the bytes that Python's library writes", function()
    with_file("", function(path)
      save_file(TENSORS, path, METADATA)
      assert.equal(GOLDEN, content(path))
    end)
  end)

  it("takes Variables, views, what waits, and nothing", function()
    with_file("old", function(path)
      save_file({
        v = nd.Variable { 1., 2 },
        view = nd.transpose(nd.constant { { 1, 2, 3 }, { 4, 5, 6 } }),
        late = nd.ones { 3000 } + 1,
        part = nd.range(1, 100000)[{ { -1, 1, -7 } }],
      }, path)
      local t, metadata = load_file(path)
      assert.same({}, metadata)
      assert.same({ 1., 2 }, t.v:totable())
      assert.same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, t.view:totable())
      assert.equal(6000, nd.reduce_sum(t.late):item())
      is_same(nd.range(1, 100000)[{ { -1, 1, -7 } }], t.part)
      save_file({}, path)
      assert.equal("\8\0\0\0\0\0\0\0{}      ", content(path))
      assert.is_nil(next((load_file(path))))
    end)
  end)

  it("aligns tensors to the width of their elements", function()
    with_file("", function(path)
      save_file({ a = nd.ones({ 3 }, "uint8"), z = nd.ones({ 1 }, "float64"),
                  m = nd.ones({ 3 }, "float16") }, path, { x = "12345" })
      local reader <close> = safe_open(path)
      assert.same({ "z", "m", "a" }, reader:keys())
      assert.equal(0, reader.start % 8)
    end)
  end)

  it("keeps the mode of a file, and follows a link", function()
    with_file("", function(path)
      os.execute(("chmod 640 %s; ln -s %s %s.link"):format(path, path, path))
      save_file({ a = nd.ones(2) }, path .. ".link")
      os.remove(path .. ".link")
      assert.is_truthy(load_file(path).a)
      local pipe <close> = io.popen("stat -c %a " .. path)
      assert.equal("640\n", pipe:read "a")
    end)
  end)

  it("refuses what no file can hold", function()
    local x = nd.ones(1)
    refuses("save_file: tensors must be a table with names, got nil", save_file)
    refuses("save_file: a name in tensors must be a string, got 1", save_file,
      { x }, "x")
    refuses("save_file: 'a' must be a tensor, got 1", save_file, { a = 1 }, "x")
    refuses("save_file: path must be a string, got nil", save_file, { a = x })
    refuses("save_file: path names no file", save_file, { a = x }, "")
    refuses("save_file: metadata 'a' must be a string, got 1", save_file, {},
      "x", { a = 1 })
    refuses("save_file: metadata must be a table with names, got string",
      save_file, {}, "x", "y")
    refuses("save_file: 'a?' is no UTF-8", save_file, { ["a\xff"] = x }, "x")
    refuses("save_file: '__metadata__' is no name for a tensor", save_file,
      { __metadata__ = x }, "x")
    assert.is_nil(io.open "x")
  end)

  it("leaves what there is when it cannot write", function()
    local x = nd.ones(1)
    refuses("save_file: cannot write /nowhere/x: No such file or directory",
      save_file, { a = x }, "/nowhere/x")
    refuses("save_file: cannot write /dev/full: it is no regular file",
      save_file, { a = x }, "/dev/full")
    refuses("save_file: cannot write /tmp: it is no regular file", save_file,
      { a = x }, "/tmp")
    local long = ("x"):rep(300)
    refuses(("save_file: cannot write %s: File name too long"):format(long),
      save_file, { a = x }, long)
  end)
end)

describe("load_file", function()
  it("reads what Python's library wrote", function()
    with_file(GOLDEN, function(path)
      local tensors, metadata = load_file(path)
      assert.same(METADATA, metadata)
      for name, x in pairs(TENSORS) do
        is_same(x, tensors[name])
        tensors[name] = nil
      end
      assert.is_nil(next(tensors))
    end)
  end)

  it("takes blanks, other orders, and fields of others", function()
    local header = '{ "b" : {"shape":[2], "x":{"y":[1]}, "dtype":"U8",'
      .. '"data_offsets":[1,3]} ,\n"a":{"dtype":"BOOL","shape":[1,1],'
      .. '"data_offsets":[0,1]},"__metadata__":null}   '
    with_header(header, "\7\8\9", function(path)
      local t = load_file(path)
      assert.same({ { true } }, t.a:totable())
      assert.same({ 8, 9 }, t.b:totable())
    end)
  end)

  it("says what is wrong with a file", function()
    local bad = "load_file: FILE is no safetensors file: "
    denies(bad .. "'a' lacks dtype, shape or data_offsets", '{"a":{}}')
    denies(bad .. "'a' lacks dtype, shape or data_offsets", '{"a":3}')
    denies(bad .. "'a' lacks dtype, shape or data_offsets", '{"a":null}')
    denies(bad .. "the shape of 'a' is no list of sizes",
      "{" .. entry("a", "U8", "[1.0]", 0, 1) .. "}", "1")
    denies(bad .. "the shape of 'a' is no list of sizes",
      "{" .. entry("a", "U8", "[-1]", 0, 1) .. "}", "1")
    denies(bad .. "the shape of 'a' is no list of sizes",
      "{" .. entry("a", "U8", '{"x":1}', 0, 1) .. "}", "1")
    denies(bad .. "the shape of 'a' is no list of sizes",
      "{" .. entry("a", "U8", "[4294967296,4294967296]", 0, 1) .. "}", "1")
    denies(bad .. "the shape of 'a' is no list of sizes",
      "{" .. entry("a", "U8", "[18446744073709551617]", 0, 1) .. "}", "1")
    denies(bad .. "the data_offsets of 'a' are no range",
      "{" .. entry("a", "U8", "[1]", 1, 0) .. "}", "1")
    denies(bad .. "'a' is F32 [1], but has 1 bytes",
      "{" .. entry("a", "F32", "[1]", 0, 1) .. "}", "1")
    denies(bad .. "'a' is F32 [4611686018427387904], but has 0 bytes",
      "{" .. entry("a", "F32", "[4611686018427387904]", 0, 0) .. "}")
    denies(bad .. "tensors have 1 bytes, the file has 2",
      "{" .. entry("a", "U8", "[1]", 0, 1) .. "}", "12")
    denies(bad .. "tensors have 1000000000000 bytes, the file has 4",
      "{" .. entry("a", "U8", "[1000000000000]", 0, 1000000000000) .. "}",
      "1234")
    denies(bad .. "'b' begins at byte 0, not at 1",
      "{" .. entry("a", "U8", "[1]", 0, 1) .. "," .. entry("b", "U8", "[2]", 0,
      2) .. "}", "12")
    denies(bad .. "'b' begins at byte 2, not at 1",
      "{" .. entry("a", "U8", "[1]", 0, 1) .. "," .. entry("b", "U8", "[1]", 2,
      3) .. "}", "123")
    denies(bad .. "__metadata__ has a value that is no string",
      '{"__metadata__":{"a":1}}')
    denies(bad .. "__metadata__ has no names", '{"__metadata__":3}')
    denies(bad .. "its header does not begin with '{'", "[]")
    denies("load_file: FILE: no JSON: the name 'a' again at byte 54",
      "{" .. entry("a", "U8", "[1]", 0, 1) .. ","
      .. entry("a", "U8", "[1]", 1, 2) .. "}", "12")
    denies("load_file: FILE: no JSON: no UTF-8 at byte 3", '{"\xff":1}')
    denies("load_file: FILE: no JSON: more follows at byte 4", "{} x")
    denies("load_file: 'a' is F8_E4M3, and there is no such dtype here",
      "{" .. entry("a", "F8_E4M3", "[1]", 0, 1) .. "}", "1")
    denies("load_file: 'a' has 9 axes, the most are 8",
      "{" .. entry("a", "U8", "[1,1,1,1,1,1,1,1,1]", 0, 1) .. "}", "1")
  end)

  it("believes no length", function()
    local bad = "load_file: FILE is no safetensors file: "
    for text, message in pairs {
      [""] = "it has 0 bytes",
      ["1234567"] = "it has 7 bytes",
      ["\3\0\0\0\0\0\0\0{}"] = "its header would have 3 bytes, of 10",
      ["\0\0\0\0\0\1\0\0{}"] =
        "its header would have 1099511627776 bytes, of 10",
      [("\xff"):rep(8)] =
        "its header would have 18446744073709551615 bytes, of 8",
    } do -- any order: each its own
      with_file(text, function(path)
        refuses((bad .. message):gsub("FILE", path), load_file, path)
      end)
    end
    refuses("load_file: cannot read /nowhere: No such file or directory",
      load_file, "/nowhere")
    refuses("load_file: cannot read /dev/zero: it is no regular file",
      load_file, "/dev/zero")
    refuses("load_file: path must be a string, got nil", load_file)
  end)

  it("refuses files that are nearly right, or gives sound tensors", function()
    with_file("", function(path)
      assert.equal(400, require "fuzz.files".run(path, math.huge, 400, 1))
    end)
  end)

  it("is refused where a script has no files", function()
    local open = io.open
    rawset(io, "open", function() end)
    local ok, message = pcall(load_file, "x")
    local saved, other = pcall(save_file, {}, "x")
    rawset(io, "open", open)
    assert.is_false(ok or saved)
    local why = "_file: there are no files here: io.open is gone or another one"
    assert.is_truthy(message:find("load" .. why, 1, true))
    assert.is_truthy(other:find("save" .. why, 1, true))
  end)
end)

describe("safe_open", function()
  it("tells what there is, and reads one by one", function()
    with_file(GOLDEN, function(path)
      local reader <close> = safe_open(path)
      assert.same({ "b", "c", "a", "one/é\n\1\"\\😀", "zero", "d", "h", "g",
                    "f", "e" }, reader:keys())
      assert.same({ "int64", { 2, 2 } }, { reader:info_of "b" })
      assert.same(METADATA, reader:metadata())
      is_same(TENSORS.e, reader:get_tensor "e")
      is_same(TENSORS.b, reader:get_tensor "b")
      assert.equal(("safe_open(%q): 10 tensors"):format(path),
        tostring(reader))
      refuses("get_tensor: no such tensor: 'q'", reader.get_tensor, reader, "q")
      refuses("safe_open: no such name: 'key'; did you mean 'keys'?",
        function() return reader.key end)
    end)
  end)

  it("reads the others where one is of an unknown dtype", function()
    local header = "{" .. entry("a", "I8", "[1]", 0, 1) .. ","
      .. entry("b", "U8", "[1]", 1, 2) .. "}"
    with_header(header, "12", function(path)
      local reader <close> = safe_open(path)
      assert.same({ "I8", { 1 } }, { reader:info_of "a" })
      assert.same({ 50 }, reader:get_tensor("b"):totable())
      refuses("get_tensor: 'a' is I8, and there is no such dtype here",
        reader.get_tensor, reader, "a")
    end)
  end)

  it("ends with its block", function()
    with_file(GOLDEN, function(path)
      local reader = safe_open(path)
      reader:close()
      reader:close()
      refuses("get_tensor: the file is closed", reader.get_tensor, reader, "a")
    end)
  end)
end)
