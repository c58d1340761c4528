--- Builds the query that looks for rows and signs of life in the tables of a reset. Pure.
local evidence = {}

local HISTORY = "_prisma_migrations"

local function name_of(quote, entry)
  return quote(entry.schema) .. "." .. quote(entry.name)
end

-- A table without a page holds no row, so it is not asked. The largest come first: the server stops at the first row.
local function row_terms(tables, quote)
  local terms, certain, sorted = {}, false, table.move(tables, 1, #tables, 1, {})
  table.sort(sorted, function(a, b)
    return a.bytes > b.bytes or (a.bytes == b.bytes and a.name < b.name)
  end)
  for _, entry in ipairs(sorted) do
    if entry.name ~= HISTORY and entry.bytes > 0 then
      if entry.readable and not entry.hidden then
        terms[#terms + 1] = ("exists (select from only %s)"):format(name_of(quote, entry))
      else
        -- What can't be seen counts as rows: row security or a missing right must not make a table look empty.
        certain = true
      end
    end
  end
  return terms, certain
end

local function clock_terms(clocks, quote, literal)
  local terms = {}
  for _, clock in ipairs(clocks) do
    terms[#terms + 1] = ("select max(%s)::timestamptz, %s from %s"):format(
      quote(clock.column), literal(clock.name .. "." .. clock.column), name_of(quote, clock))
  end
  return terms
end

local function history_term(tables, quote)
  for _, entry in ipairs(tables) do
    if entry.name == HISTORY and entry.readable then
      -- Through JSON, because a table of that name need not be Prisma's.
      return ("(select min((to_jsonb(h) ->> 'started_at')::timestamptz) from %s h)"):format(name_of(quote, entry))
    end
  end
  return "null"
end

--- How many tables one query asks for rows: each costs planning, and one row is enough.
evidence.BATCH = 20

--- The queries that look for rows, to be asked one after the other until one says true.
-- @tparam table tables what the catalog query gave
-- @tparam function quote identifier -> SQL
-- @treturn[1] table list of SQL texts that answer with one boolean
-- @treturn[2] boolean true when rows are certain without asking
function evidence.row_queries(tables, quote)
  local terms, certain = row_terms(tables, quote)
  if certain then
    return true
  end
  local queries = {}
  for first = 1, #terms, evidence.BATCH do
    queries[#queries + 1] = "select " .. table.concat(terms, "\n or ", first, math.min(first + evidence.BATCH - 1, #terms))
  end
  return queries
end

--- The query for signs of life; it answers with one row: last_at, last_in, last_ago, first_at.
-- @tparam table content what the catalog query gave: { tables, clocks }
-- @tparam function quote identifier -> SQL
-- @tparam function literal text -> SQL
-- @treturn string SQL text
function evidence.life_sql(content, quote, literal)
  local clocks = clock_terms(content.clocks, quote, literal)
  local last = #clocks > 0 and table.concat(clocks, "\n union all ") or "select null::timestamptz, null::text"
  return ([[
with last (at, place) as (select * from (%s) c (at, place) where at is not null and at <= now() + interval '1 day'
  order by at desc limit 1)
select (select to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from last) as last_at, (select place from last) as last_in,
  (select extract(epoch from now() - at)::float8 from last) as last_ago,
  to_char(%s at time zone 'UTC', 'YYYY-MM-DD') as first_at]]):format(last, history_term(content.tables, quote))
end

return evidence
