--- Files of tensors and values, and going on from them with the same bits.
package.path = "tests/lua/?.lua;" .. package.path
local checkpoint_file = require "nadir.checkpoint_file"
local nd = require "nadir"
local support = require "support"
local refuses, with_file = support.refuses, support.with_file

-- Numbers of every kind of generator, from where they are.
local function draw_all(state)
  local x = nd.range(1, 50)
  return {
    nd.random.normal { 5 }:tobytes(), nd.random.uniform({ 5 }):tobytes(),
    nd.random.shuffle(x):tobytes(), nd.nn.dropout(nd.ones { 9 }, 0.5):tobytes(),
    nd.random.normal({ 3 }, { seed = 4 }):tobytes(),
    state:randn(3):tobytes(), state:permutation(x):tobytes(), state:randint(99),
  }
end

describe("a checkpoint", function()
  it("gives tensors and values back", function()
    with_file("", function(path)
      local values = {
        step = 3, rate = 0.1, wide = math.mininteger, name = "é\n", on = false,
        list = { 1, { 2.5, "x" } }, nested = { a = { b = { -0.0, 1e-320 } } },
        far = math.huge, empty = {},
      }
      checkpoint_file.write(path, { ["m/w"] = nd.Variable { 1., 2 } }, values)
      local tensors, got, ours = checkpoint_file.read(path)
      assert.is_true(ours)
      assert.same(values, got)
      assert.equal("float", math.type(got.nested.a.b[1]))
      assert.same({ 1., 2 }, tensors["m/w"]:totable())
      assert.same("3", select(2, nd.safetensors.load_file(path)).step)
    end)
  end)

  it("goes on with the numbers that would have come", function()
    with_file("", function(path)
      local state = nd.random.RandomState(7)
      nd.random.set_seed(-5)
      draw_all(state)
      checkpoint_file.write(path, {}, { random = nd.random.get_state(),
                                        state = state:get_state() })
      local want = draw_all(state)
      assert.are_not.same(want, draw_all(state))
      local _, values = checkpoint_file.read(path)
      local other = nd.random.RandomState(1)
      nd.random.set_seed(1)
      nd.random.set_state(values.random)
      other:set_state(values.state)
      assert.same(want, draw_all(other))
    end)
  end)

  it("reads files of others, and refuses those of later versions", function()
    with_file("", function(path)
      nd.safetensors.save_file({ a = nd.ones(1) }, path, { note = "x" })
      local tensors, values, ours = checkpoint_file.read(path)
      assert.is_false(ours)
      assert.same({ 1. }, tensors.a:totable())
      assert.same({ note = "x" }, values)
      nd.safetensors.save_file({}, path, { ["nadir.format"] = "2" })
      refuses(("load: %s is written in version 2 of the format, this is "
        .. "version 1"):format(path), checkpoint_file.read, path, "load")
      nd.safetensors.save_file({}, path, { ["nadir.format"] = "1", a = "{" })
      refuses(("load: 'a' of %s: no JSON: a name is missing at byte 2"):format(
        path), checkpoint_file.read, path, "load")
    end)
  end)

  it("is refused with what no file can hold", function()
    refuses("save: a function is no text, number, boolean or table of these",
      checkpoint_file.write, "x", {}, { a = print }, "save")
    refuses("write: 'a' must be a tensor, got 1", checkpoint_file.write, "x",
      { a = 1 })
    refuses("set_state: seed is missing: it must be a whole number",
      nd.random.set_state, {})
    refuses("set_state: stream must be a whole number, got 1.5",
      nd.random.set_state, { seed = 1, stream = 1.5 })
    refuses("set_state: state must be a table from get_state, got 3",
      nd.random.set_state, 3)
  end)
end)
