--- Replaces personal data by made-up data: tilth run anonymise.lua PERSONAL.lua [--dry-run]
--
-- PERSONAL.lua says what is personal, by model and field, and what takes its place (a function of tilth.fake):
--   return {
--     User = { email = "email", name = "name", phone = "phone", note = "null" },
--     Address = { street = "street", city = "city", born = { "date", "1950-01-01", "2005-12-31" } },
--   }
-- The same row gets the same data on every run; what is NULL stays NULL. One transaction: all of it or nothing.
-- A protected database (production) is refused.
local anonymise = require("tilth.anonymise")
local flow = require("tilth.flow")
local log = require("tilth.log")

local file = ...
if not file or file:sub(1, 1) == "-" then
  return nil, "which data is personal? Usage: tilth run anonymise.lua PERSONAL.lua [--dry-run]", "usage"
end
local options = flow.options({ "--dry-run" }, select(2, ...))

local personal, where = anonymise.read(file)
local db <close> = require("tilth").connect({ command = "anonymise", read_only = options["--dry-run"] })
if options["--dry-run"] then
  for _, part in ipairs(anonymise.plan(db, personal, where)) do
    log.info("would anonymise %s (%d fields)", part.label, #part.set)
  end
  return 0
end
for _, part in ipairs(anonymise.run(db, personal, where)) do
  log.done(("Anonymised %s: %d rows"):format(part.model, part.rows))
end
