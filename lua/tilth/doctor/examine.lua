--- Runs the probes in order; one whose ground has given way is left out, with the name of what broke it.
local examine = {}

local exit_status = require("tilth.exit_status")

--- The probes, from nothing to ready.
local PROBES <const> = {
  "project", "environment", "url", "dns", "tcp", "tls", "login", "server", "pooler", "clock", "rights", "ledger", "lock",
  "migrations", "history", "seeds", "flags", "disk", "tools",
}

--- The built-in probes: { id, needs = { ids }, run = function(world) -> answer }.
-- @treturn table list
function examine.probes()
  local list = {}
  for index, name in ipairs(PROBES) do
    list[index] = require("tilth.doctor." .. name)
  end
  return list
end

--- The probe that opens the session; one that is lost later fails those that need it as well.
local SESSION <const> = "login"

-- The probe at the root of the trouble: what was left out itself points on to its own cause.
local function obstacle(probe, by_id, lost)
  for _, id in ipairs(probe.needs or {}) do
    local needed = by_id[id]
    if id == SESSION and lost then
      return lost
    elseif needed and needed.state == "fail" then
      return id
    elseif needed and needed.because then
      return needed.because
    end
  end
  return nil
end

local function run_probe(probe, world, by_id, lost)
  local because = obstacle(probe, by_id, lost)
  if because then
    return { state = "skip", message = ("not looked at, because %s failed"):format(because), because = because }
  end
  return probe.run(world)
end

--- Runs probes.
-- @tparam table probes list of { id, needs, run }
-- @tparam table world what is known so far; each probe adds to it
-- @tparam[opt] function said called with each answer as it comes
-- @treturn table list of { id, state = "ok" | "warn" | "fail" | "skip", message, advice, code, because }
function examine.run(probes, world, said)
  local answers, by_id, lost = {}, {}, nil
  for index, probe in ipairs(probes) do
    local found = run_probe(probe, world, by_id, lost)
    found.id = probe.id
    lost = lost or (found.lost and probe.id) or nil
    answers[index], by_id[probe.id] = found, found
    if said then
      said(found)
    end
  end
  return answers
end

--- The exit status: that of the first failure, which is the nearest to the cause.
-- @tparam table answers list
-- @treturn integer 0 ready, 1 a local cause, 2 configuration, 4 the database is out of reach
function examine.exit(answers)
  for _, found in ipairs(answers) do
    if found.state == "fail" then
      return exit_status.of(found.code, { exit = found.exit })
    end
  end
  return exit_status.DONE
end

return examine
