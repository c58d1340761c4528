--- Waits until the project's database answers: tilth run wait.lua [TIME]. TIME is 60s unless given, such as 2min.
local log = require("tilth.log")
local clock = require("tilth.clock")
local duration = require("tilth.duration")

local patience = ... or "60s"
if select("#", ...) > 1 or not duration.parse(patience) then
  return nil, ("how long is %q? Usage: tilth run wait.lua [TIME], such as 30s or 2min"):format(table.concat({ ... }, " ")), "usage"
end

local started = clock.monotonic()
-- Raises what is wrong with the URL or the login at once: waiting helps against neither.
local db <close> = require("tilth").connect({ wait = patience, command = "wait", read_only = true })
local version = db:value("show server_version")
log.done(("PostgreSQL %s answers"):format(version), clock.monotonic() - started)
