--- The lines of a text file, whichever system wrote it. Pure.
local text_lines = {}

--- Cuts a text into lines; what follows the last line end counts as one, too.
-- @tparam string text
-- @treturn table list of strings
function text_lines.of(text)
  local lines = {}
  for line in (text:gsub("\r\n?", "\n") .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

return text_lines
