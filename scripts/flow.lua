--- The standard flow of a deployment: reset (if asked), migrate, seed (if asked), build. `tilth flow` is this script.
--
-- Copy it, add steps of your own where they are marked, and run the copy in the place of `tilth flow`:
--   tilth run deploy.lua [--dry-run] [--no-build]
local flow = require("tilth.flow")

local options = flow.options({ "--dry-run", "--no-build" }, ...)

-- Observe: project, environment, flags, database. Takes Prisma's migration lock unless it is a dry run.
local world <close> = flow.observe({
  command = "flow",
  by_flags = true,                    -- RESET_DATABASE and RUN_SEED decide on reset and seed
  migrate = true,
  pipeline = true,                    -- look at amplify.yml and the like as well
  build = not options["--no-build"],
  keeps_ledger = true,                -- make the ledger where there is none
  local_server = true,                -- a private PostgreSQL where no database is named
  dry_run = options["--dry-run"],
})

-- Plan: the list of actions, in order. Nothing has been changed so far.
flow.plan(world)

-- A step of your own is planned, checked, carried out, reported and recorded like any other:
--   flow.step(world, "after", "migrate", "refresh views", function(db)
--     db:exec("refresh materialized view totals")
--   end)
-- The place is "before" or "after" one of reset, migrate, seed, build. A step that raises an error ends the flow;
-- one before the end of the migrations takes a reset of this run back with it.

-- Review: every safety check. What forbids to go on ends the flow here, and so does --dry-run.
if flow.review(world) then
  return flow.stop(world)
end

-- Act, then record: the ledger, the report, the exit status.
flow.act(world)
return flow.record(world)
