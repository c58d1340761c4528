--- Probe: what the database's history of migrations says, and what a deployment would do.
local answer = require("tilth.doctor.answer")
local observe = require("tilth.migrate.observe")
local status = require("tilth.migrate.status")

-- The checks of a deployment that look at migrations alone.
local CHECKS <const> = {
  "migration_not_empty", "migration_failed", "migration_file", "migration_edited", "migration_missing", "migration_order",
}

local LABELS <const> = {
  { "applied", "applied" }, { "pending", "pending" }, { "failed", "failed" }, { "stopped", "stopped half-way" },
  { "edited", "edited since" }, { "missing", "not in this checkout" },
}

local function counts(classes)
  local parts = {}
  for _, label in ipairs(LABELS) do
    local list = classes[label[1]]
    if #list > 0 then
      parts[#parts + 1] = ("%d %s"):format(#list, label[2])
    end
  end
  if not classes.history then
    table.insert(parts, 1, "no history yet")
  end
  return #parts > 0 and table.concat(parts, ", ") or "empty"
end

local function findings_of(observed)
  local blocked, warned
  for _, name in ipairs(CHECKS) do
    for _, finding in ipairs(require("tilth.check." .. name).run(observed, nil)) do
      if finding.severity == "block" then
        blocked = blocked or finding
      elseif finding.severity == "warn" then
        warned = warned or {}
        warned[#warned + 1] = finding
      end
    end
  end
  return blocked, warned
end

local function told(finding)
  return finding.message .. (finding.advice and "\n" .. finding.advice or "")
end

local function run(world)
  local observed, message, code, detail = observe.observe(world.db, world.project, world.settings)
  if not observed then
    return answer.failure(message, code, detail)
  end
  observed.project = world.project
  local text = counts(status.classes(observed))
  local blocked, warned = findings_of(observed)
  if blocked then
    return answer.failure(("%s\n%s"):format(text, blocked.message), blocked.code or "unsafe",
      { exit = blocked.exit, advice = blocked.advice })
  elseif warned then
    local lines = {}
    for index, finding in ipairs(warned) do
      lines[index] = told(finding)
    end
    return answer.warn(text, table.concat(lines, "\n"))
  end
  return answer.ok(text)
end

return { id = "history", needs = { "login", "migrations" }, run = run }
