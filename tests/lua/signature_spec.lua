--- How a call is read by its signature.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local signature = require "nadir.signature"
local refuses = require "support".refuses

assert(_VERSION == "Lua 5.4")

local takes = signature.new("it", {
  { "size", "size" },
  { "flag", "flag", true },
  { "seed", "integer", false },
  { "shape", "shape", false },
})

describe("a signature", function()
  it("reads positions, then options by name", function()
    for _, values in ipairs {
      takes:read(2, false, 7, { 1, 2 }),
      takes:read(2, false, { seed = 7, shape = { 1, 2 } }),
      takes:read { size = 2, flag = false, seed = 7, shape = { 1, 2 } },
    } do
      assert.same({ size = 2, flag = false, seed = 7, shape = { 1, 2 } },
        values)
    end
  end)

  it("fills in initial values, also for nil", function()
    local want = { size = 1, flag = true, seed = false, shape = false }
    assert.same(want, (takes:read(1)))
    assert.same(want, (takes:read(1, {})))
    assert.same(want, (takes:read(1, nil, false)))
  end)

  it("gives back what was given", function()
    local _, given = takes:read(2., { seed = 3 })
    assert.same({ size = 2., seed = 3 }, given)
  end)

  it("takes a whole number in a float, and a shape that is a number", function()
    local values = takes:read(2., { shape = 5. })
    assert.equal("integer", math.type(values.size))
    assert.same({ 5 }, values.shape)
  end)

  it("tells an empty list from options by the place", function()
    assert.same({}, takes:read(1, true, 1, {}).shape)
    assert.is_false(takes:read(1, {}).shape)
  end)

  it("takes no value with a metatable for options", function()
    refuses("it: size must be a whole number, 1 or more, got Dense",
      function() takes:read(nd.layers.Dense(1)) end)
  end)

  for message, arguments in pairs {
    ["it: size is missing: it must be a whole number, 1 or more"] = {},
    ["it: size must be a whole number, 1 or more, got 0"] = { 0 },
    ["it: size must be a whole number, 1 or more, got 1.5"] = { 1.5 },
    ["it: size must be a whole number, 1 or more, got nan"] = { 0 / 0 },
    ["it: size must be a whole number, 1 or more, got Tensor"] =
      { nd.zeros { 2 } },
    ["it: size is given twice"] = { 1, { size = 2 } },
    ["it: flag must be true or false, got string"] = { 1, "yes" },
    ["it: seed must be a whole number, got string"] = { 1, { seed = "1" } },
    ["it: takes at most 4 arguments, got 5"] = { 1, true, 1, { 1 }, 5 },
    ["it: unknown option 'sied': it takes size, flag, seed, shape; "
      .. "did you mean 'seed'?"] = { 1, { sied = 1 } },
    ["it: unknown option 'a': it takes size, flag, seed, shape"] =
      { 1, { zz = 1, a = 1 } },
    ["it: a table mixes values with the name 'flag'"] = { { 1, flag = true } },
    ["it: shape must be a whole number or a list of them, got table"] =
      { 1, { shape = { 1, "2" } } },
  } do
    it("refuses a mistake: " .. message, function()
      refuses(message, function() takes:read(table.unpack(arguments)) end)
    end)
  end

  it("is text as scripts would write it", function()
    assert.equal("it(size, flag = true, seed = nil, shape = nil)",
      takes:text())
    assert.equal('it { size = 2, shape = { 1, 2 } }',
      takes:show { shape = { 1, 2 }, size = 2 })
  end)
end)
