--- Compares what a backup says with what was found after its restoration. Pure.
local compare = {}

local SHOWN <const> = 5

local function listed(names)
  local text = table.concat(names, "; ", 1, math.min(#names, SHOWN))
  return #names > SHOWN and ("%s; and %d more"):format(text, #names - SHOWN) or text
end

local function key(entry)
  return entry.schema .. "." .. entry.name
end

--- Compares rows, table by table.
-- @tparam table wanted entries { schema, name, rows, digest }
-- @tparam table found entries of the same kind
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what differs
function compare.rows(wanted, found)
  local present, wrong = {}, {}
  for _, entry in ipairs(found) do
    present[key(entry)] = entry
  end
  for _, entry in ipairs(wanted) do
    local other = present[key(entry)]
    if not other then
      wrong[#wrong + 1] = ("%s is missing"):format(key(entry))
    elseif other.rows ~= entry.rows then
      wrong[#wrong + 1] = ("%s has %d rows and not %d"):format(key(entry), other.rows, entry.rows)
    elseif other.digest and other.digest ~= entry.digest then
      wrong[#wrong + 1] = ("%s has other contents in its %d rows"):format(key(entry), entry.rows)
    end
  end
  if #wrong > 0 then
    return nil, listed(wrong)
  end
  return true
end

--- What the tables lack into which a backup is to be loaded.
-- @tparam table wanted entries { schema, name, columns }
-- @tparam table found entries of the same kind
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what is missing
function compare.columns(wanted, found)
  local present, missing = {}, {}
  for _, entry in ipairs(found) do
    local columns = {}
    for _, column in ipairs(entry.columns) do
      columns[column.name] = column
    end
    present[key(entry)] = columns
  end
  for _, entry in ipairs(wanted) do
    local columns = present[key(entry)]
    if not columns then
      missing[#missing + 1] = "table " .. key(entry)
    end
    for _, column in ipairs(columns and entry.columns or {}) do
      local other = columns[column.name]
      if not other then
        missing[#missing + 1] = ("column %s of %s"):format(column.name, key(entry))
      elseif other.type ~= column.type or (other.generated and true or false) ~= (column.generated and true or false) then
        missing[#missing + 1] = ("column %s of %s as it was (%s)"):format(column.name, key(entry), column.type)
      end
    end
  end
  if #missing > 0 then
    return nil, listed(missing)
  end
  return true
end

--- Compares definitions.
-- @tparam table wanted list of { kind, name, definition }
-- @tparam table found list of the same kind
-- @treturn[1] nil when all are as they were
-- @treturn[2] string what differs, for a warning
function compare.objects(wanted, found)
  local function index(list)
    local set = {}
    for _, entry in ipairs(list) do
      set[entry.kind .. " " .. entry.name] = entry.definition
    end
    return set
  end
  local before, after, lines = index(wanted), index(found), {}
  for name, definition in pairs(before) do
    if after[name] == nil then
      lines[#lines + 1] = name .. " is not made by the migrations"
    elseif after[name] ~= definition then
      lines[#lines + 1] = name .. " is made otherwise by the migrations"
    end
  end
  for name in pairs(after) do
    if before[name] == nil then
      lines[#lines + 1] = name .. " was not there"
    end
  end
  table.sort(lines)
  return #lines > 0 and listed(lines) or nil
end

return compare
