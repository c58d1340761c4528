--- Where a project's parts are found.
local lu = require("luaunit")

local fake_files = require("support.fake_files")
local project = require("tilth.project")

local TestProject = {}

local SCHEMA <const> = "datasource db {\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n}\n"

local function find(tree, start, options)
  return project.find(fake_files.new(tree), start, options)
end

function TestProject:test_find_reads_a_usual_prisma_project()
  local found = find({
    ["/p/package.json"] = [[{"name":"shop","scripts":{"build":"next build"},"prisma":{"seed":"tsx seed.ts"}}]],
    ["/p/prisma/schema.prisma"] = "datasource db {\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n"
      .. "  directUrl = \"postgresql://h/d\"\n  shadowDatabaseUrl = env(\"S\")\n  schemas = [\"a\", \"b\"]\n}\n",
    ["/p/.env"] = "A=1",
  }, "/p")
  lu.assertEquals(found.root, "/p")
  lu.assertEquals(found.schema.files, { "/p/prisma/schema.prisma" })
  lu.assertEquals(found.schema.datasource_file, "/p/prisma/schema.prisma")
  local file = "/p/prisma/schema.prisma"
  lu.assertEquals(found.schema.datasource, {
    name = "db", provider = "postgresql", file = file, line = 1, url = { env = "DATABASE_URL", file = file, line = 3 },
    direct_url = { value = "postgresql://h/d", file = file, line = 4 }, shadow_url = { env = "S", file = file, line = 5 },
    schemas = { "a", "b" },
  })
  lu.assertEquals({ found.migrations_dir, found.migrations_from, found.seeds_dir },
    { "/p/prisma/migrations", "schema", "/p/seeds" })
  lu.assertEquals({ found.package.name, found.package.build, found.package.seed, found.package.dir },
    { "shop", "next build", "tsx seed.ts", "/p" })
  lu.assertEquals(found.dotenv_files, { "/p/.env" })
  lu.assertEquals(found.config, {})
end

function TestProject:test_prismas_config_option_leaves_the_guards_of_tilths_own_config()
  local found, message = find({
    ["/p/package.json"] = "{}", ["/p/tilth.config.lua"] = "return { protected = true }", ["/p/prisma.config.ts"] = "export default {}",
  }, "/p", { config = "prisma.config.ts" })
  lu.assertNotNil(found, message)
  lu.assertEquals(found.config, { protected = true })
  lu.assertEquals(found.prisma_config.file, "/p/prisma.config.ts")
end

function TestProject:test_find_climbs_to_the_nearest_project()
  local cases = {
    { { ["/r/p/tilth.config.lua"] = "return {}" }, "/r/p" }, { { ["/r/p/schema.prisma"] = SCHEMA }, "/r/p" },
    { { ["/r/p/prisma/schema.prisma"] = SCHEMA }, "/r/p" }, { { ["/r/p/prisma.config.ts"] = "export default {}" }, "/r/p" },
    { { ["/r/p/.config/prisma.mjs"] = "export default {}" }, "/r/p" }, { { ["/r/p/package.json"] = "{}" }, "/r/p" },
    { { ["/r/p/package.json"] = "{}", ["/r/tilth.config.lua"] = "return {}" }, "/r" },
    { { ["/r/p/package.json"] = "{}", ["/r/p/.git/"] = true, ["/r/tilth.config.lua"] = "return {}" }, "/r/p" },
    { { ["/r/p/a/package.json"] = "{}", ["/r/p/package.json"] = [[{"prisma":{}}]] }, "/r/p" },
  }
  for index, case in ipairs(cases) do
    case[1]["/r/p/a/b/c.txt"] = ""
    local found, message = find(case[1], "/r/p/a/b")
    lu.assertNotNil(found, message)
    lu.assertEquals(found.root, case[2], "case " .. index)
  end
end

function TestProject:test_find_stops_at_the_repository()
  local found, message, code, detail = find({ ["/r/p/.git/HEAD"] = "", ["/r/tilth.config.lua"] = "return {}" }, "/r/p")
  lu.assertNil(found)
  lu.assertStrContains(message, "no project in /r/p")
  lu.assertEquals(code, "config")
  lu.assertStrContains(detail.advice, "--project")
end

function TestProject:test_find_gives_a_bare_project_when_it_is_optional()
  local found = find({ ["/r/p/"] = true }, "/r/p", { optional = true })
  lu.assertEquals(found.root, "/r/p")
  lu.assertNil(found.schema)
  lu.assertEquals(found.migrations_dir, "/r/p/prisma/migrations")
end

function TestProject:test_find_takes_the_package_of_the_current_folder()
  local found = find({
    ["/r/prisma/schema.prisma"] = SCHEMA, ["/r/package.json"] = [[{"name":"root"}]], ["/r/apps/web/package.json"] = [[{"name":"web"}]],
  }, "/r/apps/web")
  lu.assertEquals(found.root, "/r")
  lu.assertEquals(found.package.name, "web")
end

function TestProject:test_find_takes_schemas_in_prismas_order()
  local tree = {
    ["/p/given.prisma"] = SCHEMA, ["/p/tilth.prisma"] = SCHEMA, ["/p/config.prisma"] = SCHEMA, ["/p/db/package.prisma"] = SCHEMA,
    ["/p/schema.prisma"] = SCHEMA, ["/p/prisma/schema.prisma"] = SCHEMA, ["/p/tilth.config.lua"] = "return { schema = \"tilth.prisma\" }",
    ["/p/prisma.config.ts"] = "export default { schema: \"./config.prisma\" }",
    ["/p/package.json"] = [[{"prisma":{"schema":"db/package.prisma"}}]],
  }
  local function chosen(options)
    return find(tree, "/p", options).schema.datasource_file
  end
  lu.assertEquals(chosen({ schema = "given.prisma" }), "/p/given.prisma")
  for _, step in ipairs({
    { "/p/tilth.config.lua", "/p/tilth.prisma" }, { "/p/prisma.config.ts", "/p/config.prisma" },
    { "/p/package.json", "/p/db/package.prisma" }, { "/p/schema.prisma", "/p/schema.prisma" },
    { "/p/prisma/schema.prisma", "/p/prisma/schema.prisma" },
  }) do
    lu.assertEquals(chosen(), step[2])
    tree[step[1]] = nil
  end
end

function TestProject:test_find_reads_a_folder_of_schemas_and_follows_the_datasource()
  local found = find({
    ["/p/prisma/schema/a/base.prisma"] = SCHEMA, ["/p/prisma/schema/b.prisma"] = "model A {\n  id Int @id\n}",
    ["/p/prisma/schema/readme.md"] = "", ["/p/prisma/schema/a/migrations/x.prisma"] = "broken",
  }, "/p", { schema = "prisma/schema" })
  lu.assertEquals(found.schema.files, { "/p/prisma/schema/a/base.prisma", "/p/prisma/schema/b.prisma" })
  lu.assertEquals(found.migrations_dir, "/p/prisma/schema/a/migrations")
end

function TestProject:test_find_takes_migrations_and_seeds_where_they_are_named()
  local tree = { ["/p/prisma/schema.prisma"] = SCHEMA, ["/p/prisma.config.ts"] = "export default { migrations: { path: 'db/m' } }" }
  local found = find(tree, "/p")
  lu.assertEquals({ found.migrations_dir, found.migrations_from }, { "/p/db/m", "prisma.config.ts" })
  tree["/p/tilth.config.lua"] = "return { migrations = \"x/m\", seeds = \"x/s\" }"
  found = find(tree, "/p")
  lu.assertEquals({ found.migrations_dir, found.migrations_from, found.seeds_dir }, { "/p/x/m", "tilth.config.lua", "/p/x/s" })
  lu.assertEquals(find({ ["/p/prisma/schema.prisma"] = SCHEMA, ["/p/prisma/seeds/a.lua"] = "" }, "/p").seeds_dir, "/p/prisma/seeds")
end

function TestProject:test_find_lists_dotenv_files_strongest_first()
  local tree = { ["/p/package.json"] = "{}", ["/p/prisma/schema.prisma"] = SCHEMA, ["/p/.env"] = "", ["/p/prisma/.env"] = "",
    ["/p/.env.local"] = "" }
  lu.assertEquals(find(tree, "/p").dotenv_files, { "/p/.env", "/p/prisma/.env" })
  tree["/p/.env"] = nil
  lu.assertEquals(find(tree, "/p").dotenv_files, { "/p/prisma/.env" })
end

function TestProject:test_find_lists_the_schemas_dotenv_file_first_without_a_package_json()
  local tree = { ["/p/prisma/schema.prisma"] = SCHEMA, ["/p/.env"] = "", ["/p/prisma/.env"] = "" }
  lu.assertEquals(find(tree, "/p").dotenv_files, { "/p/prisma/.env", "/p/.env" })
  tree["/p/prisma/.env"] = nil
  lu.assertEquals(find(tree, "/p").dotenv_files, { "/p/.env" })
end

function TestProject:test_find_recognises_prisma_8()
  lu.assertEquals(find({ ["/p/prisma/schema.prisma"] = SCHEMA, ["/p/migrations/app/m1/ops.json"] = "{}" }, "/p").prisma8,
    "/p/migrations/app/m1/ops.json")
end

-- Each case: tree, options, code, part of the message.
local BROKEN <const> = {
  { {}, { project = "none" }, "config", "--project names none" },
  { { ["/p/package.json"] = "{}" }, { schema = "x.prisma" }, "config", "Could not load `--schema` from provided path `x.prisma`" },
  { { ["/p/package.json"] = "{}" }, { config = "x.lua" }, "config", "Config file not found at \"x.lua\"" },
  { { ["/p/package.json"] = "{}" }, { config = "x.ts" }, "config", "Config file not found at \"x.ts\"" },
  { { ["/p/package.json"] = [[{"prisma":{"schema":"no.prisma"}}]] }, nil, "config", "provided path `no.prisma`" },
  { { ["/p/package.json"] = "{", ["/p/schema.prisma"] = SCHEMA }, nil, "config", "/p/package.json: not valid JSON" },
  { { ["/p/package.json"] = [[{"prisma":{"seed":5}}]] }, nil, "config", "must be of type string" },
  { { ["/p/tilth.config.lua"] = "return { protectd = true }" }, nil, "config", "Did you mean \"protected\"?" },
  { { ["/p/schema.prisma"] = "datasource db {\n  url = x()\n}" }, nil, "P1012", "/p/schema.prisma:2:3: the datasource's url" },
  { { ["/p/schema.prisma"] = "datasource db {\n  provider = \"postgresql\"\n  ulr = \"\"\n}" }, nil, "P1012", "Did you mean \"url\"?" },
  { { ["/p/schema.prisma"] = "datasource db {\n  url = \"\"\n}" }, nil, "P1012", "has no provider" },
  { { ["/p/schema.prisma"] = "datasource db {\n  provider = \"p\"\n  schemas = [a]\n}" }, nil, "P1012", "schemas must be a list" },
  { { ["/p/schema.prisma"] = SCHEMA .. SCHEMA:gsub("db", "dc") }, nil, "P1012", "more than one datasource" },
  { { ["/p/prisma.config.ts"] = "export default {\n  schema: make(),\n}" }, nil, "config", "/p/prisma.config.ts:2:" },
  { { ["/p/prisma.config.ts"] = "export default {\n  migrations: { path: make() },\n}", ["/p/schema.prisma"] = SCHEMA }, nil, "config",
    "/p/prisma.config.ts:2: the migrations path" },
}

function TestProject:test_find_fails_with_the_file_and_the_reason()
  for index, case in ipairs(BROKEN) do
    case[1]["/p/"] = true
    local found, message, code = find(case[1], "/p", case[2])
    lu.assertNil(found, "case " .. index)
    lu.assertStrContains(message, case[4])
    lu.assertEquals(code, case[3], "case " .. index)
  end
end

return TestProject
