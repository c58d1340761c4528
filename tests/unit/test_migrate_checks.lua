--- The checks of migrations: what is refused, what is said.
local lu = require("luaunit")

local TestMigrateChecks = {}

local function run(name, observed, plan)
  return require("tilth.check." .. name).run(observed, plan)
end

local function observed(parts)
  local migrations = parts.migrations or {}
  migrations.lock_file = parts.lock_file or { found = false }
  migrations.prisma8 = parts.prisma8
  migrations.byte_order_differs = parts.byte_order_differs
  return {
    migrations = migrations, history = { exists = parts.exists ~= false, rows = parts.rows or {} }, objects = parts.objects or {},
    project = { root = "/p" },
  }
end

local function applied(name)
  return { migration_name = name, finished_at = "t", started_at = "2026-01-01 00:00:00+00" }
end

local function only(findings)
  lu.assertEquals(#findings, 1)
  return findings[1]
end

function TestMigrateChecks:test_provider_of_another_database_is_p3019()
  local finding = only(run("migration_provider", observed({ lock_file = { found = true, provider = "mysql", path = "/p/m/l", line = 3 } })))
  lu.assertEquals({ finding.severity, finding.code }, { "block", "P3019" })
  lu.assertStrContains(finding.message, "`mysql`. (m/l:3)")
end

function TestMigrateChecks:test_provider_that_is_not_named_is_p3019()
  local finding = only(run("migration_provider", observed({ lock_file = { found = true, path = "/m/l" } })))
  lu.assertStrContains(finding.message, "<PROVIDER NOT FOUND>")
end

function TestMigrateChecks:test_provider_fits_or_is_absent()
  lu.assertEquals(run("migration_provider", observed({})), {})
  lu.assertEquals(run("migration_provider", observed({ lock_file = { found = true, provider = "postgresql" } })), {})
end

function TestMigrateChecks:test_prisma_8_is_refused()
  local finding = only(run("migration_prisma8", observed({ prisma8 = "/p/m/app/x/ops.json" })))
  lu.assertEquals(finding.severity, "block")
  lu.assertStrContains(finding.message, "layout (m/app/x/ops.json)")
  lu.assertEquals(run("migration_prisma8", observed({})), {})
end

function TestMigrateChecks:test_tables_without_history_are_p3005_with_their_names_and_the_command()
  local finding = only(run("migration_not_empty", observed({
    exists = false, migrations = { { name = "1_a" } },
    objects = { { schema = "public", name = "users" }, { schema = "public", name = "h", extension = "hstore" } },
  })))
  lu.assertEquals({ finding.severity, finding.code, finding.exit }, { "block", "P3005", 1 })
  lu.assertStrContains(finding.message, "public.users, public.h (extension hstore)")
  lu.assertStrContains(finding.advice, 'tilth migrate baseline --up-to "1_a"')
end

function TestMigrateChecks:test_tables_with_history_or_none_are_fine()
  lu.assertEquals(run("migration_not_empty", observed({ objects = { { schema = "a", name = "b" } } })), {})
  lu.assertEquals(run("migration_not_empty", observed({ exists = false })), {})
end

function TestMigrateChecks:test_failed_row_is_p3009_with_its_logs_and_both_commands()
  local finding = only(run("migration_failed", observed({ rows = { {
    migration_name = "1_a", started_at = "2026-11-22 16:41:13.913+00",
    logs = "A migration failed to apply.\n\nERROR: no such table\n   0: sql_schema_connector::apply\n",
  } } })))
  lu.assertEquals({ finding.severity, finding.code, finding.exit }, { "block", "P3009", 1 })
  lu.assertStrContains(finding.message, "The `1_a` migration started at 2026-11-22 16:41:13.913 UTC failed")
  lu.assertStrContains(finding.message, "ERROR: no such table")
  lu.assertNotStrContains(finding.message, "sql_schema_connector")
  lu.assertStrContains(finding.advice, 'resolve --rolled-back "1_a"')
  lu.assertStrContains(finding.advice, 'resolve --applied "1_a"')
end

function TestMigrateChecks:test_failed_row_without_logs_says_that_it_was_killed()
  local finding = only(run("migration_failed", observed({ rows = { { migration_name = "1_a", started_at = "t" } } })))
  lu.assertStrContains(finding.message, "was killed")
end

function TestMigrateChecks:test_failed_row_with_steps_done_says_what_became_of_the_file()
  local row = { migration_name = "1_a", started_at = "t", mark = { done = 2, total = 5 } }
  local here = only(run("migration_failed", observed({ rows = { row }, migrations = { { name = "1_a" } } })))
  lu.assertStrContains(here.message, "2 of its 5 statements, and that part of the file has been edited since.")
  local gone = only(run("migration_failed", observed({ rows = { row } })))
  lu.assertStrContains(gone.message, "2 of its 5 statements, and the file is not in this checkout.")
end

function TestMigrateChecks:test_failed_row_of_which_nothing_is_there_is_a_note()
  local finding = only(run("migration_failed", observed({ rows = { { migration_name = "1_a", started_at = "t", nothing_left = true } } })))
  lu.assertEquals(finding.severity, "note")
end

function TestMigrateChecks:test_rows_that_do_not_block()
  lu.assertEquals(run("migration_failed", observed({ rows = {
    applied("a"), { migration_name = "b", rolled_back_at = "t" }, { migration_name = "c", resumable = true, started_at = "t" },
  } })), {})
end

function TestMigrateChecks:test_after_a_planned_reset_the_old_history_does_not_block()
  local before = observed({ rows = { { migration_name = "1_a", started_at = "t" } } })
  local after = observed({ exists = false })
  lu.assertEquals(run("migration_failed", before, { effective = after, request = { migrate = true } }), {})
end

function TestMigrateChecks:test_requests_that_do_not_migrate_are_not_blocked()
  local plan = { request = { migrate = false } }
  local world = observed({ rows = { { migration_name = "1_a", started_at = "t" } }, prisma8 = "x", lock_file = { found = true } })
  for _, name in ipairs({ "migration_failed", "migration_prisma8", "migration_provider", "migration_not_empty", "migration_file" }) do
    lu.assertEquals(run(name, world, plan), {}, name)
  end
end

function TestMigrateChecks:test_broken_files_that_are_pending_are_refused()
  local cases = {
    { { kind = "missing" }, "P3015", "Could not find the migration file at migration.sql" },
    { { kind = "unreadable", message = "Is a directory" }, "P3015", "Is a directory" },
    { { kind = "nul", line = 4 }, "failed", "/m/a:4: a NUL byte" },
    { { kind = "encoding", line = 2, byte = 0xE9 }, "failed", "/m/a:2: byte 0xE9 is not UTF-8" },
  }
  for _, case in ipairs(cases) do
    local migration = { name = "a", path = "/m/a", problem = case[1] }
    local finding = only(run("migration_file", observed({ migrations = { migration } })))
    lu.assertEquals({ finding.severity, finding.code }, { "block", case[2] })
    lu.assertStrContains(finding.message, case[3])
    lu.assertEquals(run("migration_file", observed({ migrations = { migration }, rows = { applied("a") } })), {})
  end
end

function TestMigrateChecks:test_name_that_the_history_cannot_hold_is_refused()
  local finding = only(run("migration_file", observed({ migrations = { { name = ("x"):rep(256), path = "/m/x" } } })))
  lu.assertStrContains(finding.message, "longer than the 255")
  finding = only(run("migration_file", observed({ migrations = { { name = "1_caf\xE9", path = "/m/x" } } })))
  lu.assertStrContains(finding.message, "the name of migration `1_caf?` is not UTF-8")
end

function TestMigrateChecks:test_edited_is_a_warning_with_both_checksums()
  local finding = only(run("migration_edited", observed({
    migrations = { { name = "a", changed = "edited", sha256 = "new", stored = "old" } }, rows = { applied("a") },
  })))
  lu.assertEquals(finding.severity, "warn")
  lu.assertStrContains(finding.message, "checksum is new, the one of what was applied old")
end

function TestMigrateChecks:test_failure_beside_a_row_that_is_applied_is_closed_and_not_run_again()
  local finding = only(run("migration_failed", observed({ rows = {
    { migration_name = "1_a", started_at = "t" }, { migration_name = "1_a", started_at = "u", finished_at = "v" },
  } })))
  lu.assertEquals({ finding.severity, finding.code }, { "block", "P3009" })
  lu.assertStrContains(finding.message, "Another row says that it is applied.")
  lu.assertStrContains(finding.advice, 'close the row of the failure:\n  tilth migrate resolve --rolled-back "1_a"')
  lu.assertNotStrContains(finding.advice, "--applied")
end

function TestMigrateChecks:test_line_endings_are_a_note()
  local finding = only(run("migration_edited", observed({
    migrations = { { name = "a", changed = "line endings" } }, rows = { applied("a") },
  })))
  lu.assertEquals(finding.severity, "note")
end

function TestMigrateChecks:test_applied_but_missing_is_a_warning()
  local finding = only(run("migration_missing", observed({ migrations = { { name = "a" } }, rows = { applied("a"), applied("b") } })))
  lu.assertEquals(finding.severity, "warn")
  lu.assertStrContains(finding.message, "`b`")
  lu.assertEquals(run("migration_missing", observed({ migrations = { { name = "a" } }, rows = { applied("a") } })), {})
end

function TestMigrateChecks:test_out_of_order_is_a_warning()
  local finding = only(run("migration_order", observed({
    migrations = { { name = "a" }, { name = "b" }, { name = "c" } }, rows = { applied("b") },
  })))
  lu.assertEquals(finding.severity, "warn")
  lu.assertStrContains(finding.message, "`a` sorts before `b`")
  lu.assertEquals(run("migration_order", observed({ migrations = { { name = "a" }, { name = "b" } }, rows = { applied("a") } })), {})
end

function TestMigrateChecks:test_order_of_older_prisma_is_a_note_when_several_are_pending()
  local world = observed({ migrations = { { name = "a" }, { name = "b" } }, byte_order_differs = true })
  lu.assertEquals(only(run("migration_order", world)).severity, "note")
  world.history.rows = { applied("a") }
  lu.assertEquals(run("migration_order", world), {})
end

function TestMigrateChecks:test_checks_describe_themselves()
  for _, name in ipairs({ "provider", "prisma8", "not_empty", "failed", "file", "edited", "missing", "order" }) do
    local check = require("tilth.check.migration_" .. name)
    lu.assertEquals(check.id, "migration-" .. name:gsub("_", "-"))
    lu.assertIsString(check.about)
  end
end

return TestMigrateChecks
