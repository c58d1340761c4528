--- Shows what was measured, for people.
local outcome = {}

local HEAD <const> = { "what", "runs", "tilth", "peak", "beside", "", "peak", "ratio", "goal", "" }

local function duration(seconds)
  if seconds < 1 then
    return ("%.1f ms"):format(seconds * 1000)
  end
  return ("%.2f s"):format(seconds)
end

local function megabytes(bytes)
  return bytes and ("%.1f MB"):format(bytes / 1e6) or "-"
end

local function verdict(row)
  if row.met == nil then
    return ""
  end
  return row.met and "met" or "missed"
end

local function cells(row)
  local goal = row.goal and ("%.2f"):format(row.goal) or row.limit and duration(row.limit) or ""
  if row.memory_goal then
    goal = ("%s, %s"):format(goal, megabytes(row.memory_goal))
  end
  return {
    row.name, tostring(row.runs), duration(row.a.median), megabytes(row.a.memory), row.b.name, duration(row.b.median),
    megabytes(row.b.memory), ("%.2f"):format(row.ratio), goal, verdict(row),
  }
end

--- One comparison in one line.
-- @tparam table row of measure.pairs
-- @treturn string
function outcome.line(row)
  return ("  %s: tilth %s (%s to %s), %s %s (%s to %s), ratio %.2f %s"):format(row.name, duration(row.a.median),
    duration(row.a.fastest), duration(row.a.slowest), row.b.name, duration(row.b.median), duration(row.b.fastest),
    duration(row.b.slowest), row.ratio, verdict(row))
end

--- All comparisons as a Markdown table with aligned columns.
-- @tparam table rows
-- @treturn string
function outcome.table(rows)
  local lines, widths = { HEAD }, {}
  for _, row in ipairs(rows) do
    lines[#lines + 1] = cells(row)
  end
  for _, line in ipairs(lines) do
    for column, text in ipairs(line) do
      widths[column] = math.max(widths[column] or 3, #text)
    end
  end
  local out, rule = {}, {}
  for index, line in ipairs(lines) do
    local parts = {}
    for column, text in ipairs(line) do
      parts[column] = text .. (" "):rep(widths[column] - #text)
      rule[column] = ("-"):rep(widths[column])
    end
    out[#out + 1] = "| " .. table.concat(parts, " | ") .. " |"
    if index == 1 then
      out[#out + 1] = "| " .. table.concat(rule, " | ") .. " |"
    end
  end
  return table.concat(out, "\n")
end

--- What the figures were taken on.
-- @tparam table machine of ground
-- @treturn string
function outcome.machine(machine)
  return ("%s; %d processors; PostgreSQL %s, %s\nmeasured: %s%s"):format(machine.system, machine.processors, machine.postgresql,
    machine.settings, machine.program, machine.released and "" or " (this build, with the system's shared libraries)")
end

--- How many goals were missed.
-- @tparam table rows
-- @treturn integer
function outcome.missed(rows)
  local count = 0
  for _, row in ipairs(rows) do
    count = count + (row.met == false and 1 or 0)
  end
  return count
end

return outcome
