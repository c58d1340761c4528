--- The exact steps to take a flag away, for the service that builds. Pure.
local removal = {}

local STEPS <const> = {
  amplify = "In the Amplify console: open the app%s, then Hosting > Environment variables (formerly App settings > Environment "
    .. "variables), Manage variables, and remove %s%s. A variable that is set for all branches has to be removed there. Save; the "
    .. "next build runs without it.",
  github = "Remove %s from the workflow's env, or from Settings > Secrets and variables > Actions > Variables.",
  gitlab = "Remove %s from .gitlab-ci.yml, or from Settings > CI/CD > Variables.",
  ci = "Remove %s from the variables of the build.",
}

--- Says how a flag is removed.
-- @tparam string name of the variable
-- @tparam table build the build identity
-- @tparam string|nil source where the value came from: "environment" or a file
-- @treturn string
function removal.steps(name, build, source)
  if source and source ~= "environment" then
    return ("Remove %s from %s."):format(name, source)
  end
  if build.kind == "amplify" then
    local app = build.app and (" " .. build.app) or ""
    return STEPS.amplify:format(app, name, build.branch and (" for the branch " .. build.branch) or "")
  end
  return STEPS[build.kind] and STEPS[build.kind]:format(name) or ("Unset it: unset %s"):format(name)
end

return removal
