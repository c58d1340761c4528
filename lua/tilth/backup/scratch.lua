--- A database made for a moment, to prove that a backup can be restored; dropped when its variable is left.
local scratch = {}

local db = require("tilth.db")
local hash = require("tilth.hash")
local retarget = require("tilth.backup.retarget")

local PREFIX <const> = "tilth_scratch_"
local STALE <const> = "6 hours"

-- One that a killed run has left: old enough that nobody can still be at work, and nobody is in it.
local LEFT_OVER <const> = [[
select d.datname as name from pg_catalog.pg_database d
where d.datname ~ '^tilth_scratch_\d{14}_[0-9a-f]{8}$' and pg_catalog.pg_has_role(d.datdba, 'USAGE')
and pg_catalog.to_timestamp(pg_catalog.substr(d.datname, 15, 14), 'YYYYMMDDHH24MISS') at time zone 'UTC'
  < pg_catalog.clock_timestamp() at time zone 'UTC' - interval ']] .. STALE .. [['
and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)]]

-- Sorting and letters as in the original: an index or a check may depend on them.
local LIKE <const> = [[
select pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYYMMDDHH24MISS') as stamp,
  pg_catalog.pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
  j ->> 'datlocprovider' as provider, coalesce(j ->> 'datlocale', j ->> 'daticulocale') as locale
from pg_catalog.pg_database d, pg_catalog.to_jsonb(d) j where d.datname = pg_catalog.current_database()]]

local Scratch = {}
Scratch.__index = Scratch

--- May this role make databases?
-- @tparam Db session
-- @treturn boolean
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function scratch.allowed(session)
  return session:value("select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user")
end

local function sweep(session)
  for _, row in ipairs(session:query(LEFT_OVER) or {}) do
    session:script("drop database if exists " .. session:identifier(row.name))
  end
end

--- The statement that makes a database with the encoding and the collation of the present one.
-- @tparam Db session
-- @tparam string name
-- @treturn string SQL
-- @treturn string the server's time, yyyymmddhhmmss
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function scratch.create_sql(session, name)
  local like, message, code, detail = session:one(LIKE)
  if not like then
    return nil, "cannot read the encoding of this database: " .. tostring(message), code, detail
  end
  local function literal(text) return session:literal(text) end
  local sql = ("create database %s template template0 encoding %s lc_collate %s lc_ctype %s"):format(session:identifier(name),
    literal(like.encoding), literal(like.collate), literal(like.ctype))
  if like.provider == "i" and like.locale then
    sql = sql .. " locale_provider icu icu_locale " .. literal(like.locale)
  elseif like.provider == "b" and like.locale then
    sql = sql .. " locale_provider builtin builtin_locale " .. literal(like.locale)
  end
  return sql
end

--- Makes a scratch database beside the one of a session.
-- To be called through interrupt.shield.
-- @tparam Db session outside of a transaction; it has to live as long as the scratch database
-- @tparam table options { target, build = text }
-- @treturn table scratch, for a `<close>` variable: `db` (a session with it), `target`, `name`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function scratch.new(session, options)
  sweep(session)
  local stamp, message, code, detail = session:value(
    "select pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYYMMDDHH24MISS')")
  if not stamp then
    return nil, message, code, detail
  end
  local name = PREFIX .. stamp .. "_" .. hash.uuid():sub(1, 8)
  local sql
  sql, message, code, detail = scratch.create_sql(session, name)
  if not sql then
    return nil, message, code, detail
  end
  local self = setmetatable({ session = session, name = name, target = retarget.database(options.target, name) }, Scratch)
  -- Set up first, so that an interruption in the midst of its making drops it too.
  local guard <close> = setmetatable({}, { __close = function(this)
    if not this.done then
      self:close()
    end
  end })
  local made
  made, message, code, detail = session:script(sql)
  if made then
    self.db, message, code, detail = db.connect(self.target, { command = "backup", build = options.build })
  end
  if not self.db then
    return nil, message, code, detail
  end
  guard.done = true
  return self
end

--- Drops the database.
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Scratch:close()
  if self.db then
    self.db:close()
    self.db = nil
  end
  if self.dropped then
    return true
  end
  local ok, message, code = self.session:script("drop database if exists " .. self.session:identifier(self.name))
  if not ok then
    return nil, ("the scratch database %s could not be dropped: %s"):format(self.name, message), code
  end
  self.dropped = true
  return true
end

Scratch.__close = Scratch.close

return scratch
