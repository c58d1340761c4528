--- The difference of two texts, line by line, in the unified form of diff -u. Pure.
local difference = {}

local CONTEXT <const> = 3

local function split(text)
  local lines = {}
  for line in (text:find("\n$") and text or text .. "\n"):gmatch("(.-)\r?\n") do
    lines[#lines + 1] = line
  end
  return text == "" and {} or lines
end

-- The lengths of the longest common parts of what is left from each pair of places on.
local function common_lengths(old, new)
  local lengths = {}
  for i = #old + 1, 1, -1 do
    lengths[i] = {}
    for j = #new + 1, 1, -1 do
      if i > #old or j > #new then
        lengths[i][j] = 0
      elseif old[i] == new[j] then
        lengths[i][j] = lengths[i + 1][j + 1] + 1
      else
        lengths[i][j] = math.max(lengths[i + 1][j], lengths[i][j + 1])
      end
    end
  end
  return lengths
end

local function edits(old, new)
  local lengths, list, i, j = common_lengths(old, new), {}, 1, 1
  while i <= #old or j <= #new do
    if i <= #old and j <= #new and old[i] == new[j] then
      list[#list + 1] = { " ", old[i], i, j }
      i, j = i + 1, j + 1
    elseif i <= #old and (j > #new or lengths[i + 1][j] >= lengths[i][j + 1]) then
      list[#list + 1] = { "-", old[i], i, j }
      i = i + 1
    else
      list[#list + 1] = { "+", new[j], i, j }
      j = j + 1
    end
  end
  return list
end

-- Which lines are shown: the changed ones and three on either side.
local function hunks(list)
  local shown, ranges = {}, {}
  for index, edit in ipairs(list) do
    if edit[1] ~= " " then
      for near = math.max(1, index - CONTEXT), math.min(#list, index + CONTEXT) do
        shown[near] = true
      end
    end
  end
  for index = 1, #list do
    if shown[index] and not shown[index - 1] then
      ranges[#ranges + 1] = { index, index }
    elseif shown[index] then
      ranges[#ranges][2] = index
    end
  end
  return ranges
end

--- Compares two texts.
-- @tparam string old
-- @tparam string new
-- @tparam string name of the file
-- @treturn string "" when they are equal
function difference.unified(old, new, name)
  local list = edits(split(old), split(new))
  local out = { ("--- %s"):format(name), ("+++ %s (as tilth init would write it)"):format(name) }
  for _, range in ipairs(hunks(list)) do
    local counts, lines = { [" "] = 0, ["-"] = 0, ["+"] = 0 }, {}
    for index = range[1], range[2] do
      counts[list[index][1]] = counts[list[index][1]] + 1
      lines[#lines + 1] = list[index][1] .. list[index][2]
    end
    local first = list[range[1]]
    out[#out + 1] = ("@@ -%d,%d +%d,%d @@"):format(first[3], counts[" "] + counts["-"], first[4], counts[" "] + counts["+"])
    table.move(lines, 1, #lines, #out + 1, out)
  end
  return #out > 2 and table.concat(out, "\n") or ""
end

return difference
