--- docs/errors.md, from the catalogue that `tilth help CODE` reads.
local errors_page = {}

local codes = require("tilth.error_codes")

local function add_entry(lines, entry)
  table.move({
    ("### %s"):format(entry.code), "", entry.title .. ".", "",
    "```text", "tilth: " .. entry.example, "```", "",
    "Cause: " .. entry.cause, "",
    "Cure: " .. entry.cure, "",
    "Exit status: " .. codes.status(entry), "",
  }, 1, 14, #lines + 1, lines)
end

--- Makes the page.
-- @treturn string
function errors_page.make()
  local lines = {
    "<!-- Generated from lua/tilth/error_codes.lua by `tilth run scripts/reference.lua`. -->", "",
    "# Error codes", "",
    "`tilth help CODE` prints an entry. A command's exit status is 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a "
      .. "safety check, 4 database out of reach, 99 a bug in tilth, 130 or 143 interrupted; a build command that fails passes its own on.",
    "",
  }
  for _, group in ipairs(codes.groups) do
    table.move({ "## " .. group.title, "", group.text, "" }, 1, 4, #lines + 1, lines)
    for _, entry in ipairs(group.entries) do
      add_entry(lines, entry)
    end
  end
  return (table.concat(lines, "\n"):gsub("\n+$", "\n"))
end

return errors_page
