--- What `tilth reset undo` and `tilth reset purge` have in common: open, ask, note in the ledger.
local bins = {}

local environment = require("tilth.environment")
local flow_observe = require("tilth.flow.observe")
local ledger = require("tilth.ledger")
local consent = require("tilth.reset.consent")
local list = require("tilth.reset.list")
local protection = require("tilth.reset.protection")

--- Reads the number of a reset; for the argument parser.
-- @tparam string text
-- @treturn integer
-- @treturn[2] nil
-- @treturn[2] string message
function bins.number(text)
  local number = math.tointeger(tonumber(text))
  if number then
    return number
  end
  return nil, ("\"%s\" is not the number of a reset; `tilth reset list` shows them"):format(text)
end

local function without_ledger(db)
  local head, names = "tilth has no ledger in this database that this role may read", {}
  local unknown, message, code, detail = list.unknown(db)
  if not unknown then
    return nil, message, code, detail
  end
  for index, bin in ipairs(unknown) do
    names[index] = bin.name
  end
  if #names == 0 then
    return nil, "there is nothing in the bin: " .. head, "usage"
  end
  return nil, ("%s, so that it is not known what belongs where. These bins are there: %s"):format(head, table.concat(names, ", ")), "usage",
    { advice = "Run it as the role that owns the schema tilth. " .. list.by_hand(names[#names]) }
end

--- Opens the database with the migration lock, and reads what is in the bins.
-- @tparam table ctx
-- @tparam string command
-- @treturn table world
-- @treturn table rows from reset/list.lua
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bins.open(ctx, command)
  local world, message, code, detail = flow_observe.open(ctx, { command = command })
  if not world then
    return nil, message, code, detail
  end
  local ok, rows
  ok, message, code, detail = world:take_lock()
  if ok then
    world.observed.ledger, message, code, detail = ledger.observe(world.db, world.build)
    ok = world.observed.ledger ~= nil
  end
  if ok and not world.observed.ledger.readable then
    ok, message, code, detail = without_ledger(world.db)
  end
  if ok then
    rows, message, code, detail = list.read(world.db)
  end
  if not rows then
    world:close()
    return nil, message, code, detail
  end
  return world, rows
end

--- Asks at a terminal, wants --force elsewhere, and RESET_DATABASE_CONFIRM on a protected database.
-- @tparam table ctx
-- @tparam table world
-- @tparam string what "bring back reset 3", for the question and the messages
-- @tparam boolean|nil force
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bins.ask(ctx, world, what, force)
  local now, message, code, detail = world.db:value("select to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDDHH24MISS')")
  if not now then
    return nil, message, code, detail
  end
  local typed
  if not force and environment.interactive(world.env, ctx.stdin_is_terminal) then
    ctx.report:progress(("This will %s on %s."):format(what, world.target.text))
    typed = ctx.ask(("Type the database's name (%s) to go on: "):format(world.target.database)) or ""
  end
  return consent.judge({
    what = what, database = world.target.database, now = now, force = force, typed = typed, agent = environment.is_agent(world.env),
    reasons = protection.reasons(world.observed), confirm = world.flags.confirm,
  })
end

--- Runs fn(build_id) between the ledger's notes of begin and end.
-- @tparam table world
-- @tparam string command
-- @tparam string kind of the step, "undo" or "purge"
-- @tparam function fn
-- @treturn ... what fn returned
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function bins.noted(world, command, kind, fn)
  local id, message, code, detail = ledger.begin_build(world.db, {
    build = world.build, command = command, flags = world.flags, environment = world.environment, plan = { actions = { { kind = kind } } },
  })
  if not id then
    return nil, message, code, detail
  end
  local values = table.pack(fn(id))
  local ok = values[1] ~= nil
  local outcome = { ok = ok, steps = { { kind = kind, status = ok and "done" or "failed" } } }
  if not ok then
    outcome.error = { message = values[2], code = values[3] }
  end
  local noted, why = ledger.end_build(world.db, id, outcome, function(text) return world.report:mask(text) end)
  if not noted then
    world.report:warn(why)
  end
  return table.unpack(values, 1, values.n)
end

return bins
