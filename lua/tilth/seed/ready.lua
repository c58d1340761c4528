--- The ready-made seeds that are installed beside tilth: countries, currencies, demo users and so on.
local ready = {}

local env = require("tilth.env")
local fs = require("tilth.fs")
local place = require("tilth.core.place")
local discover = require("tilth.seed.discover")
local suggest = require("tilth.suggest")

--- TILTH_SEEDDIR, else where `make install` has put them, else beside a program that was moved with its files.
local function candidates()
  local program = fs.realpath("/proc/self/exe")
  local prefix = program and program:match("^(.*)/[^/]+/[^/]+$")
  local given = env.get("TILTH_SEEDDIR")
  if given and given ~= "" then
    return { given }
  end
  return { place.seeds, prefix and prefix .. "/share/tilth/seeds" }
end

--- The folder of the ready-made seeds.
-- @return path | nil, message when they are not installed
function ready.folder()
  local list = candidates()
  for _, folder in ipairs(list) do
    local found = fs.stat(folder, "follow")
    if found and found.type == "directory" then
      return folder
    end
  end
  return nil, "the ready-made seeds are not installed in " .. table.concat(list, " or ")
end

--- All of them.
-- @return list of { name, path, kind, ready = true }; empty when they are not installed
-- @return nil, message, code, detail
function ready.files()
  local found, message, code, detail = discover.files(fs, (ready.folder()))
  if not found then
    return nil, message, code, detail
  end
  for _, file in ipairs(found) do
    file.ready = true
  end
  return found
end

--- One by its name.
-- @tparam string name
-- @return { name, path, kind, ready = true }
-- @return nil, message, "config", detail
function ready.find(name)
  local files, message, code, detail = ready.files()
  if not files then
    return nil, message, code, detail
  end
  local names = {}
  for index, file in ipairs(files) do
    if file.name == name then
      return file
    end
    names[index] = file.name
  end
  if #names == 0 then
    local _, why = ready.folder()
    return nil, why or "there are no ready-made seeds", "config",
      { advice = "Install tilth with npm or `make install`, which bring them, or set TILTH_SEEDDIR to their folder." }
  end
  return nil, ("there is no ready-made seed %q."):format(name) .. suggest.hint(name, names), "config",
    { advice = "Ready-made are: " .. table.concat(names, ", ") .. "." }
end

--- The project's seeds with the ready-made ones that are wanted and that it lacks, and with those they come after.
-- @param own   the project's seeds: list of { name, after, ... }
-- @param names what is wanted
-- @param load  function(file) -> true | nil, message, code, detail: fills `after` in
-- @return list | nil, message, code, detail
function ready.add(own, names, load)
  local list, known = table.move(own, 1, #own, 1, {}), {}
  for _, seed in ipairs(own) do
    known[seed.name], known[seed.name:gsub("^%d+[-_]", "")] = true, true
  end
  local waiting = table.move(names, 1, #names, 1, {})
  while #waiting > 0 do
    local name = table.remove(waiting)
    local file = not known[name] and ready.find(name)
    known[name] = true
    if file then
      local ok, message, code, detail = load(file)
      if not ok then
        return nil, message, code, detail
      end
      list[#list + 1] = file
      table.move(file.after, 1, #file.after, #waiting + 1, waiting)
    end
  end
  return list
end

return ready
