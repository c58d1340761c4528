--- The ledger's rows about resets: written inside the transaction that they tell of.
local resets = {}

local json = require("tilth.json")
local queries = require("tilth.ledger.queries")

local INSERT = [[
insert into tilth.resets (build_id, kind, state, schemas, history, expected, pid, session_start)
select x.build_id, x.kind, x.state, x.schemas, x.history, x.expected, pg_backend_pid(),
  (select backend_start from pg_catalog.pg_stat_activity where pid = pg_backend_pid())
from json_to_record($1::json) as x(build_id bigint, kind text, state text, schemas jsonb, history jsonb, expected integer)
returning id]]

local function decoded(row)
  row.schemas = json.decode(row.schemas)
  row.history = row.history and json.decode(row.history)
  if row.history == json.null then
    row.history = nil
  end
  return row
end

--- Notes a reset, or what an undo took out of the way.
-- @tparam Db db
-- @tparam table reset { build_id, kind = "reset" | "undo", state = "open" | "done",
--   schemas = list of { schema, bin, oid, extensions, tables, bytes } | { schema, empty | absent },
--   history = { schema, bin } | nil, expected }
-- @treturn integer its number
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function resets.insert(db, reset)
  for _, entry in ipairs(reset.schemas) do
    entry.extensions = json.array(entry.extensions or {})
  end
  local id, message, code, detail = db:value(INSERT, json.encode({
    build_id = reset.build_id, kind = reset.kind, state = reset.state, schemas = json.array(reset.schemas),
    history = reset.history, expected = reset.expected or 0,
  }))
  if not id then
    return nil, "cannot note the reset in tilth's ledger: " .. message, code, detail
  end
  return id
end

--- Every reset there was, oldest first.
-- @tparam Db db
-- @treturn table list of { id, build_id, kind, state, schemas, history, expected, at, build, build_status, commit_id, ended_at, ended_why }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function resets.list(db)
  local result, message, code, detail = db:query(queries.resets)
  if not result then
    return nil, "cannot read the resets in tilth's ledger: " .. message, code, detail
  end
  local list = {}
  for index, row in ipairs(result) do
    list[index] = decoded(row)
  end
  return list
end

--- Locks one reset's row until the transaction ends, so that it is undone or purged once.
-- @tparam Db db inside a transaction
-- @tparam integer id
-- @treturn table the row
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function resets.lock(db, id)
  local row, message, code, detail = db:one([[
select id, build_id, kind, state, schemas::text as schemas, history::text as history, expected
from tilth.resets where id = $1 for update]], id)
  if row == nil then
    return nil, "cannot read the reset in tilth's ledger: " .. message, code, detail
  elseif not row then
    return nil, ("there is no reset %d in tilth's ledger"):format(id), "usage", { advice = "`tilth reset list` shows them." }
  end
  return decoded(row)
end

--- Changes the state of a reset.
-- @tparam Db db
-- @tparam integer id
-- @tparam string state done, undone or purged
-- @tparam[opt] table by { build_id, why }
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function resets.mark(db, id, state, by)
  by = by or {}
  local time = state == "done" and "settled_at" or "ended_at"
  local done, message, code, detail = db:query(
    ("update tilth.resets set state = $2, %s = clock_timestamp(), ended_by = $3, ended_why = $4 where id = $1"):format(time),
    id, state, by.build_id, by.why)
  if not done then
    return nil, "cannot note in tilth's ledger what became of the reset: " .. message, code, detail
  end
  return true
end

return resets
