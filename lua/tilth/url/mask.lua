--- Hides passwords in any text that may hold connection URLs or conninfo strings.
local mask = {}

local HIDDEN <const> = "****"

-- Our own advice shows how a URL is written; that word is nobody's password.
local PLACEHOLDER <const> = "PASSWORD"

local LONGEST_SCHEME <const> = 64

-- Names whose value is a secret wherever it stands as name=value.
local SECRET_NAMES <const> = {
  password = true, sslpassword = true, pgpassword = true, passwd = true, pwd = true, api_key = true, apikey = true,
  token = true, secret = true, access_token = true, sslkeypassword = true,
}

-- A password may hold unescaped slashes, so everything from the first colon to the last @ of the run goes.
-- More than needed may be hidden; less never is.
local function mask_run(run)
  local at = run:match("^.*()@")
  if at then
    local user, password = run:sub(1, at - 1):match("^([^:/?#]*):(.*)$")
    if user and password ~= PLACEHOLDER then
      return user .. ":" .. HIDDEN .. run:sub(at)
    end
    return run
  end
  local user, rest = run:match("^([^:/?#%[]*):(.*)$")
  -- What stands after the colon is a port only when it is digits; else a URL was cut inside its password.
  if user and rest ~= "" and not rest:find("^%d*$") and not rest:find("^[%d,]*[/?#]") and not rest:find("^%d+[%s,;.)%]]") then
    return user .. ":" .. HIDDEN
  end
  return run
end

-- Finds the next URL: where its scheme begins and where its `//` ends. Looked for from the `://` backwards, so that
-- a long word without one is passed over at once.
local function find_url(text, from)
  local at, last = text:find("://", from, true)
  while at do
    local scheme = text:sub(math.max(from, at - LONGEST_SCHEME), at - 1):reverse():match("^[%w+.-]*%a")
    if scheme then
      return at - #scheme, last
    end
    at, last = text:find("://", last + 1, true)
  end
  return nil
end

local function mask_urls(text)
  local out, from = {}, 1
  while true do
    local first, last = find_url(text, from)
    if not first then
      break
    end
    local database = text:sub(first, last):lower():find("^postgres") or text:sub(first, last):lower():find("sql")
    local stop = select(2, text:find("^[^%s\"'`<>]*", last + 1)) or last
    if database and not text:sub(last + 1, stop):find("@", 1, true) then
      -- A password with a blank or a quote in it: look for the @ on the rest of the line.
      local line = select(2, text:find("^[^\n]*", last + 1))
      local rest = text:sub(last + 1, line)
      local following = find_url(rest, 1)
      if following then
        rest = rest:sub(1, following - 1)
      end
      local at = rest:match("^[^:/?#%s]*:.*()@")
      if at then
        stop = math.max(stop, last + at)
      end
    end
    out[#out + 1] = text:sub(from, last)
    out[#out + 1] = mask_run(text:sub(last + 1, stop))
    from = stop + 1
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

local function mask_pairs(text)
  local function hide(name, equals, value)
    if not SECRET_NAMES[name:lower()] then
      return nil
    end
    return name .. equals .. (value and value:match("^['\"]") or "") .. HIDDEN .. (value and value:match("^(['\"]).*%1$") or "")
  end
  text = text:gsub("%f[%a_]([%a_]+)(%s*=%s*)('[^'\n]*')", hide)
  text = text:gsub("%f[%a_]([%a_]+)(%s*=%s*)(\"[^\"\n]*\")", hide)
  return (text:gsub("%f[%a_]([%a_]+)(%s*=%s*)([^%s&'\"][^%s&'\"]*)", function(name, equals, value)
    if value:sub(1, #HIDDEN) == HIDDEN then
      return nil
    end
    return hide(name, equals, value)
  end))
end

--- Masks the passwords of every URL and conninfo in a text.
-- @tparam string text anything
-- @treturn string the text with `****` in the place of each password
function mask.text(text)
  if text:find("://", 1, true) then
    text = mask_urls(text)
  end
  if text:find("=", 1, true) then
    text = mask_pairs(text)
  end
  return text
end

return mask
