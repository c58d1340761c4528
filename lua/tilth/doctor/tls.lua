--- Probe: TLS, as the URL asks for it.
local answer = require("tilth.doctor.answer")
local certificate = require("tilth.doctor.certificate")
local clock = require("tilth.clock")
local fs = require("tilth.fs")
local net = require("tilth.net")
local path = require("tilth.path")
local roots = require("tilth.url.roots")

local ETIMEDOUT <const> = 110

-- libpq goes on without TLS where the URL only prefers it.
local OPTIONAL <const> = { prefer = true, allow = true }

-- libpq looks in the home folder where the URL names nothing. Second value: whether those roots were asked for.
local function roots_of(world)
  local given = world.target.params.sslrootcert
  if given and given ~= "system" then
    return given, true
  end
  local home = world.env.HOME and path.join(world.env.HOME, ".postgresql/root.crt")
  if not given and home and fs.exists(home, "file") then
    return home, true
  end
  return (world.env.SSL_CERT_DIR or "") == "" and roots.system(world.env, fs) or nil, false
end

local function insecure(world)
  if world.reached.kind == "loopback" then
    return answer.ok("not used (sslmode=disable), and not needed on this machine")
  end
  return answer.warn("not used: sslmode=disable sends passwords and data readably", world.target.rds
    and "Write sslmode=verify-full in the URL, with the RDS bundle; most RDS instances refuse a connection without TLS."
    or "Write sslmode=verify-full in the URL, or at least sslmode=require.")
end

local function failed(world, message, code)
  if code == "closed" then
    return answer.fail("Server has closed the connection.\nIt did so before it had said whether it offers TLS.", "P1017",
      "Something in between (a proxy, a load balancer) is there and the database is not, or the server refuses this machine.")
  elseif OPTIONAL[world.target.params.sslmode] and code ~= ETIMEDOUT then
    return answer.warn(("no TLS can be had (%s), so the session goes without (sslmode=%s)"):format(message,
      world.target.params.sslmode), "Mend the server's TLS, or what disturbs it, and write sslmode=verify-full in the URL.")
  elseif code == "roots" then
    return answer.fail("Error opening a TLS connection: " .. message, "P1011",
      "sslrootcert must name a file of PEM certificates; relative paths begin at the folder of schema.prisma.")
  elseif code == ETIMEDOUT then
    return answer.fail(("Can't reach database server at `%s:%d`: it accepts connections and does not answer"):format(
      world.reached.host, world.reached.port), "P1001", "The server hangs or is overloaded, or the port is another service's.")
  end
  return answer.fail("Error opening a TLS connection: " .. message, "P1011",
    "Server and client have no version or cipher of TLS in common, or something in between disturbs it.")
end

local function run(world)
  local target, place = world.target, world.reached
  if target.socket then
    return answer.skip("a Unix socket needs none")
  elseif target.params.sslmode == "disable" then
    return insecure(world)
  end
  local file, given = roots_of(world)
  local mode = target.params.sslmode
  if given and not fs.exists(file, "file") and not OPTIONAL[mode] then
    return answer.fail(("Error opening a TLS connection: sslrootcert names %s, which is not there"):format(file), "P1011",
      "Check the path (it begins at the folder of schema.prisma), and that the file is part of the checkout.")
  elseif mode == "require" and given then
    mode = "verify-ca"
  end
  local seen, message, code = net.tls(place.address, place.port, { host = place.host, roots = file, timeout = world.timeout() })
  if not seen then
    return failed(world, message, code)
  end
  return certificate.judge(seen, {
    sslmode = mode, host = place.host, rds = target.rds, proxy = target.proxy, bundle = target.bundle ~= nil,
    nearby = place.kind == "loopback", roots = given and file or nil, now = clock.now(),
  })
end

return { id = "tls", needs = { "tcp" }, run = run }
