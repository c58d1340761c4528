--- Tests that a reset wants room for the old schema and the new one.
local lu = require("luaunit")
local reset_disk = require("tilth.check.reset_disk")
local disk = require("tilth.reset.disk")

local TestResetDisk = {}

local PLAN <const> = { actions = { { kind = "reset", bytes = 5 * 1024 * 1024 } } }

function TestResetDisk:test_too_little_room_blocks()
  local findings = reset_disk.run({ reset = { disk_free = 1024 * 1024 } }, PLAN)
  lu.assertEquals({ #findings, findings[1].severity, findings[1].exit }, { 1, "block", 3 })
  lu.assertStrContains(findings[1].message, "1.0 MB free")
  lu.assertStrContains(findings[1].message, "5.0 MB")
end

function TestResetDisk:test_enough_or_unknown_room_says_nothing()
  lu.assertEquals(reset_disk.run({ reset = { disk_free = 1 << 40 } }, PLAN), {})
  lu.assertEquals(reset_disk.run({ reset = { disk_free = false } }, PLAN), {})
  lu.assertEquals(reset_disk.run({ reset = { disk_free = 1 } }, { actions = {} }), {})
end

function TestResetDisk:test_a_server_elsewhere_is_not_asked()
  lu.assertFalse(disk.free({ value = function() error("asked") end }, { host = "db.example" }))
end

function TestResetDisk:test_a_role_that_may_not_see_it_is_no_failure()
  lu.assertFalse(disk.free({ value = function() return false end }, { host = "localhost" }))
  lu.assertEquals({ disk.free({ value = function() return nil, "gone", "08006" end }, { host = "/tmp" }) },
    { nil, "cannot ask for the server's data folder: gone", "08006" })
end

function TestResetDisk:test_a_server_on_this_machine_tells_its_free_bytes()
  lu.assertEquals(math.type(disk.free({ value = function() return "/" end }, { host = "/tmp" })), "integer")
end

return TestResetDisk
