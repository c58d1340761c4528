--- Probe: does the server let this user into this database?
local answer = require("tilth.doctor.answer")
local db = require("tilth.db")
local suggest = require("tilth.suggest")

local DATABASES <const> = [[
select pg_catalog.array_to_string(pg_catalog.array_agg(datname order by datname), e'\n') as names,
 (select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user) as may_create
 from pg_catalog.pg_database where datallowconn and not datistemplate]]

local function connect(world, target, wait)
  return db.connect(target, {
    command = "doctor", build = world.build.text, read_only = true, wait = wait,
    on_wait = function(why)
      world.report:status("waiting for the database: " .. why)
    end,
  })
end

-- The same way in, to the database that every server has.
local function neighbour(target)
  local params = {}
  for name, value in pairs(target.params) do
    params[name] = value
  end
  params.dbname = "postgres"
  return { params = params, options = target.options, host = target.host, port = target.port, user = target.user,
    database = "postgres", source = target.source }
end

-- What can be said of a database that does not exist: a name like it, or how to make it.
local function missing_advice(world)
  local target = world.target
  local other <close> = connect(world, neighbour(target), 0)
  local row = other and other:one(DATABASES)
  if not row then
    return nil
  end
  local names = {}
  for name in (row.names or ""):gmatch("[^\n]+") do
    names[#names + 1] = name
  end
  local near = suggest.nearest(target.database, names)
  local advice = near and ("Did you mean the database %s? Correct %s."):format(near, target.source)
    or ("Check the database name in %s."):format(target.source)
  return ("%s To make a new one%s: CREATE DATABASE %s;"):format(advice, row.may_create and "" or ", as a role that may",
    other:identifier(target.database))
end

local function run(world)
  local opened, message, code, detail = connect(world, world.target, world.left())
  if not opened then
    local failure = answer.failure(message, code, detail)
    if code == "P1003" then
      failure.advice = missing_advice(world) or failure.advice
    end
    return failure
  end
  world.db = opened
  local info = opened:info()
  return answer.ok(("in as %s, to database %s%s"):format(info.user, info.database, info.tls and ", encrypted" or ""))
end

return { id = "login", needs = { "tcp", "tls" }, run = run }
