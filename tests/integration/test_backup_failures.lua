--- tilth backup and tilth restore when something is in the way: locks, full disks, kills, secrets, old tools, damage.
local lu = require("luaunit")

local TestBackupFailures = {}

local backup = require("support.backup")
local database = require("support.database")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")
local project = require("support.project")

local MIGRATIONS <const> = { { "20240101000000_init", "create table people (id serial primary key, name text not null, data text);" } }
local SIGKILL <const>, SIGTERM <const>, SIGCONT <const>, SIGSTOP <const> = 9, 15, 18, 19
local SECRET <const> = "hunter2-of-the-tests"
local EXECUTABLE <const> = 493 -- rwxr-xr-x

function TestBackupFailures:setUp()
  self.base = database.new()
  self.folder = project.new({ migrations = MIGRATIONS })
  self.dir = self.folder:join("kept")
  self:run({ "flow" })
  self.base:query("insert into people (name) select 'person ' || i from generate_series(1, 100) i")
end

function TestBackupFailures:tearDown()
  self.base:close()
end

function TestBackupFailures:options(args, variables)
  local with = { DATABASE_URL = self.base.url }
  for name, value in pairs(variables or {}) do
    with[name] = value
  end
  return { args = args, env = with, cwd = self.folder.path }
end

function TestBackupFailures:run(args, exit, variables)
  local result = program.run(self:options(args, variables))
  lu.assertEquals(result.status, exit or 0, result.text)
  return result
end

function TestBackupFailures:backup(format)
  if format == "pg_dump" then
    backup.tools(self.base)
  end
  local document, result = program.json(self:options({ "backup", "--format", format, "--dir", self.dir }))
  lu.assertEquals(result.status, 0, result.text)
  return document.outcome.steps[1].file
end

--- The names in the backups' folder.
function TestBackupFailures:names()
  local names = {}
  for _, entry in ipairs(fs.list(self.dir) or {}) do
    names[#names + 1] = entry.name
  end
  return names
end

--- A program in the place of another one, in a folder to be put in front of PATH.
function TestBackupFailures:instead_of(name, text)
  local path = self.folder:write("bin/" .. name, "#!/bin/sh\n" .. text)
  assert(fs.chmod(path, EXECUTABLE))
  return self.folder:join("bin")
end

function TestBackupFailures:test_a_locked_table_is_named_with_its_holder()
  local holder = self.base:connect({ application_name = "nightly report" })
  assert(holder:script("begin; lock table people in access exclusive mode"))
  for _, format in ipairs(backup.formats(self.base)) do
    local said = self:run({ "backup", "--format", format, "--dir", self.dir, "--lock-timeout", "300ms" }, 1).stderr
    lu.assertStrContains(said, "nightly report")
    lu.assertStrContains(said, "people")
    lu.assertEquals(self:names(), {})
  end
  assert(holder:script("rollback"))
  self:backup("copy")
end

--- Stops a process, and waits until it stands still.
local function stop(child)
  child:signal(SIGSTOP)
  local state
  repeat
    state = (fs.read(("/proc/%d/stat"):format(child.pid)) or "? Z"):match("^.*[%)?] (%a)")
  until state == "T" or state == "Z"
end

--- Whether a backup has begun its file and not come to its proof, which would leave a database behind when it is killed.
function TestBackupFailures:is_writing()
  local names = self:names()
  for _, name in ipairs(names) do
    if not name:find(".partial", 1, true) then return false end
  end
  local partial = names[1] and fs.stat(self.dir .. "/" .. names[1])
  return partial and partial.size > 0 and self.base:value([[select not exists (select from pg_database where datname ~ '^tilth_scratch')
    and not exists (select from pg_stat_activity where query ~ '^create database tilth_scratch')]])
end

--- Starts a backup and signals it while it writes. One that is further before it was seen at work is made once more.
function TestBackupFailures:signal_while_it_writes(format, signal)
  for _ = 1, 20 do
    local child <close> = program.start(self:options({ "backup", "--format", format, "--dir", self.dir }))
    repeat
      local names = self:names()
      local partial = #names > 0 and fs.stat(self.dir .. "/" .. names[1])
      local ended = child.handle:wait(0.002)
    until partial and partial.size > 0 or ended
    -- However late this process is, the backup is where it is looked at.
    stop(child)
    local writing = self:is_writing()
    if writing then child:signal(signal) end
    child:signal(SIGCONT)
    local result = child:wait()
    if writing then return result end
    assert(fs.remove_tree(self.dir))
  end
  error("no backup was ever seen at work")
end

function TestBackupFailures:test_a_killed_backup_leaves_nothing_under_a_final_name()
  self.base:query("insert into people (name, data) select 'p', repeat(md5(i::text), 100) from generate_series(1, 10000) i")
  for _, format in ipairs(backup.formats(self.base)) do
    lu.assertEquals(self:signal_while_it_writes(format, SIGKILL).signal, SIGKILL)
    local names = self:names()
    lu.assertTrue(#names >= 1, format)
    for _, name in ipairs(names) do
      lu.assertStrContains(name, ".partial")
    end
    -- pg_dump dies with its parent, and the next backup clears up.
    self.base:wait_until("select count(*) = 0 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
    local file = self:backup(format)
    lu.assertNotNil((fs.stat(file)))
    for _, name in ipairs(self:names()) do
      lu.assertNil(name:find("partial", 1, true), name)
    end
    assert(fs.remove_tree(self.dir))
  end
end

function TestBackupFailures:test_an_interrupted_backup_cleans_up()
  self.base:query("insert into people (name, data) select 'p', repeat(md5(i::text), 100) from generate_series(1, 10000) i")
  for _, format in ipairs(backup.formats(self.base)) do
    local result = self:signal_while_it_writes(format, SIGTERM)
    lu.assertEquals(result.status, 143, result.stderr)
    lu.assertEquals(self:names(), {}, format)
    lu.assertEquals(self.base:value("select count(*) from pg_database where datname like 'tilth_scratch%'"), 0)
  end
end

function TestBackupFailures:test_a_full_disk_leaves_nothing_behind()
  lu.skipIf(proc.self().euid ~= 0, "only root can mount a small disk")
  assert(fs.mkdir(self.dir))
  local mounted = proc.run({ "mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.dir }, { stderr = "capture" })
  lu.skipIf(not mounted or mounted.code ~= 0, "a tmpfs cannot be mounted here")
  local unmount <close> = setmetatable({}, { __close = function() proc.run({ "umount", self.dir }) end }) -- luacheck: ignore 211
  -- Large as text and small in the table, which compresses it: the look beforehand passes, the writing does not.
  self.base:query("insert into people (name, data) select 'p', repeat('x', 1000000) from generate_series(1, 40)")
  local said = self:run({ "backup", "--format", "copy", "--dir", self.dir }, 1).stderr
  lu.assertStrContains(said, "No space left")
  lu.assertStrContains(said, "--dir")
  lu.assertEquals(self:names(), {})
  self.base:query("alter table people alter column data set storage external")
  self.base:query("update people set data = data || '.'")
  for _, format in ipairs(backup.formats(self.base)) do
    said = self:run({ "backup", "--format", format, "--dir", self.dir }, 1).stderr
    lu.assertStrContains(said, "free")
    lu.assertStrContains(said, "rows to back up take")
    lu.assertEquals(self:names(), {})
  end
end

function TestBackupFailures:test_a_limit_on_files_leaves_nothing_behind()
  self.base:query("insert into people (name, data) select 'p', repeat('x', 1000000) from generate_series(1, 40)")
  local limited = self.folder:write("limited", ([[
#!/bin/sh
ulimit -f 2048
exec %s "$@"
]]):format(program.path()))
  assert(fs.chmod(limited, EXECUTABLE))
  local options = self:options({ "backup", "--format", "copy", "--dir", self.dir })
  options.program = limited
  local result = program.run(options)
  lu.assertEquals(result.status, 1, result.text)
  lu.assertStrContains(result.stderr, "File too large")
  lu.assertStrContains(result.stderr, "--dir")
  lu.assertEquals(self:names(), {})
end

function TestBackupFailures:test_no_password_reaches_the_process_list_or_the_output()
  -- The server trusts everybody here, but what libpq gets is the same.
  local url = self.base.url:gsub("postgres@", "postgres:" .. SECRET .. "@", 1)
  local found = backup.tools(self.base)
  local real = found.pg_dump
  local seen = self.folder:join("seen")
  local bin = self:instead_of("pg_dump", ([[
if [ "$1" = --version ]; then exec %s --version; fi
for file in /proc/[0-9]*/cmdline; do tr '\0' ' ' < "$file" 2>/dev/null; echo; done > %s
test -n "$PGPASSWORD" && echo "the child has it" >> %s
exec %s "$@"
]]):format(real, seen, seen, real))
  self:instead_of("pg_restore", ("exec %s \"$@\"\n"):format(found.pg_restore))
  local result = self:run({ "backup", "--format", "pg_dump", "--dir", self.dir }, 0, { DATABASE_URL = url, TILTH_PG_BINDIR = bin })
  local list = self.folder:read("seen")
  lu.assertStrContains(list, "tilth backup")
  lu.assertStrContains(list, "the child has it")
  lu.assertNil(list:find(SECRET, 1, true))
  lu.assertNil(result.text:find(SECRET, 1, true))
  lu.assertEquals(self.base:value("select count(*) from tilth.builds b where b::text like '%" .. SECRET .. "%'"), 0)
  for _, name in ipairs(self:names()) do
    lu.assertNil(fs.read(self.dir .. "/" .. name):find(SECRET, 1, true), name)
  end
end

function TestBackupFailures:test_an_older_pg_dump_is_passed_over()
  self:instead_of("pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.1'\n")
  local bin = self:instead_of("pg_restore", "echo 'pg_restore (PostgreSQL) 9.6.1'\n")
  local document, result = program.json(self:options({ "backup", "--dir", self.dir }, { TILTH_PG_BINDIR = bin }))
  lu.assertEquals(document.outcome.steps[1].format, "copy")
  lu.assertStrContains(result.stderr, "9.6.1 is older than the server")
  lu.assertStrContains(self:run({ "backup", "--format", "pg_dump", "--dir", self.dir }, 2, { TILTH_PG_BINDIR = bin }).stderr, "older")
end

function TestBackupFailures:test_a_pg_dump_that_fails_is_replaced_by_the_own_format()
  local bin = self:instead_of("pg_dump",
    "if [ \"$1\" = --version ]; then echo 'pg_dump (PostgreSQL) 99.1'; exit; fi; echo 'pg_dump: error: no luck today' >&2; exit 1\n")
  self:instead_of("pg_restore", "exit 1\n")
  local document, result = program.json(self:options({ "backup", "--dir", self.dir }, { TILTH_PG_BINDIR = bin }))
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(document.outcome.steps[1].format, "copy")
  lu.assertStrContains(result.stderr, "no luck today")
  lu.assertEquals(#self:names(), 1)
end

function TestBackupFailures:test_a_schema_that_may_not_be_read_leaves_the_own_one_saved()
  backup.tools(self.base)
  self.base:script([[do $$ begin create role half_blind login; exception when duplicate_object then null; end $$;
    create schema strangers; create table strangers.secrets (id integer);
    grant select on all tables in schema public to half_blind; grant select on all sequences in schema public to half_blind]])
  local url = self.base.url:gsub("postgres@", "half_blind@", 1)
  local document, result = program.json(self:options({ "backup", "--dir", self.dir }, { DATABASE_URL = url }))
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(document.outcome.steps[1].format, "copy")
  lu.assertStrContains(result.stderr, "strangers")
  self.base:script("revoke select on people from half_blind")
  lu.assertStrContains(self:run({ "backup", "--dir", self.dir }, 1, { DATABASE_URL = url }).stderr, "people")
  self:backup("copy")
  lu.assertStrContains(self:run({ "history" }).stdout, "1 backup")
  self.base:script("drop schema strangers cascade; drop owned by half_blind")
end

function TestBackupFailures:test_an_archive_that_lost_rows_never_gets_its_name()
  local found = backup.tools(self.base)
  local real = found.pg_dump
  local bin = self:instead_of("pg_dump", ("exec %s \"$@\" --exclude-table-data=people\n"):format(real))
  self:instead_of("pg_restore", ("exec %s \"$@\"\n"):format(found.pg_restore))
  local said = self:run({ "backup", "--format", "pg_dump", "--dir", self.dir }, 1, { TILTH_PG_BINDIR = bin }).stderr
  lu.assertStrContains(said, "public.people")
  lu.assertEquals(self:names(), {})
end

function TestBackupFailures:test_published_and_cached_folders_are_refused()
  self.folder:write("amplify.yml",
    "version: 1\nfrontend:\n  artifacts:\n    baseDirectory: web/site\n  cache:\n    paths:\n      - keep/**/*\n")
  local refused = { ["web/site/x"] = "amplify.yml:4", ["keep/deep"] = "amplify.yml:7", ["public"] = "public", [".next/cache"] = ".next" }
  for folder, why in pairs(refused) do
    local said = self:run({ "backup", "--dir", folder }, 3).stderr
    lu.assertStrContains(said, why)
    lu.assertNil((fs.stat(self.folder:join(folder))), folder)
  end
  assert(fs.mkdir(self.folder:join("dist")))
  assert(fs.symlink("dist", self.folder:join("innocent")))
  lu.assertStrContains(self:run({ "backup", "--file", "innocent/db.tilth" }, 3).stderr, "dist")
  self:run({ "backup", "--dir", "web/other" })
end

function TestBackupFailures:test_no_file_is_written_over()
  local file = self.folder:write("mine", "precious")
  lu.assertStrContains(self:run({ "backup", "--file", "mine" }, 2).stderr, "exists already")
  lu.assertEquals(fs.read(file), "precious")
  lu.assertStrContains(self:run({ "backup", "--file", "a", "--dir", "b" }, 2).stderr, "exclude each other")
  for _ = 1, 3 do
    self:backup("copy")
  end
  lu.assertEquals(#self:names(), 3)
end

function TestBackupFailures:test_only_as_many_as_asked_for_are_kept()
  self.folder:write("tilth.config.lua", 'return { backup = { dir = "kept", keep = 2 } }')
  self.folder:write("kept/notes.txt", "mine")
  local foreign = self.folder:write(("kept/%s-20200101T000000Z-local.tilth"):format(self.base.name), "not a backup")
  for _ = 1, 4 do
    self:run({ "backup", "--format", "copy" })
  end
  self:run({ "backup", "--format", backup.formats(self.base)[1] })
  local names = self:names()
  -- Two backups, what is not ours, and the JSON of an archive.
  local both = #backup.formats(self.base) == 2
  lu.assertEquals(#names, both and 5 or 4, table.concat(names, "\n"))
  -- The newest one stays, though its name sorts before others of the same second.
  lu.assertEquals(table.concat(names, "\n"):find("%.dump\n") ~= nil, both)
  lu.assertEquals(fs.read(foreign), "not a backup")
  lu.assertNotNil((fs.stat(self.folder:join("kept/notes.txt"))))
end

function TestBackupFailures:test_a_damaged_backup_is_refused_before_anything_is_touched()
  local file = self:backup("copy")
  local text = assert(fs.read(file))
  local middle = text:find("person 50", 1, true)
  for name, broken in pairs({
    changed = text:sub(1, middle - 1) .. "PERSON 50" .. text:sub(middle + 9), short = text:sub(1, #text - 100), longer = text .. "x",
    headless = text:sub(2), empty = "",
  }) do
    local path = self.folder:write("broken_" .. name, broken)
    local said = self:run({ "restore", path, "--force" }, name == "headless" and 2 or name == "empty" and 2 or 1).stderr
    lu.assertStrContains(said, "backup", false, name)
  end
  lu.assertEquals(self.base:value("select count(*) from people"), 100)
  lu.assertEquals(self.base:value("select count(*) from pg_namespace where nspname like 'tilth_bin%'"), 0)
end

function TestBackupFailures:test_a_damaged_archive_takes_the_reset_back()
  local file = self:backup("pg_dump")
  local text = assert(fs.read(file))
  local broken = self.folder:write("broken.dump", text:sub(1, #text - 200))
  local said = self:run({ "restore", broken, "--force" }, 1).stderr
  lu.assertStrContains(said, "pg_restore")
  lu.assertStrContains(said, "The reset was taken back")
  lu.assertEquals(self.base:value("select count(*) from people"), 100)
end

function TestBackupFailures:test_a_restore_that_is_killed_is_taken_back_by_the_next_run()
  self.base:query("insert into people (name, data) select 'p', repeat(md5(i::text), 100) from generate_series(1, 10000) i")
  local file = self:backup("copy")
  self.base:query("insert into people (name) values ('after the backup')")
  -- What a restore notes at its end waits until it is killed.
  local gate = self.base:gate()
  self.base:script("create function tilth.wait() returns trigger language plpgsql as $f$ begin " .. gate.body .. " return new; end $f$; "
    .. "create trigger wait before update on tilth.resets for each row when (new.state = 'done') execute function tilth.wait()")
  local child <close> = program.start(self:options({ "restore", file, "--force" }))
  self.base:wait_until("select count(*) > 0 from pg_namespace where nspname like 'tilth_bin%'")
  child:signal(SIGKILL)
  lu.assertEquals(child:wait().signal, SIGKILL)
  self.base:query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tilth%'")
  self.base:wait_until_left()
  gate.open()
  lu.assertStrContains(self:run({ "flow" }).text, "cut short")
  lu.assertEquals(self.base:value("select count(*) from people where name = 'after the backup'"), 1)
end

function TestBackupFailures:test_restore_asks_before_it_touches_anything()
  local file = self:backup("copy")
  lu.assertStrContains(self:run({ "restore", file }, 3).stderr, "--force")
  lu.assertStrContains(self:run({ "restore", self.folder:join("none"), "--force" }, 1).stderr, "none")
  lu.assertStrContains(self:run({ "restore", file, "--force" }, 3, { TILTH_ENV = "production" }).stderr, "RESET_DATABASE_CONFIRM=")
  lu.assertStrContains(self:run({ "restore", file, "--force" }, 3,
    { TILTH_ENV = "production", CLAUDECODE = "1", RESET_DATABASE_CONFIRM = self.base.name }).stderr, "Claude Code")
  lu.assertEquals(self.base:value("select count(*) from pg_namespace where nspname like 'tilth_bin%'"), 0)
  local said = self:run({ "restore", file, "--force" }, 0, { TILTH_ENV = "production", RESET_DATABASE_CONFIRM = self.base.name }).stdout
  -- What a restore replaces on a protected database is backed up as well.
  lu.assertStrContains(said, "Backup: ")
end

function TestBackupFailures:test_a_failed_restore_into_a_new_database_drops_it()
  local file, name = self:backup("pg_dump"), self.base.name .. "_new"
  local text = assert(fs.read(file))
  local broken = self.folder:write("broken.dump", text:sub(1, #text - 200))
  lu.assertStrContains(self:run({ "restore", broken, "--into", name, "--force" }, 1).stderr, "was dropped again")
  lu.assertEquals(self.base:value("select count(*) from pg_database where datname = $1", { name }), 0)
end

function TestBackupFailures:test_a_protected_database_is_backed_up_before_its_reset()
  local variables = { TILTH_ENV = "production", RESET_DATABASE = "true", RESET_DATABASE_CONFIRM = self.base.name,
    TILTH_BACKUP_DIR = self.dir }
  local said = self:run({ "flow" }, 0, variables).stdout
  local first, second = said:find("Backup: ", 1, true), said:find("Reset: ", 1, true)
  lu.assertTrue(first and second and first < second, said)
  lu.assertEquals(self.base:value("select count(*) from people"), 0)
  lu.assertEquals(self.base:value("select outcome #>> '{steps,0,kind}' from tilth.builds order by id desc limit 1"), "backup")
  local file
  for _, name in ipairs(self:names()) do
    file = name:find("%.%a+$") and not name:find("%.json$") and self.dir .. "/" .. name or file
  end
  self:run({ "restore", file, "--force" }, 0, { RESET_DATABASE_CONFIRM = self.base.name })
  lu.assertEquals(self.base:value("select count(*) from people"), 100)
end

function TestBackupFailures:test_without_its_backup_a_protected_database_is_not_reset()
  self.folder:write("tilth.config.lua", 'return { backup = { dir = "public" } }')
  local variables = { TILTH_ENV = "production", RESET_DATABASE = "true", RESET_DATABASE_CONFIRM = self.base.name }
  lu.assertStrContains(self:run({ "flow" }, 3, variables).stderr, "publish")
  lu.assertEquals(self.base:value("select count(*) from people"), 100)
  self.folder:write("tilth.config.lua", "return { backup = { automatic = false } }")
  lu.assertStrContains(self:run({ "flow" }, 0, variables).stdout, "backup.automatic = false")
  lu.assertEquals(self.base:value("select count(*) from people"), 0)
end

function TestBackupFailures:test_an_unprotected_database_is_reset_without_a_backup()
  local said = self:run({ "flow" }, 0, { RESET_DATABASE = "true", TILTH_BACKUP_DIR = self.dir }).stdout
  lu.assertNil(said:find("Backup", 1, true))
  lu.assertEquals(self:names(), {})
end

return TestBackupFailures
