--- Runs every safety check over what was observed and planned. Pure: findings, no deeds.
local review = {}

local check = require("tilth.check")

local RANK = { block = 1, warn = 2, note = 3 }

--- The findings of all checks, the gravest first.
-- @param observed what the world is like
-- @param plan     what is to be done
-- @return list of findings
function review.run(observed, plan)
  local findings = check.run(observed, plan)
  for i, finding in ipairs(findings) do
    finding.order = i
  end
  table.sort(findings, function(a, b)
    if RANK[a.severity] ~= RANK[b.severity] then
      return RANK[a.severity] < RANK[b.severity]
    end
    return a.order < b.order
  end)
  for _, finding in ipairs(findings) do
    finding.order = nil
  end
  return findings
end

--- The first finding that forbids to go on.
-- @param findings list
-- @return finding, or nil
function review.blocked(findings)
  for _, finding in ipairs(findings) do
    if finding.severity == "block" then
      return finding
    end
  end
  return nil
end

return review
