--- `a && b || c`, which runs c also when b fails.
local pipeline_precedence = {
  id = "pipeline-precedence",
  about = "`a && b || c` is no if-else: c runs also when b fails.",
}

local finding = require("tilth.pipeline.finding")

local HARMLESS <const> = { ["true"] = true, [":"] = true, echo = true, printf = true, exit = true, ["return"] = true, ["false"] = true }

-- Only where a database, its URL or secrets are at stake: elsewhere it is a matter of taste.
local function matters(pipeline, command, handler)
  for _, one in ipairs({ command, handler }) do
    if next(pipeline:does(one)) or one.text:find("DATABASE", 1, true) or one.text:find("_URL", 1, true) or one.text:find("%.env")
      or one.text:lower():find("secret") then
      return true
    end
  end
  return false
end

local function deletes(pipeline, command)
  local kinds = pipeline:does(command)
  return kinds.reset or kinds.push or kinds.drop
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_precedence.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    local item = command.list and command.list.items[command.index]
    local following = command.list and command.list.items[command.index + 1]
    local handler = command.handler and command.handler.op == "||" and command.handler.commands[1]
    if command.build and item and item.op == "&&" and following and following.op == "||" and handler
      and not HARMLESS[handler.words[1] or ""] and not deletes(pipeline, handler) and matters(pipeline, command, handler) then
      findings[#findings + 1] = finding.at(pipeline, pipeline_precedence, command, { severity = "warn",
        message = "`a && b || c` runs c also when b fails, not only when a does not hold.",
        advice = "Write `if a; then b; else c; fi`: then a failure of b stops the build." })
    end
  end
  return findings
end

return pipeline_precedence
