--- Why a database can't be reached, in Prisma's codes and words, with what to do about it.
local connect_error = {}

--- Prisma's codes by the server's SQLSTATE (prisma.md 8.1 has their texts).
local BY_STATE = {
  ["28P01"] = "P1000",
  ["28000"] = "P1010",
  ["3D000"] = "P1003",
  ["08001"] = "P1001",
  ["08006"] = "P1017",
  ["57P01"] = "P1017",
}

local function is_tls(message)
  local text = message:lower()
  return text:find("ssl error", 1, true) or text:find("certificate", 1, true) or text:find("does not support ssl", 1, true)
    or text:find("root certificate file", 1, true) or text:find("ssl syscall", 1, true)
end

-- What libpq says for itself, without a word from the server: code by a part of the text.
local BY_TEXT = {
  { "no password supplied", "P1000" },
  { "server closed the connection", "P1017" },
  { "connection reset by peer", "P1017" },
}

local function code_by_text(message)
  local text = message:lower()
  for _, entry in ipairs(BY_TEXT) do
    if text:find(entry[1], 1, true) then
      return entry[2]
    end
  end
  return nil
end

local function code_for(message, sqlstate)
  if is_tls(message) and (sqlstate == "08001" or sqlstate == "08006") then
    return "P1011"
  end
  return sqlstate == "08001" and code_by_text(message) or BY_STATE[sqlstate] or sqlstate
end

local function place(target)
  if target.host and target.host:sub(1, 1) == "/" then
    return ("%s/.s.PGSQL.%s"):format(target.host, target.port or 5432)
  end
  return ("%s:%s"):format(target.host or "localhost", target.port or 5432)
end

local HEADLINE = {
  P1000 = function(target)
    return ("Authentication failed against database server, the provided database credentials for `%s` are not valid.")
      :format(target.user or "")
  end,
  P1001 = function(target)
    return ("Can't reach database server at `%s`"):format(place(target))
  end,
  P1003 = function(target)
    return ("Database `%s` does not exist"):format(target.database or "")
  end,
  P1010 = function(target)
    return ("User was denied access on the database `%s`"):format(target.database or "")
  end,
  P1011 = function()
    return "Error opening a TLS connection"
  end,
  P1017 = function()
    return "Server has closed the connection."
  end,
}

local ADVICE = {
  P1000 = "Check the user and the password in %s. Characters such as @ : / # % in a password must be percent-encoded.",
  P1001 = "Check that %s names the right host and port, that the server is running, and that its firewall lets this machine in "
    .. "(on AWS: the RDS instance is available and its security group allows this build; an Amplify build has no route into a VPC, "
    .. "so the instance must be publicly accessible or be reached another way).",
  P1003 = "Check the database name in %s, or create the database.",
  P1010 = "Check the user in %s, and the server's pg_hba.conf and role rights (on RDS with rds.force_ssl, add sslmode=require).",
  P1011 = "Check sslmode and sslrootcert in %s (or PGSSLMODE, PGSSLROOTCERT). "
    .. "`tilth doctor` shows the server's certificates, and how to get the RDS bundle.",
  P1017 = "The server ended the connection: it may be restarting. Try again.",
  ["57P03"] = "The server is starting or stopping: wait for it with --wait 30s.",
  ["53300"] = "All of the server's connections are taken: end some, raise max_connections, or wait with --wait 30s.",
}

-- A bundle that nobody named: said, since the file may be old.
local function bundle_advice(target)
  return ("The server was verified against %s, the RDS bundle found beside the project. If it is old, get it anew: curl -fsSo %s %s")
    :format(target.bundle, target.bundle, require("tilth.url.roots").bundle_source(target.host))
end

--- Puts a failed connection into words.
-- @param target   where it was to go
-- @param message  libpq's text
-- @param sqlstate the server's SQLSTATE, 08001 when there was no way to it
-- @return message, code, detail
function connect_error.explain(target, message, sqlstate)
  local code = code_for(message, sqlstate)
  local headline = HEADLINE[code]
  local detail = { sqlstate = sqlstate, reason = message, exit = 4 }
  if ADVICE[code] then
    detail.advice = ADVICE[code]:gsub("%%s", function()
      return target.source or "the database URL"
    end)
  end
  if code == "P1011" and target.bundle then
    detail.advice = bundle_advice(target)
  end
  if not headline then
    return ("cannot connect to %s: %s"):format(place(target), message), code, detail
  end
  return ("%s\n%s"):format(headline(target), message), code, detail
end

--- Puts a connection that was lost on the way into Prisma's words; any other failure stays as it is.
-- @param message text
-- @param code    of the failure
-- @param detail  of the failure; `lost` marks a connection that is gone
-- @return message, code, detail
function connect_error.lost(message, code, detail)
  if not (detail and detail.lost) or (type(code) == "string" and code:find("^P%d%d%d%d$")) then
    return message, code, detail
  end
  local copy = { sqlstate = code, exit = 4 }
  for name, value in pairs(detail) do
    copy[name] = value
  end
  copy.advice = copy.advice or "The server ended the connection: it may have been restarted, or something in between cut it. Try again."
  return "Server has closed the connection.\n" .. message, "P1017", copy
end

return connect_error
