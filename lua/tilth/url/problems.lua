--- Explains why a connection URL can't be read, by kind and place and never by showing a part of it.
local problems = {}

local ESCAPES <const> = { ["#"] = "%23", ["/"] = "%2F", ["?"] = "%3F", ["@"] = "%40", [":"] = "%3A", ["%"] = "%25" }

local OTHER_SCHEMES <const> = {
  { "^prisma://", "a Prisma Accelerate URL, which no PostgreSQL client can use" },
  { "^prisma%+postgres://", "a Prisma Postgres proxy URL, which no PostgreSQL client can use" },
  { "^jdbc:postgresql:", "a JDBC URL; leave out the `jdbc:` and move user and password before the host" },
  { "^mysql://", "a MySQL URL" }, { "^mongodb", "a MongoDB URL" }, { "^file:", "a SQLite file" },
  { "^sqlserver:", "a SQL Server URL" }, { "^https?://", "a web address" },
  { "^psql%s", "a psql command; keep only the URL" },
  { "^%$", "a reference to a variable that nothing has expanded" },
}

--- Explains a text that does not begin with postgresql:// or postgres://.
-- @tparam string text the value
-- @treturn string advice
function problems.scheme(text)
  local trimmed = text:match("^%s*(.-)%s*$")
  if trimmed:find("^[\"'`]") then
    return "The value begins with a quote character: in a console or a shell's environment it must stand without quotes."
  end
  if trimmed:find("^postgres") and trimmed:find("://", 1, true) and trimmed ~= text then
    return "The value begins or ends with a blank; remove it."
  end
  if trimmed:find("^[%u_%d]+%s*=%s*[\"']?postgres") then
    return "The value repeats the variable's name; keep only what stands after the `=`."
  end
  for _, entry in ipairs(OTHER_SCHEMES) do
    if trimmed:lower():find(entry[1]) then
      return ("It is %s. tilth needs the direct URL of the PostgreSQL database."):format(entry[2])
    end
  end
  if trimmed:find("%f[%w]host%s*=") or trimmed:find("%f[%w]dbname%s*=") then
    return "It is a libpq connection string; write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
  end
  if trimmed:lower():find("^postgres") then
    return "Check the part before the `//`: it must be postgresql:// in lower case."
  end
  return "Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
end

local function advice_for(char, place)
  return ("The password seems to hold an unescaped `%s` (character %d of the value). Write it as %s."):format(char, place,
    ESCAPES[char])
end

--- Looks for a character of the password that ends the URL's first part too early.
-- @tparam string text the URL
-- @treturn[1] string advice that names kind and place
-- @treturn[2] nil when nothing looks like it
function problems.unescaped(text)
  local start = select(2, text:find("^%a+://")) + 1
  local place, char = text:match("()([/?#])", start)
  if not place then
    return nil
  end
  local authority = text:sub(start, place - 1)
  if authority:find("@", 1, true) then
    -- user:p@ss/word@host: the first @ was the password's own. An @ of a database's name can be written %40.
    local rest = text:sub(place + 1)
    if char == "/" then
      rest = rest:match("^([^?#]*[?#]?[^=]*)")
    elseif char == "?" then
      rest = rest:match("^[^=]*")
    end
    return rest:find("@", 1, true) and advice_for(char, place) or nil
  end
  if not authority:find(":", 1, true) then
    return nil
  end
  local before_query = char == "/" and text:match("^[^?]*", place) or text:sub(place)
  local has_at = before_query:find("@", 1, true) or (char == "/" and text:sub(place):find("%?[^=]*@"))
  return has_at and advice_for(char, place) or nil
end

--- Explains a URL whose host or port can't be read.
-- @tparam string text the URL
-- @tparam string what the parser's complaint
-- @tparam[opt] boolean from_file whether the value came from a .env file
-- @treturn string advice
function problems.authority(text, what, from_file)
  local unescaped = problems.unescaped(text)
  if unescaped then
    return unescaped
  end
  local authority = text:match("^%a+://([^/?#]*)") or ""
  if not authority:find("@", 1, true) and authority:find(":", 1, true) and what == "invalid port number" then
    local cut = "The value has no `@`: it seems to be cut off inside the password."
    if from_file then
      return cut .. " In a .env file an unquoted value ends at the first `#`; put the value in quotes and write `#` as %23."
    end
    return cut .. " In a .env file or a shell, put the value in quotes; in the URL, write `#` as %23."
  end
  if authority:find("%[[^%]]*$") or select(2, authority:match("[^@]*$"):gsub(":", "")) > 1 then
    return "Write an IPv6 address in square brackets: postgresql://USER:PASSWORD@[::1]:5432/DATABASE."
  end
  if what == "invalid port number" then
    return "The port must be a number from 1 to 65535, after the last `:` of the host."
  end
  return "The host must be a name or an address. Special characters of the password must be escaped: "
    .. "`#` as %23, `/` as %2F, `?` as %3F, `@` as %40, `:` as %3A, `%` as %25."
end

return problems
