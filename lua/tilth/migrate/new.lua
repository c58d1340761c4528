--- Makes a new, empty migration as Prisma names it.
-- @module tilth.migrate.new

local new = {}

local lock_file = require("tilth.migrate.lock_file")

local LONGEST <const> = 200

local TEXT <const> = "-- This is an empty migration.\n"


local LETTERS <const> = {
  a = "àáâãåāăąÀÁÂÃÅĀĂĄ", ae = "äæÄÆ", c = "çćčÇĆČ", d = "ďđðĎĐÐ", e = "èéêëēėęěÈÉÊËĒĖĘĚ", g = "ğĞ", i = "ìíîïīıÌÍÎÏĪİ", l = "łŁ",
  n = "ñńňÑŃŇ", o = "òóôõøőÒÓÔÕØŐ", oe = "öœÖŒ", r = "řŘ", s = "śšşŚŠŞ", ss = "ß", t = "ťŤ", u = "ùúûůűūÙÚÛŮŰŪ", ue = "üÜ", y = "ýÿÝ",
  z = "źżžŹŻŽ",
}

local function transliterated()
  local map = {}
  for latin, letters in pairs(LETTERS) do
    for _, point in utf8.codes(letters) do
      map[utf8.char(point)] = latin
    end
  end
  return map
end

--- A name as Prisma's slug: lower case, latin letters and digits, joined by underscores.
-- @tparam string name
-- @treturn string may be empty
function new.slug(name)
  local map = transliterated()
  local text = name:gsub("[\194-\244][\128-\191]*", function(character)
    return map[character] or " "
  end)
  text = text:gsub("&", " and "):gsub("'", "")
  text = text:gsub("(%u+)(%u%l+)", "%1 %2"):gsub("([%l%d])(%u)", "%1 %2")
  text = text:lower():gsub("[^%w]+", "_"):gsub("^_+", ""):gsub("_+$", "")
  return text:sub(1, LONGEST)
end

--- The folder's name: 14 digits of UTC time and the slug.
-- @tparam string stamp such as "2026-11-22T10:20:30.123Z"
-- @tparam string name
-- @treturn string
function new.folder_name(stamp, name)
  local slug = new.slug(name)
  return stamp:gsub("%..*$", ""):gsub("%D", ""):sub(1, 14) .. (slug ~= "" and "_" .. slug or "")
end

--- Makes the migration, and migration_lock.toml where it is missing.
-- @tparam table files the file library
-- @tparam string dir the migrations folder
-- @tparam string folder_name
-- @treturn string the path of migration.sql
-- @treturn nil,string,string|integer
function new.make(files, dir, folder_name)
  local folder = dir .. "/" .. folder_name
  if files.exists(folder) then
    return nil, ("the migration %s exists already"):format(folder), "usage"
  end
  local ok, message, code = files.mkdir(folder)
  if ok then
    ok, message, code = files.write(folder .. "/migration.sql", TEXT)
  end
  if ok and not files.exists(dir .. "/migration_lock.toml") then
    ok, message, code = files.write(dir .. "/migration_lock.toml", lock_file.TEXT)
  end
  if not ok then
    return nil, ("cannot make the migration %s: %s"):format(folder, message), code
  end
  return folder .. "/migration.sql"
end

return new
