--- What tilth asks on a terminal before it destroys or changes something, and each way to answer.
local lu = require("luaunit")

local TestPrompts = {}

local database = require("support.database")
local program = require("support.program")
local project = require("support.project")
local terminal = require("support.terminal")

local CTRL_C <const>, CTRL_D <const>, ENTER <const> = "\3", "\4", "\r"
local CANCELLED <const> = 130
local BINS <const> = "select count(*) from pg_namespace where nspname like 'tilth_bin%'"
local MIGRATIONS <const> = { { "20240101000000_people", "create table people (name text);" } }
local AMPLIFY <const> = "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - npx prisma migrate deploy\n"

function TestPrompts:tearDown()
  if self.base then
    self.base:close()
  end
end

function TestPrompts:prepare()
  self.base = database.new()
  self.folder = project.new({ migrations = MIGRATIONS })
  lu.assertEquals(self:run({ "flow" }).status, 0)
  self.base:query("insert into people values ('precious')")
end

function TestPrompts:variables(more)
  local variables = { DATABASE_URL = self.base and self.base.url }
  for name, value in pairs(more or {}) do
    variables[name] = value
  end
  return variables
end

function TestPrompts:run(args)
  return program.run({ args = args, cwd = self.folder.path, env = self:variables() })
end

--- Starts a command on a terminal, waits for its question, types, and gives what was shown after the end.
function TestPrompts:answer(args, question, keys, status, variables)
  local screen <close> = terminal.start({ args = args, cwd = self.folder.path, env = self:variables(variables) })
  screen:see(question)
  screen:type(keys)
  lu.assertEquals(screen:wait(), status, screen.shown)
  return screen.shown
end

function TestPrompts:assert_untouched(shown)
  lu.assertEquals(self.base:value("select name from people"), "precious", shown)
  lu.assertEquals(self.base:value(BINS), 0, shown)
end

function TestPrompts:test_reset_wants_the_name_of_the_database()
  self:prepare()
  local question = ("Type the database's name (%s) to go on: "):format(self.base.name)
  for _, keys in ipairs({ "yes" .. ENTER, "y" .. ENTER, ENTER, self.base.name:upper() .. ENTER, " " .. self.base.name .. ENTER, CTRL_D }) do
    local shown = self:answer({ "reset" }, question, keys, CANCELLED)
    lu.assertStrContains(shown, "Reset cancelled")
    lu.assertStrContains(shown, "Nothing was changed")
    self:assert_untouched(shown)
  end
  local shown = self:answer({ "reset" }, question, self.base.name .. ENTER, 0)
  lu.assertStrContains(shown, "This resets")
  lu.assertStrContains(shown, "moved into the bin")
  lu.assertEquals(self.base:value("select count(*) from people"), 0)
  lu.assertEquals(self.base:value(BINS), 1)
end

function TestPrompts:test_reset_is_left_by_an_interruption_at_its_question()
  self:prepare()
  local shown = self:answer({ "reset" }, "to go on: ", CTRL_C, CANCELLED)
  lu.assertStrContains(shown, "interrupted")
  self:assert_untouched(shown)
  shown = self:answer({ "reset" }, "to go on: ", "half a na" .. CTRL_C, CANCELLED)
  self:assert_untouched(shown)
end

function TestPrompts:test_nothing_is_locked_while_the_question_stands()
  self:prepare()
  local screen <close> = terminal.start({ args = { "reset" }, cwd = self.folder.path, env = self:variables() })
  screen:see("to go on: ")
  self.base:script("set lock_timeout = '5s'; lock table people in access exclusive mode nowait; alter table people add more integer")
  lu.assertEquals(self:run({ "migrate", "deploy", "--lock-patience", "5s" }).status, 0)
  screen:type(CTRL_C)
  lu.assertEquals(screen:wait(), CANCELLED)
end

function TestPrompts:test_the_typed_name_confirms_the_reset_of_a_protected_database()
  self:prepare()
  self.base:query("update tilth.ledger set environment = 'production'")
  local shown = self:answer({ "reset" }, "to go on: ", self.base.name .. ENTER, 0)
  lu.assertStrContains(shown, "Backup: ")
  lu.assertEquals(self.base:value("select count(*) from people"), 0)
end

function TestPrompts:test_an_agent_or_a_build_is_not_asked_even_on_a_terminal()
  self:prepare()
  for _, variables in ipairs({ { CI = "true" }, { CLAUDECODE = "1" } }) do
    local screen <close> = terminal.start({ args = { "reset" }, cwd = self.folder.path, env = self:variables(variables) })
    lu.assertEquals(screen:wait(), 3, screen.shown)
    lu.assertStrContains(screen.shown, "--force")
    lu.assertNotStrContains(screen.shown, "Type the database's name")
    self:assert_untouched(screen.shown)
  end
end

function TestPrompts:test_undo_and_purge_ask_too()
  self:prepare()
  lu.assertEquals(self:run({ "reset", "--force" }).status, 0)
  for _, name in ipairs({ "undo", "purge" }) do
    for keys, status in pairs({ ["no" .. ENTER] = 3, [CTRL_D] = 3, [CTRL_C] = CANCELLED }) do
      local shown = self:answer({ "reset", name }, "to go on: ", keys, status)
      lu.assertEquals(self.base:value(BINS), 1, shown)
      lu.assertEquals(self.base:value("select count(*) from people"), 0)
    end
  end
  self:answer({ "reset", "undo" }, "to go on: ", self.base.name .. ENTER, 0)
  lu.assertEquals(self.base:value("select name from people"), "precious")
  self:answer({ "reset", "purge" }, "to go on: ", self.base.name .. ENTER, 0)
  lu.assertEquals(self.base:value(BINS), 0)
end

function TestPrompts:test_restore_asks_too()
  self:prepare()
  lu.assertEquals(self:run({ "backup", "--file", "kept.tilth", "--format", "copy" }).status, 0)
  self.base:query("insert into people values ('later')")
  for keys, status in pairs({ ["no" .. ENTER] = CANCELLED, [CTRL_D] = CANCELLED, [CTRL_C] = CANCELLED }) do
    self:answer({ "restore", "kept.tilth" }, "to go on: ", keys, status)
    lu.assertEquals(self.base:value("select count(*) from people"), 2)
  end
  self:answer({ "restore", "kept.tilth" }, "to go on: ", self.base.name .. ENTER, 0)
  lu.assertEquals(self.base:value("select count(*) from people"), 1)
end

function TestPrompts:test_init_changes_amplify_only_after_a_yes()
  for keys, changed in pairs({ [ENTER] = false, ["n" .. ENTER] = false, ["yep" .. ENTER] = false, [CTRL_D] = false,
    ["y" .. ENTER] = true, ["YES" .. ENTER] = true }) do
    self.folder = project.new({ package = { name = "p" }, files = { ["amplify.yml"] = AMPLIFY } })
    local shown = self:answer({ "init" }, "Change amplify.yml? [y/N] ", keys, 0)
    lu.assertStrContains(shown, "-        - npx prisma migrate deploy")
    lu.assertEquals(self.folder:read("amplify.yml") ~= AMPLIFY, changed, shown)
    lu.assertNotNil(self.folder:read("tilth.config.lua"))
  end
end

function TestPrompts:test_init_writes_nothing_when_it_is_interrupted_at_its_question()
  self.folder = project.new({ package = { name = "p" }, files = { ["amplify.yml"] = AMPLIFY } })
  self:answer({ "init" }, "Change amplify.yml? [y/N] ", CTRL_C, CANCELLED)
  lu.assertEquals(self.folder:read("amplify.yml"), AMPLIFY)
  lu.assertNil(self.folder:read("tilth.config.lua"))
end

return TestPrompts
