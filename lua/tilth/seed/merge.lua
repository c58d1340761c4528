--- The statements that bring staged rows into a table. Pure: text only.
--
-- Rows that are already equal are found before the insert, so that they cost no lock, no WAL and no sequence value.
local merge = {}

local ROW <const> = "_tilth_row"
local NEW <const> = "_tilth_new"

local function columns_with(shape, roles)
  local list = {}
  for index, column in ipairs(shape.columns) do
    if roles[shape.roles[index]] then
      list[#list + 1] = column
    end
  end
  return list
end

local function tuple(prefix, columns)
  local parts = {}
  for index, column in ipairs(columns) do
    -- To a collation that is not deterministic, texts are equal that are not the same.
    parts[index] = prefix .. "." .. column.sql .. (column.loose and '::text collate "C"' or column.comparable and "" or "::text")
  end
  return "(" .. table.concat(parts, ", ") .. ")"
end

local function names(columns, prefix)
  local parts = {}
  for index, column in ipairs(columns) do
    parts[index] = (prefix or "") .. column.sql
  end
  return table.concat(parts, ", ")
end

local function key_columns(op)
  local list = {}
  for index, name in ipairs(op.key) do
    list[index] = op.binding.table.columns[name]
  end
  return list
end

--- The condition under which row `a` has the key of row `b`.
-- @param op { binding, key }
-- @tparam string a
-- @tparam string b
function merge.same_key(op, a, b)
  local parts = {}
  for index, column in ipairs(key_columns(op)) do
    parts[index] = ("%s.%s = %s.%s"):format(a, column.sql, b, column.sql)
  end
  return table.concat(parts, " and ")
end

--- The rows of one array parameter a column, as a relation with the columns of the shape.
-- @param columns list of catalog columns
-- @return SQL of a relation
function merge.arrays(columns)
  local selected, parameters, aliases = {}, {}, {}
  for index, column in ipairs(columns) do
    selected[index] = ("r.c%d::%s as %s"):format(index, column.cast, column.sql)
    parameters[index] = ("$%d::text[]"):format(index)
    aliases[index] = "c" .. index
  end
  return ("(select %s, r.n as %s from unnest(%s) with ordinality as r(%s, n))"):format(
    table.concat(selected, ", "), ROW, table.concat(parameters, ", "), table.concat(aliases, ", "))
end

--- Inserts rows that are missing, and updates those that differ unless the verb is ensure.
-- @param op     { binding, key, verb }
-- @param shape  of tilth.seed.shape
-- @param source SQL of the staged relation
-- @param options `ordered`: the source has row numbers, and new rows are inserted in their order;
--   `rows`: also gives the numbers of the rows inserted and updated
-- @return SQL whose one row is inserted, updated, written (and inserted_rows, updated_rows)
function merge.sql(op, shape, source, options)
  options = options or {}
  local target = op.binding.table.sql
  local compared = op.verb == "ensure" and {} or columns_with(shape, { value = true })
  local touched = columns_with(shape, { touch = true })
  local keys = key_columns(op)
  local missing = ("t.%s is null"):format(keys[1].sql)
  local differs, conflict = missing, "do nothing"
  if #compared > 0 then
    differs = ("%s or %s is distinct from %s"):format(missing, tuple("t", compared), tuple("s", compared))
    local sets = {}
    for _, list in ipairs({ compared, touched }) do
      for _, column in ipairs(list) do
        sets[#sets + 1] = ("%s = excluded.%s"):format(column.sql, column.sql)
      end
    end
    conflict = ("do update set %s where %s is distinct from %s"):format(
      table.concat(sets, ", "), tuple("_t", compared), tuple("excluded", compared))
  end
  return ([[with _d as materialized (
  select s.*, %s as %s from %s s left join %s t on %s where %s
), _w as (
  insert into %s as _t (%s)%s select %s from _d%s on conflict (%s) %s returning 1
)
select count(*) filter (where %s) as inserted, count(*) filter (where not %s) as updated,
  (select count(*) from _w) as written%s from _d]]):format(
    missing, NEW, source, op.binding.table.own, merge.same_key(op, "t", "s"), differs,
    target, names(shape.columns), shape.overriding and " overriding system value" or "", names(shape.columns),
    options.ordered and " order by " .. ROW or "", names(keys), conflict, NEW, NEW,
    options.rows and (", array_agg(%s) filter (where %s) as inserted_rows, array_agg(%s) filter (where not %s) as updated_rows")
      :format(ROW, NEW, ROW, NEW) or "")
end

--- The counts of what `merge.sql` gave. A row that was to be inserted and is not written was there after all: another session, or a
-- trigger that changes or drops it.
-- @param row   { inserted, updated, written }
-- @param count number of rows of the source
-- @return inserted, updated, unchanged
function merge.counts(row, count)
  local short = row.inserted + row.updated - row.written
  local inserted = math.max(row.inserted - short, 0)
  local updated = row.written - inserted
  return inserted, updated, count - inserted - updated
end

--- The condition of one part of a scope.
-- @param part { column, position of its parameter | nil for NULL }
function merge.condition(part)
  if not part.position then
    return ("t.%s is null"):format(part.column.sql)
  end
  return ("t.%s = $%d::%s"):format(part.column.sql, part.position, part.column.cast)
end

--- The rows of a scope that the input lacks.
-- @param op     { binding, key }
-- @param source SQL of a relation with the key columns
-- @param where  list of { column, position of its parameter }
-- @param delete true deletes them, else they are counted
-- @return SQL whose one row is deleted (the count)
function merge.rest_sql(op, source, where, delete)
  local conditions = { ("not exists (select from %s s where %s)"):format(source, merge.same_key(op, "s", "t")) }
  for _, part in ipairs(where) do
    conditions[#conditions + 1] = merge.condition(part)
  end
  local condition = table.concat(conditions, " and ")
  if delete then
    return ("with _x as (delete from %s t where %s returning 1) select count(*) as deleted from _x"):format(
      op.binding.table.own, condition)
  end
  return ("select count(*) as deleted from %s t where %s"):format(op.binding.table.own, condition)
end

--- A temporary table with some columns of the target, types and lengths kept, constraints not.
-- @tparam string name
-- @tparam table op { binding }
-- @tparam table columns list of catalog columns
-- @treturn string SQL
function merge.stage_sql(name, op, columns)
  return ("create temporary table %s on commit drop as select %s from %s with no data"):format(
    name, names(columns), op.binding.table.sql)
end

--- COPY of some columns.
-- @tparam string relation
-- @tparam table columns list of catalog columns
-- @tparam[opt] string format its options, as SQL
-- @treturn string SQL
function merge.copy_sql(relation, columns, format)
  return ("copy %s (%s) from stdin%s"):format(relation, names(columns), format or "")
end

--- Keys that stand more than once in a stage, with the numbers of their rows.
-- @tparam table op { binding, key }
-- @tparam string relation
-- @treturn string SQL
function merge.duplicates_sql(op, relation)
  local keys = names(key_columns(op))
  return ([[select array_to_string((array_agg(n order by n))[1:5], ', ') as rows, %s
from (select row_number() over (order by ctid) as n, %s from %s) s group by %s having count(*) > 1 order by min(n) limit 3]]):format(
    keys, keys, relation, keys)
end

return merge
