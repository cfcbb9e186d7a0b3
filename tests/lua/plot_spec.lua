--- What plots accept, what gnuplot is given to draw, and what is said when it
-- cannot be.
package.path = "tests/lua/?.lua;" .. package.path
local nd = require "nadir"
local plot = require "nadir.plot"
local refusal = require "support".refusal

assert(_VERSION == "Lua 5.4")

local real_popen, real_tmpname = io.popen, os.tmpname

-- Calls `use` with the path of a file that does not outlive the call.
local function with_path(ending, use)
  local name = real_tmpname()
  local path = name .. ending
  local ok, result = pcall(use, path)
  os.remove(name)
  os.remove(path)
  assert(ok, result)
  return result
end

local function contents(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function saved(figure, ending)
  return with_path(ending, function(path)
    figure:save(path)
    return contents(path)
  end)
end

-- What a figure shows in the terminal.
local function shown(figure, options)
  return with_path(".txt", function(path)
    local before = io.output()
    io.output(path)
    local ok, err = pcall(figure.show, figure, options)
    io.close()
    io.output(before)
    assert(ok, err)
    return contents(path)
  end)
end

local function occurrences(text, pattern)
  return select(2, text:gsub(pattern, ""))
end

describe("a saved picture", function()
  it("is a PNG of the wanted size", function()
    local figure = plot.figure { width = 320, height = 200 }
    local png = saved(figure:line { 1, 2, 3 }, ".png")
    assert.equal("\137PNG\r\n\26\n", png:sub(1, 8))
    local width, height = (">I4I4"):unpack(png, 17)
    assert.same({ 320, 200 }, { width, height })
  end)

  it("is an SVG with title, labels and legend", function()
    local figure = plot.figure { title = "the title", xlabel = "the x",
                                 ylabel = "the y" }
    local svg = saved(figure:line({ 1, 2 }, { label = "the line" }), ".svg")
    for _, text in ipairs { "the title", "the x", "the y", "the line" } do
      assert.truthy(svg:find(">" .. text .. "<", 1, true)
        or svg:find(text, 1, true), text)
    end
    assert.truthy(svg:find "^<%?xml")
    assert.truthy(svg:find "</svg>%s*$")
  end)

  it("is the same file every time", function()
    local figure = plot.scatter({ 1, 2, 3 }, { 3, 1, 2 })
    assert.equal(saved(figure, ".svg"), saved(figure, ".svg"))
  end)

  it("has a marker for each point and a color for each series", function()
    local figure = plot.scatter({ 1, 2, 3 }, { 3, 1, 2 }, { color = "#123456" })
      :line({ 1, 3 }, { 1, 3 }, { color = "black" })
    local svg = saved(figure, ".svg")
    assert.equal(3, occurrences(svg, "use xlink:href='#gpPt6'"))
    assert.truthy(svg:find("#123456", 1, true)
      or svg:find("rgb( 18,  52,  86)", 1, true))
    assert.truthy(svg:find("rgb(  0,   0,   0)", 1, true))
  end)

  it("has no legend when that is false", function()
    local figure = plot.figure { legend = false }
    local svg = saved(figure:line({ 1, 2 }, { label = "hidden" }), ".svg")
    assert.falsy(svg:find("hidden", 1, true))
  end)

  it("takes a name in capitals, and returns the figure", function()
    with_path(".PNG", function(path)
      local figure = plot.line { 1, 2 }
      assert.equal(figure, figure:save(path))
      assert.equal("\137PNG", contents(path):sub(1, 4))
    end)
  end)
end)

describe("data", function()
  local function drawn(x, y)
    return shown(plot.scatter(x, y), { width = 60, height = 15 })
  end

  it("are lists, tensors or variables", function()
    local expected = drawn({ 1, 2, 4 }, { 1., 5., 2. })
    assert.equal(expected, drawn(nd.constant { 1, 2, 4 },
      nd.Variable { 1., 5., 2. }))
  end)

  it("are whatever has a method totable", function()
    local function source(list)
      return { totable = function() return list end }
    end
    assert.equal(drawn({ 1, 2 }, { 3, 4 }),
      drawn(source { 1, 2 }, source { 3, 4 }))
  end)

  it("are at 1, 2, ... when only y is given", function()
    local y = { 5, 6, 4 }
    assert.equal(shown(plot.line({ 1, 2, 3 }, y)), shown(plot.line(y)))
    assert.equal(shown(plot.line({ 1, 2, 3 }, y, { label = "a" })),
      shown(plot.line(y, { label = "a" })))
  end)

  it("leave a gap where they are not finite", function()
    local figure = plot.scatter({ 1, 2, 3, 4, 5 },
      { 1, 0 / 0, math.huge, -math.huge, 2 })
    assert.equal(2, occurrences(saved(figure, ".svg"), "#gpPt6'"))
  end)

  it("are drawn to the last of many", function()
    local figure = plot.line(nd.linspace(0., 1., 100000))
    assert.truthy(#saved(figure, ".png") > 1000)
  end)
end)

describe("text in the terminal", function()
  it("has the size that is asked for", function()
    local lines = {}
    local text = shown(plot.line { 1, 2 }, { width = 50, height = 12 })
    for line in text:gmatch "[^\n]*\n" do
      lines[#lines + 1] = line
      assert.truthy(#line <= 51)
    end
    assert.truthy(#lines <= 12)
    assert.truthy(text:find("*", 1, true))
  end)
end)

describe("words of the user's", function()
  local function title(text)
    return shown(plot.figure({ title = text }):line { 1, 2 })
  end

  it("are shown as they are, whatever they mean to gnuplot or a shell",
    function()
      local hostile = [[it's "x_1^{2}" `date` $(date) @m \n %d ; EOD #]]
      assert.truthy(title(hostile):find(hostile, 1, true))
    end)

  it("may have several lines", function()
    assert.truthy(title("above\nbelow"):find "above *\n *below")
  end)

  it("cannot run a command", function()
    with_path(".out", function(path)
      local command = ("'; system('touch %s'); set title '"):format(path)
      title(command)
      title("x\nEOD\nsystem 'touch " .. path .. "'")
      shown(plot.line({ 1, 2 }, { label = command }))
      assert.is_nil(io.open(path))
    end)
  end)
end)

describe("a mistake in a plot", function()
  local cases = {
    { "figure: unknown option 'titel': it takes grid, height, legend, "
      .. "title, width, xlabel, xlim, ylabel, ylim; "
      .. "did you mean 'title'?",
      function() plot.figure { titel = "x" } end },
    { "figure: title must be a string, got number",
      function() plot.figure { title = 1 } end },
    { "figure: options must be a table, got string",
      function() plot.figure "x" end },
    { "figure: xlim must be a table {low, high}",
      function() plot.figure { xlim = { 2, 1 } } end },
    { "figure: width must be a whole number from 10 to 10000, got 0",
      function() plot.figure { width = 0 } end },
    { "figure: no such legend: 'middle'; there are bottom left, bottom right, "
      .. "top left, top right",
      function() plot.figure { legend = "middle" } end },
    { "line: sizes differ: x has 2 values, y has 3",
      function() plot.line({ 1, 2 }, { 1, 2, 3 }) end },
    { "line: x must be a list of numbers or a tensor, got nil",
      function() plot.line() end },
    { "scatter: y must be a list of numbers or a tensor, got string",
      function() plot.scatter({ 1 }, "1") end },
    { "scatter: y must be a list of numbers: number 2 is a string",
      function() plot.scatter({ 1, 2 }, { 1, "2" }) end },
    { "line: x must have one axis: it is [2 1]; use nd.reshape(x, -1)",
      function() plot.line(nd.zeros { 2, 1 }) end },
    { "line: x must be a list of numbers or a tensor, got userdata",
      function() plot.line(io.stdout) end },
    { "line: no points: 0 values, none finite",
      function() plot.line {} end },
    { "line: no points: 1 values, none finite",
      function() plot.line { 0 / 0 } end },
    { "line: unknown option 'size': it takes color, label, style, width",
      function() plot.line({ 1 }, { size = 2 }) end },
    { "line: width must be a positive number, got -1",
      function() plot.line({ 1 }, { width = -1 }) end },
    { "scatter: no such marker: 'star'; there are circle, cross, diamond, dot, "
      .. "plus, square, triangle",
      function() plot.scatter({ 1 }, { marker = "star" }) end },
    { "save: path must be a string, got nil",
      function() plot.line({ 1 }):save() end },
    { "save: no such kind of picture: fit.jpg; end the name in .png or .svg",
      function() plot.line({ 1 }):save "fit.jpg" end },
    { "save: nothing to draw; add a line or a scatter first",
      function() plot.figure():save "fit.png" end },
    { "save: cannot write: /nowhere/fit.png: No such file or directory",
      function() plot.line({ 1, 2 }):save "/nowhere/fit.png" end },
    { "save: cannot write: /dev/full: the disk may be full", function()
      local real_open = io.open
      rawset(io, "open", function(path, mode)
        return real_open(path == "build/full.png" and "/dev/full" or path, mode)
      end)
      local ok, err = pcall(plot.line({ 1, 2 }).save, plot.line { 1, 2 },
        "build/full.png")
      rawset(io, "open", real_open)
      error(ok or err:gsub("build/full.png", "/dev/full"), 0)
    end },
    { "show: width must be a whole number from 10 to 10000, got x",
      function() plot.line({ 1 }):show { width = "x" } end },
    { "line: no such color: 'reddish'; write '#rrggbb', or one of black, blue, "
      .. "cyan, gray, green, orange, pink, red, yellow",
      function() plot.line({ 1, 2 }, { color = "reddish" }) end },
    { "save: gnuplot failed: all points y value undefined!", function()
      plot.figure({ xlim = { 5, 6 } }):line({ 1, 2 }):save "build/unused.png"
    end },
  }
  for _, case in ipairs(cases) do
    it("is refused: " .. case[1], function()
      assert.equal(case[1], refusal(case[2]))
    end)
  end

  it("is reported at the user's line", function()
    local line = debug.getinfo(1, "l").currentline
    local _, err = pcall(function()
      local figure = plot.figure()
      figure:line({ 1, 2 }, { 1 })
    end)
    assert.truthy(err:find((":%d: line: sizes"):format(line + 3), 1, true), err)
  end)
end)

describe("drawing", function()
  local names

  before_each(function()
    names = {}
    rawset(os, "tmpname", function()
      names[#names + 1] = real_tmpname()
      return names[#names]
    end)
  end)

  after_each(function()
    rawset(os, "tmpname", real_tmpname)
    rawset(io, "popen", real_popen)
  end)

  local function assert_no_leftovers()
    assert.truthy(#names > 0)
    for _, name in ipairs(names) do
      assert.is_nil(io.open(name))
    end
  end

  it("leaves no temporary file", function()
    saved(plot.line { 1, 2 }, ".svg")
    assert_no_leftovers()
  end)

  it("leaves no temporary file, and no picture, when it fails", function()
    with_path(".png", function(path)
      local figure = plot.figure({ xlim = { 5, 6 } }):line { 1, 2 }
      assert.is_false(pcall(figure.save, figure, path))
      assert.is_nil(io.open(path))
    end)
    assert_no_leftovers()
  end)

  it("says what to install when gnuplot is missing", function()
    rawset(io, "popen", function(command, mode)
      return real_popen("PATH=/nowhere; " .. command, mode)
    end)
    local figure = plot.line { 1, 2 }
    assert.equal("save: gnuplot is not installed; "
      .. "apt-get install gnuplot-nox",
      refusal(function() figure:save "build/unused.png" end))
    assert.equal("show: gnuplot is not installed; "
      .. "apt-get install gnuplot-nox",
      refusal(function() figure:show() end))
    assert_no_leftovers()
  end)
end)
