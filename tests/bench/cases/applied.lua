--- A deployment with nothing to do in a project that is years old.
local applied = { about = "migrate deploy with 1,000 migrations applied beside psql -c 'select 1'" }

local deploy = require("cases.deploy")

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function applied.run(place)
  return deploy.compare(place, 1000, 1.5)
end

return applied
