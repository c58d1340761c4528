--- A TCP proxy in front of the run's server that cuts, resets, delays or hangs a connection.
local proxy = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local lu = require("luaunit")
local cluster = require("support.cluster")
local program = require("support.program")

local Proxy = {}
Proxy.__index = Proxy

--- Where the build put the proxy; without a build of it the test is skipped, in CI it fails.
local function program_path()
  local path = program.path():match("^(.*)/[^/]*$") .. "/tests/support/faultproxy"
  if fs.stat(path, "follow") then return path end
  local reason = path .. " is not built; `make check` does that"
  if env.get("CI") == "true" then error(reason, 3) end
  lu.skip(reason)
end

--- Starts a proxy on a free port of 127.0.0.1.
-- @tparam[opt] table faults
--   `c2s_cut`, `s2c_cut` (bytes from client to server or back that still pass, then `action`), `action` ("close", "rst",
--   "hang"), `delay_ms` (before each piece), `chunk` (bytes in a piece), `skip` (connections that pass first),
--   `once` (1: only one connection is hurt), `socket_dir` (of another server)
-- @treturn table with `port`, `params(name)`, `url(name)`, `close`
function proxy.start(faults)
  local args = { (faults and faults.socket_dir or cluster.socket_dir()) .. "/.s.PGSQL.5432" }
  for name, value in pairs(faults or {}) do
    if name ~= "socket_dir" then args[#args + 1] = ("%s=%s"):format(name, value) end
  end
  local child = program.start({ program = program_path(), args = args, die_with_parent = true })
  child:wait_for("port %d+\n")
  return setmetatable({ child = child, port = child.stdout:match("port (%d+)") }, Proxy)
end

--- Parameters for pg.connect through the proxy.
-- @tparam string name of the database
-- @treturn table
function Proxy:params(name)
  return { host = "127.0.0.1", port = self.port, user = "postgres", dbname = name, sslmode = "disable", gssencmode = "disable" }
end

--- The URL of a database through the proxy.
-- @tparam string name of the database
-- @treturn string
function Proxy:url(name)
  return ("postgresql://postgres@127.0.0.1:%s/%s?sslmode=disable"):format(self.port, name)
end

--- Ends the proxy and every connection through it.
function Proxy:close()
  self.child:close()
end

Proxy.__close = Proxy.close

return proxy
