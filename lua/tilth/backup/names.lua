--- Names of backup files: <database>-<yyyymmddThhmmssZ>-<build>.<dump | tilth>. Pure.
local names = {}

local LONGEST_PART <const> = 60

--- What a pg_dump archive and tilth's own format are called.
names.ENDINGS = { pg_dump = ".dump", copy = ".tilth" }

--- Behind the name of a pg_dump archive: the file that tells what it holds.
names.MANIFEST = ".json"

--- Behind the name of a backup that is being made.
names.PARTIAL = ".partial"

--- A text as a part of a file's name.
-- @tparam string text
-- @treturn string letters, digits, dots and underscores; never empty, never hidden
function names.part(text)
  local plain = text:gsub("[^%w_.]+", "_"):gsub("^[._]+", ""):gsub("_+$", ""):sub(1, LONGEST_PART)
  return plain == "" and "_" or plain
end

--- Names a backup.
-- @tparam string database
-- @tparam string stamp yyyymmddhhmmss, by the server's clock
-- @tparam table build the build identity
-- @treturn string without an ending
function names.stem(database, stamp, build)
  assert(stamp:match("^%d+$") and #stamp == 14, "a stamp has 14 digits")
  local origin = build.job or build.commit or build.kind or "local"
  return ("%s-%sT%sZ-%s"):format(names.part(database), stamp:sub(1, 8), stamp:sub(9), names.part(origin))
end

--- Tells whether a file's name is one that tilth gave to a backup of a database.
-- @tparam string name
-- @tparam string database
-- @treturn[1] string "pg_dump" or "copy"
-- @treturn[1] string its time: yyyymmddThhmmssZ
-- @treturn[2] nil
function names.kind(name, database)
  local head = names.part(database) .. "-"
  if name:sub(1, #head) ~= head then
    return nil
  end
  local stamp, ending = name:sub(#head + 1):match("^(%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ)%-[%w_.]+(%.%a+)$")
  for kind, known in pairs(names.ENDINGS) do
    if ending == known then
      return kind, stamp
    end
  end
  return nil
end

return names
