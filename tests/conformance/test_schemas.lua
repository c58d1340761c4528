--- Where the history and the tables go when the URL or the datasource names schemas.
local TestSchemas = {}

local lu = require("luaunit")
local both = require("conformance.both")
local project = require("support.project")

local DEPLOY <const> = { "migrate", "deploy" }
local STATUS <const> = { "migrate", "status" }
local SEVERAL <const> = [[
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
  schemas  = ["audit", "public"]
}
]]
local ONE <const> = { "20240101000000_one", 'CREATE TABLE "One" (id int);\nCREATE TYPE "Kind" AS ENUM (\'a\');\n' }
local TWO <const> = { "20240102000000_two", 'ALTER TABLE "One" ADD COLUMN kind "Kind" DEFAULT \'a\';\n' }
local AUDIT <const> = { "20240101000000_audit",
  'CREATE SCHEMA IF NOT EXISTS "audit";\nCREATE TABLE "audit"."Log" (id int);\nCREATE TABLE "public"."User" (id int);\n' }

--- Both databases, reached through URLs that name a schema.
local function places_in(schema, parts)
  local places = both.places(project.new(parts))
  for _, place in ipairs({ places.prisma, places.tilth }) do
    place.url = place.database.url .. "&schema=" .. schema
  end
  return places
end

local function deploy(places)
  both.assert_done(both.prisma(places.prisma, DEPLOY))
  both.assert_done(both.tilth(places.tilth, DEPLOY))
end

local function assert_equal(places, history)
  lu.assertEquals(both.history(places.tilth.database, history), both.history(places.prisma.database, history))
  lu.assertEquals(both.dump(places.tilth.database), both.dump(places.prisma.database))
end

function TestSchemas:test_schema_of_the_url_gets_history_and_tables()
  local places <close> = places_in("app", { migrations = { ONE, TWO } })
  deploy(places)
  assert_equal(places, "app._prisma_migrations")
  lu.assertTrue(places.tilth.database:has('app."One"'))
end

function TestSchemas:test_schema_with_capitals_and_a_dash_is_quoted()
  local places <close> = places_in("My-App", { migrations = { ONE, TWO } })
  deploy(places)
  assert_equal(places, '"My-App"._prisma_migrations')
end

function TestSchemas:test_tables_of_public_do_not_matter_to_another_schema()
  local places <close> = places_in("app", { migrations = { ONE } })
  for _, place in ipairs({ places.prisma, places.tilth }) do
    place.database:script("create table stranger (id int)")
  end
  deploy(places)
  assert_equal(places, "app._prisma_migrations")
end

function TestSchemas:test_each_accepts_the_other_in_the_schema_of_the_url()
  local places <close> = places_in("app", { migrations = { ONE, TWO } })
  deploy(places)
  places.tilth.url, places.prisma.url = places.prisma.url, places.tilth.url
  for _, result in ipairs({ both.tilth(places.tilth, STATUS), both.prisma(places.prisma, STATUS) }) do
    both.assert_done(result)
    lu.assertStrContains(result.stdout, "Database schema is up to date!")
  end
end

function TestSchemas:test_several_schemas_keep_the_history_in_public()
  local places <close> = both.places(project.new({ schema = SEVERAL, migrations = { AUDIT } }))
  deploy(places)
  assert_equal(places, "public._prisma_migrations")
end

function TestSchemas:test_table_in_any_of_several_schemas_is_p3005_in_both()
  local places <close> = both.places(project.new({ schema = SEVERAL, migrations = { AUDIT } }))
  for _, place in ipairs({ places.prisma, places.tilth }) do
    place.database:script("create schema audit; create table audit.stranger (id int)")
  end
  lu.assertEquals(both.prisma(places.prisma, DEPLOY).code, "P3005")
  lu.assertEquals(both.tilth(places.tilth, DEPLOY).code, "P3005")
end

function TestSchemas:test_views_types_and_functions_are_no_p3005_in_both()
  local places <close> = both.places(project.new({ migrations = { ONE } }))
  for _, place in ipairs({ places.prisma, places.tilth }) do
    place.database:script([[create view v as select 1 as one; create type mood as enum ('a'); create table parent (a int)
      partition by list (a); create function f() returns int language sql as 'select 1'; create table spatial_ref_sys ()]])
  end
  deploy(places)
  assert_equal(places)
end

return TestSchemas
