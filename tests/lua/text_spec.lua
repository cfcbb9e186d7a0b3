--- nd.print_options: how tensors become text; and what is asked of a tensor by
-- functions with TensorFlow's names.
local nd = require "nadir"

-- What f does while options hold.
local function with_options(options, f)
  local before = nd.print_options(options)
  local ok, message = pcall(f)
  nd.print_options(before)
  assert(ok, message)
end

describe("print_options", function()
  it("begin as NumPy's", function()
    assert.same({ precision = 8, threshold = 1000, edgeitems = 3,
                  linewidth = 75, suppress = false }, nd.print_options())
  end)

  it("say how tensors and Variables print", function()
    local x = nd.constant { 1 / 3, 2 }
    with_options({ precision = 2 }, function()
      assert.equal("nd.Tensor([0.33 2.  ], shape=(2,), dtype=float32)",
        tostring(x))
      assert.matches("value=%[0.33 2.  %]%)$", tostring(nd.Variable(x)))
    end)
    assert.equal("nd.Tensor([0.33333334 2.        ], shape=(2,), "
      .. "dtype=float32)", tostring(x))
  end)

  it("summarise by threshold and edgeitems", function()
    with_options({ threshold = 4, edgeitems = 1 }, function()
      assert.equal("nd.Tensor([1 ... 5], shape=(5,), dtype=int32)",
        tostring(nd.range(1, 5)))
    end)
  end)

  it("wrap rows and write small numbers in full", function()
    with_options({ linewidth = 8, suppress = true }, function()
      assert.equal("nd.Tensor(\n[0.\n 0.00001], shape=(2,), dtype=float32)",
        tostring(nd.constant { 0, 1e-5 }))
    end)
  end)

  it("keep what is not given, and give back what was", function()
    local before = nd.print_options { precision = 3 }
    local between = nd.print_options { edgeitems = 2 }
    assert.equal(8, before.precision)
    assert.equal(3, between.precision)
    assert.equal(3, nd.print_options(before).precision)
    assert.same(before, nd.print_options())
  end)

  it("refuse what cannot be", function()
    for _, case in ipairs {
      { { precision = -1 }, "precision must be 0 or more, got -1" },
      { { edgeitems = 0 }, "edgeitems must be 1 or more, got 0" },
      { { linewidth = 0 }, "linewidth must be 1 or more, got 0" },
      { { threshold = 2 ^ 40 },
        "threshold must be 0 or more, got 1099511627776" },
      { { digits = 3 }, "unknown option 'digits'" },
    } do
      local before = nd.print_options()
      local ok, message = pcall(nd.print_options, case[1])
      assert.is_false(ok)
      assert.matches("print_options: " .. case[2], message, 1, true)
      assert.same(before, nd.print_options())
    end
  end)
end)

describe("shape, rank and size", function()
  it("are those of a tensor, a Variable, a number or a list", function()
    assert.is_true(nd.shape(nd.ones { 2, 3 }) == nd.ones { 2, 3 }.shape)
    assert.equal(3, nd.shape(nd.Variable { { 1, 2, 3 } })[2])
    assert.equal("[2 2]", tostring(nd.shape { { 1, 2 }, { 3, 4 } }))
    assert.equal(0, #nd.shape(5))
    assert.equal(2, nd.rank(nd.ones { 2, 3 }))
    assert.equal(0, nd.rank(5))
    assert.equal(6, nd.size(nd.ones { 2, 3 }))
    assert.equal(0, nd.size(nd.ones { 2, 0 }))
  end)

  it("refuse what is no tensor", function()
    for _, name in ipairs { "shape", "rank", "size" } do
      local ok, message = pcall(nd[name], "abc")
      assert.is_false(ok)
      assert.matches(name .. ": x must be a tensor", message, 1, true)
    end
  end)
end)
