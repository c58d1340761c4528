--- Counts the rows of each table in the SQL text of pg_restore, piece by piece. Pure.
local rows_in_sql = {}

local Counter = {}
Counter.__index = Counter

local END <const> = "\\.\n"

--- Begins to count.
-- @treturn table counter: `feed(text)`, `tables()`
function rows_in_sql.new()
  return setmetatable({ rest = "", list = {} }, Counter)
end

local function unquoted(name)
  return name:sub(1, 1) == '"' and name:sub(2, -2):gsub('""', '"') or name
end

-- `COPY schema.name (columns) FROM stdin;`, where names may be quoted and hold anything.
local function copied_table(line)
  local text = line:match("^COPY (.*) FROM stdin;\n$")
  if not text then
    return nil
  end
  local at, parts = 1, {}
  for number = 1, 2 do
    local name
    if text:sub(at, at) == '"' then
      local finish = at + 1
      while text:sub(finish, finish) ~= '"' or text:sub(finish + 1, finish + 1) == '"' do
        if finish > #text then
          return nil
        end
        finish = finish + (text:sub(finish, finish) == '"' and 2 or 1)
      end
      name = text:sub(at, finish)
    else
      name = text:match("^[^%.%s%(]+", at)
    end
    if not name then
      return nil
    end
    parts[number], at = unquoted(name), at + #name + 1
  end
  return { schema = parts[1], name = parts[2], rows = 0 }
end

--- Takes the next piece of the text.
-- @tparam string text
function Counter:feed(text)
  text = self.rest .. text
  local at = 1
  while at <= #text do
    if self.current then
      local finish = text:sub(at, at + #END - 1) == END and at or nil
      if not finish then
        local before = text:find("\n" .. END, at, true)
        finish = before and before + 1
      end
      -- Without the end in sight whole lines are counted, up to the last one.
      local stop = finish or (text:match("^.*()\n", at) or at - 1) + 1
      local _, lines = text:sub(at, stop - 1):gsub("\n", "")
      self.current.rows = self.current.rows + lines
      at = stop
      if not finish then
        break
      end
      at, self.current = finish + #END, nil
    else
      local line_end = text:find("\n", at, true)
      if not line_end then
        break
      end
      local found = copied_table(text:sub(at, line_end))
      if found then
        self.current, self.list[#self.list + 1] = found, found
      end
      at = line_end + 1
    end
  end
  self.rest = text:sub(at)
end

--- What was counted.
-- @treturn table list of { schema, name, rows }
function Counter:tables()
  return self.list
end

return rows_in_sql
