--- What differs between a backup and what was found: rows, columns, definitions; and what a backup says about itself.
local lu = require("luaunit")

local TestBackupCompare = {}

local compare = require("tilth.backup.compare")
local manifest = require("tilth.backup.manifest")
local plan = require("tilth.backup.plan")
local recorded = require("tilth.backup.recorded")
local retarget = require("tilth.backup.retarget")

local function entry(name, rows, digest)
  return { schema = "public", name = name, rows = rows, digest = digest }
end

function TestBackupCompare:test_rows_differ_by_table_count_or_content()
  local wanted = { entry("a", 2, "7"), entry("b", 0, "0") }
  lu.assertTrue(compare.rows(wanted, { entry("b", 0, "0"), entry("a", 2, "7"), entry("more", 9, "1") }))
  lu.assertTrue(compare.rows(wanted, { entry("b", 0), entry("a", 2) }))
  for text, found in pairs({
    ["public.b is missing"] = { entry("a", 2, "7") },
    ["public.a has 1 rows and not 2"] = { entry("a", 1, "7"), entry("b", 0, "0") },
    ["public.a has other contents in its 2 rows"] = { entry("a", 2, "8"), entry("b", 0, "0") },
  }) do
    local ok, message = compare.rows(wanted, found)
    lu.assertNil(ok)
    lu.assertEquals(message, text)
  end
end

function TestBackupCompare:test_a_missing_or_other_column_is_named()
  local function with(columns)
    return { { schema = "public", name = "a", columns = columns } }
  end
  local wanted = with({ { name = "id", type = "integer" }, { name = "g", type = "text", generated = true } })
  lu.assertTrue(compare.columns(wanted, with({ { name = "g", type = "text", generated = true }, { name = "id", type = "integer" },
    { name = "new", type = "text" } })))
  for text, columns in pairs({
    ["column id of public.a"] = { { name = "g", type = "text", generated = true } },
    ["column id of public.a as it was (integer)"] = { { name = "id", type = "bigint" }, { name = "g", type = "text", generated = true } },
    ["column g of public.a as it was (text)"] = { { name = "id", type = "integer" }, { name = "g", type = "text" } },
  }) do
    lu.assertEquals(select(2, compare.columns(wanted, with(columns))), text)
  end
  lu.assertEquals(select(2, compare.columns(wanted, {})), "table public.a")
end

function TestBackupCompare:test_definitions_that_differ_are_listed()
  local function object(name, definition)
    return { kind = "index", name = name, definition = definition }
  end
  lu.assertNil(compare.objects({ object("a", "x") }, { object("a", "x") }))
  lu.assertEquals(compare.objects({ object("a", "x"), object("b", "y") }, { object("a", "z"), object("c", "y") }),
    "index a is made otherwise by the migrations; index b is not made by the migrations; index c was not there")
  local many = {}
  for number = 1, 8 do
    many[number] = object("i" .. number, "x")
  end
  lu.assertStrContains(compare.objects(many, {}), "and 3 more")
end

--- A digest that can be read.
local function digest(text)
  return (text .. ("-"):rep(64)):sub(1, 64)
end

local function row(name, checksum, more)
  local made = { migration_name = name, checksum = digest(checksum), finished_at = true }
  for key, value in pairs(more or {}) do
    made[key] = value or nil
  end
  return made
end

local function collect(rows, files)
  local migrations = {}
  for name in pairs(files) do
    migrations[#migrations + 1] = { name = name, path = name }
  end
  local observed = { history = { exists = true, rows = rows }, migrations = migrations }
  return recorded.collect(observed, function(path) return files[path] end, digest)
end

function TestBackupCompare:test_recorded_migrations_come_in_the_order_of_the_history()
  local list, why = collect({ row("b", "B"), row("a", "A"), row("a", "A") }, { a = "A", b = "B", pending = "P" })
  lu.assertNil(why)
  lu.assertEquals(list, { { name = "b", sha256 = digest("B"), text = "B" }, { name = "a", sha256 = digest("A"), text = "A" } })
end

function TestBackupCompare:test_what_does_not_make_the_schema_is_said()
  local cases = {
    { { row("a", "A") }, {}, "a is applied, but its file is not here" },
    { { row("a", "A") }, { a = "edited" }, "a was edited after it was applied" },
    { { row("a", "A"), row("b", "B", { finished_at = false }) }, { a = "A", b = "B" }, "b is recorded as failed" },
    { {}, { a = "A" }, "records no migration" },
    { { row("a", "A", { rolled_back_at = "x" }) }, { a = "A" }, "records no migration" },
  }
  for _, case in ipairs(cases) do
    local list, why = collect(case[1], case[2])
    lu.assertStrContains(why or "", case[3])
    lu.assertTrue(#list == 0 or list[1].text == nil or digest(list[1].text) == list[1].sha256)
  end
  lu.assertStrContains(select(2, recorded.collect({ history = { exists = false, rows = {} } }, digest, digest)), "no history")
end

local function sound()
  return {
    tilth_backup = 1, kind = "copy", database = "d", at = "t", server_version = "15", rows = 1, schemas = {}, sequences = {},
    objects = {}, migrations = {}, tables = { { schema = "s", name = "t", rows = 1, digest = "1", columns = {} } },
  }
end

function TestBackupCompare:test_a_manifest_is_checked_before_it_is_believed()
  lu.assertTable(manifest.check(sound(), "f"))
  for text, change in pairs({
    ["does not describe a backup"] = function(value) value.tilth_backup = nil end,
    ["newer tilth"] = function(value) value.tilth_backup = 2 end,
    ["does not say its database"] = function(value) value.database = 7 end,
    ["what its tables hold"] = function(value) value.tables[1].rows = "1" end,
  }) do
    local value = sound()
    change(value)
    local ok, message, code, detail = manifest.check(value, "f")
    lu.assertNil(ok)
    lu.assertStrContains(message, text)
    lu.assertEquals(code, "failed")
    lu.assertNotNil(detail.advice)
  end
  lu.assertNil((manifest.check("text", "f")))
end

local function observed(more)
  local made = {
    target = { database = "shop", text = 'database "shop" at h:1' }, environment = { name = "production", source = "TILTH_ENV" },
    reset = { rows = true, schemas = {}, life = {}, dependents = {}, inheritance = {}, publications = {} }, ledger = {},
  }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

function TestBackupCompare:test_a_backup_comes_before_the_reset_of_a_protected_database_only()
  lu.assertEquals(plan.before_reset(observed(), { kind = "reset" })[1].kind, "backup")
  lu.assertEquals(plan.before_reset(observed(), { kind = "reset", empty = true }), {})
  local bare = { rows = false, schemas = {}, life = {}, dependents = {}, inheritance = {}, publications = {} }
  lu.assertEquals(plan.before_reset(observed({ reset = bare }), { kind = "reset" }), {})
  lu.assertEquals(plan.before_reset(observed({ environment = { name = "staging" } }), { kind = "reset" }), {})
  local actions, skipped = plan.before_reset(observed({ settings = { get = function(_, name)
    return name ~= "backup_automatic" and nil
  end } }), { kind = "reset" })
  lu.assertEquals(actions, {})
  lu.assertStrContains(skipped[1].why, "backup.automatic")
end

function TestBackupCompare:test_another_database_keeps_the_password_out_of_sight()
  local target = setmetatable({ database = "a", text = 'database "a" at h:1' }, { __index = { params = { dbname = "a", password = "p" } } })
  local other = retarget.database(target, "b")
  lu.assertEquals(other.params, { dbname = "b", password = "p" })
  lu.assertEquals(other.text, 'database "b" at h:1')
  lu.assertEquals(target.params.dbname, "a")
  for key in pairs(other) do
    lu.assertNotEquals(key, "params")
  end
end

return TestBackupCompare
