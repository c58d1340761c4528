--- Migrations of pull requests on the database that all share.
local pipeline_preview = {
  id = "pipeline-preview",
  about = "Pull requests do not migrate a database that others use.",
}

local finding = require("tilth.pipeline.finding")

local ADVICE <const> = "Give previews a database of their own, or skip the step: "
  .. "`if [ -z \"$AWS_PULL_REQUEST_ID\" ]; then %s;%s fi`."

--- The step as the file has it, to be copied, where it is plain words; a URL in it is nobody's to see.
local function advice_for(command, is_flow)
  local line = is_flow and table.concat(command.words, " ") or ""
  line = line:find("^[%w%s./-]+$") and line or "tilth flow"
  return ADVICE:format(line, line:find(" --no-build", 1, true) and "" or " else npm run build;")
end

-- `[ "$AWS_BRANCH" = "main" ]`: a preview's branch has another name.
local function for_one_branch(command)
  for _, guard in ipairs(command.guards or {}) do
    for _, node in ipairs(guard.nodes) do
      local words = " " .. table.concat(node.words, " ") .. " "
      if words:find("$AWS_BRANCH ", 1, true) and not guard.negated and not words:find(" != ", 1, true) then
        return true
      end
    end
  end
  return false
end

local function tells_previews_apart(pipeline, command)
  if for_one_branch(command) then
    return true
  end
  for _, line in ipairs(pipeline.texts[command.full_path] or {}) do
    if line:find("AWS_PULL_REQUEST_ID", 1, true) then
      return true
    end
  end
  return false
end

local function judge(pipeline, command, observed, asked, is_flow)
  if command.context.pull_request then
    return "warn", "this runs for pull requests: code that nobody has agreed to yet changes the database.",
      "Run it on pushes to the branch alone (`on: push`), or give the job a database of its own (`services: postgres`)."
  elseif command.kind ~= "amplify" or tells_previews_apart(pipeline, command) then
    return nil
  elseif observed.build and observed.build.kind == "amplify" and observed.build.pull_request then
    return "warn", "this build is the preview of a pull request, and migrates the database that DATABASE_URL names.",
      advice_for(command, is_flow)
  elseif asked then
    return "note", "if pull request previews are on for this app, they migrate the same database: variables hold for all branches.",
      advice_for(command, is_flow)
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function pipeline_preview.run(observed, plan)
  local pipeline, findings, told = observed.pipeline, {}, {}
  local asked = plan and plan.request and plan.request.command == "check"
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    local kinds = pipeline:does(command)
    if (kinds.migrate or kinds.flow or kinds.push) and command.build and not command.context.scratch and not told[command.full_path] then
      local severity, message, advice = judge(pipeline, command, observed, asked, kinds.flow)
      if severity then
        told[command.full_path] = true
        findings[#findings + 1] = finding.at(pipeline, pipeline_preview, command, {
          severity = severity, message = message, advice = advice,
        })
      end
    end
  end
  return findings
end

return pipeline_preview
