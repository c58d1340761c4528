--- The nearest known name to one that is not known, for "did you mean" in messages.
local suggest = {}

-- Distance with swaps of neighbours counted as one slip (optimal string alignment).
local function distance(a, b, limit)
  if math.abs(#a - #b) > limit then
    return limit + 1
  end
  local before, previous = {}, {}
  for j = 0, #b do
    previous[j] = j
  end
  for i = 1, #a do
    local current = { [0] = i }
    local best = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local value = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        value = math.min(value, before[j - 2] + 1)
      end
      current[j] = value
      best = math.min(best, value)
    end
    if best > limit then
      return limit + 1
    end
    before, previous = previous, current
  end
  return previous[#b]
end

-- Case, hyphens and underscores are how people misremember names, not what they mean.
local function plain(name)
  return (name:lower():gsub("[-_%s]", ""))
end

--- Finds the candidate nearest to a name.
-- @tparam string name what was written
-- @tparam table candidates list of known names
-- @treturn[1] string the nearest candidate
-- @treturn[2] nil when none is near enough
function suggest.nearest(name, candidates)
  local wanted = plain(name)
  local limit = math.max(1, math.min(3, #wanted // 3))
  local nearest, least = nil, limit + 1
  for _, candidate in ipairs(candidates) do
    local apart = distance(wanted, plain(candidate), limit)
    if apart < least or (apart == least and nearest and candidate < nearest) then
      nearest, least = candidate, apart
    end
  end
  return nearest
end

--- Finishes a message about an unknown name.
-- @tparam string name what was written
-- @tparam table candidates list of known names
-- @treturn string ` Did you mean "x"?` or the known names when they are few, else ""
function suggest.hint(name, candidates)
  local nearest = suggest.nearest(name, candidates)
  if nearest then
    return (" Did you mean \"%s\"?"):format(nearest)
  end
  if #candidates > 0 and #candidates <= 12 then
    return " Known: " .. table.concat(candidates, ", ") .. "."
  end
  return ""
end

return suggest
