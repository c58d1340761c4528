--- tilth.migrate.checksum: a file against the checksum that the history keeps.
local lu = require("luaunit")

local checksum = require("tilth.migrate.checksum")
local hash = require("tilth.hash")

local TestMigrateChecksum = {}

local function compare(text, stored_of)
  return checksum.compare(hash.sha256, text, hash.sha256(stored_of))
end

function TestMigrateChecksum:test_relations_are_told_apart()
  local cases = {
    { "a;\nb;\n", "a;\nb;\n", "same" },
    { "a;\r\nb;\r\n", "a;\nb;\n", "line endings" },
    { "a;\nb;\n", "a;\r\nb;\r\n", "line endings" },
    { "a;\r\nb;\n", "a;\r\r\nb;\r\n", "line endings" },
    { "a;\nb;\n", "a;\nb; \n", "edited" },
    { "caf\xE9", "caf\xEF\xBF\xBD", "encoding" },
    { "\xE9", "\xEF\xBF\xBD", "encoding" },
    { "caf\xE9", "cafe", "edited" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(compare(case[1], case[2]), case[3], ("%q against %q"):format(case[1], case[2]))
  end
end

function TestMigrateChecksum:test_old_checksums_have_no_leading_zeros()
  local text, digest = nil, nil
  for number = 1, 1000 do
    text = "text " .. number
    digest = hash.sha256(text)
    if digest:find("^%x%x0") and digest:sub(3, 3) == "0" then
      break
    end
  end
  local short = digest:gsub("(%x%x)", function(byte)
    return byte:sub(1, 1) == "0" and byte:sub(2) or byte
  end)
  lu.assertNotEquals(#short, 64)
  lu.assertEquals(checksum.compare(hash.sha256, text, short), "same")
end

return TestMigrateChecksum
