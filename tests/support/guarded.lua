--- A server as they are in the world: on TCP, with passwords, and TLS when asked for.
local guarded = {}

local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local hash = require("tilth.core.hash")
local net = require("tilth.core.net")
local pg = require("tilth.core.pg")
local proc = require("tilth.core.proc")
local cluster = require("support.cluster")
local temp = require("support.temp")

local PORT <const> = 5432
local PATIENCE <const> = 60

--- What no output may ever show.
guarded.PASSWORD = "Pa55-of-the-app"

-- `outsider` is turned away whatever its password.
local HBA <const> = [[
local all postgres trust
host all outsider all reject
host all all 127.0.0.0/8 scram-sha-256
]]

local Guarded = {}
Guarded.__index = Guarded

local given = 0

--- An address of this machine that no other server uses: all of 127/8 is its own. The process's number, which has 22 bits,
-- tells the runs of one system apart, and what is mounted the containers that share the network.
function guarded.address()
  local system = tonumber(hash.sha256(fs.read("/proc/self/mountinfo") or ""):sub(1, 8), 16)
  local number = (proc.self().pid ~ system) & 0x3fffff
  given = given % 3 + 1
  return ("127.%d.%d.%d"):format(64 * given + (number >> 16), (number >> 8) & 255, number & 255)
end

--- Runs statements as the superuser.
-- @tparam string ... SQL, one statement each
function Guarded:admin(...)
  local conn <close> = assert(pg.connect({ host = self.server.socket_dir, user = "postgres", dbname = "postgres" }))
  for _, sql in ipairs({ ... }) do
    local ok, message = conn:query(sql)
    if not ok then error(message, 2) end
  end
end

--- Whether a session that begins now finds the server with this certificate.
local function serves(self, certificate)
  local conn <close> = assert(pg.connect({ host = self.server.socket_dir, user = "postgres", dbname = "postgres" }))
  return assert(conn:query("select current_setting('ssl_cert_file') = $1 as it", { certificate }))[1].it
end

--- Turns TLS on.
-- @tparam table issued of support.authority
function Guarded:use_certificate(issued)
  local owner = assert(fs.stat(self.server.data))
  assert(fs.chmod(issued.key, 384)) -- 384: rw-------, as the server demands
  assert(fs.chown(issued.key, owner.uid, owner.gid))
  self:admin(("alter system set ssl_cert_file = '%s'"):format(issued.certificate),
    ("alter system set ssl_key_file = '%s'"):format(issued.key), "alter system set ssl = on", "select pg_reload_conf()")
  local deadline = clock.monotonic() + PATIENCE
  repeat
    -- With another certificate before this one, TLS alone says nothing: only a new session's setting does.
    local seen = serves(self, issued.certificate) and net.tls(self.address, PORT, { timeout = 30 })
    if seen and seen.answer == "S" then return end
    clock.sleep(0.02)
  until clock.monotonic() > deadline
  error("the server does not turn TLS on", 2)
end

--- A URL of this server.
-- @tparam[opt] table parts `user`, `password`, `host` (a name: the address is given as hostaddr), `database`, `query`
-- @treturn string
function Guarded:url(parts)
  parts = parts or {}
  local query = parts.query or "sslmode=prefer"
  if parts.host then query = query .. "&hostaddr=" .. self.address end
  return ("postgresql://%s:%s@%s:%d/%s?%s"):format(parts.user or "app", parts.password or guarded.PASSWORD,
    parts.host or self.address, PORT, parts.database or "app", query)
end

--- Stops the server.
function Guarded:close()
  self.server.stop()
end

Guarded.__close = Guarded.close

--- Starts a server with the role and database `app`.
-- @tparam[opt] table options `address`, `hba` (lines to put before the usual ones), `settings`
-- @treturn table `address`, `server`, `admin`, `url`, `use_certificate`, `close`
function guarded.start(options)
  options = options or {}
  local address = options.address or guarded.address()
  local hba = temp.folder("hba"):write("pg_hba.conf", (options.hba or "") .. HBA)
  local settings = { listen_addresses = address, hba_file = hba }
  for name, value in pairs(options.settings or {}) do settings[name] = value end
  local made = setmetatable({ address = address, server = cluster.another(settings) }, Guarded)
  made:admin(("create role app login password '%s'"):format(guarded.PASSWORD), "create role outsider login",
    "create database app owner app")
  return made
end

return guarded
