--- Carries a reset out: the schemas go into the bin and empty ones take their places, in one short transaction.
local bin = {}

local clock = require("tilth.clock")
local resets = require("tilth.ledger.resets")
local attempt = require("tilth.reset.attempt")
local guard = require("tilth.reset.guard")
local keep = require("tilth.reset.keep")
local move = require("tilth.reset.move")
local observe = require("tilth.reset.observe")
local obstacles = require("tilth.reset.obstacles")
local purge = require("tilth.reset.purge")
local scope = require("tilth.reset.scope")
local statements = require("tilth.reset.statements")

-- The answer to the commit may have been on its way.
local UNKNOWN <const> = "\n\nThe connection was lost during the reset, so that it is not known whether it was carried out. The next run "
  .. "finds out, and brings the data back where the migrations are missing; `tilth reset undo` does so at once."

local function quoting(db)
  return function(name) return db:identifier(name) end, function(text) return db:literal(text) end
end

local function by_name(state)
  local found = {}
  for _, schema in ipairs(state.schemas) do
    found[schema.name] = schema
  end
  return found
end

local function same_set(list, other)
  local present = {}
  for _, name in ipairs(list) do
    present[name] = true
  end
  for _, name in ipairs(other) do
    if not present[name] then
      return false
    end
  end
  return #list == #other
end

-- The plan was made from an earlier look; nothing may have changed in between that the checks have not seen.
local function refuse_changed(state, planned, action, settings)
  local found = obstacles.list(state, settings)
  if #found > 0 then
    return nil, "this database can't be reset: " .. found[1].message, "unsafe", { advice = found[1].advice }
  end
  local filled = {}
  local before = by_name(planned)
  for _, schema in ipairs(state.schemas) do
    if schema.oid and schema.objects > 0 then
      filled[#filled + 1] = schema.name
    end
    if before[schema.name] and before[schema.name].oid ~= schema.oid then
      return nil, ("schema %s was replaced by somebody else while the reset was planned"):format(schema.name), "failed",
        { advice = "Nothing was changed. Run the command again." }
    end
  end
  if not same_set(filled, action.schemas) then
    return nil, "the schemas changed while the reset was planned", "failed", { advice = "Nothing was changed. Run the command again." }
  end
  return true
end

local function replace(db, schema, into)
  local quote, literal = quoting(db)
  local ok, message, code, detail = db:script(table.concat(statements.replace(schema, into, quote), ";\n"))
  local made, after
  if ok then
    made, message, code, detail = observe.catalog(db, { schema.name }, schema.name)
  end
  if made then
    local lines = statements.furnish(schema, made.schemas[1], quote, literal)
    ok, message, code, detail = db:script(table.concat(lines, ";\n"))
    if ok then
      after, message, code, detail = observe.catalog(db, { schema.name }, schema.name)
    end
  end
  if not after then
    return nil, ("cannot put schema %s into the bin: %s"):format(schema.name, message), code, detail
  end
  local lost = statements.difference(schema, after.schemas[1])
  if lost then
    return nil, ("the new schema %s would not have the same %s as the old one"):format(schema.name, lost), "unsafe",
      { advice = "Nothing was changed. Run the reset as the schema's owner, or as a superuser." }
  end
  return true
end

--- Empties one schema into a bin: replaces it by an empty one like it, or moves what it holds; for reset/swap.lua as well.
-- @tparam Db db inside a transaction
-- @tparam table schema from reset/observe.lua
-- @tparam string into the bin's name
-- @treturn string the bin's OID
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bin.put_aside(db, schema, into)
  if move.is_needed(schema) then
    return move.into_new(db, schema.name, into)
  end
  local ok, message, code, detail = replace(db, schema, into)
  return ok and schema.oid, message, code, detail
end

--- Moves the history table into a bin of its own.
-- @tparam Db db inside a transaction
-- @tparam string from schema
-- @tparam string into the bin's name, a schema that does not exist yet
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bin.move_history(db, from, into)
  local quote = quoting(db)
  local ok, message, code, detail = db:script(("CREATE SCHEMA %s; %s"):format(quote(into), statements.move_history(from, into, quote)))
  if not ok then
    return nil, "cannot put Prisma's history table into the bin: " .. message, code, detail
  end
  return true
end

local function extension_names(schema)
  local list = {}
  for index, extension in ipairs(schema.extensions) do
    list[index] = extension.name
  end
  return list
end

local function record_of(state, action, oids, held)
  local entries = {}
  for index, schema in ipairs(state.schemas) do
    local entry = { schema = schema.name }
    if not schema.oid then
      entry.absent = true
    elseif schema.objects == 0 then
      entry.empty = true
    else
      entry.bin, entry.oid, entry.moved = action.bins[schema.name], oids[schema.name], move.is_needed(schema) or nil
      entry.extensions, entry.tables, entry.bytes = extension_names(schema), schema.tables, schema.bytes
      entry.held = held[entry.bin]
    end
    entries[index] = entry
  end
  return entries
end

local function bin_names(action)
  local list = {}
  for _, schema in ipairs(action.schemas) do
    list[#list + 1] = action.bins[schema]
  end
  if action.history then
    list[#list + 1] = action.bins[action.history.schema]
  end
  return list
end

-- What the migrations need to know that follow, how the bin has to stay and what the reset has not taken away; and for an undo
-- what is in the bins.
local function leave_word(db, world, state, action)
  local bins, held = bin_names(action), {}
  local sql, message, code, detail = guard.sql(db, bins)
  if not sql then
    return nil, message, code, detail
  end
  for _, name in ipairs(bins) do
    held[name], message, code, detail = guard.counts(db, name)
    if not held[name] then
      return nil, message, code, detail
    end
  end
  world.state.bin_guard, world.state.kept_extensions = sql, {}
  for _, schema in ipairs(state.schemas) do
    for _, extension in ipairs(schema.extensions) do
      world.state.kept_extensions[extension.name] = schema.name
    end
  end
  return held
end

local function act(db, world, action)
  local state, message, code, detail = observe.catalog(db, action.all, world.observed.reset.history_schema)
  if not state then
    return nil, message, code, detail
  end
  local ok
  ok, message, code, detail = refuse_changed(state, world.observed.reset, action, world.settings)
  if not ok then
    return nil, message, code, detail
  end
  local oids = {}
  for _, schema in ipairs(state.schemas) do
    if schema.oid and schema.objects > 0 then
      oids[schema.name], message, code, detail = bin.put_aside(db, schema, action.bins[schema.name])
      if not oids[schema.name] then
        return nil, message, code, detail
      end
    end
  end
  local history = state.history and { schema = state.history.schema, bin = action.bins[state.history.schema] }
  if history then
    ok, message, code, detail = bin.move_history(db, history.schema, history.bin)
    if not ok then
      return nil, message, code, detail
    end
  end
  local held
  held, message, code, detail = leave_word(db, world, state, action)
  if not held then
    return nil, message, code, detail
  end
  return resets.insert(db, {
    build_id = world.ledger_build, kind = "reset", state = "open", schemas = record_of(state, action, oids, held),
    history = history, expected = action.expected,
  })
end

--- Carries out the reset of a plan.
-- @tparam table world { db, report, observed, ledger_build, state }; state gets bin_guard (see reset/guard.lua) and
--   kept_extensions (name -> schema) for the migrations
-- @tparam table action from reset/plan.lua
-- @treturn table step { kind = "reset", name, schemas, bins, reset_id, empty, seconds }
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bin.run(world, action)
  local started = clock.monotonic()
  local id, message, code, detail = attempt.run(world.db, "the reset", function(db)
    return act(db, world, action)
  end, world.report, action.all)
  if not id and world.db:status() == "closed" then
    return nil, message .. UNKNOWN, code, detail
  elseif not id then
    return nil, message, code, detail
  end
  local step = {
    kind = "reset", name = table.concat(action.all, ", "), schemas = action.schemas, bins = bin_names(action), reset_id = id,
    empty = action.empty, seconds = clock.monotonic() - started,
  }
  if action.empty then
    world.report:done("Reset: nothing to clear, the database is empty", step.seconds)
  else
    world.report:done(("Reset: %s moved into the bin (%s)"):format(step.name, table.concat(step.bins, ", ")), step.seconds)
  end
  return step
end

local function purge_surplus(world, db, count, spared)
  -- Who restores a backup may still want what an earlier reset has put aside.
  if world.request and world.request.restore then
    return
  end
  local list, message = resets.list(db)
  if not list then
    world.report:warn("old bins were left alone: " .. message)
    return
  end
  -- Bins of other projects in this database are not ours to purge.
  for _, reset in ipairs(keep.surplus(scope.own(list, world.observed.reset.names), count)) do
    if reset.id ~= spared then
      local text
      text, message = purge.run(db, reset.id, { build_id = world.ledger_build, why = "beyond reset.keep" })
      if text then
        world.report:done(text)
      else
        world.report:warn(("the bin of reset %d was left alone: %s"):format(reset.id, message))
      end
    end
  end
end

--- After all migrations have gone well: the reset is complete, and older bins beyond `keep` go.
-- The bin of this reset stays until the whole run has ended well, since seeds and build may still fail.
-- @tparam table world
-- @tparam table step what bin.run returned
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bin.settle(world, step)
  local ok, message, code, detail = resets.mark(world.db, step.reset_id, "done")
  if not ok then
    return nil, message, code, detail
  end
  purge_surplus(world, world.db, world.settings:get("reset_keep"), step.reset_id)
  return true
end

--- After the whole run has ended well and is noted in the ledger: with `keep` 0 this reset's own bin goes too.
-- What fails here is a warning, since the run itself is done.
-- @tparam table world
function bin.finish(world)
  if world.settings:get("reset_keep") > 0 then
    return
  end
  local db, message = world:database()
  if not db then
    world.report:warn("the bin was left alone: " .. message)
    return
  end
  purge_surplus(world, db, 0)
end

return bin
