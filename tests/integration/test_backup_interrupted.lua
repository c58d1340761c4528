--- An interruption at any moment of a backup leaves the whole backup or nothing; of a restore, the data of before or the backup's.
local lu = require("luaunit")

local TestBackupInterrupted = {}

local database = require("support.database")
local destination = require("tilth.backup.destination")
local fs = require("tilth.core.fs")
local interrupt = require("tilth.core.interrupt")
local names_of_files = require("tilth.backup.names")
local program = require("support.program")
local project = require("support.project")

local SIGTERM <const> = 15
local MOMENTS <const> = 50
local MOST_INSTRUCTIONS <const> = 10000
local STEP <const> = 100
local MIGRATIONS <const> = { { "20240101000000_init", "create table people (id serial primary key, name text not null);" } }

-- Runs a command of tilth that is interrupted after so many instructions; without a number it prints how many there are.
local SCRIPT <const> = [[
local interrupt = require("tilth.core.interrupt")
local after, ran = math.tointeger(tonumber(arg[1])), 0
debug.sethook(function()
  ran = ran + %d
  if after and ran >= after then
    debug.sethook()
    interrupt.trigger(15)
  end
end, "", %d)
local status = require("tilth.cli").main({ table.unpack(arg, 2) })
debug.sethook()
if not after then
  print("instructions: " .. ran)
end
return status]]

local function names(folder)
  local list = {}
  for index, entry in ipairs(fs.list(folder) or {}) do
    list[index] = entry.name
  end
  return list
end

function TestBackupInterrupted:tearDown()
  debug.sethook()
  interrupt.clear()
  if self.base then
    self.base:close()
  end
end

-- Claims a name, writes, publishes; interrupted after so many instructions. Was it reached?
local function claim_interrupted(folder, after)
  local reached = false
  local ok, raised = interrupt.catch(function()
    debug.sethook(function()
      reached = true
      interrupt.trigger(SIGTERM)
    end, "", after)
    local claim <close> = interrupt.shield(destination.claim, { folder = folder },
      { database = "shop", stamp = "20260101000000", build = { text = "local" }, kind = "pg_dump" })
    assert(fs.append(claim.partial, "rows"))
    assert(fs.append(claim.partial .. names_of_files.MANIFEST, "{}"))
    assert(claim:publish())
    debug.sethook()
  end)
  interrupt.clear()
  lu.assertTrue(ok or tostring(raised) == "interrupted", tostring(raised))
  return reached
end

function TestBackupInterrupted:test_a_claim_interrupted_at_any_instruction_is_whole_or_nothing()
  local folder = assert(fs.temporary("claims-"))
  local nothing, whole = 0, 0
  for after = 1, MOST_INSTRUCTIONS do
    local reached = claim_interrupted(folder, after)
    local found = names(folder)
    lu.assertTrue(#found == 0 or #found == 2, ("instruction %d: %s"):format(after, table.concat(found, " ")))
    for _, name in ipairs(found) do
      lu.assertNil(name:find("partial", 1, true), ("instruction %d: %s"):format(after, name))
      assert(fs.remove(folder .. "/" .. name))
    end
    nothing, whole = nothing + (#found == 0 and 1 or 0), whole + (#found == 2 and 1 or 0)
    if not reached then
      break
    end
  end
  lu.assertTrue(nothing > 100 and whole > 0 and nothing < MOST_INSTRUCTIONS / 2, ("%d %d"):format(nothing, whole))
  assert(fs.remove_tree(folder))
end

function TestBackupInterrupted:prepare()
  self.base = database.new()
  self.folder = project.new({ migrations = MIGRATIONS })
  self.script = self.folder:write("interrupted.lua", SCRIPT:format(STEP, STEP))
  self.temporary = self.folder:join("temporary")
  assert(fs.mkdir(self.temporary))
  lu.assertEquals(self:run({ "flow" }).status, 0)
  self.base:query("insert into people (name) select 'person ' || i from generate_series(1, 100) i")
end

function TestBackupInterrupted:run(args)
  return program.run({ args = args, env = { DATABASE_URL = self.base.url, TMPDIR = self.temporary }, cwd = self.folder.path })
end

--- Runs a command again and again, interrupted at moments spread over all of it; `check(result)` after each run.
function TestBackupInterrupted:at_many_moments(args, check)
  local function run(after)
    return self:run({ "run", self.script, after, table.unpack(args) })
  end
  local all = run("all")
  local count = math.tointeger(all.stdout:match("instructions: (%d+)"))
  lu.assertEquals(all.status, 0, all.text)
  check(all)
  local interrupted = 0
  for moment = 1, MOMENTS do
    local result = run(tostring(moment * count // (MOMENTS + 1)))
    interrupted = interrupted + (result.status == 128 + SIGTERM and 1 or 0)
    check(result)
  end
  -- How often something is looked at again while it is waited for differs from run to run, and so does their number.
  lu.assertTrue(interrupted > MOMENTS * 0.5, interrupted)
end

function TestBackupInterrupted:test_a_backup_interrupted_at_many_moments_leaves_no_trace()
  self:prepare()
  local dir = self.folder:join("kept")
  self:at_many_moments({ "backup", "--format", "copy", "--dir", dir }, function(result)
    local found = names(dir)
    lu.assertTrue(#found == 0 or #found == 1 and not found[1]:find("partial", 1, true), table.concat(found, " "))
    lu.assertEquals(self.base:value("select count(*) from pg_database where datname like 'tilth_scratch%'"), 0, result.text)
    lu.assertEquals(names(self.temporary), {}, result.text)
    assert(fs.remove_tree(dir))
  end)
end

function TestBackupInterrupted:test_a_restore_interrupted_at_many_moments_is_done_or_taken_back()
  self:prepare()
  lu.assertEquals(self:run({ "backup", "--format", "copy", "--file", "kept.tilth" }).status, 0)
  self.base:query("insert into people (name) values ('later')")
  self:at_many_moments({ "restore", "kept.tilth", "--force" }, function(result)
    local expected = result.status == 0 and 100 or 101
    lu.assertEquals(self.base:value("select count(*) from people"), expected, result.text)
    lu.assertEquals(self.base:value("select count(*) from tilth.resets where state = 'open'"), 0, result.text)
    lu.assertEquals(names(self.temporary), {}, result.text)
    if result.status == 0 then
      self.base:query("insert into people (name) values ('later')")
    end
  end)
end

return TestBackupInterrupted
