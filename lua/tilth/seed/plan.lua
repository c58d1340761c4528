--- From the seeds that were observed to the actions. Pure.
local plan = {}

local array = require("tilth.array")
local command = require("tilth.seed.command")
local order = require("tilth.seed.order")

local NO_SEEDS <const> = "No seeds: the project has no seeds/*.lua, and package.json names no command under prisma.seed."

--- What to know where the tables may be others than those that the seed has written to: Prisma's reset leaves the ledger.
local function made_anew(observed, record)
  local history, what = observed.history or {}, nil
  if history.exists and history.began and record.at and history.began > record.at then
    what = ("The history of migrations begins later, on %s UTC"):format(history.began)
  elseif history.exists == false and #(observed.migrations or {}) > 0 and #(observed.objects or {}) == 0 then
    what = "There are no tables now"
  end
  return what and (" " .. what .. ": if another tool has emptied the database since (prisma migrate reset does), "
    .. "`tilth reset --seed` makes the tables anew and runs the seed in them.") or ""
end

local function after_once(seed, record, observed)
  local when = record.at and (" on " .. record.at .. " UTC") or ""
  if record.sha256 == seed.sha256 then
    local why = ("Seed %s: runs once, and has run%s.%s"):format(seed.name, when, made_anew(observed, record))
    return { kind = "seed", name = seed.name, why = why }
  end
  return {
    kind = "seed", name = seed.name, changed = true,
    why = ("Seed %s: runs once and has run%s, but its file has changed since. It is not run again; "
      .. "put the change into a new seed, or take `once` away."):format(seed.name, when),
  }
end

--- Why a seed is left out, or nil.
local function left_out(seed, observed)
  local current = observed.environment and observed.environment.name
  if seed.environments and not array.has(seed.environments, current) then
    return {
      kind = "seed", name = seed.name,
      why = ("Seed %s: only for %s, this is %s."):format(seed.name, table.concat(seed.environments, ", "), tostring(current)),
    }
  end
  local ledger = observed.ledger
  local record = seed.once and ledger and ledger.seeds and ledger.seeds[seed.name]
  if record then
    return after_once(seed, record, observed)
  end
end

local function command_action(found, request)
  local argv = command.split(found.text)
  for _, word in ipairs(request.seed_args or {}) do
    argv[#argv + 1] = word
  end
  return { kind = "seed_command", argv = argv, text = table.concat(argv, " "), name = "prisma.seed", from = found.from }
end

local function add_once(skipped, skip)
  for _, entry in ipairs(skipped) do
    if entry.name == skip.name then
      return
    end
  end
  skipped[#skipped + 1] = skip
end

-- What a wanted seed needs is not run for one that is left out itself.
local function to_run(seeds, observed, names, skipped)
  local kept = {}
  for _, name in ipairs(names) do
    local skip = left_out(assert(order.find(seeds, name)), observed)
    if skip then
      skipped[#skipped + 1] = skip
    else
      kept[#kept + 1] = name
    end
  end
  return kept
end

--- The seeds to run, in order.
-- @param observed `seeds` (of seed.observe), `environment`, `ledger`
-- @param request  `seeds` (names | nil), `only`, `seed_args`
-- @return list of actions, list of { kind, name, why }
function plan.actions(observed, request)
  local seeds = observed.seeds or {}
  if #seeds == 0 then
    if seeds.command then
      return { command_action(seeds.command, request) }, {}
    end
    return {}, { { kind = "seed", why = NO_SEEDS } }
  end
  local actions, skipped, names = {}, {}, request.seeds
  if names and #names > 0 then
    names = to_run(seeds, observed, names, skipped)
    if #names == 0 then
      return actions, skipped
    end
  end
  -- The names have been checked when the seeds were observed.
  for _, seed in ipairs(assert(order.select(seeds, names, request.only))) do
    local skip = left_out(seed, observed)
    if skip then
      add_once(skipped, skip)
    else
      actions[#actions + 1] = {
        kind = "seed", name = seed.name, path = seed.path, shown = seed.shown, file_kind = seed.kind,
        sha256 = seed.sha256, once = seed.once, description = seed.description,
        ready = seed.ready,
      }
    end
  end
  return actions, skipped
end

return plan
