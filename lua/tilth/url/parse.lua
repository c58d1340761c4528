--- Splits a connection URL into its parts by the rules of the WHATWG URL standard, as Prisma's engine does.
local parse = {}

-- A percent sign counts as an escape only before two hex digits; text that would not be UTF-8 stays as written.
local function decode(text)
  local decoded = text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end)
  if not utf8.len(decoded) then
    return text
  end
  return decoded
end

local function decode_query(text)
  return decode((text:gsub("%+", " ")))
end

local function split_query(query)
  local pairs_found = {}
  for part in query:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    pairs_found[#pairs_found + 1] = { name = decode_query(name), value = decode_query(value) }
  end
  return pairs_found
end

local function check_port(port)
  if port == nil or port == "" then
    return true
  end
  local number = port:find("^%d+$") and math.tointeger(tonumber(port))
  return number ~= nil and number >= 1 and number <= 65535
end

-- Reads `host:port,host:port`; Prisma takes one host only, libpq several.
local function split_hosts(text)
  local hosts, ports = {}, {}
  if text == "" then
    return hosts, ports
  end
  for part in (text .. ","):gmatch("([^,]*),") do
    local host, port = part:match("^%[([%x:.%%%w]*)%]:?(.*)$")
    if not host then
      host, port = part:match("^([^:]*):?(.*)$")
    end
    if not check_port(port) then
      return nil, "invalid port number"
    end
    if host:find("[%s<>\\^|%[%]{}\"'`@]") or part:find("^%[[^%]]*$") then
      return nil, part:find("^%[") and "invalid IPv6 address" or "invalid domain character"
    end
    hosts[#hosts + 1], ports[#ports + 1] = decode(host), port
  end
  return hosts, ports
end

local function split_authority(authority, parts)
  local at = authority:match("^.*()@")
  local hosts = authority
  if at then
    local userinfo = authority:sub(1, at - 1)
    hosts = authority:sub(at + 1)
    local user, password = userinfo:match("^([^:]*):(.*)$")
    parts.raw_password = password
    parts.user = decode(user or userinfo)
    parts.password = password and decode(password)
  end
  return split_hosts(hosts)
end

--- Splits a URL. The scheme must have been looked at before.
-- @tparam string text a URL
-- @treturn[1] table { scheme, user, password, raw_password, hosts, ports, segments (decoded), query = list of { name, value }, fragment }
-- @treturn[2] nil
-- @treturn[2] string what is wrong, in the words of Prisma's parser, without any part of the URL
-- @treturn[2] table the parts known so far
function parse.url(text)
  local scheme, rest = text:match("^(%a[%w+.-]*)://(.*)$")
  local parts = { scheme = scheme, segments = {}, query = {} }
  local before, fragment = rest:match("^([^#]*)#(.*)$")
  parts.fragment = fragment
  rest = before or rest
  local before_query, query = rest:match("^([^?]*)%?(.*)$")
  rest = before_query or rest
  parts.query = query and split_query(query) or {}
  local authority, path = rest:match("^([^/]*)(.*)$")
  parts.authority, parts.path = authority, path
  for segment in path:gmatch("/([^/]*)") do
    parts.segments[#parts.segments + 1] = decode(segment)
  end
  local hosts, ports = split_authority(authority, parts)
  if not hosts then
    return nil, ports, parts
  end
  parts.hosts, parts.ports = hosts, ports
  return parts
end

return parse
