--- The guide's flags: RESET_DATABASE, RUN_SEED and RESET_DATABASE_CONFIRM, read without ever keeping a value.
local flags = {}

-- Spellings of "yes" that are not `true`: somebody meant the flag, but the guide's test would not see it.
local MEANT <const> = {
  ["true"] = true, ["1"] = true, yes = true, y = true, on = true, t = true, enabled = true, enable = true,
}

-- Blanks that nobody sees in a console: no-break spaces, those without a width, a byte order mark.
local UNSEEN <const> = { "\u{A0}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{202F}", "\u{2060}", "\u{FEFF}" }

local function source_of(name, sources)
  return sources and sources[name] or "environment"
end

--- A value without the white space around it, seen or not.
-- @tparam string value
-- @treturn string
function flags.trim(value)
  local before
  repeat
    before, value = value, value:match("^%s*(.-)%s*$")
    for _, blank in ipairs(UNSEEN) do
      value = value:sub(1, #blank) == blank and value:sub(#blank + 1) or value
      value = value:sub(-#blank) == blank and value:sub(1, -#blank - 1) or value
    end
  until value == before
  return value
end

local function read(env, name, sources)
  local value = env[name]
  local flag = { name = name, set = value == "true", meant = false, kind = "unset" }
  if value == nil or value == "" then
    return flag
  end
  flag.source = source_of(name, sources)
  local trimmed = flags.trim(value)
  local bare = trimmed:gsub("^([\"'])(.*)%1$", "%2")
  if value == "true" then
    flag.kind, flag.meant = "exact", true
  elseif trimmed == "true" then
    flag.kind, flag.meant = "space", true
  elseif trimmed:lower() == "true" then
    flag.kind, flag.meant = "case", true
  else
    flag.kind, flag.meant = "other", MEANT[bare:lower()] == true
  end
  return flag
end

--- Reads the flags from an environment.
-- Only exactly `true` sets one; `meant` says that the value looks like a yes all the same.
-- @tparam table env name to value
-- @tparam[opt] table sources name to where the value came from; "environment" where it says nothing
-- @treturn table { reset, seed = { name, set, meant, kind = "exact"|"case"|"space"|"other"|"unset", source },
--   confirm = the value of RESET_DATABASE_CONFIRM or nil, confirm_source }
function flags.read(env, sources)
  local confirm = env.RESET_DATABASE_CONFIRM
  if confirm == "" then
    confirm = nil
  end
  return {
    reset = read(env, "RESET_DATABASE", sources),
    seed = read(env, "RUN_SEED", sources),
    confirm = confirm,
    confirm_source = confirm and source_of("RESET_DATABASE_CONFIRM", sources) or nil,
  }
end

return flags
