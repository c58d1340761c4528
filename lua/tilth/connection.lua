--- Opens connections to PostgreSQL: the server's addresses, the time that one may take, further tries.
local connection = {}

local clock = require("tilth.core.clock")
local net = require("tilth.core.net")
local pg = require("tilth.core.pg")

local CONNECT_TIMEOUT <const> = 10
local RETRY_PAUSE <const> = 0.5

--- A way to the server that may open by itself: not there yet, starting up, full.
local MAY_PASS = { ["08001"] = true, ["57P03"] = true, ["53300"] = true }

--- libpq looks names up with a blocking call, so it is given addresses: one entry an address,
-- with the host's name kept beside it for TLS and .pgpass.
local function with_addresses(params, timeout)
  local host = params.host
  if params.hostaddr or not host or host == "" or host:find(",", 1, true) or host:sub(1, 1) == "/" or host:sub(1, 1) == "@"
    or net.is_address(host) then
    return params
  end
  local addresses, message, code = net.resolve(host, timeout)
  if not addresses then
    return nil, message, code
  end
  local copy, hosts, ports = {}, {}, {}
  for name, value in pairs(params) do
    copy[name] = value
  end
  for i = 1, #addresses do
    hosts[i], ports[i] = host, params.port or ""
  end
  copy.host, copy.hostaddr, copy.port = table.concat(hosts, ","), table.concat(addresses, ","), table.concat(ports, ",")
  return copy
end

local function try(target, options)
  local timeout = options.connect_timeout or (target.options and target.options.connect_timeout) or CONNECT_TIMEOUT
  if timeout == 0 then
    timeout = -1
  end
  local params, message = with_addresses(target.params, timeout)
  if not params then
    return nil, message, "08001"
  end
  local flat = { application_name = options.application_name }
  for name, value in pairs(params) do
    flat[name] = flat[name] or value
  end
  -- A dead link is noticed in a minute and not in two hours.
  flat.keepalives_idle = flat.keepalives_idle or "30"
  flat.keepalives_interval = flat.keepalives_interval or "10"
  flat.keepalives_count = flat.keepalives_count or "3"
  return pg.connect(flat, timeout, options.meanwhile)
end

--- Opens a connection; tries again while what is in the way may pass by itself.
-- @tparam table target where: see docs/architecture.md
-- @tparam table options application_name, connect_timeout and wait (seconds), on_wait(message), meanwhile: as of db.connect
-- @treturn[1] userdata connection of tilth.core.pg
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code: a SQLSTATE
function connection.open(target, options)
  local give_up = clock.monotonic() + (options.wait or 0)
  while true do
    local conn, message, code = try(target, options)
    if conn or not MAY_PASS[code] or clock.monotonic() + RETRY_PAUSE > give_up then
      return conn, message, code
    end
    if options.on_wait then
      options.on_wait(message)
    end
    clock.sleep(RETRY_PAUSE)
  end
end

return connection
