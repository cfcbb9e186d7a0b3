-- Collects text in the global `out`, addresses left out.
-- luacheck: globals out
out = ""
return function(...)
  local texts = table.pack(...)
  for i = 1, texts.n do
    local text = tostring(texts[i])
    texts[i] = text:gsub("0[xX]%x+", "?")
  end
  out = out .. table.concat(texts, "\t") .. "\n"
end
