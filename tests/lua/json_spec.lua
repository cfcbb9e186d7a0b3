--- JSON as files hold it.
package.path = "tests/lua/?.lua;" .. package.path
local json = require "nadir.json"
local refuses = require "support".refuses

local function encode(value) return json.encode(value, "save") end
local function decode(text) return json.decode(text, "load") end

describe("json.encode", function()
  it("sorts names, and keeps every bit", function()
    assert.equal('{"a":[1,2.5,1e+300,-0.0,0.1,3.0],"b":true,"c":null}', encode {
      b = true, c = json.null, a = { 1, 2.5, 1e300, -0.0, 0.1, 3. } })
    assert.equal("[9223372036854775807,-9223372036854775808]",
      encode { math.maxinteger, math.mininteger })
    assert.equal("[NaN,Infinity,-Infinity]",
      encode { 0 / 0, math.huge, -math.huge })
    assert.equal("{}", encode {})
  end)

  it("escapes what it has to", function()
    assert.equal([["é/\"\\\n\r\t\b\f\u0000\u001f]] .. '\127"',
      encode 'é/"\\\n\r\t\b\f\0\31\127')
  end)

  it("refuses what is no JSON", function()
    local loop = {}
    loop[1] = loop
    refuses("save: tables are nested deeper than 100", encode, loop)
    refuses("save: a table mixes values with names, or has gaps", encode,
      { 1, a = 2 })
    refuses("save: a table mixes values with names, or has gaps", encode,
      { [2] = 1 })
    refuses("save: a function is no text, number, boolean or table of these",
      encode, print)
    refuses("save: 'a?' is no UTF-8", encode, "a\xff")
  end)
end)

describe("json.decode", function()
  it("gives what was encoded", function()
    local value = {
      text = 'é/"\\\n\0\127😀', list = { 1, { 2.5, {} }, false },
      numbers = { math.maxinteger, math.mininteger, 0.1, 1e-320, 5e300,
                  math.pi, math.huge },
    }
    assert.same(value, decode(encode(value)))
    assert.equal("float", math.type(decode "3.0"))
    assert.equal("integer", math.type(decode "3"))
    assert.equal(-math.huge, 1 / decode "-0.0")
    local nan = decode "NaN"
    assert.is_true(nan ~= nan)
  end)

  it("takes blanks, escapes and null", function()
    assert.same({ a = { 1, json.null }, ["b/"] = "é😀" },
      decode ' {"a" :\n[1 ,\tnull], "b\\/":"\\u00e9\\ud83d\\ude00"}\r\n ')
    assert.equal("null", tostring(json.null))
    assert.equal(1e3, decode "1E+3")
    assert.equal(2.0 ^ 64, decode "18446744073709551616")
  end)

  it("says where it is no JSON", function()
    for text, message in pairs {
      [""] = "no value at byte 1",
      ["["] = "no value at byte 2",
      ["[1,]"] = "no value at byte 4",
      ["[1 2]"] = "']' or ',' is missing at byte 4",
      ["{"] = "a name is missing at byte 2",
      ["{a:1}"] = "a name is missing at byte 2",
      ['{"a":1,}'] = "a name is missing at byte 8",
      ['{"a" 1}'] = "':' is missing at byte 6",
      ['{"a":1,"a":2}'] = "the name 'a' again at byte 8",
      ["01"] = "no value at byte 1",
      ["-"] = "no value at byte 1",
      [".5"] = "no value at byte 1",
      ["1."] = "more follows at byte 2",
      ["nul"] = "no value at byte 1",
      ["1 2"] = "more follows at byte 3",
      ['"a'] = "a string does not end at byte 3",
      ['"\n"'] = "a control character in a string at byte 2",
      ['"\\x"'] = "no such escape at byte 2",
      ['"\\u12"'] = "no such character at byte 4",
      ['"\\ud800"'] = "no such character at byte 4",
      ['"\\udc00"'] = "no such character at byte 4",
      ['"\xff"'] = "no UTF-8 at byte 2",
      [("["):rep(200)] = "values deeper than 100 at byte 101",
    } do -- any order: each its own
      refuses("load: no JSON: " .. message, decode, text)
    end
  end)
end)
