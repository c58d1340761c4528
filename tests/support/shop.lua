--- The shop of tests/fixtures, copied for one test, with a database of its own.
local shop = {}

local database = require("support.database")
local env = require("tilth.core.env")
local proc = require("tilth.core.proc")
local program = require("support.program")
local temp = require("support.temp")

local Shop = {}
Shop.__index = Shop

--- Copies the fixture.
-- @treturn table with `path`, `folder`, `database`, `run`, `counts`, `close`
function shop.new()
  local folder = temp.folder("shop")
  local source = assert(env.get("TILTH_SOURCE"), "make check sets TILTH_SOURCE") .. "/tests/fixtures/shop/."
  local copied = assert(proc.run({ "cp", "-R", source, folder.path }))
  assert(copied.code == 0, "the fixture could not be copied")
  assert(proc.run({ "chmod", "-R", "u+w", folder.path }))
  return setmetatable({ path = folder.path, folder = folder, database = database.new() }, Shop)
end

--- Runs tilth in the shop.
-- @tparam table args
-- @tparam[opt] table variables added to DATABASE_URL
-- @treturn table as of program.run
function Shop:run(args, variables)
  return program.run(self:options(args, variables))
end

--- The options of program.run and program.start for this shop.
function Shop:options(args, variables)
  local all = { DATABASE_URL = self.database.url, npm_config_update_notifier = "false" }
  for name, value in pairs(variables or {}) do all[name] = value end
  return { args = args, cwd = self.path, env = all }
end

--- Rows of every table of the schema public, by name.
-- @treturn table
function Shop:counts()
  local counts = {}
  for _, name in ipairs(self.database:column([[select table_name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1]])) do
    counts[name] = self.database:value(("select count(*) from public.%q"):format(name))
  end
  return counts
end

--- All rows of every table but the history, as one text: equal texts are equal data.
-- @treturn string
function Shop:content()
  return self.database:value([[select string_agg(format('%s: %s', table_name, rows), e'\n' order by table_name)
    from (select table_name, query_to_xml(format('select * from public.%I t order by t::text', table_name), true, true, '')::text
      as rows from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> '_prisma_migrations') x]])
end

--- Adds a migration.
function Shop:migration(name, sql)
  self.folder:write(("prisma/migrations/%s/migration.sql"):format(name), sql)
end

--- Drops the database.
function Shop:close()
  self.database:close()
end

Shop.__close = Shop.close

return shop
