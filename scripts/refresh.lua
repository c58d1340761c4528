--- Refreshes a database, such as staging's, from a backup: tilth run refresh.lua BACKUP [PERSONAL.lua]
--
-- Restores the backup (an archive of pg_dump, or one of `tilth backup`), applies the migrations that are newer than it, and
-- replaces personal data as scripts/anonymise.lua does. What the database held before is in the bin: `tilth reset undo`.
-- A protected database (production) is refused.
local anonymise = require("tilth.anonymise")
local log = require("tilth.log")
local migrate = require("tilth.migrate")
local tilth = require("tilth")

local backup, personal_file = ...
if not backup or select("#", ...) > 2 then
  return nil, "from which backup? Usage: tilth run refresh.lua BACKUP [PERSONAL.lua]", "usage"
end

-- Everything that can be wrong is looked at before anything is changed.
local personal, where
if personal_file then
  personal, where = anonymise.read(personal_file)
end
do
  local db <close> = tilth.connect({ command = "refresh", read_only = true })
  local reasons = db:protection()
  if #reasons > 0 then
    return nil, ("%s is protected: %s. Nothing was changed."):format(db:info().database, table.concat(reasons, "; ")), "unsafe"
  end
end

local context = tilth.context()
local args = setmetatable({ file = backup, force = true }, { __index = context.args })
local restored, message, code, detail = require("tilth.cmd.restore").run(args, setmetatable({ args = args }, { __index = context }))
if not restored then
  return nil, message, code, detail
end
migrate.deploy()
if personal then
  local db <close> = tilth.connect({ command = "refresh" })
  local ok, done = pcall(anonymise.run, db, personal, where)
  if not ok then
    log.warn("personal data is as it was in the backup: mend what follows and run anonymise.lua, or `tilth reset undo`")
    error(done, 0)
  end
  for _, part in ipairs(done) do
    log.done(("Anonymised %s: %d rows"):format(part.model, part.rows))
  end
else
  log.warn("personal data is as it was in the backup: name a PERSONAL.lua to replace it")
end
