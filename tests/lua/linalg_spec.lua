--- nd.linalg: factorizations, and what scripts see of them.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"

assert(_VERSION == "Lua 5.4")

local function error_of(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  return (err:gsub("^[^:]*:%d+: ", ""))
end

local function derive(f, x)
  local tape <close> = nd.GradientTape()
  tape:watch(x)
  return tape:gradient(f(x), x)
end

-- The largest difference of two tensors.
local function gap(x, y)
  return nd.reduce_max(nd.abs(x - y)):item()
end

local function qr_full(x)
  return (nd.linalg.qr(x, { full_matrices = true }))
end

local function u_full(x)
  return select(2, nd.linalg.svd(x, { full_matrices = true }))
end

describe("nd.linalg", function()
  it("has its ops nowhere else", function()
    for _, name in ipairs { "inv", "det", "svd", "lstsq" } do
      assert.is_nil(rawget(nd, name))
      assert.is_function(nd.linalg[name])
    end
  end)

  it("has no gradient of columns that x does not decide [E57]", function()
    local x = nd.constant { { 3. }, { 4. } }
    assert.equal("gradient: no gradient with full_matrices of more rows than "
                 .. "columns: x is [2 1]; leave full_matrices out",
                 error_of(derive, qr_full, x))
    assert.equal("gradient: no gradient with full_matrices of other than "
                 .. "square matrices: x is [2 1]; leave full_matrices out",
                 error_of(derive, u_full, x))
  end)

  it("says in a gradient that a matrix is not invertible", function()
    local function log(x) return select(2, nd.linalg.slogdet(x)) end
    assert.equal("inv: matrix is not invertible: column 2 depends on those "
                 .. "before it", error_of(derive, log, nd.ones { 2, 2 }))
  end)

  it("gives singular values alone, or vectors with them", function()
    local x = nd.random.normal({ 4, 3 })
    assert.equal(1, select("#", nd.linalg.svd(x, { compute_uv = false })))
    local s, u, v = nd.linalg.svd(x)
    assert.is_true(gap(nd.matmul(u * s, v, { transpose_b = true }), x) < 1e-5)
  end)

  it("takes matrices apart that are large, hard or of no rank", function()
    local n, f = 150, { dtype = nd.float64 }
    local spread = nd.pow(nd.constant(10., f), nd.linspace(0., -30., n, f))
    local normal = nd.random.normal({ n, n }, f)
    local unit = nd.eye(n, f)
    for _, x in ipairs { normal, normal * spread, spread * unit,
                         nd.ones({ n, n }, f), nd.zeros({ n, n }, f), unit } do
      local s, u, v = nd.linalg.svd(x)
      local y = nd.matmul(u * s, v, { transpose_b = true })
      assert.is_true(gap(y, x) < 1e-11)
      assert.is_true(gap(nd.matmul(u, u, { transpose_a = true }), unit) < 1e-12)
      y = x + nd.transpose(x)
      local e, w = nd.linalg.eigh(y)
      assert.is_true(gap(nd.matmul(y, w), w * e) < 1e-11)
      local q, r = nd.linalg.qr(x)
      assert.is_true(gap(nd.matmul(q, r), x) < 1e-12)
    end
  end)

  it("passes gradients through equal singular values of pinv", function()
    local unit = nd.eye(2)
    local g = derive(nd.linalg.pinv, unit)
    assert.is_true(gap(g, -nd.ones { 2, 2 }) < 1e-6)
  end)
end)
