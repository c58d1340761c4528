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
  return names, others, {}
end

--- Reads all migrations of a project.
-- @tparam table files the file library: read, list, stat
-- @tparam function sha256 of a text, as 64 hex digits
-- @tparam string dir the migrations folder
-- @tparam[opt] userdata ahead what hash.folder(dir, folder.FILE) began: files of plain ASCII need no closer look then
-- @treturn table list of { name, path, sha256, size, bom, problem } in the order in which they run; with
--   dir, exists, lock_file = { path, found, provider, line }, byte_order_differs, prisma8 (the path of an ops.json)
-- @treturn nil,string,integer when the folder is there but can't be listed
function folder.read(files, sha256, dir, ahead)
  local migrations = { dir = dir, exists = true, lock_file = { path = dir .. "/migration_lock.toml", found = false } }
  local names, digests, sizes, plain, others
  if ahead then
    names, digests, sizes, plain, others = ahead:wait()
  end
  if not names then
    local entries, message, code = files.list(dir)
    if not entries then
      if code == ENOENT or code == ENOTDIR then
        migrations.exists = false
        return migrations
      end
      return nil, ("cannot read the migrations folder %s: %s"):format(dir, message), code
    end
    names, others, digests = sort_entries(entries)
  end
  local has_app = false
  for _, name in ipairs(others) do
    if name == "migration_lock.toml" then
      migrations.lock_file = read_lock_file(files, dir)
    end
  end
  local found = {}
  for position, name in ipairs(names) do
    has_app = has_app or name == "app"
    if digests[position] and plain[position] then
      found[name] = { name = name, path = dir .. "/" .. name .. "/" .. folder.FILE, sha256 = digests[position], size = sizes[position] }
    end
  end
  names, migrations.byte_order_differs = order.sort(names)
  for position, name in ipairs(names) do
    migrations[position] = found[name] or read_migration(files, sha256, dir, name)
  end
  migrations.prisma8 = has_app and find_prisma8(files, dir) or nil
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
