--- What the build step will run. Pure.
local plan = {}

--- The build action: package.json's build script, else the command of tilth.config.lua.
-- @param observed observed.project.package.build and observed.project.config.build are looked at
-- @return actions  a list of none or one { kind = "build", argv, text, cwd }
-- @return skipped  a list of none or one { kind = "build", why, conclusion = true: see migrate/plan.lua }
function plan.actions(observed)
  local project = observed.project
  if project.package and project.package.build then
    return { { kind = "build", name = "npm run build", argv = { "npm", "run", "build" }, cwd = project.package.dir or project.root } }, {}
  end
  local command = project.config and project.config.build
  if type(command) == "string" then
    return { { kind = "build", name = command, argv = { "sh", "-c", command }, cwd = project.root } }, {}
  elseif type(command) == "table" then
    return { { kind = "build", name = table.concat(command, " "), argv = command, cwd = project.root } }, {}
  end
  return {}, { {
    kind = "build",
    why = "Nothing to build: package.json has no build script and tilth.config.lua names no build command.",
    conclusion = true,
  } }
end

return plan
