--- A failed migration, seed or reset that the build does not notice.
local pipeline_failure_swallowed = {
  id = "pipeline-failure-swallowed",
  about = "A build stops when a migration or a seed fails.",
}

local finding = require("tilth.pipeline.finding")

local NAMES <const> = { { "flow", "`tilth flow`" }, { "migrate", "the migration" }, { "reset", "the reset" }, { "seed", "the seed" } }
local MATTERS <const> = { "flow", "migrate", "reset", "seed", "push" }

local ADVICE <const> = "Let it fail, so that the build stops and the version before stays live. "
local SEED_ADVICE <const> = ADVICE .. "A seed that may run again (`tilth seed`, with db:upsert and db:ensure) has no failures to hide."

local function subject_of(kinds)
  for _, entry in ipairs(NAMES) do
    if kinds[entry[1]] then
      return entry[2], entry[1]
    end
  end
  return nil
end

local function ends_build(command)
  local word, argument = command.words[1], command.words[2]
  if word == "exit" or word == "return" then
    return argument ~= "0"
  end
  return word == "false"
end

-- What runs after a failure: does the failure still count?
local function handler_keeps(pipeline, handler)
  for _, command in ipairs(handler.commands) do
    if ends_build(command) then
      return true
    end
    local kinds = pipeline:does(command)
    for _, kind in ipairs(MATTERS) do
      -- Tried again, or made worse: the latter has a check of its own.
      if kinds[kind] or kinds.drop then
        return true
      end
    end
    if command.tool.program == "prisma" or command.tool.program == "tilth" then
      return true
    end
  end
  return false
end

local function describe_lost(lost)
  if lost.how == "goes on" and lost.set_line then
    return ("`set +e` in line %d lets line %d run all the same"):format(lost.set_line, lost.line)
  elseif lost.how == "goes on" or lost.how == "chain" then
    return ("what follows in line %d runs all the same%s"):format(lost.line,
      lost.how == "chain" and ", because `set -e` overlooks all but the last of a chain of &&" or "")
  elseif lost.how == "pipe" then
    return ("the status of the pipe is that of its last command%s"):format(lost.to and ", `" .. lost.to .. "`" or "")
  elseif lost.how == "background" then
    return "`&` runs it in the background, where nobody waits for its status"
  elseif lost.how == "after_script" then
    return "GitLab ignores the failures of `after_script`"
  end
  return ("`%s` in line %d hides it"):format(lost.how, lost.line)
end

local function judge(pipeline, command)
  if command.handler then
    if handler_keeps(pipeline, command.handler) then
      return nil
    elseif command.handler.op == "if" then
      return "an `if` decides on its status and the build goes on", "warn"
    end
    local first = command.handler.commands[1]
    return ("`|| %s` hides it"):format(first and finding.mask(first.text) or "..."), "warn"
  elseif not command.lost then
    return nil
  end
  -- Whether a block of several lines stops at the first failure is for the service to say.
  local unsure = command.lost.how == "goes on" and command.lost.ended == "\n" and not command.lost.set_line and command.kind == "amplify"
  return describe_lost(command.lost), unsure and "note" or "warn"
end

local function advice_for(command, kind)
  local lost = command.lost
  if lost and lost.how == "goes on" and not lost.set_line then
    return ADVICE .. (lost.ended == ";" and "Write `&&` in the place of `;`."
      or "Begin the script with `set -e`, or put each command into an entry of its own.")
  elseif lost and lost.how == "pipe" then
    return ADVICE .. "Begin with `set -o pipefail`."
  elseif lost and lost.how == "chain" then
    return ADVICE .. "Put it on a line of its own."
  end
  return kind == "seed" and SEED_ADVICE or ADVICE .. "Remove what hides the failure."
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_failure_swallowed.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    local subject, kind = subject_of(pipeline:does(command))
    if subject and command.build and not command.context.scratch and not command.substitution then
      local why, severity = judge(pipeline, command)
      if why then
        findings[#findings + 1] = finding.at(pipeline, pipeline_failure_swallowed, command, { severity = severity,
          message = ("when %s fails, the build goes on: %s."):format(subject, why), advice = advice_for(command, kind) })
      end
    end
  end
  return findings
end

return pipeline_failure_swallowed
