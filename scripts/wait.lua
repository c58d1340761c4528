--- Waits until the project's database answers: tilth run wait.lua [TIME]. TIME is 60s unless given, such as 2min.
local log = require("tilth.log")
local clock = require("tilth.clock")

local patience = ... or "60s"

local started = clock.monotonic()
-- Raises what is wrong with the URL or the login at once: waiting helps against neither.
local db <close> = require("tilth").connect({ wait = patience, command = "wait", read_only = true })
local version = db:value("show server_version")
log.done(("PostgreSQL %s answers"):format(version), clock.monotonic() - started)
