--- Refuses pending migrations whose file can't be applied, before anything is touched.
local history = require("tilth.migrate.history")
local path = require("tilth.path")
local review = require("tilth.migrate.review")

local FINDINGS = {
  missing = function(_, shown)
    return "P3015", ("Could not find the migration file at migration.sql. Please delete the directory or restore the migration file. (%s)")
      :format(shown), "Such a folder often comes from another branch or a .gitignore: restore its file, or delete it."
  end,
  unreadable = function(migration, shown)
    return "P3015", ("Could not read the migration file %s: %s"):format(shown, migration.problem.message),
      "Mend its rights, or what it is."
  end,
  nul = function(migration, shown)
    return "failed", ("%s:%d: a NUL byte, which PostgreSQL does not take"):format(shown, migration.problem.line),
      "The file is probably UTF-16, or not a text: save it as UTF-8."
  end,
  encoding = function(migration, shown)
    return "failed", ("%s:%d: byte 0x%02X is not UTF-8"):format(shown, migration.problem.line, migration.problem.byte),
      "Save the file as UTF-8. (Prisma would put the character U+FFFD in its place, without a word.)"
  end,
}

local function judge(migration, shown)
  local refused = history.refuses(migration.name)
  if refused then
    return "failed", refused, "Rename its folder."
  elseif migration.problem then
    return FINDINGS[migration.problem.kind](migration, shown)
  end
  return nil
end

return {
  id = "migration-file",
  about = "each pending migration has a migration.sql that PostgreSQL can take",
  run = function(observed, plan)
    local findings = {}
    if not review.migrates(plan) or not observed.migrations or not observed.history then
      return findings
    end
    local pending, count = review.pending(review.effective(observed, plan), plan)
    if count == 0 then
      return findings
    end
    for _, migration in ipairs(observed.migrations) do
      local shown = path.relative(migration.path, observed.project.root)
      local code, message, advice
      if pending[migration.name] then
        code, message, advice = judge(migration, shown)
      end
      if code then
        findings[#findings + 1] = { id = "migration-file", severity = "block", code = code, exit = 1, message = message, advice = advice }
      elseif migration.bom and pending[migration.name] then
        local note = "%s begins with a byte order mark: it is not sent to the server (its checksum counts it, as Prisma's does)"
        findings[#findings + 1] = { id = "migration-file", severity = "note", message = note:format(shown) }
      end
    end
    return findings
  end,
}
