--- The ready-made seeds: what they send, and what they say about wrong options.
local TestReadySeeds = {}

local fs = require("tilth.fs")
local load_seed = require("tilth.seed.load")
local lu = require("luaunit")

local NULL <const> = setmetatable({}, { __name = "null" })

--- Models in which every name is known.
local ANY_MODEL <const> = { get = function() return { field = function() return {} end } end }

local function folder()
  local tests = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*/[^/]*$")
  return tests .. "/../seeds"
end

--- A seed's definition, loaded as tilth loads it, with options as the third argument of the file.
local function definition(name, options)
  local path = ("%s/%s.lua"):format(folder(), name)
  local environment = load_seed.environment(fs, folder(), function(text) return text end)
  return assert(load(assert(fs.read(path)), "@" .. path, "t", environment))(name, path, options)
end

--- Runs a seed against a session that only remembers.
local function run(name, options, users)
  local sent = { rows = {}, calls = 0 }
  definition(name, options).run({
    null = NULL,
    models = function() return ANY_MODEL end,
    upsert = function(_, model, rows, how)
      sent.model, sent.key, sent.calls = model, how.key, sent.calls + 1
      table.move(rows, 1, #rows, #sent.rows + 1, sent.rows)
    end,
    query = function(_, sql, emails)
      sent.sql = sql
      local found = {}
      for email in emails:gmatch("[^{},]+") do
        if users ~= false then found[#found + 1] = { email = email, id = "id of " .. email } end
      end
      return found
    end,
  }, {})
  return sent
end

local function find(rows, key, value)
  for _, row in ipairs(rows) do
    if row[key] == value then return row end
  end
end

function TestReadySeeds:test_reference_data_has_a_unique_key_in_every_row()
  local cases = { countries = { 249, "Country" }, currencies = { 181, "Currency" }, languages = { 184, "Language" },
    time_zones = { 312, "TimeZone" } }
  for name, case in pairs(cases) do
    local sent, seen = run(name), {}
    lu.assertEquals({ #sent.rows, sent.model }, case)
    for _, row in ipairs(sent.rows) do
      local key = row[sent.key]
      lu.assertTrue(type(key) == "string" and key ~= "" and not seen[key], tostring(key))
      seen[key] = true
    end
  end
end

function TestReadySeeds:test_known_rows_are_right()
  lu.assertEquals(find(run("countries").rows, "code", "CI"),
    { code = "CI", alpha3 = "CIV", numeric = "384", name = "Côte d'Ivoire" })
  lu.assertEquals(find(run("currencies").rows, "code", "EUR"), { code = "EUR", numeric = "978", name = "Euro" })
  lu.assertEquals(find(run("languages").rows, "code", "de"), { code = "de", alpha3 = "deu", name = "German" })
  lu.assertEquals(find(run("time_zones").rows, "name", "America/New_York"),
    { name = "America/New_York", country = "US", latitude = "40.7142", longitude = "-74.0064" })
end

function TestReadySeeds:test_options_name_model_columns_and_rows()
  local sent = run("countries", {
    model = "Nation", key = "iso",
    columns = { iso = "alpha2", label = function(row) return row.alpha2 .. " " .. row.name end },
    where = function(row) return row.alpha2 == "NO" or row.alpha2 == "SE" end,
  })
  lu.assertEquals(sent.model, "Nation")
  lu.assertEquals(sent.rows, { { iso = "NO", label = "NO Norway" }, { iso = "SE", label = "SE Sweden" } })
end

function TestReadySeeds:test_brackets_give_a_list_and_a_missing_value_is_null()
  local sent = run("time_zones", { columns = { name = "name", countries = "countries[]", comments = "comments" } })
  lu.assertEquals(find(sent.rows, "name", "Europe/Zurich").countries, { "CH", "DE", "LI" })
  lu.assertIs(find(sent.rows, "name", "Europe/Paris").comments, NULL)
end

function TestReadySeeds:test_wrong_options_say_what_is_known()
  local cases = {
    { { columns = { code = "alpha9" } }, 'column "code" is to get "alpha9", which countries.csv does not have; it has alpha2' },
    { { columns = { d = "no", c = "no", b = "no", a = "no" } }, 'column "a" is to get "no"' },
    { { d = 1, c = 1, b = 1, a = 1 }, 'unknown option "a"' },
    { { key = "iso" }, 'the key "iso" is not among the columns' },
    { { tabel = "x" }, 'unknown option "tabel"; known are after, columns, description, environments, key, model, models, where' },
  }
  for _, case in ipairs(cases) do
    lu.assertErrorMsgContains(case[2], run, "countries", case[1])
  end
  lu.assertErrorMsgContains('unknown option "cuont"', run, "demo_users", { cuont = 3 })
  lu.assertErrorMsgContains('column "a" is to get "no"', run, "demo_users",
    { key = "a", columns = { d = "no", c = "no", b = "no", a = "no" } })
  lu.assertErrorMsgContains('is to get "mail", which a demo row does not have', run, "demo_users", { columns = { email = "mail" } })
end

function TestReadySeeds:test_demo_users_are_the_same_on_every_machine()
  lu.assertEquals(run("demo_users", { count = 2 }).rows, {
    { email = "demo.1@example.com", name = "Grace Eriksen" }, { email = "demo.2@example.com", name = "Carla Wilson" },
  })
end

function TestReadySeeds:test_demo_users_of_any_size_go_in_parts_and_are_unique()
  local sent, seen = run("demo_users", { count = 25001 }), {}
  lu.assertEquals({ #sent.rows, sent.calls }, { 25001, 3 })
  for _, row in ipairs(sent.rows) do
    lu.assertNil(seen[row.email])
    seen[row.email] = true
  end
end

function TestReadySeeds:test_demo_orders_belong_to_demo_users()
  local sent = run("demo_orders", { count = 500, users = 7, user_table = "app.people", user_id = "person\"id" })
  lu.assertStrContains(sent.sql, [["person""id" as id from "app"."people"]])
  for index, row in ipairs(sent.rows) do
    lu.assertEquals(row.number, ("DEMO-%08d"):format(index))
    local user = tonumber(row.userId:match("^id of demo%.(%d+)@example%.com$"))
    lu.assertTrue(user >= 1 and user <= 7)
    lu.assertStrMatches(row.total, "%d+%.%d%d")
  end
end

function TestReadySeeds:test_demo_orders_without_users_name_the_seed_to_run()
  lu.assertErrorMsgContains("run the seed demo_users with at least 100 users first", run, "demo_orders", nil, false)
end

function TestReadySeeds:test_demo_data_never_goes_to_production()
  for _, name in ipairs({ "demo_users", "demo_orders" }) do
    lu.assertEquals(definition(name).environments, { "development", "preview", "staging" })
  end
end

return TestReadySeeds
