--- Lays rows out for a terminal: aligned columns, or a block a row where they are too wide. Pure.
local grid = {}

local width = require("tilth.repl.width")

--- No column is cut to less than this.
local LEAST <const> = 12
local GAP <const> = 3

local function is_number(text)
  return text:find("^%-?%d+%.?%d*$") ~= nil or text:find("^%-?%d+%.?%d*[eE][-+]?%d+$") ~= nil or text == "NaN"
end

--- A value as a cell: text, and whether it is a number.
local function cell_of(value, null)
  if value == nil or value == null then
    return { text = "NULL", null = true }
  elseif type(value) == "number" then
    return { text = tostring(value), number = true }
  elseif type(value) == "string" then
    return { text = width.plain(value), number = is_number(value) }
  end
  return { text = tostring(value) }
end

local function columns_of(result, null)
  local columns = {}
  for index, name in ipairs(result.columns) do
    local column = { name = width.plain(name), cells = {}, numbers = true, values = 0 }
    column.width = width.of(column.name)
    for row = 1, #result do
      local cell = cell_of(result[row][name], null)
      cell.width = width.of(cell.text)
      column.cells[row] = cell
      column.width = math.max(column.width, cell.width)
      column.numbers = column.numbers and (cell.null or cell.number or false)
      column.values = column.values + (cell.null and 0 or 1)
    end
    column.numbers = column.numbers and column.values > 0
    columns[index] = column
  end
  return columns
end

local function total_width(columns)
  local sum = GAP * (#columns - 1)
  for _, column in ipairs(columns) do
    sum = sum + column.width
  end
  return sum
end

--- Cuts the widest columns of text until the row fits.
-- @return true when it fits, and whether anything is cut
local function shrink(columns, most)
  local over, cut = total_width(columns) - most, false
  while over > 0 do
    local widest, second = nil, LEAST
    for _, column in ipairs(columns) do
      if not column.numbers and column.width > LEAST and (not widest or column.width > widest.width) then
        second = widest and math.max(second, widest.width) or second
        widest = column
      elseif not column.numbers and widest and column ~= widest then
        second = math.max(second, math.min(column.width, widest.width))
      end
    end
    if not widest then
      return false, cut
    end
    local less = math.min(over, math.max(1, widest.width - second))
    widest.width, over, cut = widest.width - less, over - less, true
  end
  return true, cut
end

local function padded(text, own, wanted, right)
  local pad = (" "):rep(wanted - own)
  return right and pad .. text or text .. pad
end

local function line_of(columns, each)
  local parts = {}
  for index, column in ipairs(columns) do
    local text, right = each(column)
    text = width.cut(text, column.width)
    parts[index] = padded(text, width.of(text), column.width, right)
  end
  return (table.concat(parts, " | "):gsub("%s+$", ""))
end

local function horizontal(columns, rows)
  local lines, rules = {}, {}
  lines[1] = line_of(columns, function(column)
    return column.name, column.numbers
  end)
  for index, column in ipairs(columns) do
    rules[index] = ("-"):rep(column.width)
  end
  lines[2] = table.concat(rules, "-+-")
  for row = 1, rows do
    lines[#lines + 1] = line_of(columns, function(column)
      return column.cells[row].text, column.numbers
    end)
  end
  return lines
end

local function vertical(columns, rows)
  local lines, names = {}, 0
  for _, column in ipairs(columns) do
    names = math.max(names, width.of(column.name))
  end
  for row = 1, rows do
    lines[#lines + 1] = ("-[ %d ]-"):format(row) .. ("-"):rep(names)
    for _, column in ipairs(columns) do
      lines[#lines + 1] = padded(column.name, width.of(column.name), names) .. " | " .. column.cells[row].text
    end
  end
  return lines
end

--- Lays a result out.
-- @tparam table result rows keyed by column name, and `columns`
-- @tparam[opt] table options `width` (of the terminal; nil: no limit), `expanded` (a block a row), `null` (the value of NULL)
-- @treturn table list of lines
-- @treturn boolean true when long values were cut
function grid.lines(result, options)
  options = options or {}
  local columns = columns_of(result, options.null)
  if #columns == 0 then
    return {}, false
  end
  local fits, cut = true, false
  if options.width and not options.expanded then
    fits, cut = shrink(columns, options.width)
  end
  if options.expanded or not fits then
    return vertical(columns, #result), false
  end
  return horizontal(columns, #result), cut
end

return grid
