--- What a variable is by its name and its look: a flag of database operations, a secret, or neither.
local variable = {}

local FLAGS <const> = { RESET_DATABASE = true, RESET_DATABASE_CONFIRM = true, RUN_SEED = true }

-- A flag of somebody's own: one word of what is done, one of what it is done to.
local DESTROYS <const> = { RESET = true, DROP = true, WIPE = true, ERASE = true, PURGE = true, TRUNCATE = true, FLUSH = true }
local DATA <const> = { DATABASE = true, DB = true, SCHEMA = true, TABLES = true, PRISMA = true, DATA = true }
local ASKS <const> = {
  RUN = true, FORCE = true, DO = true, AUTO = true, ENABLE = true, ENABLED = true, DATABASE = true, DB = true, PRISMA = true, DEMO = true,
}

local SECRET_WORDS <const> = {
  SECRET = true, SECRETS = true, PASSWORD = true, PASSWD = true, PASS = true, PWD = true, PASSPHRASE = true, CREDENTIAL = true,
  CREDENTIALS = true, SALT = true, PEPPER = true,
}
-- Words that name a secret, but are ordinary in a variable that is meant for everybody's browser.
local KEY_WORDS <const> = { KEY = true, KEYS = true, APIKEY = true, TOKEN = true, TOKENS = true, DSN = true }
local PUBLIC_PREFIXES <const> = { "NEXT_PUBLIC_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_" }

local SECRET_LOOKS <const> = {
  "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY", "^AKIA%w+$", "^ASIA%w+$", "^gh[pousr]_%w+$", "^github_pat_", "^glpat%-", "^xox[abprs]%-",
  "^sk_live_", "^rk_live_", "^sk_test_", "^sk%-[%w_-]+$", "^npm_%w+$", "^SG%.[%w_-]+%.", "^eyJ[%w_-]+%.[%w_-]+%.[%w_-]*$", "^whsec_",
  "AccountKey=", "[Pp]assword%s*=%s*%S",
}

local function words_of(name)
  local words = {}
  for word in name:upper():gmatch("[^_]+") do
    words[word], words[#words + 1] = true, word
  end
  return words
end

local function any(words, set)
  for _, word in ipairs(words) do
    if set[word] then
      return true
    end
  end
  return false
end

--- Does a name ask for a reset or a seed?
-- @tparam string name of the variable
-- @treturn boolean
function variable.is_flag(name)
  local words = words_of(name)
  if FLAGS[name:upper()] or (#words == 1 and words.SEED) then
    return true
  end
  return any(words, DESTROYS) and any(words, DATA) or (words.SEED or words.SEEDS) and any(words, ASKS) or false
end

--- Is a name meant for everybody's browser?
-- @tparam string name of the variable
-- @treturn boolean
function variable.is_public(name)
  for _, prefix in ipairs(PUBLIC_PREFIXES) do
    if name:sub(1, #prefix) == prefix then
      return true
    end
  end
  return false
end

--- Does a URL in this text hold a password that stands there itself, and is no placeholder?
-- @tparam string value
-- @treturn[1] string the host that the password is for
-- @treturn[2] nil
function variable.url_password(value)
  for scheme, authority in value:gmatch("(%a[%w+.-]*)://([^%s\"'`<>]*)") do
    -- A database's password may stand there unescaped, with slashes in it; the path of a web address may hold an @.
    if scheme:lower():find("^http") then
      authority = authority:match("^[^/?#]*")
    end
    local user, rest = authority:match("^([^:/?#@]*):(.*)$")
    local password, host = (rest or ""):match("^(.*)@([^@]*)$")
    if user and password and password ~= "" and not password:find("^[%${<%%]") and not password:find("^%u+$") then
      return host:match("^[^:/?#]*")
    end
  end
  return nil
end

--- Does a variable look like a secret?
-- @tparam string name
-- @tparam[opt] string value looked at, never kept
-- @treturn[1] string why
-- @treturn[2] nil
function variable.secret(name, value)
  local words = words_of(name)
  if any(words, SECRET_WORDS) or name == "secrets" then
    return "its name says so"
  elseif not variable.is_public(name) and any(words, KEY_WORDS) then
    return "its name says so"
  elseif name:find("^AWS_") then
    return "it belongs to AWS"
  end
  if value and variable.url_password(value) then
    return "its value is a URL with a password"
  end
  for _, look in ipairs(SECRET_LOOKS) do
    if value and value:find(look) then
      return "its value looks like one"
    end
  end
  return nil
end

return variable
