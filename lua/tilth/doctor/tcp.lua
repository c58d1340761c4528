--- Probe: does anything answer at the host and port?
local answer = require("tilth.doctor.answer")
local net = require("tilth.net")
local patience = require("tilth.doctor.patience")

local ENOENT <const>, EACCES <const>, ENETUNREACH <const> = 2, 13, 101
local ETIMEDOUT <const>, ECONNREFUSED <const>, EHOSTUNREACH <const> = 110, 111, 113

local function refused_advice(world, place)
  if place.kind == "loopback" and world.build.ci then
    return ("%s names this machine itself; in a build that is the build's own, where no database runs. Set it to the database's "
      .. "host."):format(world.target.source)
  end
  return ("The machine is there, but nothing listens on port %d: start PostgreSQL (locally: `tilth local start`), or correct the port "
    .. "in %s. A server that is about to start is waited for with --wait 30s."):format(place.port, world.target.source)
end

local function timeout_advice(world, place)
  if world.target.rds then
    return ("The connection is dropped on the way. In the RDS console look at the instance: it must be \"available\" and (for a build "
      .. "outside of its VPC) publicly accessible, in public subnets, and its security group must let this machine in on port %d.")
      :format(place.port)
  end
  return ("The connection is dropped on the way: look at the server's firewall for port %d, and at the host in %s.")
    :format(place.port, world.target.source)
end

local function advice(world, place, code)
  if code == ECONNREFUSED and place.kind ~= "socket" then
    return refused_advice(world, place)
  elseif code == ETIMEDOUT then
    return timeout_advice(world, place)
  elseif code == ENOENT or code == ECONNREFUSED then
    return ("No server has its socket there: start it, or correct the folder or port in %s. A server that is about to start is waited "
      .. "for with --wait 30s."):format(world.target.source)
  elseif code == EACCES then
    return "This user may not use the socket: look at its mode, and at the folder's."
  elseif code == ENETUNREACH or code == EHOSTUNREACH then
    return place.address:find(":", 1, true) and "This machine has no way to IPv6 addresses: use a host that has an IPv4 address."
      or "This machine has no route to that address: check its network, or a VPN that should be up."
  end
  return nil
end

-- Tries each address in turn, as libpq does.
local function try_all(world)
  local first
  for _, place in ipairs(world.addresses) do
    local ok, more, code = net.probe(place.address, place.port, world.timeout())
    if ok then
      return place, more
    end
    first = first or { message = more, code = code, place = place }
  end
  return nil, first.message, first
end

local function name_of(place)
  if place.kind == "socket" then
    return place.address
  end
  return ("%s port %d"):format(place.address, place.port)
end

local function run(world)
  local place, more, failure = patience.wait(world, "no server yet", function()
    return try_all(world)
  end, { hopeless = function(failed)
    return failed.code == EACCES
  end })
  if not place then
    return answer.fail(("Can't reach database server at `%s:%d`: %s"):format(world.target.host, failure.place.port, more), "P1001",
      advice(world, failure.place, failure.code))
  end
  world.reached = place
  return answer.ok(("%s answers (%.0f ms)"):format(name_of(place), more * 1000))
end

return { id = "tcp", needs = { "dns" }, run = run, advice = advice }
