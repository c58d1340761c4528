--- Which migrations made a database, and their texts: what makes its schema anew. Pure, but for the function that reads a file.
local recorded = {}

local checksum = require("tilth.migrate.checksum")
local history = require("tilth.migrate.history")

local function in_order(rows)
  local list, seen = {}, {}
  for _, row in ipairs(rows) do
    if history.state(row) == "applied" and not seen[row.migration_name] then
      seen[row.migration_name] = true
      list[#list + 1] = row
    end
  end
  return list
end

local function failed_name(rows)
  for _, row in ipairs(rows) do
    if history.state(row) == "failed" then
      return row.migration_name
    end
  end
  return nil
end

--- Collects the migrations that the history records.
-- @tparam table observed with history { exists, rows } and migrations (the files that are there)
-- @tparam function read path -> text | nil, message
-- @tparam function sha256
-- @treturn table list of { name, sha256 = as recorded, text }, in the order in which they were applied
-- @treturn string|nil why they do not make the schema anew, where that is so
function recorded.collect(observed, read, sha256)
  local found = observed.history
  if not found or not found.exists then
    return {}, "there is no history of migrations in this database"
  end
  local files, list, why = {}, {}, nil
  for _, migration in ipairs(observed.migrations or {}) do
    files[migration.name] = migration
  end
  for index, row in ipairs(in_order(found.rows)) do
    local file = files[row.migration_name]
    local text = file and not file.problem and read(file.path) or nil
    -- Another text than the one that was applied would make another schema.
    if text and checksum.compare(sha256, text, row.checksum) == "edited" then
      text, why = nil, why or ("migration %s was edited after it was applied"):format(row.migration_name)
    elseif not text then
      why = why or ("migration %s is applied, but its file is not here"):format(row.migration_name)
    end
    list[index] = { name = row.migration_name, sha256 = row.checksum, text = text }
  end
  local failed = failed_name(found.rows)
  if failed then
    why = why or ("migration %s is recorded as failed"):format(failed)
  elseif #list == 0 then
    why = why or "the history records no migration"
  end
  return list, why
end

return recorded
