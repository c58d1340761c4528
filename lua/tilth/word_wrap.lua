--- Fills lines with words. Pure.
local word_wrap = {}

--- Lines of the words of a text. A word that is longer than a line has one of its own.
-- @tparam string text
-- @tparam integer width bytes that a line may hold
-- @treturn table list of strings, empty for a text without words
function word_wrap.lines(text, width)
  local lines, line = {}, nil
  for word in text:gmatch("%S+") do
    if line and #line + #word + 1 > width then
      lines[#lines + 1], line = line, word
    else
      line = line and line .. " " .. word or word
    end
  end
  lines[#lines + 1] = line
  return lines
end

return word_wrap
