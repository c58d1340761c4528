--- prisma.config files read without JavaScript.
local lu = require("luaunit")

local config_js = require("tilth.prisma.config_js")

local TestPrismaConfigJs = {}

local function keys(list)
  local names = {}
  for index, entry in ipairs(list) do
    names[index] = entry.key .. ":" .. entry.line
  end
  return names
end

function TestPrismaConfigJs:test_parse_reads_the_usual_file()
  local found = config_js.parse([[
import "dotenv/config";
import { defineConfig, env } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma", // the schema
  migrations: {
    path: 'prisma/migrations',
    seed: `tsx prisma/seed.ts`,
  },
  datasource: {
    url: env("DATABASE_URL"),
    shadowDatabaseUrl: process.env.SHADOW_URL,
  },
});
]], "prisma.config.ts")
  lu.assertEquals({ found.schema, found.migrations_path, found.seed },
    { "prisma/schema.prisma", "prisma/migrations", "tsx prisma/seed.ts" })
  lu.assertEquals(found.url, { env = "DATABASE_URL", file = "prisma.config.ts", line = 11 })
  lu.assertEquals(found.shadow_url.env, "SHADOW_URL")
  lu.assertEquals(found.unreadable, {})
  lu.assertTrue(found.dotenv)
end

function TestPrismaConfigJs:test_parse_reads_each_form_of_a_url()
  local cases = {
    { "env('A')", { env = "A" } }, { "env<Env>(\"A\")", { env = "A" } }, { "env(`A`,)", { env = "A" } },
    { "process.env.A", { env = "A" } }, { "process.env.A!", { env = "A" } }, { "process.env['A']", { env = "A" } },
    { "process.env.A as string", { env = "A" } }, { "process.env.A ?? ''", { env = "A" } }, { "process.env.A || \"\"", { env = "A" } },
    { "\"postgresql://h/d\"", { value = "postgresql://h/d" } }, { "'a\\'b'", { value = "a'b" } },
    { "`http://x` as string", { value = "http://x" } },
  }
  for _, case in ipairs(cases) do
    local found = config_js.parse(("export default { datasource: { url: %s } }"):format(case[1]), "f")
    case[2].file, case[2].line = "f", 1
    lu.assertEquals(found.url, case[2], case[1])
    lu.assertEquals(found.unreadable, {}, case[1])
  end
end

function TestPrismaConfigJs:test_parse_lists_what_it_cannot_read_and_guesses_nothing()
  local cases = {
    "process.env.A ?? process.env.B", "`${base}/d`", "env(name)", "getUrl()", "A", "process.env.A + \"x\"", "ok ? \"a\" : \"b\"",
    "process.env.A ?? 'postgresql://other'", "\"a\" + b",
  }
  for _, text in ipairs(cases) do
    local found = config_js.parse(("export default {\n  datasource: {\n    url: %s,\n  },\n  schema: 's',\n}"):format(text), "f")
    lu.assertNil(found.url, text)
    lu.assertEquals(keys(found.unreadable), { "datasource.url:3" }, text)
    lu.assertEquals(found.schema, "s")
  end
end

function TestPrismaConfigJs:test_parse_finds_the_object_in_each_wrapping()
  local cases = {
    "export default defineConfig({ schema: 's' })", "export default { schema: 's' } satisfies PrismaConfig",
    "module.exports = { schema: 's' }", "module.exports = defineConfig({ schema: \"s\" });",
    "const config = { schema: 's' };\nexport default config;", "const c: PrismaConfig = { schema: 's' }\nexport default c",
    "const c = defineConfig({ schema: 's' });\nmodule.exports = c;", "export default defineConfig<Env>({ schema: 's' })",
    "// export default { schema: 'no' }\nexport default { /* schema: 'no', */ 'schema': 's' }",
  }
  for _, text in ipairs(cases) do
    local found = config_js.parse(text, "f")
    lu.assertEquals(found.schema, "s", text)
    lu.assertEquals(found.unreadable, {}, text)
  end
end

function TestPrismaConfigJs:test_parse_reads_path_join()
  local cases = {
    { "path.join('prisma', 'schema')", "prisma/schema" }, { "path.join(__dirname, \"a\", 'b.prisma')", "a/b.prisma" },
    { "path.resolve(import.meta.dirname, 'a')", "a" }, { "join('a', 'b')", "a/b" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(config_js.parse(("export default { schema: %s, x: 1 }"):format(case[1]), "f").schema, case[2], case[1])
  end
  lu.assertNil(config_js.parse("export default { schema: path.join(base, 'a') }", "f").schema)
end

function TestPrismaConfigJs:test_parse_lists_spreads_and_methods()
  local found = config_js.parse("export default {\n  ...base,\n  schema: 's',\n  async seed() { return { a: 1 } },\n  datasource,\n}", "f")
  lu.assertEquals(found.schema, "s")
  lu.assertEquals(keys(found.unreadable), { "...:2", "seed:4", "datasource:5" })
end

function TestPrismaConfigJs:test_parse_says_when_there_is_no_object()
  local found = config_js.parse("export default await make()", "f")
  lu.assertEquals(keys(found.unreadable), { "export default:1" })
end

function TestPrismaConfigJs:test_parse_keeps_comment_marks_inside_strings()
  local found = config_js.parse("export default { datasource: { url: \"postgresql://u@h/d\" }, schema: '/* s */' }", "f")
  lu.assertEquals(found.url.value, "postgresql://u@h/d")
  lu.assertEquals(found.schema, "/* s */")
end

return TestPrismaConfigJs
