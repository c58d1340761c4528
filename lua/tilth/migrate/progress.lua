--- Says what a long migration is doing: the statement that runs, how far the server is with an index, who is in the way.
-- Nothing is asked and no second session is opened before a statement has run for a second.
-- @module tilth.migrate.progress

local progress = {}

local blockers = require("tilth.migrate.blockers")
local db = require("tilth.db")
local statement = require("tilth.migrate.statement")

local EVERY <const> = 1
local CONNECT_TIMEOUT <const> = 2
local LONGEST <const> = 100

local INDEX <const> = [[
SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total, lockers_done, lockers_total, partitions_done, partitions_total
 FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1]]

local Watch = {}
Watch.__index = Watch

local function part(done, total)
  return done and total and total > 0 and math.min(done / total, 1) or nil
end

--- Says how far an index is. Pure.
-- @tparam table row of pg_stat_progress_create_index
-- @treturn string
function progress.describe_index(row)
  local parts = {}
  local tuples, blocks = part(row.tuples_done, row.tuples_total), part(row.blocks_done, row.blocks_total)
  if tuples then
    parts[1] = ("%d %% of rows"):format(math.floor(tuples * 100))
  elseif blocks then
    parts[1] = ("%d %% of blocks"):format(math.floor(blocks * 100))
  end
  if part(row.partitions_done, row.partitions_total) then
    parts[#parts + 1] = ("%d of %d partitions"):format(row.partitions_done, row.partitions_total)
  end
  parts[#parts + 1] = row.phase
  if part(row.lockers_done, row.lockers_total) then
    parts[#parts + 1] = ("%d of %d sessions"):format(row.lockers_done, row.lockers_total)
  end
  return table.concat(parts, ", ")
end

--- The first line of a statement, as a log may show it. Pure.
-- @tparam string text
-- @treturn string
function progress.headline(text)
  local line = statement.body(text):match("^[^\n]*"):gsub("%s+", " "):gsub(" $", "")
  if text:lower():find("password", 1, true) then
    line = (line:match("^%a+ %a+") or "") .. " ..."
  end
  if #line > LONGEST then
    line = line:sub(1, utf8.len(line) and utf8.offset(line, 0, LONGEST + 1) - 1 or LONGEST) .. "..."
  end
  return line
end

-- The session that asks while the other one works. One that can't be opened is not tried again: it is not what matters.
local function second_session(self)
  if self.second == nil then
    self.second = db.connect(self.world.target or self.world.db.target, {
      command = "progress", read_only = true, connect_timeout = CONNECT_TIMEOUT,
    }) or false
  end
  return self.second
end

-- What the server knows about the statement; nil where it knows nothing.
local function ask(self)
  local session, parts = second_session(self), {}
  if not session then
    return nil
  end
  -- Through a pooler, only the lock's own query knows the server process.
  local pid = self.world.lock and self.world.lock.pid or self.world.db:info().pid
  local row = session:one(INDEX, pid)
  if row then
    parts[1] = progress.describe_index(row)
  end
  local who = blockers.of_session(session, pid)
  if who then
    parts[#parts + 1] = "waits for " .. who
  end
  return #parts > 0 and table.concat(parts, "; ") or nil
end

--- Tells which statements of a file are sent now, as one message.
-- @tparam {table,...}|nil list the file's statements { text, line }; nil: none of the file's
-- @tparam integer first
-- @tparam integer last
function Watch:at(list, first, last)
  self.list, self.first, self.last = list, first, last
end

-- Called while a query runs.
local function tell(self, waited)
  local report, item = self.world.report, self.list and self.list[self.first]
  if waited < EVERY or not item or not report:is_due() then
    return
  end
  local where = ("%s/migration.sql:%d"):format(self.name, item.line)
  if self.last > self.first then
    where = ("%s and the %d after it"):format(where, self.last - self.first)
  end
  local found = ask(self)
  report:status(("%s (%d s%s): %s"):format(where, math.floor(waited), found and "; " .. found or "", progress.headline(item.text)))
end

--- Watches a session until it is closed.
-- @tparam table world db, report, lock, target
-- @tparam string name of the migration
-- @treturn Watch at(list, first, last), close(); also for a `<close>` variable
function progress.watch(world, name)
  local self = setmetatable({ world = world, name = name }, Watch)
  world.db:on_wait(function(waited)
    tell(self, waited)
  end, EVERY)
  return self
end

--- Ends the watching, and the second session.
function Watch:close()
  local session = self.world.db
  if session:status() ~= "closed" then
    session:on_wait(nil)
  end
  if self.second then
    self.second:close()
  end
  self.second = false
  self.world.report:status(nil)
end

Watch.__close = Watch.close

return progress
