--- Reads the migrations folder by Prisma's rules: each real directory in it is a migration, named as it is.
-- @module tilth.migrate.folder

local folder = {}

--- The file in a migration's folder.
folder.FILE = "migration.sql"

local lock_file = require("tilth.migrate.lock_file")
local order = require("tilth.migrate.order")

local BOM <const> = "\xEF\xBB\xBF"
local ENOENT <const> = 2
local ENOTDIR <const> = 20

local function line_of(text, position)
  local _, breaks = text:sub(1, position - 1):gsub("\n", "")
  return breaks + 1
end

-- What no server would take, found before a connection is made.
local function find_problem(text)
  local zero = text:find("\0", 1, true)
  if zero then
    return { kind = "nul", line = line_of(text, zero) }
  end
  if text:find("[\128-\255]") then
    local length, broken = utf8.len(text)
    if not length then
      return { kind = "encoding", line = line_of(text, broken), byte = text:byte(broken) }
    end
  end
  return nil
end

local function read_migration(files, sha256, dir, name)
  local migration = { name = name, path = dir .. "/" .. name .. "/" .. folder.FILE }
  local text, message, code = files.read(migration.path)
  if not text then
    local missing = code == ENOENT or code == ENOTDIR
    migration.problem = { kind = missing and "missing" or "unreadable", message = message }
    return migration
  end
  migration.size = #text
  migration.sha256 = sha256(text)
  migration.bom = text:sub(1, 3) == BOM or nil
  migration.problem = find_problem(text)
  return migration
end

local function find_prisma8(files, dir)
  for _, inner in ipairs(files.list(dir .. "/app") or {}) do
    local path = dir .. "/app/" .. inner.name .. "/ops.json"
    if inner.type == "directory" and files.stat(path) then
      return path
    end
  end
  return nil
end

local function read_lock_file(files, dir)
  local path = dir .. "/migration_lock.toml"
  local text, message, code = files.read(path)
  if not text then
    return { path = path, found = code ~= ENOENT, problem = code ~= ENOENT and message or nil }
  end
  local provider, line = lock_file.provider(text)
  return { path = path, found = true, provider = provider, line = line }
end

-- The folders among the entries, and the names of all else.
local function sort_entries(entries)
  local names, others = {}, {}
  for _, entry in ipairs(entries) do
    local list = entry.type == "directory" and names or others
    list[#list + 1] = entry.name
  end
  return names, others
end

-- Puts all migrations into the list, in the order of the names. What was hashed ahead and is plain needs no closer look.
local function fill(migrations, files, sha256, names, digests, sizes, plain)
  local dir = migrations.dir
  local before, after = dir .. "/", "/" .. folder.FILE
  for position, name in ipairs(names) do
    local digest = digests and digests[position]
    migrations[position] = digest and plain[position]
      and { name = name, path = before .. name .. after, sha256 = digest, size = sizes[position] }
      or read_migration(files, sha256, dir, name)
  end
end

-- The list fills itself when an entry is asked for: a deployment with nothing to do asks for none.
local function fill_when_asked(migrations, files, sha256, job, count)
  return setmetatable(migrations, {
    __len = function()
      return count
    end,
    __index = function(self, key)
      if math.type(key) == "integer" then
        setmetatable(self, nil)
        fill(self, files, sha256, job:folders())
        job:close()
        return self[key]
      end
    end,
  })
end

local function read_ahead(files, sha256, migrations, job, found)
  migrations.listing = found.listing
  if found.stamped then
    fill_when_asked(migrations, files, sha256, job, found.count)
  else
    fill(migrations, files, sha256, job:folders())
    job:close()
  end
  -- Each digest and each name has a slash behind it.
  return not found.listing or ("/" .. found.listing):find("/app/", 1, true) ~= nil
end

local function in_order(migrations)
  local names, by_name = {}, {}
  for position, migration in ipairs(migrations) do
    names[position], by_name[migration.name] = migration.name, migration
  end
  local differs
  names, differs = order.sort(names)
  for position, name in ipairs(names) do
    migrations[position] = by_name[name]
  end
  return differs
end

local function has(list, name)
  for _, entry in ipairs(list) do
    if entry == name then
      return true
    end
  end
  return false
end

--- Reads all migrations of a project.
-- @tparam table files the file library: read, list, stat
-- @tparam function sha256 of a text, as 64 hex digits
-- @tparam string dir the migrations folder
-- @tparam[opt] userdata ahead what hash.folder(dir, folder.FILE) began: files of plain ASCII need no closer look then
-- @treturn table list of { name, path, sha256, size, bom, problem } in the order in which they run; with
--   dir, exists, lock_file = { path, found, provider, line }, byte_order_differs, prisma8 (the path of an ops.json), and with
--   `ahead` listing (SHA-256/NAME/ of all, in the order of bytes; nil where a file can't be read)
-- @treturn nil,string,integer when the folder is there but can't be listed
function folder.read(files, sha256, dir, ahead)
  local migrations = { dir = dir, exists = true, lock_file = { path = dir .. "/migration_lock.toml", found = false } }
  local found = ahead and ahead:wait()
  local others, may_have_app, sorted = found and found.others, true, found and found.stamped
  if found then
    may_have_app = read_ahead(files, sha256, migrations, ahead, found)
  else
    local entries, message, code = files.list(dir)
    if not entries and (code == ENOENT or code == ENOTDIR) then
      migrations.exists = false
      return migrations
    elseif not entries then
      return nil, ("cannot read the migrations folder %s: %s"):format(dir, message), code
    end
    local names
    names, others = sort_entries(entries)
    fill(migrations, files, sha256, names)
  end
  migrations.byte_order_differs = not sorted and in_order(migrations) or false
  if has(others, "migration_lock.toml") then
    migrations.lock_file = read_lock_file(files, dir)
  end
  migrations.prisma8 = may_have_app and find_prisma8(files, dir) or nil
  return migrations
end

--- Reads a migration's text again, just before it runs.
-- @tparam table files the file library
-- @tparam function sha256
-- @tparam table migration as folder.read found it
-- @treturn string the text as the server gets it, without a byte order mark
-- @treturn integer the bytes of the mark that was taken away
-- @treturn nil,string,string when it can't be read or is not the file that was planned
function folder.text(files, sha256, migration)
  local text, message, code = files.read(migration.path)
  if not text then
    return nil, ("cannot read %s: %s"):format(migration.path, message), code == ENOENT and "P3015" or code
  end
  if migration.sha256 and sha256(text) ~= migration.sha256 then
    return nil, ("%s changed while tilth was running"):format(migration.path), "failed"
  end
  if text:sub(1, 3) == BOM then
    return text:sub(4), 3
  end
  return text, 0
end

return folder
