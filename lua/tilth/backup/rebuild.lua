--- Makes a database anew from a backup: by migrations and rows from tilth's own format, by pg_restore from an archive.
local rebuild = {}

local array = require("tilth.array")
local apply = require("tilth.migrate.apply")
local copy = require("tilth.backup.copy")
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local interrupt = require("tilth.interrupt")
local load = require("tilth.backup.load")
local snapshot = require("tilth.backup.snapshot")
local tools = require("tilth.backup.tools")

local NOT_FOR_A_PROOF <const> = { "owner", "privileges", "publications", "subscriptions", "security-labels", "comments" }

-- Small images have no /tmp, but the backup's folder is there.
local function temporary(backup)
  local path, message, code = fs.temporary("tilth-restore-")
  path = path or fs.temporary(fs.join(fs.dirname(backup), ".tilth-restore-"))
  if not path then
    return nil, ("no temporary folder can be made (%s); set TMPDIR to a folder that may be written to"):format(message), code
  end
  return setmetatable({ path = path }, { __close = function(this) fs.remove_tree(this.path) end })
end

local function apply_all(world, list, folder)
  for _, migration in ipairs(list) do
    local path = fs.join(folder, migration.name, "migration.sql")
    local ok, message, code, detail = fs.mkdir(fs.dirname(path))
    if ok then
      ok, message, code, detail = fs.write(path, migration.text)
    end
    if ok then
      ok, message, code, detail = apply.run(world, {
        kind = "migrate", name = migration.name, path = path, sha256 = hash.sha256(migration.text),
      })
    end
    if not ok then
      return nil, "the schema cannot be made anew by the migrations in the backup: " .. message, code, detail
    end
  end
  return true
end

--- Applies the migrations of a backup of tilth's own format to an empty database, and loads its rows.
-- @tparam table world { db, report, project, settings, observed, state }
-- @tparam string path
-- @tparam table header the manifest
-- @tparam[opt] function on_table
-- @treturn table { rows, differs }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function rebuild.from_copy(world, path, header, on_table)
  -- Loading begins by emptying tables: only those that these migrations make may be there.
  local tables, message, code, detail = snapshot.tables(world.db, { schemas = header.schemas, history_schema = header.history_schema })
  if not tables then
    return nil, message, code, detail
  elseif #tables > 0 then
    return nil, ("%s.%s is there already, and a backup is only restored into empty schemas"):format(
      tables[1].schema, tables[1].name), "unsafe"
  end
  local list
  list, message, code, detail = copy.migrations(path)
  if not list then
    return nil, message, code, detail
  end
  local folder <close>, why, errno = interrupt.shield(temporary, path)
  if not folder then
    return nil, why, errno
  end
  local ok
  ok, message, code, detail = apply_all(world, list, folder.path)
  if not ok then
    return nil, message, code, detail
  end
  -- A migration may leave another role or another search_path behind.
  ok, message, code, detail = world.db:script("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; " .. world.db:session_sql())
  if not ok then
    return nil, message, code, detail
  end
  return load.run(world.db, path, header, on_table)
end

-- The history may live in a schema that is not restored otherwise; its table is picked out of the archive's list.
local function restore_history(argv, env, path, program, schema)
  local listed = {}
  local done, message, code = tools.run({ program, "--list", path }, {}, function(chunk)
    listed[#listed + 1] = chunk
  end)
  if not done then
    return nil, message, code
  end
  local wanted, lines = (" %s _prisma_migrations "):format(schema), {}
  for line in table.concat(listed):gmatch("[^\n]+") do
    lines[#lines + 1] = line:find(wanted, 1, true) and line or nil
  end
  local folder <close>, why, errno = interrupt.shield(temporary, path)
  if not folder then
    return nil, why, errno
  end
  local file = fs.join(folder.path, "list")
  done, message, code = fs.write(file, table.concat(lines, "\n") .. "\n")
  if not done then
    return nil, message, code
  end
  local own = table.move(argv, 1, #argv, 1, {})
  own[#own + 1], own[#own + 2] = "--use-list=" .. file, path
  return tools.run(own, env)
end

--- Restores an archive of pg_dump.
-- @tparam Db db a session with the database, to compare afterwards
-- @tparam string path
-- @tparam table options { tools, target, header = the manifest | nil, schemas = only these (which exist already, empty) | nil,
--   plain = true leaves out owners, rights and replication: for a proof }
-- @treturn table { rows = number | nil, differs, compared = bool }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function rebuild.from_archive(db, path, options)
  local env, why = tools.environment(options.target.params)
  if not env then
    return nil, why, "config"
  end
  local header = options.header
  local argv = { options.tools.pg_restore, "--exit-on-error", "--single-transaction", "--no-password",
    tools.database_option(options.target.database) }
  for _, name in ipairs(options.plain and NOT_FOR_A_PROOF or {}) do
    argv[#argv + 1] = "--no-" .. name
  end
  local history = header and header.history_schema
  if options.schemas and history and not array.has(options.schemas, history) then
    local ok, message, code = restore_history(argv, env, path, options.tools.pg_restore, history)
    if not ok then
      return nil, message, code
    end
  end
  for _, schema in ipairs(options.schemas or {}) do
    argv[#argv + 1] = "--schema=" .. schema
  end
  if not options.schemas then
    -- The ledger tells of the database that it is in, not of the one that it came from.
    argv[#argv + 1] = "--exclude-schema=tilth"
  end
  argv[#argv + 1] = path
  local done, message, code = tools.run(argv, env)
  if not done then
    return nil, message, code
  elseif not header then
    return { compared = false }
  end
  local compared, detail
  compared, message, code, detail = db:transaction(function()
    local ok, reason, state, more = db:script("set local statement_timeout = 0; set local row_security = off; " .. snapshot.PLAIN_TEXT)
    if not ok then
      return nil, reason, state, more
    end
    return load.compare(db, header)
  end)
  if not compared then
    return nil, message, code, detail
  end
  compared.compared = true
  return compared
end

return rebuild
