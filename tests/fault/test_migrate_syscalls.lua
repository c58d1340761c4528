--- A deployment that is killed at each of its system calls in turn: a rerun always ends right.
-- FAULT_STEP kills at every n-th call only (default 2).
local lu = require("luaunit")

local cluster = require("support.cluster")
local database = require("support.database")
local env = require("tilth.env")
local fs = require("tilth.fs")
local mixture = require("fault.mixture")
local program = require("support.program")
local project = require("support.project")

local SIGKILL <const> = 9
local STRACE <const> = "/usr/bin/strace"
local MIGRATIONS <const> = 8
local STEP <const> = 2

local TestMigrateSyscalls = {}

local function run(self, wrap)
  return program.run({
    wrap = wrap, args = { "migrate", "deploy", "--lock-patience", "30s" }, cwd = self.project.path,
    env = { DATABASE_URL = self.database.url },
  })
end

-- How often a deployment makes a call.
local function count_calls(self, call)
  local path = self.project:join("calls")
  local result = run(self, { STRACE, "-f", "-qq", "-e", "trace=" .. call, "-o", path })
  lu.skipIf(result.text:find("ptrace", 1, true) ~= nil, "strace may not trace here")
  lu.assertEquals(result.status, 0, result.text)
  local _, lines = fs.read(path):gsub(call .. "%(", "")
  lu.assertTrue(lines > 20, ("only %d calls of %s"):format(lines, call))
  return lines
end

local function kill_at_each(self, call)
  self.database = database.new()
  local calls, kills, tries = count_calls(self, call), 0, 0
  local expected = self.database:value(mixture.DIGEST)
  self.database:close()
  local step = math.tointeger(tonumber(env.get("FAULT_STEP") or STEP))
  for number = 1, calls, step do
    self.database = database.new()
    local killed = run(self, { STRACE, "-f", "-qq", "-o", "/dev/null", "-e", "trace=" .. call,
      "-e", ("inject=%s:signal=KILL:when=%d"):format(call, number) })
    local was_killed = killed.signal == SIGKILL or killed.status == 128 + SIGKILL
    lu.assertTrue(was_killed or killed.status == 0, ("call %d of %d: %s"):format(number, calls, killed.text))
    tries, kills = tries + 1, kills + (was_killed and 1 or 0)
    local result = run(self)
    lu.assertEquals(result.status, 0, ("call %d of %d: %s"):format(number, calls, result.text))
    lu.assertEquals(self.database:value(mixture.DIGEST), expected, ("call %d of %d"):format(number, calls))
    self.database:close()
  end
  -- How the answers arrive in pieces differs from run to run, on a busy machine more.
  lu.assertTrue(kills > tries * 0.5, ("only %d of %d runs were killed"):format(kills, tries))
end

function TestMigrateSyscalls:setUp()
  cluster.socket_dir()
  lu.skipIf(not fs.exists(STRACE), "strace is not installed")
  self.project = project.new({ migrations = mixture.make(MIGRATIONS) })
end

function TestMigrateSyscalls:tearDown()
  if self.database then
    self.database:close()
  end
end

-- The server has not got the message.
function TestMigrateSyscalls:test_deployment_killed_before_each_message_is_right_after_a_rerun()
  kill_at_each(self, "sendto")
end

-- The server has got the message, and nobody hears its answer.
function TestMigrateSyscalls:test_deployment_killed_before_each_answer_is_right_after_a_rerun()
  kill_at_each(self, "recvfrom")
end

return TestMigrateSyscalls
