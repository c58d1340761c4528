--- The shell block that `tilth flow` takes the place of is still there.
local pipeline_shell_block = {
  id = "pipeline-shell-block",
  about = "`tilth flow` takes the place of the shell block around RESET_DATABASE and RUN_SEED.",
}

local finding = require("tilth.pipeline.finding")
local variable = require("tilth.variable")

local function flag_of(command)
  for _, guard in ipairs(command.guards) do
    for _, condition in ipairs(guard.commands) do
      for name in condition.text:gmatch("%$%{?([%a_][%w_]*)") do
        if variable.is_flag(name) then
          return name
        end
      end
    end
  end
  return nil
end

local function is_prisma(command, ...)
  for _, kind in ipairs({ ... }) do
    if command.tool.kind == kind and command.tool.program == "prisma" then
      return true
    end
  end
  return false
end

-- By file: the first guarded command, the first plain migration, whether `tilth flow` is there.
local function survey(pipeline)
  local order, files = {}, {}
  for _, command in ipairs(pipeline.commands) do
    if command.build then
      local file = files[command.full_path]
      if not file then
        file = {}
        order[#order + 1], files[command.full_path] = file, file
      end
      if is_prisma(command, "reset", "seed") and flag_of(command) then
        file.block = file.block or command
      elseif is_prisma(command, "migrate") then
        file.migrate = file.migrate or command
      elseif command.tool.kind == "flow" then
        file.flow = file.flow or command
      end
    end
  end
  return order
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_shell_block.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, file in ipairs(pipeline and survey(pipeline) or {}) do
    local place = file.block or (file.flow and file.migrate)
    if place and file.flow then
      findings[#findings + 1] = finding.at(pipeline, pipeline_shell_block, place, { severity = "warn",
        message = ("`tilth flow` in line %d does this already; beside it, %s."):format(file.flow.line,
          file.block and "Prisma resets or seeds a second time, without tilth's guards" or "the migrations are run twice"),
        advice = "Remove the Prisma commands; `tilth flow` resets, migrates, seeds and builds. `tilth init` shows the change." })
    elseif place then
      findings[#findings + 1] = finding.at(pipeline, pipeline_shell_block, place, { severity = "note",
        message = ("this block around %s can be one line: `tilth flow`."):format(flag_of(place)),
        advice = "`tilth init` shows the change to amplify.yml. "
          .. "A reset then keeps the old data, and a flag left set does not reset twice." })
    end
  end
  return findings
end

return pipeline_shell_block
