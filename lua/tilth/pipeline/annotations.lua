--- Writes findings as the workflow commands that GitHub shows beside the lines of a change. Pure.
local annotations = {}

local path = require("tilth.path")

local KINDS <const> = { block = "error", warn = "warning", note = "notice" }

local function escape(text)
  return (text:gsub("%%", "%%25"):gsub("\r", "%%0D"):gsub("\n", "%%0A"))
end

local function escape_property(text)
  return (escape(text):gsub(":", "%%3A"):gsub(",", "%%2C"))
end

--- Writes findings.
-- @tparam table findings list of { id, severity, message, advice, path, line }
-- @tparam string base the repository's folder, from which GitHub sees the files
-- @treturn string one line for each finding
function annotations.text(findings, base)
  local lines = {}
  for index, finding in ipairs(findings) do
    local properties = {}
    if finding.path then
      properties[1] = "file=" .. escape_property(path.relative(finding.path, base))
      properties[2] = ("line=%d"):format(finding.line or 1)
    end
    properties[#properties + 1] = "title=" .. escape_property("tilth: " .. finding.id)
    local text = finding.message .. (finding.advice and "\n" .. finding.advice or "")
    lines[index] = ("::%s %s::%s"):format(KINDS[finding.severity], table.concat(properties, ","), escape(text))
  end
  return table.concat(lines, "\n")
end

return annotations
