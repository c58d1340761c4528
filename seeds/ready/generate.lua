--- Writes the CSV files beside it from the system's iso-codes and tzdata packages:
--
--   tilth run seeds/ready/generate.lua [ISO_CODES_JSON_FOLDER [ZONEINFO_FOLDER]]

local fs = require("tilth.fs")
local json = require("tilth.json")

local arguments = { ... }
local ISO <const> = arguments[1] or "/usr/share/iso-codes/json"
local ZONES <const> = arguments[2] or "/usr/share/zoneinfo"
local TARGET <const> = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."

--- A field as RFC 4180 writes it; one that is absent is empty.
local function field(value)
  local text = value == nil and "" or tostring(value)
  if text:find('[,"\r\n]') then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

local function write(name, header, rows)
  local lines = { table.concat(header, ",") }
  for _, row in ipairs(rows) do
    local fields = {}
    for index, column in ipairs(header) do
      fields[index] = field(row[column])
    end
    lines[#lines + 1] = table.concat(fields, ",")
  end
  assert(fs.write(TARGET .. "/" .. name, table.concat(lines, "\n") .. "\n", 420)) -- 420: rw-r--r--
  print(("%s: %d rows"):format(name, #rows))
end

local function read_iso(number)
  return assert(json.decode(assert(fs.read(("%s/iso_%s.json"):format(ISO, number)))))[number]
end

local function by(key)
  return function(a, b) return a[key] < b[key] end
end

local function countries()
  local rows = {}
  for index, entry in ipairs(read_iso("3166-1")) do
    rows[index] = {
      alpha2 = entry.alpha_2, alpha3 = entry.alpha_3, numeric = entry.numeric, name = entry.common_name or entry.name,
      official_name = entry.official_name or entry.name, flag = entry.flag,
    }
  end
  table.sort(rows, by("alpha2"))
  write("countries.csv", { "alpha2", "alpha3", "numeric", "name", "official_name", "flag" }, rows)
end

local function currencies()
  local rows = {}
  for index, entry in ipairs(read_iso("4217")) do
    rows[index] = { code = entry.alpha_3, numeric = entry.numeric, name = entry.name }
  end
  table.sort(rows, by("code"))
  write("currencies.csv", { "code", "numeric", "name" }, rows)
end

local function languages()
  local rows = {}
  for index, entry in ipairs(read_iso("639-2")) do
    rows[index] = {
      alpha2 = entry.alpha_2, alpha3 = entry.alpha_3, bibliographic = entry.bibliographic,
      name = entry.common_name or entry.name,
    }
  end
  table.sort(rows, by("alpha3"))
  write("languages.csv", { "alpha3", "alpha2", "bibliographic", "name" }, rows)
end

--- Degrees out of sign, degrees, minutes and perhaps seconds.
local function degrees(text, width)
  local sign, whole, minutes, seconds = text:match("^([+-])(" .. ("%d"):rep(width) .. ")(%d%d)(%d*)$")
  local value = tonumber(whole) + tonumber(minutes) / 60 + (tonumber(seconds) or 0) / 3600
  return ("%s%.4f"):format(sign == "-" and "-" or "", value)
end

local function time_zones()
  local rows = {}
  for line in assert(fs.read(ZONES .. "/zone1970.tab")):gmatch("[^\n]+") do
    if not line:find("^#") then
      local codes, latitude, longitude, name, comments = line:match("^(%S+)\t([+-]%d+)([+-]%d+)\t([^\t]+)\t?(.*)$")
      rows[#rows + 1] = {
        name = name, country = codes:match("^%u%u"), countries = codes:gsub(",", "|"),
        latitude = degrees(latitude, 2), longitude = degrees(longitude, 3), comments = comments ~= "" and comments or nil,
      }
    end
  end
  table.sort(rows, by("name"))
  write("time_zones.csv", { "name", "country", "countries", "latitude", "longitude", "comments" }, rows)
end

countries()
currencies()
languages()
time_zones()
