-- A small convolutional network reads digits of 8 by 8 pixels: those of
-- scikit-learn where Debian's python3-sklearn is installed, else digits made of
-- the seven segments of a display, moved and noisy.
--
-- prints:
-- > more than 90 of 100 right: true
local nd = require "nadir"
local layers = nd.layers

local PATH = "/usr/lib/python3/dist-packages/sklearn/datasets/data"
  .. "/digits.csv.gz"
nd.random.set_seed(13)

-- Images and labels of a file with a line for each: 64 pixels of 0..16, digit.
local function read_digits(path)
  local images, labels = {}, {}
  local pipe <close> = io.popen("gzip -dc " .. path)
  for line in pipe:lines() do
    local numbers = {}
    for number in line:gmatch "[^,]+" do
      numbers[#numbers + 1] = tonumber(number)
    end
    labels[#labels + 1] = math.tointeger(table.remove(numbers)) + 1
    images[#images + 1] = numbers
  end
  return nd.cast(images, "float32") / 16, nd.constant(labels)
end

-- Pixels of the segments, from 1; and which of them each digit has.
local SEGMENTS = {
  { 2, 3, 4 }, { 13, 21 }, { 37, 45 }, { 50, 51, 52 }, { 33, 41 }, { 9, 17 },
  { 26, 27, 28 },
}
local DIGITS = { "123456", "23", "12754", "12734", "6723", "16734", "167345",
                 "123", "1234567", "123467" }

local function make_digits(n)
  local random = nd.random.RandomState(13)
  local images, labels = {}, {}
  for i = 1, n do
    local digit, shift = random:randint(10), 8 * random:randint(0, 1)
      + random:randint(0, 2)
    local image = {}
    for pixel = 1, 64 do image[pixel] = 0. end
    for segment in DIGITS[digit]:gmatch "." do
      for _, pixel in ipairs(SEGMENTS[tonumber(segment)]) do
        image[pixel + shift] = 1.
      end
    end
    images[i], labels[i] = image, digit
  end
  return nd.constant(images) + 0.2 * nd.random.normal { n, 64 },
    nd.constant(labels)
end

local function has_file(path)
  local file <close> = io.open(path)
  return file ~= nil
end

local images, labels
if has_file(PATH) then
  images, labels = read_digits(PATH)
else
  images, labels = make_digits(1800)
end
images = images:reshape { -1, 8, 8, 1 }

local model = nd.Sequential {
  nd.Input { 8, 8, 1 },
  layers.Conv2D(16, 3, { activation = "relu", padding = "same" }),
  layers.MaxPooling2D(2),
  layers.Conv2D(32, 3, { activation = "relu", padding = "same" }),
  layers.Flatten(),
  layers.Dropout(0.3),
  layers.Dense(10, { activation = "softmax" }),
}
model:summary()
model:compile { optimizer = nd.optimizers.Adam { learning_rate = 3e-3 },
                loss = "sparse_categorical_crossentropy",
                metrics = { "accuracy" } }
local history = model:fit(images, labels, {
  epochs = 20, validation_split = 0.2, verbose = 2 }).history
local accuracy = history.val_accuracy[20]
print(("accuracy %.3f"):format(accuracy))
print("more than 90 of 100 right: " .. tostring(accuracy > 0.9))
