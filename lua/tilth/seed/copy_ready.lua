--- Copies a ready-made seed into a project, with the helpers and the data that it reads.
local copy_ready = {}

local fs = require("tilth.fs")
local ready = require("tilth.seed.ready")

--- The files of the ready-made folder that a text reads: modules that it requires, tables that it is made of.
local function read_by(text)
  local paths = {}
  for name in text:gmatch('require%("(ready%.[%w_]+)"%)') do
    paths[#paths + 1] = name:gsub("%.", "/") .. ".lua"
  end
  for name in text:gmatch('reference%.define%("([%w_]+)"') do
    paths[#paths + 1] = "ready/" .. name .. ".csv"
  end
  return paths
end

--- The files of a seed beside its own, relative to the folder, each once.
local function needed(folder, text)
  local list, seen, waiting = {}, {}, read_by(text)
  while #waiting > 0 do
    local path = table.remove(waiting)
    if not seen[path] then
      seen[path] = true
      local content, message, code = fs.read(folder .. "/" .. path)
      if not content then
        return nil, ("%s/%s cannot be read: %s"):format(folder, path, message), code
      end
      list[#list + 1] = { path = path, text = content }
      table.move(read_by(content), 1, #read_by(content), #waiting + 1, waiting)
    end
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return list
end

local function write(path, text)
  local ok, message, code = fs.mkdir(path:match("^(.*)/"))
  if ok then
    ok, message, code = fs.write(path, text)
  end
  if not ok then
    return nil, ("%s cannot be written: %s"):format(path, message), code
  end
  return true
end

--- Copies a seed. A helper or table that the project has already is left as it is.
-- @param name   of the ready-made seed
-- @param folder the project's seeds folder
-- @param target the path of the new seed, which is not there
-- @return { written = paths, kept = paths that were there with other content, from = path }
-- @return nil, message, code, detail
function copy_ready.copy(name, folder, target)
  local file, message, code, detail = ready.find(name)
  if not file then
    return nil, message, code, detail
  end
  local text
  text, message, code = fs.read(file.path)
  if not text then
    return nil, ("%s cannot be read: %s"):format(file.path, message), code
  end
  local list
  list, message, code = needed(file.path:match("^(.*)/"), text)
  if not list then
    return nil, message, code
  end
  local result = { written = {}, kept = {}, from = file.path }
  for _, entry in ipairs(list) do
    local path = folder .. "/" .. entry.path
    local there = fs.read(path)
    if not there then
      local ok
      ok, message, code = write(path, entry.text)
      if not ok then
        return nil, message, code
      end
      result.written[#result.written + 1] = path
    elseif there ~= entry.text then
      result.kept[#result.kept + 1] = path
    end
  end
  -- The seed itself last: without it nothing runs.
  local ok
  ok, message, code = write(target, text)
  if not ok then
    return nil, message, code
  end
  table.insert(result.written, 1, target)
  return result
end

return copy_ready
