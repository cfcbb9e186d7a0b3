--- Records as TFRecord files hold them: the length and the text, each with a
-- check behind it, all little endian.
local byte, pack = string.byte, string.pack

-- CRC-32C, of each byte.
local POLYNOMIAL <const> = 0x82f63b78
local CRC = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do
    c = c & 1 == 1 and c >> 1 ~ POLYNOMIAL or c >> 1
  end
  CRC[i] = c
end

-- The check of a text: its CRC-32C turned by 15 bits, so that a text that holds
-- checks is no special case, and moved.
local function check(text)
  local c = 0xffffffff
  for i = 1, #text do
    c = CRC[(c ~ byte(text, i)) & 0xff] ~ c >> 8
  end
  c = c ~ 0xffffffff
  return (c >> 15 | c << 17) + 0xa282ead8 & 0xffffffff
end

local records = {}

--- A text as a record.
---@param text string
---@return string
function records.frame(text)
  local length = pack("<I8", #text)
  return length .. pack("<I4", check(length)) .. text
    .. pack("<I4", check(text))
end

return records
