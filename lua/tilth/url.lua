--- Connection URLs: Prisma's dialect, translated for libpq, with the password kept out of every text.
local url = {}

local mask = require("tilth.url.mask")
local parameters = require("tilth.url.parameters")
local parse = require("tilth.url.parse")
local path = require("tilth.path")
local problems = require("tilth.url.problems")

local INVALID <const> = "The provided database string is invalid. %s in database URL."

local function invalid(source, what, advice)
  return nil, ("%s: " .. INVALID):format(source, what), "P1013", { advice = advice, source = source }
end

local function wrong_start(source, text)
  if text:match("^%s*$") then
    return nil, ("You must provide a nonempty URL. %s is empty."):format(source), "P1012",
      { advice = ("Set %s to postgresql://USER:PASSWORD@HOST:PORT/DATABASE."):format(source), source = source }
  end
  return nil, ("%s: the URL must start with the protocol `postgresql://` or `postgres://`."):format(source), "P1012",
    { advice = problems.scheme(text), source = source }
end

local function pooled_why(target, host)
  if target.options.pgbouncer then
    return "the URL says pgbouncer=true"
  elseif host:find("-pooler.", 1, true) or host:find("%.pooler%.") or host:find("^pooler%.") then
    return "the host name is a pooler's"
  elseif target.proxy then
    return "the host is an RDS Proxy"
  elseif target.port == 6543 then
    return "port 6543 is a pooler's"
  end
  return nil
end

-- Everything of the target that is shown: no user, no password, no parameter.
local function describe(target)
  local place
  if target.socket then
    place = target.host
  elseif target.host:find(":", 1, true) then
    place = ("[%s]:%s"):format(target.host, target.ports)
  else
    place = ("%s:%s"):format(target.host, target.ports)
  end
  local schema = target.schema_given and (", schema \"%s\""):format(target.schema) or ""
  return ("database \"%s\"%s at %s"):format(target.database, schema, place)
end

local function split(text)
  local list = {}
  for part in (text .. ","):gmatch("(.-),") do
    list[#list + 1] = part
  end
  return list
end

-- Prisma Client reads neither: whoever runs it with the same URL should know.
local function take(target, defaults, keyword)
  local value = defaults[keyword]
  if value then
    target.notes[#target.notes + 1] = ("the URL names no %s; that of a PG variable or service counts, which Prisma Client does not read")
      :format(keyword)
  end
  return value
end

local function set_place(target, parts, given, defaults)
  local hosts, ports = parts.hosts, parts.ports
  if given.host and given.host ~= "" then
    hosts = { given.host }
  end
  if #hosts == 0 or (#hosts == 1 and hosts[1] == "") then
    hosts = split(take(target, defaults, "host") or "localhost")
  end
  if #ports == 0 or (#ports == 1 and ports[1] == "") then
    local port = take(target, defaults, "port")
    ports = port and split(port) or ports
  end
  local listed = {}
  for i = 1, math.max(1, #hosts) do
    listed[i] = ports[i] and ports[i] ~= "" and ports[i] or "5432"
  end
  local params = target.params
  params.host, params.port = table.concat(hosts, ","), table.concat(listed, ",")
  target.host, target.port, target.ports = hosts[1], math.tointeger(tonumber(listed[1])), listed[1]
  if #hosts > 1 then
    target.host, target.ports = params.host, params.port
    target.notes[#target.notes + 1] = "several hosts are tried in order; Prisma itself would refuse this URL"
  end
  target.socket = hosts[1]:find("^[/@]") ~= nil
end

local function set_names(target, parts, defaults)
  local database = parts.segments[1]
  target.database = database and database ~= "" and database or take(target, defaults, "dbname") or "postgres"
  target.user = parts.user and parts.user ~= "" and parts.user or defaults.user
  target.params.dbname, target.params.user = target.database, target.user
  if parts.password and parts.password ~= "" then
    target.params.password = parts.password
  else
    target.params.password = defaults.password
  end
  if #parts.segments > 1 and parts.segments[2] ~= "" then
    target.notes[#target.notes + 1] = "only the first part of the URL's path names the database; the rest is ignored"
  end
  if parts.fragment then
    target.notes[#target.notes + 1] = "the `#` in the URL ends it; what follows is ignored"
  end
  if parts.raw_password and parts.raw_password:gsub("%%%x%x", ""):find("%%") then
    target.notes[#target.notes + 1] = "the password holds a `%` that begins no escape; it is taken as it stands, but write it as %25"
  end
end

local function seal(target, params)
  -- The parameters hold the password. They are reached as target.params, but stand behind the metatable,
  -- so that nothing that walks over the target (JSON, a dump) ever meets them.
  target.params = nil
  return setmetatable(target, {
    __index = { params = params },
    __tostring = function(self)
      return self.text
    end,
    __name = "target",
  })
end

-- The last value of a parameter counts.
local function parameter(query, name)
  local value
  for _, pair in ipairs(query) do
    value = pair.name == name and pair.value or value
  end
  return value
end

--- In China the region stands behind the word: `.rds.cn-north-1.amazonaws.com.cn`.
local function is_rds(host)
  local name = host:lower():gsub("%.$", "")
  return name:find("%.rds%.amazonaws%.com$") ~= nil or name:find("%.rds%.amazonaws%.com%.cn$") ~= nil
    or name:find("%.rds%.[%w-]+%.amazonaws%.com%.cn$") ~= nil
end

local function no_defaults()
  return {}
end

--- Reads a connection URL.
-- @tparam string text the URL
-- @tparam[opt] table options { source = what the messages call it, from_file = whether a .env file held it,
--   base = folder for relative certificate paths, defaults = function(service) -> table | nil, problem, advice, which gives
--   libpq's keywords for what the URL leaves out }
-- @treturn[1] table target = { params (libpq keywords, reachable but not iterated), schema, schema_given, text, database,
--   host, port, user, socket, pooled, pooled_why, rds, proxy, source, options = { connect_timeout, socket_timeout, ... }, notes }
-- @treturn[2] nil
-- @treturn[2] string message, never holding a part of the URL
-- @treturn[2] string "P1012" or "P1013"
-- @treturn[2] table { advice, source }
function url.target(text, options)
  options = options or {}
  local source = options.source or "the database URL"
  if not text:find("^postgres://") and not text:find("^postgresql://") then
    return wrong_start(source, text)
  end
  if text:find("%c") or text:find("%s$") then
    return invalid(source, "blank or control character", "Remove the blank or line break from the value.")
  end
  local parts, what = parse.url(text)
  if not parts then
    return invalid(source, what, problems.authority(text, what, options.from_file))
  end
  local unescaped = problems.unescaped(text)
  if unescaped then
    return invalid(source, "unescaped character", unescaped)
  end
  local give_defaults = options.defaults or no_defaults
  local defaults, problem, advice = give_defaults(parameter(parts.query, "service"))
  if not defaults then
    return invalid(source, problem, advice)
  end
  local first = parts.hosts[1] or ""
  local host = first ~= "" and first or defaults.host or ""
  local target = {
    params = {}, options = {}, notes = {}, schema = "public", schema_given = false, source = source,
    rds = is_rds(host), proxy = is_rds(host) and host:find(".proxy-", 1, true) ~= nil,
  }
  local function resolve_path(file)
    return options.base and path.join(options.base, file) or file
  end
  -- RDS always offers TLS: falling back to plain text there could only be somebody's trick.
  local given
  given, problem, advice = parameters.apply(target, parts.query,
    { sslmode = target.rds and "require" or "prefer", resolve_path = resolve_path, defaults = defaults })
  if not given then
    return invalid(source, problem, advice)
  end
  set_place(target, parts, given, defaults)
  set_names(target, parts, defaults)
  target.options.connect_timeout = target.options.connect_timeout or 5
  target.pooled_why = pooled_why(target, target.host)
  target.pooled = target.pooled_why ~= nil
  target.text = describe(target)
  target.ports = nil
  return seal(target, target.params)
end

--- Masks the passwords of every URL and conninfo in a text.
-- @tparam string text anything
-- @treturn string
function url.mask(text)
  return mask.text(text)
end

return url
