--- Makes the findings of the pipeline checks: the place, the line with its values masked, why, and what to write instead. Pure.
local finding = {}

local mask = require("tilth.url.mask")
local variable = require("tilth.variable")

local HIDDEN <const> = "****"
local LONGEST <const> = 140

local TRUE_WORDS <const> = { ["true"] = true, ["1"] = true, yes = true, on = true, y = true, t = true, enabled = true }

local function refers(value)
  return value:find("^[\"']?%$") ~= nil
end

local function hide_option(name, gap, value)
  if variable.secret((name:gsub("-", "_"))) and not refers(value) then
    return "--" .. name .. gap .. HIDDEN
  end
  return nil
end

-- A long run of letters and digits is more likely a token than a word; paths and words with hyphens stay readable.
local function hide_run(run)
  if #run >= 24 and run:find("%d") and run:find("%a") and not run:find("[/]") then
    return HIDDEN
  end
  return nil
end

--- A line of a file with everything masked that may be a value.
-- @tparam string line
-- @tparam[opt] string name of a variable whose value the line holds, in whatever notation
-- @treturn string
function finding.mask(line, name)
  local text = line:gsub("^%s+", ""):gsub("%s+$", "")
  if name then
    local from = text:find(name, 1, true)
    local stop = from and select(2, text:find("[\"']?%s*[:=%s]%s*", from + #name))
    if stop and not refers(text:sub(stop + 1)) then
      text = text:sub(1, stop) .. HIDDEN
    end
  end
  for _, pattern in ipairs({ "\"([^\"]*)\"", "'([^']*)'", "([^%s\"';&|]+)" }) do
    text = text:gsub("(%f[%w_][%u_][%u%d_]*=)" .. pattern, function(head, value)
      return not refers(value) and value ~= "" and head .. HIDDEN or nil
    end)
  end
  text = text:gsub("%-%-([%w-]+)([= ])([^%s]+)", hide_option)
  text = text:gsub("([Bb]earer%s+)[^%s\"']+", "%1" .. HIDDEN):gsub("([Bb]asic%s+)[%w+/=]+", "%1" .. HIDDEN)
  text = mask.text(text):gsub("(%a[%w+.-]*://[^%s:/@]*:)([^%s@]+)@", "%1" .. HIDDEN .. "@")
  text = text:gsub("[%w_+/=]+", hide_run)
  if #text > LONGEST then
    local stop = utf8.offset(text, 0, LONGEST) or LONGEST
    text = text:sub(1, stop - 1) .. " ..."
  end
  return text
end

--- Makes a finding at a place of a file.
-- @tparam table pipeline as observed
-- @tparam table rule { id }
-- @tparam table place a command, a setting or { file, full_path, line }
-- @tparam table parts { severity, message = what and why, advice = what to write instead, name = variable whose value to mask }
-- @treturn table { id, severity, message, advice, file, line, path, excerpt }
function finding.at(pipeline, rule, place, parts)
  local lines = pipeline.texts[place.full_path]
  local excerpt = lines and lines[place.line] and finding.mask(lines[place.line], parts.name) or nil
  local head = ("%s:%d: "):format(place.file, place.line)
  if excerpt and excerpt ~= "" then
    head = head .. "`" .. excerpt .. "`: "
  end
  return {
    id = rule.id, severity = parts.severity, message = head .. parts.message, advice = parts.advice, file = place.file, line = place.line,
    path = place.full_path, excerpt = excerpt,
  }
end

--- Is a committed value a yes?
-- @tparam string value
-- @treturn boolean
function finding.is_yes(value)
  return TRUE_WORDS[value:lower():gsub("^[\"'](.*)[\"']$", "%1")] or false
end

--- Does a committed value only pass another one on (`$X`, `${{ ... }}`)?
-- @tparam string value
-- @treturn boolean
function finding.passes_on(value)
  return value == "" or refers(value) or value:find("^<.*>$") ~= nil
end

--- Is a .env file an example, or for development and tests only?
-- @tparam string file
-- @treturn boolean
function finding.is_harmless_file(file)
  local name = file:lower():match("[^/]*$")
  for _, word in ipairs({ "example", "sample", "template", "dist", "default", "development", "test", ".dev", "local", "schema" }) do
    if name:find(word, 1, true) then
      return true
    end
  end
  return false
end

return finding
