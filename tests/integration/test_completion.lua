--- Tests completion in real shells: commands, options, values, files, and names that the program knows.
local lu = require("luaunit")
local env = require("tilth.core.env")
local fs = require("tilth.fs")
local program = require("support.program")
local reference = require("support.reference")
local shells = require("support.shells")
local shop = require("support.shop")

local TestCompletion = {}

local MIGRATIONS <const> = {
  "20240105093012_init", "20240212141547_add_orders", "20240308101033_add_reviews",
  "20240418084508_product_attributes_and_channels", "20240602120455_settings",
}

function TestCompletion:setUp()
  self.shop = shop.new()
  self.shop.folder:write("bin/.keep", "")
  -- The program under the name that is typed.
  assert(fs.symlink(program.path(), self.shop.path .. "/bin/tilth"))
  self.variables = {
    PATH = self.shop.path .. "/bin:" .. env.get("PATH"), TILTH_SEEDDIR = reference.root() .. "/seeds",
    DATABASE_URL = self.shop.database.url,
  }
end

function TestCompletion:tearDown()
  self.shop:close()
end

function TestCompletion:complete(shell, ...)
  return shells[shell]({ "tilth", ... }, self.shop.path, self.variables)
end

--- The same lines in bash and fish; fish puts a slash behind folders and bash's readline does so itself.
local CASES <const> = {
  { { "mig" }, { "migrate" } },
  { { "re" }, { "repl", "reset", "restore" } },
  { { "migrate", "re" }, { "reset", "resolve" } },
  { { "migrate", "deploy", "--lock-" }, { "--lock-budget", "--lock-patience", "--lock-timeout" } },
  { { "migrate", "resolve", "--applied", "2024" }, MIGRATIONS },
  { { "migrate", "resolve", "--applied", MIGRATIONS[1], "--rolled-back", "202402" }, { MIGRATIONS[2] } },
  { { "migrate", "baseline", "--up-to", "202406" }, { MIGRATIONS[5] } },
  { { "seed", "st" }, { "staff", "status" } },
  { { "seed", "co" }, { "countries" } },
  { { "seed", "new", "--from", "demo_" }, { "demo_orders", "demo_users" } },
  { { "check", "--format", "g" }, { "github" } },
  { { "backup", "--format", "" }, { "copy", "pg_dump" } },
  { { "flow", "--env", "p" }, { "preview", "production" } },
  { { "--env", "st" }, { "staging" } },
  { { "--env", "staging", "doc" }, { "doctor" } },
  { { "--project", "/tmp", "local", "sta" }, { "start", "status" } },
  { { "env", "export", "DATABASE_" }, { "DATABASE_URL" } },
  { { "env", "export", "--for", "n" }, { "next" } },
  { { "restore", "pack" }, { "package.json" } },
  { { "help", "doc" }, { "doctor" } },
  { { "help", "P300" }, { "P3005", "P3008", "P3009" } },
  { { "db", "" }, { "seed" } },
  { { "nonsense", "x" }, {} },
}

local function try_cases(self, shell)
  for _, case in ipairs(CASES) do
    lu.assertEquals(self:complete(shell, table.unpack(case[1])), case[2], shell .. ": tilth " .. table.concat(case[1], " "))
  end
end

function TestCompletion:test_bash()
  try_cases(self, "bash")
end

function TestCompletion:test_fish()
  lu.skipIf(not shells.has("fish"), "fish is not installed")
  try_cases(self, "fish")
end

function TestCompletion:test_zsh()
  lu.skipIf(not shells.has("zsh"), "zsh is not installed")
  local cases = {
    { { "mig" }, "tilth migrate" },
    { { "migrate", "dep" }, "tilth migrate deploy" },
    { { "migrate", "resolve", "--applied", "20240105" }, "tilth migrate resolve --applied " .. MIGRATIONS[1] },
    { { "seed", "cat" }, "tilth seed categories" },
    { { "check", "--format", "gi" }, "tilth check --format github" },
    { { "migrate", "deploy", "--lock-b" }, "tilth migrate deploy --lock-budget" },
    { { "restore", "packa" }, "tilth restore package.json" },
    { { "--env", "stag" }, "tilth --env staging" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(self:complete("zsh", table.unpack(case[1])), case[2], "zsh: tilth " .. table.concat(case[1], " "))
  end
end

function TestCompletion:test_every_command_and_option_is_offered()
  local values = reference.module("values")
  local tree = reference.module("commands").read()
  for _, entry in ipairs(values.flat(tree)) do
    local words = table.move(entry.command.path, 1, #entry.command.path, 1, {})
    words[#words + 1] = "-"
    local offered = {}
    for _, name in ipairs(self:complete("bash", table.unpack(words))) do
      offered[name] = true
    end
    for _, option in ipairs(entry.options) do
      lu.assertTrue(offered[option.names[1]] or false, table.concat(words, " ") .. option.names[1])
    end
  end
end

function TestCompletion:test_bins_are_offered_to_undo()
  lu.assertEquals(self:complete("bash", "reset", "undo", ""), {})
  for _, args in ipairs({ { "migrate", "deploy" }, { "reset", "--force" } }) do
    local result = self.shop:run(args)
    lu.assertEquals(result.status, 0, result.text)
  end
  -- A shell gets no names rather than late ones; a busy machine may be late.
  local offered
  for _ = 1, 20 do
    offered = self:complete("bash", "reset", "undo", "")
    if #offered > 0 then break end
  end
  lu.assertEquals(offered, { "1" })
end

function TestCompletion:test_what_cannot_be_found_out_is_no_error()
  local cases = {
    { "bins", { DATABASE_URL = "postgresql://x:y@127.0.0.1:5999/z" } },
    { "bins", { DATABASE_URL = "nonsense" } },
    { "migrations", {}, "/" },
    { "ready", { TILTH_SEEDDIR = "/nowhere" } },
  }
  for _, case in ipairs(cases) do
    local result = program.run({ args = { "complete", case[1] }, env = case[2], cwd = case[3] or self.shop.path })
    lu.assertEquals({ result.status, result.text }, { 0, "" }, case[1])
  end
end

function TestCompletion:test_no_private_server_is_started_for_it()
  self.shop.folder:write(".tilth/pg/PG_VERSION", "15\n")
  local result = program.run({ args = { "complete", "bins" }, cwd = self.shop.path })
  lu.assertEquals({ result.status, result.text }, { 0, "" })
  lu.assertEquals(#assert(fs.list(self.shop.path .. "/.tilth/pg")), 1)
end

return TestCompletion
