--- Orders seeds: dependencies first, otherwise by name. Pure.
local order = {}

local suggest = require("tilth.suggest")

--- Finds a seed by its name; a leading number (`010_users`) may be left out.
-- @param seeds list of { name, ... }
-- @param name  text
-- @return seed | nil, message, "config", detail
function order.find(seeds, name)
  local found
  for _, seed in ipairs(seeds) do
    if seed.name == name then
      return seed
    elseif seed.name:match("^%d+[-_](.+)$") == name then
      if found then
        return nil, ("%q may be %s or %s"):format(name, found.name, seed.name), "config", { advice = "Write the whole name." }
      end
      found = seed
    end
  end
  if found then
    return found
  end
  local names = {}
  for index, seed in ipairs(seeds) do
    names[index] = seed.name
  end
  local near = suggest.nearest(name, names)
  local there = (#names > 0 and "There are: " .. table.concat(names, ", ") .. "." or "There are no seeds.")
    .. " Ready-made ones: `tilth help seed`."
  return nil, ("there is no seed %q%s"):format(name, near and ("; did you mean %q?"):format(near) or ""), "config", { advice = there }
end

local function dependencies(seeds)
  local needs = {}
  for _, seed in ipairs(seeds) do
    local list = {}
    for index, name in ipairs(seed.after or {}) do
      local found, message, code, detail = order.find(seeds, name)
      if not found then
        detail.file = seed.path
        return nil, ("seed %s runs after %q, but %s"):format(seed.name, name, message), code, detail
      end
      list[index] = found
    end
    needs[seed] = list
  end
  return needs
end

local function cycle_text(path, first)
  local names = {}
  local inside = false
  for _, seed in ipairs(path) do
    inside = inside or seed == first
    if inside then
      names[#names + 1] = seed.name
    end
  end
  names[#names + 1] = first.name
  return table.concat(names, " -> ")
end

--- Sorts seeds so that each comes after those that it names in `after`.
-- @param seeds list of { name, path, after = {names} }
-- @return new list | nil, message, "config", detail
function order.sort(seeds)
  local needs, message, code, detail = dependencies(seeds)
  if not needs then
    return nil, message, code, detail
  end
  local names = table.move(seeds, 1, #seeds, 1, {})
  table.sort(names, function(a, b) return a.name < b.name end)
  local sorted, state, path, problem = {}, {}, {}, nil
  local function visit(seed)
    if state[seed] == "done" or problem then
      return
    elseif state[seed] == "open" then
      problem = cycle_text(path, seed)
      return
    end
    state[seed] = "open"
    path[#path + 1] = seed
    for _, needed in ipairs(needs[seed]) do
      visit(needed)
    end
    path[#path] = nil
    state[seed] = "done"
    sorted[#sorted + 1] = seed
  end
  for _, seed in ipairs(names) do
    visit(seed)
  end
  if problem then
    return nil, "seeds wait for each other: " .. problem, "config",
      { advice = "Take one of these names out of the `after` of the seed before it." }
  end
  return sorted
end

--- The seeds that are wanted, with what they need, in order.
-- @param sorted what `sort` returned
-- @param names  list of wanted names; nil for all
-- @param only   true leaves out what the wanted ones need
-- @return list | nil, message, "config", detail
function order.select(sorted, names, only)
  if not names or #names == 0 then
    return sorted
  end
  local chosen = {}
  local function choose(seed)
    if chosen[seed] then
      return
    end
    chosen[seed] = true
    for _, name in ipairs(only and {} or seed.after or {}) do
      choose((order.find(sorted, name)))
    end
  end
  for _, name in ipairs(names) do
    local seed, message, code, detail = order.find(sorted, name)
    if not seed then
      return nil, message, code, detail
    end
    choose(seed)
  end
  local list = {}
  for _, seed in ipairs(sorted) do
    if chosen[seed] then
      list[#list + 1] = seed
    end
  end
  return list
end

return order
