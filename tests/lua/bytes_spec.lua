--- Tensors as bytes, and back: little endian, in row-major order.
package.path = "tests/lua/?.lua;" .. package.path
local cases = require "cases"
local nd = require "nadir"
local support = require "support"
local give, raise = cases.give, cases.raise

describe("x:tobytes", function()
  it("gives the bits of the elements in row-major order", function()
    assert.equal(string.pack("<i4i4", 1, -2), nd.constant({ 1, -2 }):tobytes())
    assert.equal(string.pack("<f", 0.1), nd.constant(0.1):tobytes())
    assert.equal(string.pack("<dd", 1, -0.0),
      nd.constant({ 1, -0.0 }, "float64"):tobytes())
    assert.equal(string.pack("<i8", 1 << 40), nd.constant(1 << 40):tobytes())
    assert.equal("\0\255", nd.constant({ 0, 255 }, "uint8"):tobytes())
    assert.equal("\1\0", nd.constant({ true, false }):tobytes())
    assert.equal("", nd.zeros({ 0, 3 }):tobytes())
  end)

  it("takes Variables, views, and what waits", function()
    local m = nd.constant({ { 1, 2, 3 }, { 4, 5, 6 } }, "uint8")
    assert.equal("\1\4\2\5\3\6", nd.transpose(m):tobytes())
    assert.equal("\6\5\4", m[2][{ { -1, 1, -1 } }]:tobytes())
    assert.equal("\1\2", nd.Variable(nd.constant({ 1, 2 }, "uint8")):tobytes())
    local late = nd.ones { 2000 } + 1
    assert.equal(string.pack("<f", 2):rep(2000), late:tobytes())
  end)
end)

describe("nd.from_bytes", function()
  it("makes a tensor of the bytes that tobytes gave", function()
    give [[
      nd.from_bytes("\1\2\3", "uint8")                  --> uint8 {1 2 3}
      nd.from_bytes("\1\2\3\4", "uint8", {2, 2})        --> uint8 {{1 2} {3 4}}
      nd.from_bytes("\1\2\3\4", "uint8", 4)             --> uint8 {1 2 3 4}
      nd.from_bytes(f:tobytes(), f.dtype, f.shape)      --> float32 {0.5 1 2}
      nd.from_bytes(m:tobytes(), "int32", m.shape)
        --> int32 {{1 2 3} {4 5 6}}
      nd.from_bytes { text = "\7", dtype = "uint8", shape = {} } --> uint8 7
      nd.from_bytes("", "float32")                      --> float32 {}
      nd.from_bytes("", "float64", {2, 0}).shape        --> {2 0}
    ]]
  end)

  it("takes any byte but 0 for true", function()
    give [[
      nd.from_bytes("\0\1\2\255", "bool")  --> bool {false true true true}
      nd.from_bytes("\0\2", "bool"):tobytes() == "\0\1"  --> true
      nd.from_bytes("\2", "bool", {}):tobytes() == "\1"  --> true
    ]]
  end)

  it("keeps every bit of a nan", function()
    local text = string.pack("<I4I4", 0x7f812345, 0xffc00001)
    assert.equal(text, nd.from_bytes(text, "float32"):tobytes())
  end)

  it("refuses what does not fit", function()
    raise [[
      nd.from_bytes("\1\2\3", "int32")
        --> from_bytes: text has 3 bytes, which is no multiple of the 4 of int32
      nd.from_bytes("\1\2\3", "uint8", {2})
        --> from_bytes: sizes differ: text has 3 bytes, uint8 [2] has 2
      nd.from_bytes("", "int64", {})
        --> from_bytes: sizes differ: text has 0 bytes, int64 [] has 8
      nd.from_bytes("", "int64", {1 << 31, 1 << 31}) --> from_bytes: too large:
        ... int64 [2147483648 2147483648]
      nd.from_bytes("", "int64", {-1})  --> from_bytes: negative size: [-1]
      nd.from_bytes("", "int9")  --> from_bytes: no such dtype: 'int9'
      nd.from_bytes({1}, "uint8")
        --> from_bytes: text must be a string, got table
      nd.from_bytes("\1")
        --> from_bytes: dtype is missing: it must be the name of a dtype
      nd.zeros(2).tobytes(3)
        --> tobytes: self must be a tensor, got number
    ]]
  end)
end)

it("tells tapes that bytes were taken", function()
  local v = nd.Variable(2.)
  local tape, y = support.recorded(nil, function()
    return nd.from_bytes((v * v):tobytes(), "float32", {})
  end)
  assert.is_truthy(tape:explain(y, v):find("number", 1, true))
end)
