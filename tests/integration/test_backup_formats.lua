--- tilth backup and tilth restore on a real server: both formats, every kind of column, and back again.
local lu = require("luaunit")

local TestBackupFormats = {}

local backup = require("support.backup")
local database = require("support.database")
local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")
local project = require("support.project")

local PRIVATE <const> = 384 -- rw-------

local function fixture(name)
  return assert(fs.read(assert(env.get("TILTH_SOURCE")) .. "/tests/fixtures/backup/" .. name))
end

function TestBackupFormats:setUp()
  self.base = database.new()
  self.folder = project.new({ migrations = { { "20240101000000_kinds", fixture("kinds.sql") } } })
  self:run({ "flow" })
  self.base:script(fixture("rows.sql"))
end

function TestBackupFormats:tearDown()
  self.base:close()
end

function TestBackupFormats:options(args, variables)
  local with = { DATABASE_URL = self.base.url }
  for name, value in pairs(variables or {}) do
    with[name] = value
  end
  return { args = args, env = with, cwd = self.folder.path }
end

function TestBackupFormats:run(args, exit, variables)
  local result = program.run(self:options(args, variables))
  lu.assertEquals(result.status, exit or 0, result.text)
  return result
end

--- All of the schema public as pg_dump writes it: definitions, rows and sequences.
function TestBackupFormats:dump(name)
  local pg_dump = backup.tools(self.base).pg_dump
  local params = self.base.params
  local done = assert(proc.run({ pg_dump, "-h", params.host, "-p", params.port, "-U", "postgres", "-d", name or self.base.name,
    "-n", "public" }, { stdout = "capture", stderr = "capture" }))
  lu.assertEquals(done.code, 0, done.stderr)
  -- The guard word differs from run to run.
  return (done.stdout:gsub("\n\\u?n?restrict [^\n]*", ""))
end

function TestBackupFormats:backup(format)
  if format == "pg_dump" then
    backup.tools(self.base)
  end
  local document, result = program.json(self:options({ "backup", "--format", format }))
  lu.assertEquals(result.status, 0, result.text)
  local step = document.outcome.steps[1]
  lu.assertEquals(step.format, format)
  return step, result
end

function TestBackupFormats:test_every_kind_of_column_comes_back()
  local before = self:dump()
  for _, format in ipairs(backup.formats(self.base)) do
    local step = self:backup(format)
    lu.assertEquals(step.verified, "restored", format)
    self.base:script("update kinds set t = 'spoiled', b = null; drop table big cascade; truncate parts cascade; select nextval('loose')")
    lu.assertNotEquals(self:dump(), before)
    self:run({ "restore", step.file, "--force" })
    lu.assertEquals(self:dump(), before, format)
  end
end

function TestBackupFormats:test_a_new_database_gets_the_same()
  local before = self:dump()
  for _, format in ipairs(backup.formats(self.base)) do
    local step, name = self:backup(format), self.base.name .. "_" .. format
    self:run({ "restore", step.file, "--into", name, "--force" })
    local after = self:dump(name)
    self.base:script(("drop database %q"):format(name))
    lu.assertEquals(after, before, format)
    lu.assertEquals(self:dump(), before)
  end
end

function TestBackupFormats:test_what_was_there_is_in_the_bin()
  local step = self:backup("copy")
  self.base:script("insert into big (t) values ('written after the backup')")
  self:run({ "restore", step.file, "--force" })
  lu.assertEquals(self.base:value("select count(*) from big where t like 'written%'"), 0)
  self:run({ "reset", "undo", "--force" })
  lu.assertEquals(self.base:value("select count(*) from big where t like 'written%'"), 1)
end

function TestBackupFormats:test_an_image_without_a_temporary_folder_proves_and_restores_all_the_same()
  local before, nowhere = self:dump(), { TMPDIR = self.folder:join("nowhere") }
  local document, result = program.json(self:options({ "backup", "--format", "copy" }, nowhere))
  lu.assertEquals(result.status, 0, result.text)
  local step = document.outcome.steps[1]
  lu.assertEquals(step.verified, "restored")
  self.base:script("update kinds set t = 'spoiled', b = null")
  self:run({ "restore", step.file, "--force" }, 0, nowhere)
  lu.assertEquals(self:dump(), before)
  for _, entry in ipairs(assert(fs.list(step.file:match("^(.*)/")))) do
    lu.assertEquals(entry.type, "file", entry.name)
  end
end

function TestBackupFormats:test_a_dry_run_changes_nothing()
  local step, before = self:backup("copy"), self:dump()
  local said = self:run({ "restore", step.file, "--dry-run" }).stdout
  lu.assertStrContains(said, self.base.name)
  lu.assertStrContains(said, "would restore")
  lu.assertEquals(self:dump(), before)
  lu.assertEquals(self.base:value("select count(*) from pg_namespace where nspname like 'tilth_bin%'"), 0)
  lu.assertStrContains(self:run({ "restore", step.file, "--into", "not_there", "--dry-run" }).stdout, "Would create")
  lu.assertEquals(self.base:value("select count(*) from pg_database where datname = 'not_there'"), 0)
  self:run({ "backup", "--dry-run", "--dir", self.folder:join("elsewhere") })
  lu.assertNil((fs.stat(self.folder:join("elsewhere"))))
end

function TestBackupFormats:test_only_the_owner_reads_it_and_no_other_name_is_left()
  for _, format in ipairs(backup.formats(self.base)) do
    local dir = self.folder:join("kept_" .. format)
    self:run({ "backup", "--format", format, "--dir", dir })
    for _, entry in ipairs(assert(fs.list(dir))) do
      lu.assertEquals(fs.stat(dir .. "/" .. entry.name).mode & 511, PRIVATE, entry.name)
      lu.assertNil(entry.name:find("partial"), entry.name)
    end
  end
  lu.assertEquals(self.base:value("select count(*) from pg_database where datname like 'tilth_scratch%'"), 0)
end

function TestBackupFormats:test_a_role_without_createdb_reads_back()
  self.base:script([[do $$ begin create role plain_reader login; exception when duplicate_object then null; end $$;
    grant usage on schema public to plain_reader;
    grant select on all tables in schema public to plain_reader; grant select on all sequences in schema public to plain_reader]])
  local url = self.base.url:gsub("postgres@", "plain_reader@", 1)
  lu.assertNotEquals(url, self.base.url)
  for _, format in ipairs(backup.formats(self.base)) do
    local document, result = program.json(self:options({ "backup", "--format", format }, { DATABASE_URL = url }))
    lu.assertEquals(result.status, 0, result.text)
    lu.assertEquals(document.outcome.steps[1].verified, "read", format)
    lu.assertStrContains(result.stderr, "may not create databases")
  end
  self.base:script("drop owned by plain_reader")
end

function TestBackupFormats:test_a_larger_database_than_the_limit_is_read_back()
  self.folder:write("tilth.config.lua", "return { limits = { backup_scratch_bytes = 1 } }")
  for _, format in ipairs(backup.formats(self.base)) do
    local step, result = self:backup(format)
    lu.assertEquals(step.verified, "read")
    lu.assertStrContains(result.stderr, "backup_scratch_bytes")
  end
end

function TestBackupFormats:test_definitions_without_a_migration_are_told()
  self.base:script("create index by_hand on big (id, t); create table by_hand_table (id integer); insert into by_hand_table values (1)")
  local step, result = self:backup("copy")
  lu.assertEquals(step.verified, "read")
  lu.assertStrContains(result.stderr, "table public.by_hand_table")
  local refused = self:run({ "restore", step.file, "--force" }, 1)
  lu.assertStrContains(refused.stderr, "by_hand_table")
  lu.assertStrContains(refused.stderr, "The reset was taken back")
  lu.assertEquals(self.base:value("select count(*) from by_hand_table"), 1)
  self.base:script("drop table by_hand_table")
  step, result = self:backup("copy")
  lu.assertEquals(step.verified, "restored")
  lu.assertStrContains(result.stderr, "by_hand")
end

function TestBackupFormats:test_rows_of_a_migration_are_not_doubled()
  self.folder:migration("20240202000000_rows", "create table given (id integer primary key); insert into given values (1), (2);")
  self:run({ "migrate", "deploy" })
  self.base:script("delete from given where id = 1; insert into given values (3)")
  local step = self:backup("copy")
  lu.assertEquals(step.verified, "restored")
  self:run({ "restore", step.file, "--force" })
  lu.assertEquals(self.base:column("select id from given order by id"), { 2, 3 })
  lu.assertEquals(self.base:value("select count(*) from _prisma_migrations"), 2)
  lu.assertStrContains(self:run({ "migrate", "status" }).stdout, "up to date")
end

function TestBackupFormats:test_a_plain_archive_is_restored_without_comparing()
  local before, step = self:dump(), self:backup("pg_dump")
  assert(fs.remove(step.file .. ".json"))
  self.base:script("truncate kinds")
  lu.assertStrContains(self:run({ "restore", step.file, "--force" }).stdout, "nothing was compared")
  lu.assertEquals(self:dump(), before)
end

function TestBackupFormats:test_the_restored_file_needs_no_migrations_folder()
  local before, step = self:dump(), self:backup("copy")
  assert(fs.remove_tree(self.folder:join("prisma/migrations")))
  self:run({ "restore", step.file, "--force" })
  lu.assertEquals(self:dump(), before)
end

function TestBackupFormats:test_several_schemas_and_a_history_outside_of_them()
  local base <close> = database.new()
  local folder = project.new({
    schema = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n  schemas = ["one", "two"]\n}\n',
    migrations = { { "20240101000000_init", [[create schema if not exists one; create schema if not exists two;
      create table one.a (id serial primary key); create table two.b (id integer references one.a (id)); ]] } },
  })
  local function run(args, exit)
    local result = program.run({ args = args, env = { DATABASE_URL = base.url }, cwd = folder.path })
    lu.assertEquals(result.status, exit or 0, result.text)
    return result
  end
  run({ "flow" })
  base:script("insert into one.a default values; insert into two.b values (1); create table public.others (id integer); "
    .. "insert into others values (7)")
  for _, format in ipairs(backup.formats(self.base)) do
    local file = folder:join("backup_" .. format)
    run({ "backup", "--format", format, "--file", file })
    base:script("delete from two.b")
    run({ "restore", file, "--force" })
    lu.assertEquals(base:value("select count(*) from two.b"), 1, format)
    lu.assertEquals(base:value("select count(*) from public._prisma_migrations"), 1, format)
    lu.assertEquals(base:value("select id from public.others"), 7, format)
  end
end

function TestBackupFormats:test_the_ledger_notes_the_backup_and_how_it_was_proved()
  local builds = self.base:value("select count(*) from tilth.builds")
  local step = self:backup("copy")
  lu.assertEquals(self.base:value("select count(*) from tilth.builds"), builds + 1)
  lu.assertEquals(self.base:value("select outcome #>> '{steps,0,verified}' from tilth.builds order by id desc limit 1"), "restored")
  lu.assertEquals(self.base:value("select outcome #>> '{steps,0,file}' from tilth.builds order by id desc limit 1"), step.file)
end

return TestBackupFormats
