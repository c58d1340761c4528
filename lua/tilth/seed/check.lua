--- Proves that seeds are idempotent: what a second run changes, said and judged.
local check = {}

local json = require("tilth.json")
local rehearse = require("tilth.seed.rehearse")

local function change_text(change)
  local words = {}
  for _, kind in ipairs({ "inserted", "updated", "deleted" }) do
    if change[kind] ~= 0 then
      words[#words + 1] = ("%s %d"):format(kind, change[kind])
    end
  end
  local table_name = change.table:gsub("^public%.", "")
  if #words == 0 then
    return table_name .. ": its content differs, though no row was counted (TRUNCATE, ALTER TABLE)"
  end
  local text = ("%s: %s"):format(table_name, table.concat(words, ", "))
  if change.same_content then
    text = text .. " (with the same content: rows were written again for nothing)"
  end
  return (change.site and change.site .. ": " or "") .. text
end

local ADVICE <const> = "Write with db:upsert or db:ensure and a key, or guard the statement "
  .. "(where not exists, is distinct from), so that a second run finds nothing to do."

--- Judges what `rehearse.twice` found. Pure.
-- @param found { steps, moved, used }
-- @return { ok, seeds = list of { name, ok, changes }, moved, used, lines }
function check.judge(found)
  local verdict = { ok = true, seeds = {}, moved = json.array(found.moved), used = json.array(found.used or {}), lines = {} }
  for index, step in ipairs(found.steps) do
    local good = #step.changes == 0
    verdict.ok = verdict.ok and good
    verdict.seeds[index] = { name = step.name, ok = good, changes = json.array(step.changes) }
    verdict.lines[#verdict.lines + 1] = ("seed %s: %s"):format(step.name, good and "the second run changed nothing"
      or "the second run changed data")
    for _, change in ipairs(step.changes) do
      verdict.lines[#verdict.lines + 1] = "  " .. change_text(change)
    end
  end
  if #found.moved > 0 then
    verdict.lines[#verdict.lines + 1] = "note: the second run moved sequences (numbers are used up, no data changes): "
      .. table.concat(found.moved, ", ")
  end
  return verdict
end

--- Runs the seeds twice in a transaction, rolls back, and judges.
-- @param world   { db, report, project, settings, environment, build, state }
-- @param actions list of actions; other kinds than "seed" are left out
-- @return verdict
-- @return nil, message, code, detail: a seed failed, or (code "failed", detail.verdict) changed data the second time
function check.run(world, actions)
  local seeds = {}
  for _, action in ipairs(actions) do
    if action.kind == "seed" then
      seeds[#seeds + 1] = action
    end
  end
  local found, message, code, detail = rehearse.twice(world, seeds)
  if not found then
    return nil, message, code, detail
  end
  local verdict = check.judge(found)
  if verdict.ok then
    return verdict
  end
  return nil, "the seeds are not idempotent: run twice, they change data twice\n" .. table.concat(verdict.lines, "\n"), "failed",
    { advice = ADVICE, verdict = verdict, data = { seeds = verdict.seeds, moved = verdict.moved, used = verdict.used } }
end

return check
