--- Finds the place of a new backup: the folder, free space, and a name that nobody else writes to.
local destination = {}

local fs = require("tilth.fs")
local interrupt = require("tilth.interrupt")
local names = require("tilth.backup.names")
local path = require("tilth.path")
local place = require("tilth.backup.place")
local size = require("tilth.reset.size")

local DEFAULT <const> = ".tilth/backups"
local PRIVATE <const> = 448 -- rwx------
local MOST_PARENTS <const> = 8
local MOST_NAMES <const> = 100
local SPARE <const> = 16 << 20

local Claim = {}
Claim.__index = Claim

-- amplify.yml lies at the root of the repository, which may be above the project.
local function listed_folders(root)
  local listed, folder = {}, root
  for _ = 1, MOST_PARENTS do
    for _, name in ipairs({ "amplify.yml", "amplify.yaml" }) do
      local file = path.join(folder, name)
      local text = fs.read(file)
      for _, entry in ipairs(text and require("tilth.pipeline.amplify").read(text, file).folders or {}) do
        listed[#listed + 1] = { path = entry.path, kind = entry.kind, base = entry.base, line = entry.line, file = file, root = folder }
      end
    end
    if fs.exists(path.join(folder, ".git")) or folder == "/" then
      break
    end
    folder = path.dirname(folder)
  end
  return listed
end

-- A link must not lead into a folder that is published.
local function resolve(file)
  local rest, known = "", file
  while known ~= "/" do
    local real = fs.realpath(known)
    if real then
      return path.join(real, rest == "" and "." or rest)
    end
    rest = rest == "" and path.basename(known) or path.basename(known) .. "/" .. rest
    known = path.dirname(known)
  end
  return path.join("/", rest)
end

--- Decides where a backup goes.
-- @tparam table options { project, cwd, file = --file | nil, dir = --dir | nil, setting = backup.dir | nil }
-- @treturn table { folder, file = absolute path | nil, default = bool }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "unsafe" or "usage"
-- @treturn[2] table { advice }
function destination.choose(options)
  local project, chosen = options.project, {}
  if options.file then
    chosen.file = resolve(path.join(options.cwd, options.file))
    chosen.folder = path.dirname(chosen.file)
  elseif options.dir then
    chosen.folder = resolve(path.join(options.cwd, options.dir))
  else
    chosen.folder = resolve(path.join(project.root, options.setting or DEFAULT))
    chosen.default = options.setting == nil
  end
  local roots = { resolve(project.root) }
  if project.package and project.package.dir ~= project.root then
    roots[2] = resolve(project.package.dir)
  end
  local ok, message, code, detail = place.judge(chosen.file or chosen.folder, place.forbidden(roots, listed_folders(roots[1])))
  if not ok then
    return nil, message, code, detail
  end
  return chosen
end

local function make_folder(chosen)
  if not fs.exists(chosen.folder, "directory") then
    local made, message, code = fs.mkdir(chosen.folder, PRIVATE)
    if not made then
      return nil, "cannot make the folder of the backups: " .. message, code
    end
  end
  -- A database must not get into the repository.
  local ignore = path.join(chosen.folder, ".gitignore")
  if chosen.default and not fs.exists(ignore) then
    fs.write(ignore, "*\n")
  end
  return true
end

--- Removes what killed runs have left in a folder: files that are being made are locked by those who make them.
local function sweep(folder)
  for _, entry in ipairs(fs.list(folder) or {}) do
    if entry.type == "file" and entry.name:find("%.%a+%.partial$") then
      local file = path.join(folder, entry.name)
      local lock = fs.lock(file)
      if lock then
        fs.remove(file)
        fs.remove(file .. names.MANIFEST)
        lock:close()
      end
    end
  end
end

local function claim_name(file)
  local partial = file .. names.PARTIAL
  if fs.stat(file) then
    return nil, ("%s exists already, and no backup is ever written over"):format(file), "usage",
      { advice = "Name another file, or none: then tilth finds a name by itself." }
  end
  local lock, message, code = fs.lock(partial)
  if not lock then
    return nil, code == 11 and ("another backup is being written to %s"):format(file) or "cannot write the backup " .. message, code
  end
  return setmetatable({ file = file, partial = partial, lock = lock }, Claim)
end

--- Claims the name of a backup. Until `publish` there is nothing under that name; closing the claim removes what was begun.
-- To be called through interrupt.shield.
-- @tparam table chosen from destination.choose
-- @tparam table options { database, stamp, build, kind = "pg_dump" | "copy" }
-- @treturn table claim, for a `<close>` variable: `file`, `partial` (where to write)
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function destination.claim(chosen, options)
  local ok, message, code, detail = make_folder(chosen)
  if not ok then
    return nil, message, code, detail
  end
  sweep(chosen.folder)
  if chosen.file then
    return claim_name(chosen.file)
  end
  local stem = names.stem(options.database, options.stamp, options.build)
  for number = 1, MOST_NAMES do
    local name = (number == 1 and stem or ("%s_%d"):format(stem, number)) .. names.ENDINGS[options.kind]
    local claim
    claim, message, code, detail = claim_name(path.join(chosen.folder, name))
    if claim then
      return claim
    end
  end
  return nil, message, code, detail
end

--- Makes sure that a disk has room.
-- @tparam string folder
-- @tparam number bytes that the rows take in the database
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function destination.room(folder, bytes)
  local free, message, code = fs.disk_free(folder)
  if not free then
    return nil, "cannot see how much room the disk has: " .. message, code
  elseif free < bytes + SPARE then
    return nil, ("the disk of %s has %s free, and the rows to back up take %s in the database"):format(folder, size.text(free),
      size.text(bytes)), "failed", { advice = "Free some space, or name another disk with --dir. Nothing was changed." }
  end
  return true
end

local function publish(self)
  if fs.stat(self.file) then
    return nil, ("%s has appeared meanwhile, and no backup is ever written over"):format(self.file), "failed"
  end
  local manifest = self.partial .. names.MANIFEST
  local ok, message, code = true, nil, nil
  if fs.stat(manifest) then
    ok, message, code = fs.rename(manifest, self.file .. names.MANIFEST)
  end
  if ok then
    ok, message, code = fs.rename(self.partial, self.file)
    if not ok then
      fs.remove(self.file .. names.MANIFEST)
    end
  end
  if ok then
    self.done = true
    ok, message, code = fs.sync(self.file)
  end
  if not ok then
    return nil, "cannot give the backup its name: " .. message, code
  end
  return true
end

--- Gives the finished file its name. An interruption finds it there with all that belongs to it, or not at all.
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
function Claim:publish()
  return interrupt.shield(publish, self)
end

--- Removes what was begun and not published.
function Claim:close()
  if not self.done then
    fs.remove(self.partial)
    fs.remove(self.partial .. names.MANIFEST)
  end
  self.lock:close()
end

Claim.__close = Claim.close

return destination
