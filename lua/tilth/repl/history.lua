--- The lines that were typed, kept between sessions in a file that only this user can read.
local history = {}

local History = {}
History.__index = History

local MOST <const> = 2000
--- 384: rw-------, 448: rwx------
local FILE_MODE <const>, FOLDER_MODE <const> = 384, 448

--- Where the history is kept: $XDG_STATE_HOME/tilth/history, else below ~/.local/state.
-- @tparam table env name to value
-- @treturn string path
-- @treturn[2] nil without a home
function history.path(env)
  local state = env.XDG_STATE_HOME
  if not state or state:sub(1, 1) ~= "/" then
    if not env.HOME or env.HOME == "" then
      return nil
    end
    state = env.HOME .. "/.local/state"
  end
  return state .. "/tilth/history"
end

--- An entry is one line of the file.
local function encode(entry)
  return (entry:gsub("\\", "\\\\"):gsub("\n", "\\n"))
end

local function decode(line)
  return (line:gsub("\\(.)", { n = "\n", ["\\"] = "\\" }))
end

--- Does an entry hold what must not lie about in a file: a URL with a password, a password in SQL or in parameters?
-- @tparam string entry
-- @treturn boolean
function history.is_secret(entry)
  local lower = entry:lower()
  return lower:find("%a[%w+.-]*://[^%s/@]*:[^%s]*@") ~= nil or lower:find("password") ~= nil or lower:find("identified by") ~= nil
    or lower:find("[?&]sslpassword=") ~= nil or lower:find("secret") ~= nil
end

local function read(files, path)
  local entries = {}
  for line in (files.read(path) or ""):gmatch("[^\n]+") do
    entries[#entries + 1] = decode(line)
  end
  return entries
end

--- Opens the history. A file that can't be read or written is no reason not to work: it is empty then.
-- @tparam table files a module with read, write, append, mkdir
-- @tparam string|nil path nil: nothing is kept
-- @treturn table history, with `entries`, the oldest first
function history.open(files, path)
  local entries = path and read(files, path) or {}
  if #entries > MOST then
    entries = table.move(entries, #entries - MOST + 1, #entries, 1, {})
    local lines = {}
    for index, entry in ipairs(entries) do
      lines[index] = encode(entry)
    end
    files.write(path, table.concat(lines, "\n") .. "\n", FILE_MODE)
  end
  return setmetatable({ files = files, path = path, entries = entries }, History)
end

--- Adds an entry, to the file as well unless it holds a secret, is empty or repeats the one before.
-- @tparam string entry
-- @treturn boolean true when the file has it
function History:add(entry)
  if entry == self.entries[#self.entries] or not entry:find("%S") then
    return false
  end
  self.entries[#self.entries + 1] = entry
  if not self.path or history.is_secret(entry) then
    return false
  end
  self.files.mkdir(self.path:match("^(.*)/"), FOLDER_MODE)
  return self.files.append(self.path, encode(entry) .. "\n", FILE_MODE) ~= nil
end

return history
