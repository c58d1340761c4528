--- What the tests of backups need to know of pg_dump: whether there is one that fits the run's server.
local backup = {}

local env = require("tilth.core.env")
local lu = require("luaunit")
local tools = require("tilth.backup.tools")

local function find(base)
  return tools.find({ server = tonumber(base:value("show server_version_num")) // 10000, env = { PATH = env.get("PATH") } })
end

--- The programs; skips the test when there are none that fit.
-- @tparam table base a database of support.database
-- @treturn table as of tilth.backup.tools.find
function backup.tools(base)
  local found, why = find(base)
  lu.skipIf(not found, why)
  return found
end

--- The formats that can be tried here.
-- @tparam table base
-- @treturn table list
function backup.formats(base)
  return find(base) and { "pg_dump", "copy" } or { "copy" }
end

return backup
