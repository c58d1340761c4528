--- Takes a reset back: by itself when its migrations fail, at the next run when it was cut short, or on request.
local undo = {}

local ledger_resets = require("tilth.ledger.resets")
local attempt = require("tilth.reset.attempt")
local guard = require("tilth.reset.guard")
local observe = require("tilth.reset.observe")
local obstacles = require("tilth.reset.obstacles")
local purge = require("tilth.reset.purge")
local scope = require("tilth.reset.scope")
local swap = require("tilth.reset.swap")

local function bins_text(out)
  local list = {}
  for _, entry in ipairs(out.schemas) do
    list[#list + 1] = entry.bin
  end
  if out.history then
    list[#list + 1] = out.history.bin
  end
  return list
end

-- What the bins have lost since the reset: somebody else's DROP ... CASCADE reaches into them, too.
local function losses(db, reset)
  local list = {}
  for _, entry in ipairs(reset.schemas) do
    if entry.bin and entry.held then
      local now, message, code, detail = guard.counts(db, entry.bin)
      if not now then
        return nil, message, code, detail
      end
      local missing = guard.missing(entry.held, now)
      if #missing > 0 then
        list[#list + 1] = ("%s has lost %s"):format(entry.bin, table.concat(missing, ", "))
      end
    end
  end
  return list
end

local function act(db, id, options, schemas)
  local reset, message, code, detail = ledger_resets.lock(db, id)
  if not reset then
    return nil, message, code, detail
  elseif reset.state ~= "open" and reset.state ~= "done" then
    return nil, ("reset %d is %s already"):format(id, reset.state), "usage",
      { advice = "`tilth reset list` shows what can be brought back." }
  end
  table.move(swap.schemas(reset), 1, #reset.schemas, 1, schemas)
  local history_schema = reset.history and reset.history.schema or options.history_schema
  local state
  state, message, code, detail = observe.catalog(db, swap.schemas(reset), history_schema)
  if not state then
    return nil, message, code, detail
  end
  if options.careful and (#state.dependents > 0 or #state.inheritance > 0) then
    return nil, "the reset can't be undone as things are: " .. obstacles.ties(state)[1].message, "unsafe",
      { advice = "Nothing was changed. Drop these first; they would stay tied to the data that is in use now." }
  end
  local lost
  lost, message, code, detail = losses(db, reset)
  if not lost then
    return nil, message, code, detail
  end
  local out, fresh, why, more = swap.run(db, reset, state)
  if not out then
    return nil, fresh, why, more
  end
  local ok
  ok, message, code, detail = ledger_resets.mark(db, id, "undone", options)
  if not ok then
    return nil, message, code, detail
  end
  local bins, kept = bins_text(out), nil
  if #bins > 0 then
    kept, message, code, detail = ledger_resets.insert(db, {
      build_id = options.build_id, kind = "undo", state = "done", schemas = out.schemas, history = out.history,
    })
    if not kept then
      return nil, message, code, detail
    end
  end
  return { reset = reset, kept = kept, bins = bins, fresh = fresh, lost = lost }
end

-- Extensions that only the failed migrations brought; RESTRICT keeps whatever is used after all.
local function drop_fresh(db, list)
  for _, name in ipairs(list) do
    db:script("DROP EXTENSION " .. db:identifier(name))
  end
end

local function sentence(done, rest)
  local list = {}
  for _, entry in ipairs(done.reset.schemas) do
    if entry.bin then
      list[#list + 1] = entry.schema
    end
  end
  if #list == 0 then
    list[1] = "the database"
  end
  local head = ("The reset was taken back: %s %s as before it"):format(table.concat(list, ", "), #list == 1 and "is" or "are")
  if #done.lost > 0 then
    head = ("%s, but for what something else has dropped from the bin since (a DROP ... CASCADE, say): %s"):format(head,
      table.concat(done.lost, "; "))
  end
  return head .. ". " .. rest
end

--- Brings back what a reset put into the bin. What stands there now goes into a bin of its own.
-- @tparam Db db
-- @tparam integer id of the reset in the ledger
-- @tparam table options { history_schema, build_id, why, careful = true refuses when others depend on the schema in use,
--   drop_without_rows = true drops what was swapped out when it holds no row }
-- @treturn string a sentence
-- @treturn table { reset, kept = id in the ledger of what was swapped out | nil, bins }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function undo.bring_back(db, id, options)
  local schemas = {}
  local done, message, code, detail = attempt.run(db, "the undo", function()
    return act(db, id, options, schemas)
  end, nil, schemas)
  if not done then
    return nil, message, code, detail
  end
  if #done.bins == 0 then
    return sentence(done, "Nothing had taken its place."), done
  end
  local purged = options.drop_without_rows
    and purge.run(db, done.kept, { build_id = options.build_id, why = "it held no rows", only_without_rows = true })
  if purged then
    drop_fresh(db, done.fresh)
    done.kept = nil
    return sentence(done, "What the migrations had made in its place held no rows and is gone."), done
  end
  local rest = ("What had taken its place is kept in %s."):format(table.concat(done.bins, ", "))
  return sentence(done, rest), done
end

-- A migration may leave any state behind: a failed transaction, another role, another search_path.
local function clean_session(world)
  local db = world.db
  if (not db or db:status() == "closed") and world.database then
    local opened, message, code, detail = world:database()
    if not opened then
      return nil, message, code, detail
    end
    db = opened
    -- The lock went with the connection; without it another deploy may be at work here.
    local locked
    locked, message, code, detail = world:take_lock()
    if not locked then
      return nil, message, code, detail
    end
  end
  db:roll_back()
  local ok, message, code, detail = db:script("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; " .. db:session_sql())
  if not ok then
    return nil, message, code, detail
  end
  return db
end

--- Takes a reset back because what followed it failed.
-- @tparam table world { db, observed, ledger_build, target, database, take_lock }
-- @tparam table step what bin.run returned
-- @tparam string why the failure's text, for the ledger
-- @treturn string a sentence for the report
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function undo.automatic(world, step, why)
  local db, message, code, detail = clean_session(world)
  if not db then
    return nil, message, code, detail
  end
  local note = ("migrations failed: %s"):format(tostring(why):sub(1, 300):gsub("[\128-\255]+$", ""))
  note = world.report and world.report.mask and world.report:mask(note) or note
  if step.empty then
    local ok
    ok, message, code, detail = ledger_resets.mark(db, step.reset_id, "undone", { build_id = world.ledger_build, why = note })
    if not ok then
      return nil, message, code, detail
    end
    return "The database was empty before: there was nothing to bring back."
  end
  local text
  text, message, code, detail = undo.bring_back(db, step.reset_id, {
    history_schema = world.observed.reset.history_schema, build_id = world.ledger_build, why = note, drop_without_rows = true,
  })
  if not text then
    return nil, message, code, detail
  end
  return text
end

local function kept_anything(reset)
  for _, entry in ipairs(reset.schemas) do
    if entry.bin then
      return true
    end
  end
  return reset.history ~= nil
end

local function migrations_done(db, open, history_schema)
  local found, message, code, detail = db:value(
    "select to_regclass($1) is not null", db:identifier(history_schema) .. "._prisma_migrations")
  if found == nil then
    return nil, message, code, detail
  elseif not found then
    return open.expected == 0
  end
  local count
  count, message, code, detail = db:value(([[
select count(*) from %s._prisma_migrations where finished_at is not null and rolled_back_at is null]]):format(
    db:identifier(history_schema)))
  if count == nil then
    return nil, message, code, detail
  end
  return count >= open.expected
end

--- At the start of a run: finishes or takes back a reset of this project that was cut short. The caller holds the migration lock,
-- so nobody is at work on it any more.
-- @tparam table world { db, observed = { ledger }, target, project }
-- @treturn string|boolean a sentence for the report; false when there was nothing to do
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function undo.recover(world)
  local own = scope.own(world.observed.ledger.open, scope.names(world.target, world.project))
  local open = own[#own]
  if not open then
    return false
  end
  local history_schema = world.target.schema or "public"
  local complete, message, code, detail = migrations_done(world.db, open, history_schema)
  if complete == nil then
    return nil, "cannot tell how far an interrupted reset came: " .. message, code, detail
  end
  local head = ("An earlier run was cut short after its reset (reset %d, %s UTC)."):format(open.id, open.at)
  if complete then
    local ok
    ok, message, code, detail = ledger_resets.mark(world.db, open.id, "done", { why = "finished by the next run" })
    if not ok then
      return nil, message, code, detail
    end
    return head .. " All its migrations were applied, so that it stands; `tilth reset undo` brings the old data back."
  end
  if not kept_anything(open) then
    local ok
    ok, message, code, detail = ledger_resets.mark(world.db, open.id, "undone", { why = "the run was cut short" })
    if not ok then
      return nil, message, code, detail
    end
    return head .. " The database was empty before; the migrations go on where they stopped."
  end
  local text
  text, message, code, detail = undo.bring_back(world.db, open.id, {
    history_schema = history_schema, why = "the run was cut short", drop_without_rows = true,
  })
  if not text then
    return nil, head .. " Taking it back failed: " .. message, code, detail
  end
  return head .. " " .. text
end

return undo
