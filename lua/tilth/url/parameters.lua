--- What each query parameter of a connection URL means: Prisma's translated, libpq's passed on, others named.
local parameters = {}

local suggest = require("tilth.suggest")

-- libpq's own keywords that change nothing we rely on.
local PASSED_ON <const> = {
  "hostaddr", "passfile", "options", "application_name", "keepalives", "keepalives_idle", "keepalives_interval",
  "keepalives_count", "tcp_user_timeout", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "sslcompression",
  "requirepeer", "ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib", "gssencmode",
  "target_session_attrs",
}

local NUMBERS <const> = {
  "connect_timeout", "socket_timeout", "pool_timeout", "connection_limit", "max_connection_lifetime",
  "max_idle_connection_lifetime", "statement_cache_size",
}

local BOOLEANS <const> = { "pgbouncer", "single_use_connections" }

local SSLMODES <const> = { "disable", "allow", "prefer", "require", "verify-ca", "verify-full" }

-- Understood elsewhere in this file or in tilth.url, or known to mean nothing here.
local OTHERS <const> = {
  "schema", "host", "sslmode", "sslaccept", "sslcert", "sslidentity", "sslpassword", "channel_binding", "ssl", "service",
}
local HARMLESS <const> = { uselibpqcompat = true, supa = true }

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

local passed_on <const>, numbers <const>, booleans <const> = set_of(PASSED_ON), set_of(NUMBERS), set_of(BOOLEANS)
local sslmodes <const>, others <const> = set_of(SSLMODES), set_of(OTHERS)

local function all_names()
  local names = {}
  for _, list in ipairs({ PASSED_ON, NUMBERS, BOOLEANS, OTHERS }) do
    table.move(list, 1, #list, #names + 1, names)
  end
  return names
end

local function note(target, text)
  target.notes[#target.notes + 1] = text
end

-- sslmode and sslaccept together: Prisma verifies only with sslaccept=strict, libpq only with verify-*.
local function set_sslmode(target, given, default)
  local mode = given.sslmode
  if mode == "no-verify" then
    mode = "require"
    note(target, "sslmode=no-verify is taken as sslmode=require: encrypted, the server is not verified")
  elseif mode and not sslmodes[mode] then
    return nil, "the value of sslmode is not known", "Use one of: " .. table.concat(SSLMODES, ", ") .. "."
  end
  if not mode and (given.ssl == "true" or given.ssl == "1") then
    mode = "require"
  end
  local strict = given.sslaccept and given.sslaccept ~= "accept_invalid_certs"
  if strict and mode ~= "disable" and mode ~= "verify-ca" then
    if mode == nil or mode == "prefer" or mode == "allow" then
      note(target, "sslaccept=strict asks for a verified server, so a connection without TLS is not accepted")
    end
    mode = "verify-full"
  end
  -- libpq's rule: public authorities vouch for anybody, so without the name they prove nothing.
  if target.params.sslrootcert == "system" then
    if mode and mode ~= "verify-full" then
      return nil, ("sslmode=%s is too weak for sslrootcert=system"):format(mode), "Write sslmode=verify-full, or leave sslmode out."
    end
    mode = "verify-full"
  end
  target.options.sslmode_open = mode == nil and given.sslaccept == nil or nil
  target.params.sslmode = mode or default
  return true
end

-- What a service file or the environment gives, where the URL gives nothing.
local function set_defaults(target, given, defaults)
  for name, value in pairs(defaults) do
    if name == "sslmode" then
      given.sslmode = given.sslmode or (given.ssl == nil and given.sslaccept == nil and value or nil)
    elseif passed_on[name] or name == "channel_binding" then
      target.params[name] = target.params[name] or value
    elseif name == "sslcert" and not given.sslcert then
      target.params.sslcert = value
    end
  end
end

-- Prisma's sslcert is the root certificate; libpq's is the client's, told apart by the sslkey beside it.
local function set_certificates(target, given, resolve_path)
  local params = target.params
  if given.sslcert and given.sslkey then
    params.sslcert = resolve_path(given.sslcert)
  elseif given.sslcert and not params.sslrootcert then
    if given.sslaccept == "accept_invalid_certs" and not params.sslmode:find("^verify") then
      note(target, "sslcert is not used, because sslaccept=accept_invalid_certs asks for no verification")
    else
      params.sslrootcert = resolve_path(given.sslcert)
    end
  end
  for _, name in ipairs({ "sslkey", "sslrootcert", "sslcrl", "sslcrldir" }) do
    if given[name] and given[name] ~= "system" then
      params[name] = resolve_path(given[name])
    end
  end
  if given.sslidentity then
    target.options.sslidentity = resolve_path(given.sslidentity)
    note(target, "sslidentity (a PKCS#12 file) can't be used by libpq: split it with `openssl pkcs12` and give"
      .. " the certificate as sslcert and the key as sslkey")
  elseif given.sslpassword then
    params.sslpassword = given.sslpassword
  end
  target.options.system_roots = params.sslmode:find("^verify") ~= nil and params.sslrootcert == nil or nil
end

local function set_value(target, name, value)
  if numbers[name] then
    local number = value:find("^%d+$") and math.tointeger(tonumber(value))
    if not number then
      return nil, ("the value of %s is not a whole number"):format(name), "Write a number of seconds or connections."
    end
    target.options[name] = number
  elseif booleans[name] then
    if value ~= "true" and value ~= "false" then
      return nil, ("the value of %s is neither true nor false"):format(name), "Write true or false."
    end
    target.options[name] = value == "true"
  elseif name == "schema" then
    if value == "" then
      return nil, "the parameter schema is empty", "Name the schema, or leave the parameter out."
    end
    target.schema, target.schema_given = value, true
  elseif name == "channel_binding" then
    local known = value == "disable" or value == "prefer" or value == "require"
    target.params.channel_binding = known and value or "prefer"
    if not known then
      note(target, "the value of channel_binding is not known and is taken as prefer")
    end
  elseif passed_on[name] then
    target.params[name] = value
  elseif not others[name] and not HARMLESS[name] then
    note(target, ("the URL parameter \"%s\" is not known and is ignored.%s"):format(name, suggest.hint(name, all_names())))
  end
  return true
end

--- The names of the parameters that mean something here or in Prisma, for help texts and checks.
-- @treturn table list
function parameters.names()
  return all_names()
end

--- Applies the query parameters of a URL to a target.
-- @tparam table target under construction: params, options, notes, schema
-- @tparam table query list of { name, value }; the last of a name counts
-- @tparam table options { sslmode = default mode, resolve_path = function(path) -> path, defaults = libpq keyword to value,
--   for what the URL leaves out }
-- @treturn[1] table the parameters as given, name to value
-- @treturn[2] nil
-- @treturn[2] string what is wrong, without the value
-- @treturn[2] string what to do
function parameters.apply(target, query, options)
  local given, order = {}, {}
  for _, pair in ipairs(query) do
    if given[pair.name] == nil then
      order[#order + 1] = pair.name
    end
    given[pair.name] = pair.value
  end
  for _, name in ipairs(order) do
    local ok, problem, advice = set_value(target, name, given[name])
    if not ok then
      return nil, problem, advice
    end
  end
  set_defaults(target, given, options.defaults or {})
  local ok, problem, advice = set_sslmode(target, given, options.sslmode)
  if not ok then
    return nil, problem, advice
  end
  set_certificates(target, given, options.resolve_path)
  return given
end

return parameters
