--- A build that resets, pushes or drops without being asked.
local pipeline_data_loss = {
  id = "pipeline-data-loss",
  about = "No build resets, pushes or drops a database without being asked.",
}

local finding = require("tilth.pipeline.finding")
local variable = require("tilth.variable")

local function asked(command)
  for _, guard in ipairs(command.guards) do
    for _, condition in ipairs(guard.commands) do
      for name in condition.text:gmatch("%$%{?([%a_][%w_]*)") do
        if variable.is_flag(name) and not guard.negated then
          return true
        end
      end
    end
  end
  return false
end

-- What runs only because a migration failed has a check of its own.
local function handlers(pipeline)
  local set = {}
  for _, command in ipairs(pipeline.commands) do
    local kinds = pipeline:does(command)
    for _, handler in ipairs((kinds.migrate or kinds.flow) and command.handler and command.handler.commands or {}) do
      set[handler] = true
    end
  end
  return set
end

local FLOW_ADVICE <const> = "Write `tilth flow`: it resets only when RESET_DATABASE is true, once, and keeps the old data in a bin."

local function judge(command)
  local found = command.tool
  if found.forces_reset then
    return "`--force-reset` deletes all data in every build",
      "Remove it. Deploy schema changes as migrations: `npx prisma migrate dev` at home, `tilth flow` in the build."
  elseif found.accepts_loss then
    return "`--accept-data-loss` drops columns and tables with their data, without a word",
      "Remove it. Deploy schema changes as migrations: `npx prisma migrate dev` at home, `tilth flow` in the build."
  elseif found.kind == "push" then
    return "`db push` changes the database past the migration history, so that later migrations fail or lose data",
      "Deploy schema changes as migrations: `npx prisma migrate dev` at home, `tilth flow` in the build."
  elseif found.kind == "reset" and not asked(command) then
    return "this resets the database in every build", FLOW_ADVICE
  elseif found.kind == "drop" and not asked(command) then
    return "this drops data in every build", FLOW_ADVICE
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_data_loss.run(observed)
  local pipeline, findings = observed.pipeline, {}
  if not pipeline then
    return findings
  end
  local handled = handlers(pipeline)
  for _, command in ipairs(pipeline.commands) do
    if command.build and not command.context.scratch and not handled[command] then
      local message, advice = judge(command)
      if message then
        findings[#findings + 1] = finding.at(pipeline, pipeline_data_loss, command, {
          severity = "warn", message = message .. ".", advice = advice,
        })
      end
    end
  end
  return findings
end

return pipeline_data_loss
