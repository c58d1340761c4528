--- Writes and reads archives of pg_dump (custom format), with a JSON file beside them that tells what they hold.
local archive = {}

local fs = require("tilth.fs")
local json = require("tilth.json")
local manifest = require("tilth.backup.manifest")
local names = require("tilth.backup.names")
local rows_in_sql = require("tilth.backup.rows_in_sql")
local tools = require("tilth.backup.tools")

local MAGIC <const> = "PGDMP"
local PRIVATE <const> = 384 -- rw-------
local MANIFEST_LIMIT <const> = 64 << 20

--- Tells whether a file begins as an archive of pg_dump does.
-- @tparam string path
-- @treturn boolean
-- @treturn[2] nil when it can't be read
-- @treturn[2] string message
-- @treturn[2] integer errno
function archive.is(path)
  local file, message, code = io.open(path, "rb")
  if not file then
    return nil, message, code
  end
  local head = file:read(#MAGIC)
  file:close()
  return head == MAGIC
end

--- Writes an archive.
-- @tparam table db within the transaction of backup/snapshot.lua, whose view of the data pg_dump takes over
-- @tparam string path
-- @tparam table options { tools, target, lock_timeout in seconds | nil }
-- @treturn integer the file's bytes
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function archive.write(db, path, options)
  local env, why = tools.environment(options.target.params)
  if not env then
    return nil, why, "config"
  end
  local view, message, code, detail = db:value("select pg_catalog.pg_export_snapshot()")
  if not view then
    return nil, "cannot share the view of the data with pg_dump: " .. message, code, detail
  end
  local made
  -- Made beforehand, since pg_dump leaves the rights of a new file to the umask.
  made, message, code = fs.write(path, "", PRIVATE)
  if not made then
    return nil, "cannot write the backup " .. message, code
  end
  local argv = { options.tools.pg_dump, "--format=custom", "--no-password", "--file=" .. path, "--snapshot=" .. view,
    "--exclude-schema=tilth_bin_*", "--exclude-schema=tilth", tools.database_option(options.target.database) }
  if options.lock_timeout and options.lock_timeout > 0 then
    argv[#argv + 1] = ("--lock-wait-timeout=%d"):format(math.floor(options.lock_timeout * 1000))
  end
  local done
  done, message, code = tools.run(argv, env)
  if not done then
    return nil, message, code, { advice = "The half backup was removed; nothing else was changed." }
  end
  made, message, code = fs.sync(path)
  if not made then
    return nil, "cannot write the backup " .. message, code
  end
  return fs.stat(path).size
end

--- Where the JSON file of an archive is.
-- @tparam string path of the archive
-- @treturn string
function archive.manifest_path(path)
  return path .. names.MANIFEST
end

--- Writes the JSON file.
-- @tparam string path of the JSON file
-- @tparam table header the manifest
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
function archive.write_manifest(path, header)
  return fs.write(path, json.encode(header, { sort = true, replace = true, indent = 1 }) .. "\n", PRIVATE)
end

--- Reads what the JSON file beside an archive says.
-- @tparam string path of the archive
-- @treturn table the manifest
-- @treturn[2] boolean false when there is none
-- @treturn[3] nil
-- @treturn[3] string message
-- @treturn[3] string|integer code
-- @treturn[3] table|nil detail
function archive.header(path)
  local file = archive.manifest_path(path)
  local found = fs.stat(file, "follow")
  if not found then
    return false
  elseif found.size > MANIFEST_LIMIT then
    return nil, ("%s is too large to describe a backup"):format(file), "failed"
  end
  local text, message, code = fs.read(file)
  if not text then
    return nil, message, code
  end
  return manifest.check(json.decode(text), file)
end

--- Reads an archive from beginning to end and counts the rows of each table.
-- @tparam string path
-- @tparam table found from tools.find
-- @treturn table list of { schema, name, rows }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
function archive.count(path, found)
  local counter = rows_in_sql.new()
  local done, message, code = tools.run({ found.pg_restore, "--data-only", "--file=-", path }, {}, function(chunk)
    counter:feed(chunk)
  end)
  if not done then
    return nil, message, code
  end
  return counter:tables()
end

return archive
