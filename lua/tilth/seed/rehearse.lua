--- Runs seeds in one transaction that is always rolled back: for dry runs, and to prove that they are idempotent.
local rehearse = {}

local array = require("tilth.array")
local counters = require("tilth.seed.counters")
local run = require("tilth.seed.run")

--- The world as the seeds of a rehearsal see it: nothing is recorded, and each seed is a savepoint of the one transaction.
local function view(world)
  return setmetatable({ dry_run = true }, { __index = world })
end

--- Calls fn(world) in a transaction that ends in a rollback, whatever fn returns.
local function within(world, fn)
  local results
  local _, message, code, detail = world.db:transaction(function()
    results = table.pack(fn(view(world)))
    return nil, "rolled back"
  end)
  if not results then
    return nil, message, code, detail
  end
  return table.unpack(results, 1, results.n)
end

local function run_all(world, actions, on_step)
  local steps = {}
  for _, action in ipairs(actions) do
    local step, message, code, detail
    if on_step then
      step, message, code, detail = on_step(action)
    else
      step, message, code, detail = run.run(world, action)
    end
    if not step then
      return nil, message, code, detail
    end
    steps[#steps + 1] = step
  end
  return steps
end

--- What a rehearsal has changed in spite of its rollback: sequences do not take numbers back. Pure.
-- @tparam table moved names of sequences
-- @treturn string
function rehearse.rolled_back(moved)
  if #moved == 0 then
    return "Rolled back: nothing has changed."
  end
  return "Rolled back: no row has changed; these sequences have moved on: " .. table.concat(moved, ", ")
end

--- Runs the seeds once and rolls back.
-- @param world   { db, report, project, settings, environment, build, state }
-- @param actions list of "seed" actions
-- @return list of steps with counts, names of the sequences that moved | nil, message, code, detail
function rehearse.once(world, actions)
  local before = counters.sequences(world.db)
  local steps, message, code, detail = within(world, function(inside)
    return run_all(inside, actions)
  end)
  if not steps then
    return nil, message, code, detail
  end
  return steps, counters.moved(before, counters.sequences(world.db))
end

local function sum_changes(list, changes, site, verb)
  for _, change in ipairs(changes) do
    change.site, change.verb = site, verb
    list[#list + 1] = change
  end
end

--- Runs a seed the second time, and notes after each statement what the server has counted.
local function watched(world, action, before)
  local opened = run.session(world, action)
  local changes = {}
  local function look(verb, site)
    -- A verb's rows may still be gathered; its line is only right once they are written.
    opened:flush()
    local now = counters.read(world.db)
    if now then
      sum_changes(changes, counters.difference(before.tables, now), site, verb)
      before.tables = now
    end
  end
  opened.on_statement = look
  local ok, message, code, detail = world.db:savepoint(function()
    return run.body(world, action, opened)
  end)
  if not ok then
    return nil, ("seed %s, second run: %s"):format(action.name, message), code, detail
  end
  look("end of the seed", nil)
  return { kind = "seed", name = action.name, changes = changes }
end

--- Tells which of the changes left the content as it was, and adds tables whose content has changed though no row was counted.
-- A materialized view that is as it was has not changed: it can only be made anew as a whole.
local function compare_content(steps, before, after)
  local counted, last = {}, steps[#steps]
  for _, step in ipairs(steps) do
    local changes = {}
    for _, change in ipairs(step.changes) do
      counted[change.table] = true
      change.same_content = before[change.table] ~= nil and before[change.table] == after[change.table]
      if not (change.derived and change.same_content) then
        changes[#changes + 1] = change
      end
    end
    step.changes = changes
  end
  for _, name in ipairs(array.sorted_keys(before)) do
    if last and not counted[name] and after[name] ~= before[name] then
      last.changes[#last.changes + 1] = { table = name, inserted = 0, updated = 0, deleted = 0, same_content = false }
    end
  end
end

local function second_pass(world, actions)
  local db = world.db
  local touched, message, code, detail = counters.read(db)
  if not touched then
    return nil, message, code, detail
  end
  local content = counters.content(db, touched)
  local sequences = counters.sequences(db)
  local before = { tables = touched }
  local again = {}
  for _, action in ipairs(actions) do
    -- A seed that runs once need not bear to run twice.
    again[#again + 1] = not action.once and action or nil
  end
  local steps
  steps, message, code, detail = run_all(world, again, function(action)
    return watched(world, action, before)
  end)
  if not steps then
    return nil, message, code, detail
  end
  compare_content(steps, content, counters.content(db, touched))
  return { steps = steps, moved = counters.moved(sequences, counters.sequences(db)) }
end

--- Runs the seeds twice and rolls back.
-- @param world   as of `once`
-- @param actions list of "seed" actions
-- @return { steps = list of { name, changes = list of { table, inserted, updated, deleted, site, verb, derived, same_content } },
--   moved = names of sequences that the second run moved, used = those that either moved } | nil, message, code, detail
function rehearse.twice(world, actions)
  local before = counters.sequences(world.db)
  local found, message, code, detail = within(world, function(inside)
    local first, why, word, more = run_all(inside, actions)
    if not first then
      return nil, why, word, more
    end
    return second_pass(inside, actions)
  end)
  if not found then
    return nil, message, code, detail
  end
  found.used = counters.moved(before, counters.sequences(world.db))
  return found
end

return rehearse
