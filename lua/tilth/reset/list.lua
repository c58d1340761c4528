--- What is in the bins: the ledger's resets beside the schemas that are really there.
local list = {}

local resets = require("tilth.ledger.resets")
local names = require("tilth.reset.names")
local scope = require("tilth.reset.scope")

local PRESENT = [[
select n.nspname as name, count(c.oid) filter (where c.relkind in ('r', 'p')) as tables,
  coalesce(sum(pg_total_relation_size(c.oid)) filter (where c.relkind in ('r', 'm')), 0)::float8 as bytes
from pg_catalog.pg_namespace n left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'm')
where n.nspname like 'tilth\_bin\_%' group by n.nspname order by n.nspname]]

local function entry_of(present, seen, schema, bin)
  local found = present[bin]
  seen[bin] = true
  return { schema = schema, bin = bin, present = found ~= nil, tables = found and found.tables, bytes = found and found.bytes }
end

local function present_bins(db)
  local result, message, code, detail = db:query(PRESENT)
  if not result then
    return nil, "cannot look at the bins: " .. message, code, detail
  end
  return result
end

--- All bins that are there, where no ledger tells more of them.
-- @tparam Db db
-- @treturn table list of { name, tables, bytes }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function list.unknown(db)
  local result, message, code, detail = present_bins(db)
  local found = result and {}
  for _, row in ipairs(result or {}) do
    if names.is_bin(row.name) then
      found[#found + 1] = { name = row.name, tables = row.tables, bytes = row.bytes }
    end
  end
  return found, message, code, detail
end

--- How a bin that the ledger does not know is brought back without tilth.
-- @tparam string name of the bin
-- @treturn string a sentence with SQL
function list.by_hand(name)
  local schema = name:match("^tilth_bin_%d+_(.+)$")
  return ("By hand it comes back with: BEGIN; ALTER SCHEMA \"%s\" RENAME TO \"%s_aside\"; ALTER SCHEMA \"%s\" RENAME TO \"%s\"; COMMIT; "
    .. "(and ALTER EXTENSION ... SET SCHEMA for extensions that its tables use)."):format(schema, schema, name, schema)
end

--- Every reset with its bins, oldest first, and bins that the ledger does not know.
-- @tparam Db db
-- @treturn table list of { id, kind, state, at, build, commit_id, build_status, bins = { { schema, bin, present, tables, bytes } },
--   holding = whether a bin is there that can be brought back or purged }
-- @treturn table list of { name, tables, bytes }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function list.read(db)
  local rows, message, code, detail = resets.list(db)
  if not rows then
    return nil, message, code, detail
  end
  local result
  result, message, code, detail = present_bins(db)
  if not result then
    return nil, message, code, detail
  end
  local present, seen, strangers = {}, {}, {}
  for _, row in ipairs(result) do
    present[row.name] = row
  end
  for _, row in ipairs(rows) do
    row.bins, row.holding = {}, false
    for _, entry in ipairs(row.schemas) do
      if entry.bin then
        row.bins[#row.bins + 1] = entry_of(present, seen, entry.schema, entry.bin)
      end
    end
    if row.history then
      row.bins[#row.bins + 1] = entry_of(present, seen, row.history.schema, row.history.bin)
    end
    for _, bin in ipairs(row.bins) do
      row.holding = row.holding or (bin.present and (row.state == "open" or row.state == "done"))
    end
  end
  for _, row in ipairs(result) do
    if not seen[row.name] and names.is_bin(row.name) then
      strangers[#strangers + 1] = { name = row.name, tables = row.tables, bytes = row.bytes }
    end
  end
  return rows, strangers
end

-- A reset after a build that failed put aside only what that build had begun: what counts went with the first of such a row.
local function first_attempt(rows, index)
  local row = rows[index]
  while row.kind == "reset" and index > 1 do
    index = index - 1
    local before = rows[index]
    if before.kind ~= "reset" or not before.holding or not before.build_id or before.build_status == "done" then
      break
    end
    row = before
  end
  return row
end

local function nothing(rows, schemas)
  local message = "there is nothing in the bin"
  for _, row in ipairs(rows) do
    if row.holding then
      return nil, ("%s of %s"):format(message, table.concat(schemas, ", ")), "usage",
        { advice = "`tilth reset list` shows what other projects have there; that can be named by its number." }
    end
  end
  return nil, message, "usage", { advice = "`tilth reset list` shows what can be brought back." }
end

--- The reset that is meant: the one with this number, else the newest of this project with something in its bin; where that one
-- repeated a build that had failed, the first of these attempts.
-- @tparam table rows from list.read
-- @tparam integer|nil id
-- @tparam table schemas the names of the project's schemas
-- @treturn[1] table row
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "usage"
-- @treturn[2] table { advice }
function list.choose(rows, id, schemas)
  local own = id == nil and scope.own(rows, schemas) or rows
  for index = #own, 1, -1 do
    local row = own[index]
    if id == nil and row.holding then
      return first_attempt(own, index)
    elseif row.id == id then
      if row.holding then
        return row
      end
      return nil, ("reset %d has nothing in the bin (it is %s)"):format(id, row.state), "usage",
        { advice = "`tilth reset list` shows what can be brought back." }
    end
  end
  if id == nil then
    return nothing(rows, schemas)
  end
  return nil, ("there is no reset %d in tilth's ledger"):format(id), "usage",
    { advice = "`tilth reset list` shows what can be brought back." }
end

return list
