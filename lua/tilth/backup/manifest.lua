--- What a backup says about itself: the header of tilth's own format, and the JSON file beside a pg_dump archive. Pure.
local manifest = {}

local json = require("tilth.json")

--- The version of the manifest that this program writes; it reads older ones too.
manifest.VERSION = 1

local PROMISE <const> = {
  copy = "the rows of every table of the schemas listed, the values of their sequences, and the migrations that make the schemas; "
    .. "`objects` tells how the server described every object, but what no migration makes is not made anew",
  pg_dump = "the whole database but for tilth's ledger and bins (tilth, tilth_bin_*), by pg_dump; restore it with pg_restore or with tilth",
}

local function without(list, field)
  local copies = {}
  for index, entry in ipairs(list) do
    local copy = {}
    for name, value in pairs(entry) do
      copy[name] = name ~= field and value or nil
    end
    copies[index] = copy
  end
  return json.array(copies)
end

--- Makes a manifest.
-- @tparam table found from backup/snapshot.lua
-- @tparam table info { kind = "pg_dump" | "copy", tilth = version, build, environment, target, schemas, history_schema, migrations,
--   no_schema = why the migrations do not make the schema | nil, program = version of pg_dump | nil }
-- @treturn table
function manifest.make(found, info)
  local rows = 0
  for _, entry in ipairs(found.tables) do
    rows = rows + entry.rows
  end
  return {
    tilth_backup = manifest.VERSION, kind = info.kind, promise = PROMISE[info.kind], made_by = "tilth " .. info.tilth, at = found.at,
    database = found.database, host = info.target.host, port = info.target.port, server_version = found.server_version,
    server_version_num = found.server_version_num, encoding = found.encoding, extensions = found.extensions,
    large_objects = found.large_objects, bytes = found.bytes, build = info.build, environment = info.environment,
    schemas = json.array(info.schemas), history_schema = info.history_schema, tables = without(found.tables, "bytes"),
    rows = rows, sequences = json.array(found.sequences), objects = json.array(found.objects),
    migrations = without(info.migrations, "text"), no_schema = info.no_schema, program = info.program,
  }
end

local SHAPE <const> = {
  { "kind", "string" }, { "database", "string" }, { "at", "string" }, { "server_version", "string" }, { "rows", "number" },
  { "schemas", "table" }, { "tables", "table" }, { "sequences", "table" }, { "objects", "table" }, { "migrations", "table" },
}

local function sound_tables(list)
  for _, entry in ipairs(list) do
    if type(entry) ~= "table" or type(entry.schema) ~= "string" or type(entry.name) ~= "string" or math.type(entry.rows) ~= "integer"
      or type(entry.columns) ~= "table" or type(entry.digest) ~= "string" then
      return false
    end
  end
  return true
end

--- Checks a manifest that was read.
-- @param value what json.decode gave
-- @tparam string file for the message
-- @treturn table the manifest
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "failed"
-- @treturn[2] table { advice }
function manifest.check(value, file)
  local advice = { advice = "Use another backup; this one was changed after it was made." }
  if type(value) ~= "table" or math.type(value.tilth_backup) ~= "integer" then
    return nil, ("%s does not describe a backup"):format(file), "failed", advice
  elseif value.tilth_backup > manifest.VERSION then
    return nil, ("%s was made by a newer tilth (%s) than this one"):format(file, tostring(value.made_by)), "failed",
      { advice = "Restore it with that version, or a later one." }
  end
  for _, field in ipairs(SHAPE) do
    if type(value[field[1]]) ~= field[2] then
      return nil, ("%s does not say its %s"):format(file, field[1]), "failed", advice
    end
  end
  if not sound_tables(value.tables) then
    return nil, ("%s does not say what its tables hold"):format(file), "failed", advice
  end
  for _, name in ipairs({ "no_schema", "program", "build", "environment", "history_schema", "extensions" }) do
    if value[name] == json.null then
      value[name] = nil
    end
  end
  return value
end

return manifest
