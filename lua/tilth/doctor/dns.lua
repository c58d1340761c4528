--- Probe: the addresses of the database's host, and whether this machine can have a way there at all.
local address = require("tilth.doctor.address")
local answer = require("tilth.doctor.answer")
local net = require("tilth.net")
local patience = require("tilth.doctor.patience")

local PRIVATE_ADVICE <const> = "An Amplify build runs outside of any VPC, so it has no route to a private address. Either make the RDS "
  .. "instance publicly accessible and let the build in by its security group (with sslmode=verify-full), or run tilth where the "
  .. "VPC is: in a CodeBuild project or a task inside of it."

local function lookup_advice(host, world)
  if not host:find(".", 1, true) and host ~= "localhost" then
    return ("%s is a name without a domain: such names (of a compose file's service, for instance) work only inside their own "
      .. "network. Check the host in %s."):format(host, world.target.source)
  elseif world.target.rds then
    return ("Check the endpoint in %s against the one that the RDS console shows: an instance that was deleted or renamed has no "
      .. "address."):format(world.target.source)
  end
  return ("Check the spelling of the host in %s, and that this machine can look names up."):format(world.target.source)
end

local function find_addresses(world, place)
  local given = world.target.params.hostaddr
  if given then
    return { given:match("^[^,]+") }
  elseif net.is_address(place.host) then
    return { place.host }
  end
  return patience.wait(world, "looking " .. place.host .. " up", function()
    return net.resolve(place.host, world.timeout())
  end)
end

local function describe(found)
  local parts = {}
  for index, entry in ipairs(found) do
    parts[index] = entry.kind == "public" and entry.address or ("%s (%s)"):format(entry.address, entry.kind)
  end
  return table.concat(parts, ", ")
end

local function all_private(found)
  for _, entry in ipairs(found) do
    if entry.kind ~= "private" and entry.kind ~= "link-local" then
      return false
    end
  end
  return #found > 0
end

local function collect(world)
  local found, failure = {}, nil
  for _, place in ipairs(world.places) do
    local addresses, message = find_addresses(world, place)
    if not addresses then
      failure = failure or { message = message, host = place.host }
    end
    for _, text in ipairs(addresses or {}) do
      found[#found + 1] = { host = place.host, port = place.port, address = text, kind = address.kind(text) }
    end
  end
  return found, failure
end

local function run(world)
  if world.target.socket then
    world.addresses = { { host = world.target.host, port = world.places[1].port, kind = "socket",
      address = ("%s/.s.PGSQL.%d"):format(world.target.host, world.places[1].port) } }
    return answer.skip("a Unix socket has no name to look up")
  end
  local found, failure = collect(world)
  if #found == 0 then
    return answer.fail("no address is known for the host: " .. failure.message, "P1001", lookup_advice(failure.host, world))
  end
  world.addresses = found
  local text = net.is_address(world.target.host) and "given as an address: " .. describe(found)
    or ("%s is %s"):format(world.target.host, describe(found))
  if world.build.kind == "amplify" and all_private(found) then
    return answer.fail(text .. ", which an Amplify build cannot reach", "P1001", PRIVATE_ADVICE)
  elseif failure then
    return answer.warn(text .. "; no address is known for " .. failure.host, lookup_advice(failure.host, world))
  end
  return answer.ok(text)
end

return { id = "dns", needs = { "url" }, run = run }
