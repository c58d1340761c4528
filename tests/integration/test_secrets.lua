--- Plants secrets wherever a project has them, runs every command, and searches all that it leaves behind:
-- both outputs, the ledger, and the arguments of every process.
local lu = require("luaunit")
local fs = require("tilth.core.fs")
local program = require("support.program")
local shop = require("support.shop")

local TestSecrets = {}

local PASSWORD <const>, DIRECT <const>, TOKEN <const>, FILE <const>, FLAG <const> =
  "Plant3dPassw0rd", "Plant3dDirect", "Plant3dToken", "Plant3dFileValue", "Plant3dFlagValue"
local PLANTED <const> = { PASSWORD, DIRECT, TOKEN, FILE, FLAG }

function TestSecrets:setUp()
  self.shop = shop.new()
  -- The run's server trusts its socket, so that a password in the URL is carried along and never asked for.
  self.url = self.shop.database.url:gsub("postgres@", "postgres:" .. PASSWORD .. "@", 1)
  self.shop.folder:write(".env", ("API_TOKEN=%s\nDATABASE_URL=postgresql://u:%s@127.0.0.1:1/nowhere\n"):format(FILE, FILE))
  self.variables = {
    DATABASE_URL = self.url, DIRECT_URL = "postgresql://u:" .. DIRECT .. "@127.0.0.1:1/x", STRIPE_SECRET_KEY = TOKEN,
    secrets = ('{"DATABASE_URL":"postgresql://u:%s@127.0.0.1:1/x"}'):format(TOKEN), RUN_SEED = "true",
  }
end

function TestSecrets:tearDown()
  self.shop:close()
end

local function assert_clean(text, where)
  for _, secret in ipairs(PLANTED) do
    lu.assertNil(text:find(secret, 1, true), ("%s shows a secret:\n%s"):format(where, text))
  end
end

--- The arguments of every process there is.
local function all_arguments()
  local lines = {}
  for _, entry in ipairs(fs.list("/proc")) do
    if entry.name:find("^%d+$") then
      lines[#lines + 1] = (fs.read("/proc/" .. entry.name .. "/cmdline") or ""):gsub("\0", " ")
    end
  end
  return table.concat(lines, "\n")
end

--- Runs a command to its end, looking at the list of processes all the while.
local function watched(self, args, more)
  local variables = {}
  for name, value in pairs(self.variables) do variables[name] = value end
  for name, value in pairs(more or {}) do variables[name] = value end
  local child <close> = program.start(self.shop:options(args, variables))
  repeat
    assert_clean(all_arguments(), "the list of processes")
  until child.handle:wait(0.02)
  local result = child:wait()
  assert_clean(result.stdout, table.concat(args, " ") .. ": standard output")
  assert_clean(result.stderr, table.concat(args, " ") .. ": standard error")
  return result
end

local function ledger_text(self)
  local parts = {}
  for _, name in ipairs(self.shop.database:column([[select relname from pg_class
    where relnamespace = 'tilth'::regnamespace and relkind = 'r']])) do
    parts[#parts + 1] = self.shop.database:value(("select coalesce(string_agg(t::text, e'\\n'), '') from tilth.%s t"):format(name))
  end
  return table.concat(parts, "\n")
end

function TestSecrets:test_no_command_shows_one()
  for _, args in ipairs({
    { "flow" }, { "flow", "--dry-run" }, { "flow", "--json" }, { "migrate", "status" }, { "migrate", "deploy" }, { "seed", "status" },
    { "seed", "check" }, { "history" }, { "history", "--json" }, { "check" }, { "check", "--json" }, { "doctor" },
    { "doctor", "--json" }, { "reset", "list" }, { "backup" }, { "env", "export", "STRIPE_SECRET_KEY", "--dry-run" },
    { "repl", "-e", "print(db)" },
  }) do
    watched(self, args)
  end
  assert_clean(ledger_text(self), "the ledger")
end

function TestSecrets:test_no_failure_shows_one()
  lu.assertEquals(watched(self, { "flow", "--no-build" }).status, 0)
  self.shop:migration("20250101000000_bad", ("SELECT '%s'::int;\n"):format("not a number"))
  lu.assertEquals(watched(self, { "flow" }).status, 1)
  lu.assertEquals(watched(self, { "flow" }, { RESET_DATABASE = "true" }).status, 1)
  lu.assertEquals(watched(self, { "flow" }, { RESET_DATABASE = FLAG, RUN_SEED = FLAG }).status, 1)
  assert(fs.remove_tree(self.shop.folder:join("prisma/migrations/20250101000000_bad")))
  self.shop.folder:write("seeds/zz.lua", 'return require("tilth.seed").define({ run = function() error("no") end })\n')
  lu.assertEquals(watched(self, { "flow" }).status, 1)
  for _, url in ipairs({
    "postgresql://u:" .. PASSWORD .. "@127.0.0.1:1/x", "postgresql://u:" .. PASSWORD .. "#@h/x", "mysql://u:" .. PASSWORD .. "@h/x",
    "postgresql://u:" .. PASSWORD .. "@h:port/x", PASSWORD, "postgresql://" .. PASSWORD .. "@[::1/x",
  }) do
    for _, args in ipairs({ { "flow" }, { "migrate", "deploy" }, { "doctor" }, { "flow", "--json" } }) do
      lu.assertNotEquals(watched(self, args, { DATABASE_URL = url }).status, 0)
    end
  end
  assert_clean(ledger_text(self), "the ledger")
end

function TestSecrets:test_a_build_and_a_seed_command_get_no_secret_in_their_arguments()
  local package = self.shop.folder:read("package.json")
  self.shop.folder:write("package.json", (package:gsub('"build": "[^"]*"', '"build": "sleep 0.4"')))
  lu.assertEquals(watched(self, { "flow" }).status, 0)
end

return TestSecrets
