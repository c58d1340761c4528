--- Cuts a file that runs in one transaction into the messages it is sent in, so that a long statement is known by name
-- while it runs. What is over at once travels together: a small file is one message. Pure.
-- @module tilth.migrate.pieces

local pieces = {}

local statement = require("tilth.migrate.statement")

-- Second words after which a statement only writes the catalog, as long as the tables are small.
local CATALOG <const> = {
  create = { table = true, type = true, schema = true, sequence = true, index = true, unique = true, domain = true, view = true,
    ["function"] = true, trigger = true, ["or"] = true, policy = true },
  alter = { table = true, type = true, schema = true, sequence = true, domain = true, view = true, index = true, policy = true,
    default = true },
  drop = { table = true, type = true, schema = true, sequence = true, domain = true, view = true, index = true, policy = true,
    ["function"] = true, trigger = true },
}

local ALWAYS <const> = { comment = true, grant = true, revoke = true, set = true, reset = true, insert = true }

-- A statement with one of these words reads rows or runs a body, for as long as that takes.
local function reads(lower)
  return lower:find("select", 1, true) or lower:find("%f[%w_]with%f[^%w_]") or lower:find("returning", 1, true)
end

--- Is a statement over at once where no table is big? By its words: a wrong answer costs a message, or the line of a statement.
-- @tparam string text
-- @treturn boolean
function pieces.is_brief(text)
  local lower = statement.body(text):lower()
  local first, second = lower:match("^(%a+)%s+(%a+)")
  if ALWAYS[first] then
    return first ~= "insert" or not reads(lower)
  end
  local known = CATALOG[first]
  if not known or not known[second] then
    return false
  end
  return not (first == "create" and second == "table" and reads(lower))
end

--- Cuts a file.
-- @tparam string text
-- @tparam {table,...}|nil list its statements, of sql.split; nil where they can't be told apart
-- @tparam boolean|nil heavy the database has big tables, or was slow: each statement travels alone
-- @treturn {table,...} { text, position = byte in the file, first, last = statements in it }, at least one
function pieces.cut(text, list, heavy)
  if not list or #list < 2 then
    return { { text = text, position = 1, first = 1, last = list and #list or 1 } }
  end
  local found, joined = {}, nil
  for number, item in ipairs(list) do
    heavy = heavy or not pieces.is_brief(item.text)
    if heavy or not joined then
      found[#found + 1] = { position = item.position, first = number, last = number }
      joined = not heavy and found[#found] or nil
    else
      joined.last = number
    end
  end
  for position, piece in ipairs(found) do
    piece.position = position == 1 and 1 or piece.position
    local following = found[position + 1]
    piece.text = text:sub(piece.position, following and following.position - 1)
  end
  return found
end

return pieces
