--- Runs the safety checks: the built-in ones and a team's own from tilth.config.lua.
local check = {}

-- The order matters: of several refusals the first one is told. A check that is about one request only (reset, seed,
-- pipeline) is not even loaded for another.
local BUILT_IN <const> = {
  { "migration_prisma8" }, { "migration_provider" }, { "migration_not_empty" }, { "migration_failed" }, { "migration_file" },
  { "reset_without_ledger", "reset" }, { "reset_impossible", "reset" }, { "reset_coding_agent", "reset" },
  { "reset_stale_flag", "reset" }, { "reset_confirm_mismatch", "reset" }, { "reset_protected", "reset" }, { "reset_disk", "reset" },
  { "database_ahead", "reset", "seed" }, { "environment_disagreement" }, { "flag_looks_meant" },
  { "seed_flag_left_set", "seed" }, { "reset_notice", "reset" },
  { "migration_missing" }, { "migration_edited" }, { "migration_order" },
  { "pipeline_failure_destroys", "pipeline" }, { "pipeline_data_loss", "pipeline" }, { "pipeline_migrate_dev", "pipeline" },
  { "pipeline_failure_swallowed", "pipeline" }, { "pipeline_precedence", "pipeline" }, { "pipeline_flag_committed", "pipeline" },
  { "pipeline_secret_committed", "pipeline" }, { "pipeline_env_grep", "pipeline" }, { "pipeline_backup_published", "pipeline" },
  { "pipeline_pooled_url", "pipeline" }, { "pipeline_tls_off", "pipeline" }, { "pipeline_protection_bypassed", "pipeline" },
  { "pipeline_preview", "pipeline" }, { "pipeline_shell_block", "pipeline" }, { "pipeline_not_understood", "pipeline" },
}
local SEVERITIES <const> = { block = true, warn = true, note = true }
local REFUSED <const> = 3

local function config_of(observed)
  return observed.project and observed.project.config or {}
end

--- The built-in checks.
-- @treturn table list of { id, about, run }
function check.built_in()
  local list = {}
  for index, entry in ipairs(BUILT_IN) do
    list[index] = require("tilth.check." .. entry[1])
  end
  return list
end

local function concerns(entry, request)
  -- Without a database only what needs none can be judged.
  if request and request.offline then
    return entry[2] == "pipeline" or entry[1] == "flag_looks_meant"
  elseif #entry == 1 or not request then
    return true
  end
  for index = 2, #entry do
    if request[entry[index]] then
      return true
    end
  end
  return false
end

--- The modules of the checks that concern a request.
-- @tparam table request what is wanted
-- @treturn table list of names
function check.modules(request)
  local names = {}
  for _, entry in ipairs(BUILT_IN) do
    if concerns(entry, request) then
      names[#names + 1] = "tilth.check." .. entry[1]
    end
  end
  return names
end

-- A team's check that is broken must not let anything pass.
local function broken(id, why)
  return { { id = id, severity = "block", exit = REFUSED, message = ("the check %s in tilth.config.lua failed: %s"):format(id, why),
    advice = "Mend the check; until then nothing is changed." } }
end

local function normal(id, finding)
  if type(finding) ~= "table" or type(finding.message) ~= "string" or not SEVERITIES[finding.severity or "block"] then
    return nil
  end
  local copy = {}
  for key, value in pairs(finding) do
    copy[key] = value
  end
  copy.id, copy.severity = finding.id or id, finding.severity or "block"
  return copy
end

local function run_own(id, own, observed, plan)
  local ok, found = require("tilth.limits").settle(tostring, own, observed, plan)
  if not ok then
    return broken(id, found)
  elseif found == nil then
    return {}
  elseif type(found) ~= "table" then
    return broken(id, "it returned a " .. type(found) .. " and not a list of findings")
  end
  -- A single finding need not be wrapped in a list.
  local list, findings = found.message and { found } or found, {}
  for index, finding in ipairs(list) do
    findings[index] = normal(id, finding)
    if not findings[index] then
      return broken(id, ("finding %d needs a message, and a severity out of block, warn, note"):format(index))
    end
  end
  return findings
end

-- What was softened is still said, with the reason that somebody gave for it.
local function apply_change(finding, change)
  if not change or change.severity == finding.severity then
    return finding
  end
  finding.changed = { from = finding.severity, to = change.severity, reason = change.reason }
  finding.message = ("%s (%s turned from %s to %s in tilth.config.lua: %s)"):format(
    finding.message, finding.id, finding.severity, change.severity, change.reason)
  finding.severity = change.severity == "off" and "note" or change.severity
  finding.exit = finding.severity == "block" and REFUSED or nil
  finding.code = finding.severity == "block" and finding.code or nil
  if change.severity == "off" then
    finding.advice = nil
  end
  return finding
end

-- A slip in a check's id would change nothing, without a word. A team's own checks have ids that are not known here.
local function unknown_ids(config)
  local ids, known, found = {}, {}, {}
  for index, entry in ipairs(BUILT_IN) do
    ids[index] = entry[1]:gsub("_", "-")
    known[ids[index]] = true
  end
  for id in pairs(config.severities or {}) do
    local nearest = not known[id] and require("tilth.suggest").nearest(id, ids)
    if nearest or not known[id] and not config.checks then
      found[#found + 1] = { id = "severity-unknown", severity = "warn",
        message = ("tilth.config.lua gives another severity to \"%s\", and no check is called so"):format(id)
          .. (nearest and (". Did you mean \"%s\"?"):format(nearest) or ""),
        advice = "`tilth check --list` has the names." }
    end
  end
  table.sort(found, function(a, b)
    return a.message < b.message
  end)
  return found
end

--- Runs every check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings: { id, severity, message, advice, code, exit, changed }
function check.run(observed, plan)
  local config, findings = config_of(observed), {}
  local function add(list)
    for _, finding in ipairs(list) do
      findings[#findings + 1] = apply_change(finding, config.severities and config.severities[finding.id])
    end
  end
  for _, name in ipairs(check.modules(plan.request)) do
    add(require(name).run(observed, plan))
  end
  if config.severities then
    add(unknown_ids(config))
  end
  -- A team's own checks may look at anything, so they need all that a flow observes.
  for index, own in ipairs(not (plan.request and plan.request.offline) and config.checks or {}) do
    add(run_own("team-check-" .. index, own, observed, plan))
  end
  return findings
end

return check
