--- Reset, undo, backup and restore of a database with every kind of object: pg_dump says the same afterwards.
local lu = require("luaunit")

local TestOddObjects = {}

local backup = require("support.backup")
local database = require("support.database")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")
local project = require("support.project")

-- A foreign table needs a server, which no schema holds.
local SERVER <const> = "create foreign data wrapper objects_wrapper; create server objects_server foreign data wrapper objects_wrapper;"
-- Its functions name each other's schema, so that it can't be moved.
local FIXED <const> = "xml2"
-- Where no pg_dump fits the server.
local OBJECTS <const> = [[
select string_agg(o.type || ' ' || o.identity || coalesce(pg_get_userbyid(c.relowner), '') || coalesce(c.relacl::text, ''), E'\n'
  order by o.type, o.identity) || (select string_agg(p::text, ';' order by id) from people p)
from pg_depend d cross join lateral pg_identify_object(d.classid, d.objid, 0) o
left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
where d.refclassid = 'pg_namespace'::regclass and d.refobjid = 'public'::regnamespace]]

function TestOddObjects:setUp()
  self.base = database.new()
  self.tools = #backup.formats(self.base) > 1 and backup.tools(self.base)
  lu.skipIf(self.base:value("select count(*) from pg_collation where collname = 'de-x-icu'") == 0, "this server has no ICU")
  self.base:script(SERVER)
  self.folder = project.new({
    migrations = { { "20240101000000_objects", assert(fs.read(env.get("TILTH_SOURCE") .. "/tests/fixtures/backup/objects.sql")) } },
  })
  self:run({ "flow" })
  self.base:query("select setval('lonely', 42)")
end

function TestOddObjects:tearDown()
  self.base:close()
end

function TestOddObjects:options(args, user)
  local url = user and self.base.url:gsub("postgres@", user .. "@", 1) or self.base.url
  return { args = args, env = { DATABASE_URL = url }, cwd = self.folder.path }
end

function TestOddObjects:run(args, exit, user)
  local result = program.run(self:options(args, user))
  lu.assertEquals(result.status, exit or 0, result.text)
  return result
end

-- All but tilth's own schemas.
function TestOddObjects:dump()
  if not self.tools then
    return self.base:value(OBJECTS)
  end
  local params = self.base.params
  local done = assert(proc.run({ self.tools.pg_dump, "-h", params.host, "-p", params.port, "-U", "postgres", "-d", self.base.name,
    "-N", "tilth", "-N", "tilth_bin*" }, { stdout = "capture", stderr = "capture" }))
  lu.assertEquals(done.code, 0, done.stderr)
  -- The guard word differs from run to run.
  return (done.stdout:gsub("\n\\u?n?restrict [^\n]*", ""))
end

function TestOddObjects:reset_and_undo(user)
  local before = self:dump()
  self.folder:migration("20240101000000_objects", "create table fresh (id integer)")
  self:run({ "reset", "--force" }, 0, user)
  lu.assertTrue(self.base:has("fresh"))
  lu.assertFalse(self.base:has("people"))
  lu.assertEquals(self.base:value([[select count(*) from pg_type
    where typname in ('mood', 'span') and typnamespace = 'public'::regnamespace]]), 0)
  lu.assertEquals(self.base:value([[select count(*) from pg_proc
    where proname in ('f_range', 'span') and pronamespace = 'public'::regnamespace]]), 0)
  self:run({ "reset", "undo", "--force" }, 0, user)
  lu.assertEquals(self:dump(), before)
  -- Back and forth once more: what the undo put aside is a bin like any other.
  self:run({ "reset", "undo", "--force" }, 0, user)
  lu.assertTrue(self.base:has("fresh"))
  self:run({ "reset", "undo", "--force" }, 0, user)
  lu.assertEquals(self:dump(), before)
  self:run({ "reset", "purge", "--force" }, 0, user)
  lu.assertEquals(self.base:column("select nspname from pg_namespace where nspname like 'tilth_bin%'"), {})
  lu.assertEquals(self:dump(), before)
end

function TestOddObjects:test_reset_and_undo_keep_every_kind_of_object()
  self:reset_and_undo()
  lu.assertEquals(self.base:value("select count(*) from tilth.resets where schemas::text like '%moved%'"), 0)
end

function TestOddObjects:test_an_extension_that_cannot_move_lets_everything_else_go_and_come_back()
  lu.skipIf(self.base:value("select count(*) from pg_available_extensions where name = $1", { FIXED }) == 0, "no " .. FIXED)
  self.base:query("create extension " .. FIXED)
  self:reset_and_undo()
  lu.assertEquals(self.base:value("select extnamespace::regnamespace::text from pg_extension where extname = $1", { FIXED }), "public")
  lu.assertEquals(self.base:value("select state from tilth.resets where id = 1 and schemas::text like '%moved%'"), "undone")
end

function TestOddObjects:test_an_archive_brings_every_kind_of_object_back()
  backup.tools(self.base)
  local before = self:dump()
  self:run({ "backup", "--file", "kept.dump" })
  self.base:script("drop table people cascade; drop type span cascade; alter table legacy disable trigger all; select nextval('lonely')")
  self:run({ "restore", "kept.dump", "--force" })
  lu.assertEquals(self:dump(), before)
end

function TestOddObjects:test_an_archive_fills_a_schema_with_an_extension_that_cannot_move()
  backup.tools(self.base)
  lu.skipIf(self.base:value("select count(*) from pg_available_extensions where name = $1", { FIXED }) == 0, "no " .. FIXED)
  self.base:query("create extension " .. FIXED)
  local before = self:dump()
  self:run({ "backup", "--file", "kept.dump" })
  self.base:script("drop table people cascade")
  self:run({ "restore", "kept.dump", "--force" })
  lu.assertEquals(self:dump(), before)
end

function TestOddObjects:test_large_objects_that_a_restore_leaves_alone_are_named()
  backup.tools(self.base)
  self.base:query("select lo_from_bytea(4711, 'large')")
  self:run({ "backup", "--file", "kept.dump" })
  self.base:query("select lo_put(4711, 0, 'LARGE')")
  local said = self:run({ "restore", "kept.dump", "--force" }).text
  lu.assertStrContains(said, "1 large object")
  lu.assertStrContains(said, "--into")
  lu.assertEquals(self.base:value("select convert_from(lo_get(4711), 'UTF8')"), "LARGE")
end

return TestOddObjects
