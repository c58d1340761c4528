--- tilth env export with the real program.
local lu = require("luaunit")

local dotenv = require("tilth.dotenv")
local fs = require("tilth.fs")
local program = require("support.program")
local project = require("support.project")

local TestCmdEnv = {}

local SECRET <const> = "hunter2-in-the-url"
local VARIABLES <const> = {
  DATABASE_URL = "postgresql://u:" .. SECRET .. "@db.example.com:5432/x", NEXT_PUBLIC_API = "https://api.example.com/?a=1#b",
  NEXT_PUBLIC_TITLE = "it's a \"shop\"", NEXT_PUBLIC_SECRET = SECRET, RUN_SEED = "true", CERT = "line 1\nline 2\n",
  secrets = "{\"HIDDEN_KEY\": \"" .. SECRET .. "\"}",
}

function TestCmdEnv:setUp()
  self.project = project.new({ package = { name = "p" } })
end

local function export(self, args, more)
  local env = {}
  for name, value in pairs(VARIABLES) do env[name] = value end
  for name, value in pairs(more or {}) do env[name] = value end
  local result = program.run({ args = { "env", "export", table.unpack(args) }, cwd = self.project.path, env = env })
  lu.assertNotStrContains(result.text, SECRET)
  return result
end

local function mode_of(self, name)
  return fs.stat(self.project:join(name)).mode % 512
end

function TestCmdEnv:test_export_writes_a_file_for_its_owner_only_and_names_what_ships()
  local result = export(self, { "DATABASE_URL", "NEXT_PUBLIC_*", "CERT", "HIDDEN_KEY" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertEquals(dotenv.parse(self.project:read(".env.production")), {
    DATABASE_URL = VARIABLES.DATABASE_URL, NEXT_PUBLIC_API = VARIABLES.NEXT_PUBLIC_API, NEXT_PUBLIC_TITLE = VARIABLES.NEXT_PUBLIC_TITLE,
    CERT = VARIABLES.CERT, HIDDEN_KEY = SECRET,
  })
  lu.assertEquals(mode_of(self, ".env.production"), 384)
  lu.assertStrContains(result.stdout, "Wrote .env.production")
  lu.assertStrContains(result.stdout, "added               DATABASE_URL, NEXT_PUBLIC_API, NEXT_PUBLIC_TITLE, CERT, HIDDEN_KEY")
  lu.assertStrContains(result.stdout, "NEXT_PUBLIC_SECRET (looks like a secret")
end

function TestCmdEnv:test_export_merges_and_a_second_run_changes_nothing()
  self.project:write(".env.production", "# ours\nA='keep me' # why\nCERT=old\n", 420)
  local result = export(self, { "CERT" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(self.project:read(".env.production"), "# ours\nA='keep me' # why\nCERT=\"line 1\\nline 2\\n\"\n")
  lu.assertStrContains(result.stdout, "mode 0600")
  lu.assertEquals(mode_of(self, ".env.production"), 384)
  lu.assertStrContains(export(self, { "CERT" }).stdout, "Nothing to change in .env.production")
end

function TestCmdEnv:test_dry_run_writes_nothing()
  local result = export(self, { "CERT", "--dry-run" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.stdout, "Would write .env.production")
  lu.assertNil(self.project:read(".env.production"))
end

function TestCmdEnv:test_json_names_and_never_shows_values()
  local document, result = program.json({ args = { "env", "export", "DATABASE_URL", "NEXT_PUBLIC_*", "--file", "sub.env" },
    cwd = self.project.path, env = VARIABLES })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertNotStrContains(result.text, SECRET)
  lu.assertEquals({ document.file, document.written, document.dry_run, document.ok }, { "sub.env", true, false, true })
  lu.assertEquals(document.added, { "DATABASE_URL", "NEXT_PUBLIC_API", "NEXT_PUBLIC_TITLE" })
  lu.assertEquals(document.secrets, { "DATABASE_URL" })
  lu.assertEquals(document.left_out[1].name, "NEXT_PUBLIC_SECRET")
end

function TestCmdEnv:test_missing_variable_is_an_error_and_nothing_is_written()
  local result = export(self, { "CERT", "NOT_THERE" })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "the variable NOT_THERE is not set")
  lu.assertNil(self.project:read(".env.production"))
end

function TestCmdEnv:test_pattern_of_secrets_alone_is_refused()
  local result = export(self, { "DATABASE_*" })
  lu.assertEquals(result.status, 3)
  lu.assertStrContains(result.stderr, "name exactly: tilth env export DATABASE_URL")
end

function TestCmdEnv:test_flag_named_exactly_ships_with_a_warning()
  local result = export(self, { "RUN_SEED", "NEXT_PUBLIC_SECRET" })
  lu.assertEquals(result.status, 0, result.text)
  lu.assertStrContains(result.text, "RUN_SEED is a flag of database operations")
  lu.assertStrContains(result.text, "NEXT_PUBLIC_SECRET goes to every visitor's browser")
end

function TestCmdEnv:test_a_file_that_is_published_is_warned_of()
  for _, file in ipairs({ "public/.env", "dist/.env", "link/.env" }) do
    self.project:write("public/x", "")
    self.project:write("dist/x", "")
    fs.symlink("public", self.project:join("link"))
    lu.assertStrContains(export(self, { "CERT", "--file", file }).text, "which build tools publish")
  end
  lu.assertNotStrContains(export(self, { "CERT", "--file", "publicity.env" }).text, "publish")
end

function TestCmdEnv:test_dollars_depend_on_the_reader()
  export(self, { "PRICE" }, { PRICE = "$5" })
  lu.assertEquals(self.project:read(".env.production"), "PRICE='\\$5'\n")
  export(self, { "PRICE", "--for", "dotenv" }, { PRICE = "$5" })
  lu.assertEquals(self.project:read(".env.production"), "PRICE='$5'\n")
end

function TestCmdEnv:test_folder_in_the_place_of_the_file_is_an_error()
  self.project:write("folder/x", "")
  local result = export(self, { "CERT", "--file", "folder" })
  lu.assertEquals(result.status, 2)
  lu.assertStrContains(result.stderr, "is a directory, not a file")
end

return TestCmdEnv
