--- tilth history: who did what to this database, from the ledger.
local history_command = {
  summary = "Show what was done to this database: builds, resets, seeds.",
  database = true,
}

local flow_observe = require("tilth.flow.observe")
local ledger = require("tilth.ledger")
local report = require("tilth.report")

local function positive(text)
  local number = math.tointeger(tonumber(text))
  if number and number > 0 then
    return number
  end
  return nil, ("--limit must be a whole number above 0, not %s"):format(text)
end

--- Adds the command's arguments.
-- @tparam Parser parser
function history_command.add_to_parser(parser)
  parser:option("-n --limit", "How many builds, newest first."):argname("N"):default("20"):convert(positive)
end

local function flags_of(build)
  local list = {}
  if build.reset_flag then
    list[#list + 1] = "RESET_DATABASE"
  end
  if build.seed_flag then
    list[#list + 1] = "RUN_SEED"
  end
  return table.concat(list, " ")
end

local function counted(list, kind, one, many)
  local count = 0
  for _, step in ipairs(list) do
    if step.kind == kind and step.status == "done" then
      count = count + 1
    end
  end
  return count > 0 and ("%d %s"):format(count, count == 1 and one or many) or nil
end

local function deeds(build)
  local steps, list = build.outcome and build.outcome.steps or {}, {}
  for _, reset in ipairs(build.resets or {}) do
    list[#list + 1] = ("%s %d (%s)"):format(reset.kind, reset.id, reset.state)
  end
  list[#list + 1] = counted(steps, "backup", "backup", "backups")
  list[#list + 1] = counted(steps, "restore", "restore", "restores")
  list[#list + 1] = counted(steps, "migrate", "migration", "migrations")
  list[#list + 1] = counted(steps, "seed", "seed", "seeds")
  list[#list + 1] = counted(steps, "seed_command", "seed command", "seed commands")
  list[#list + 1] = counted(steps, "step", "step", "steps")
  list[#list + 1] = counted(steps, "purge", "purge", "purges")
  list[#list + 1] = counted(steps, "build", "build", "builds")
  return table.concat(list, ", ")
end

local function rows_of(builds)
  local rows = {}
  for index, build in ipairs(builds) do
    local status = build.status == "lost" and "unfinished" or build.status
    rows[index] = { build.id, build.at, build.command, build.environment or "", status, flags_of(build), deeds(build), build.build }
  end
  return rows
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function history_command.run(args, ctx)
  local world <close>, message, code, detail = flow_observe.open(ctx, { command = "history", read_only = true })
  if not world then
    return nil, message, code, detail
  end
  local seen
  seen, message, code, detail = ledger.observe(world.db, nil, true)
  if not seen then
    return nil, message, code, detail
  elseif seen.exists and not seen.readable then
    return nil, "this role may not read tilth's ledger (the schema tilth)", "42501",
      { advice = "Let its owner run: GRANT USAGE ON SCHEMA tilth TO ...; GRANT SELECT ON ALL TABLES IN SCHEMA tilth TO ..." }
  elseif not seen.exists then
    return { text = "tilth has not worked on this database yet.", data = { builds = {} } }
  end
  local builds
  builds, message, code, detail = ledger.history(world.db, args.limit)
  if not builds then
    return nil, message, code, detail
  end
  local head = seen.environment and ("Marked as %s since %s UTC, by %s.\n\n"):format(
    seen.environment, seen.environment_at or "?", seen.environment_by or "?") or ""
  local text = head .. report.table({ "id", "when (UTC)", "command", "environment", "outcome", "flags", "did", "build" }, rows_of(builds))
  return { text = text, data = { environment = seen.environment, environment_at = seen.environment_at,
    environment_by = seen.environment_by, builds = builds } }
end

return history_command
