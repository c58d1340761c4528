--- Keeps the migrations that follow a reset from changing what it has put into the bin: a DROP EXTENSION ... CASCADE, say, takes the
-- columns of its types along, there as well.
local guard = {}

-- What a cascade takes away.
local PARTS <const> = {
  { "relations", "held h" },
  { "columns", "held h JOIN pg_catalog.pg_attribute a ON a.attrelid = h.oid AND a.attnum > 0 AND NOT a.attisdropped" },
  { "defaults", "held h JOIN pg_catalog.pg_attrdef d ON d.adrelid = h.oid" },
  { "triggers", "held h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid" },
  { "rules", "held h JOIN pg_catalog.pg_rewrite r ON r.ev_class = h.oid" },
  { "policies", "held h JOIN pg_catalog.pg_policy p ON p.polrelid = h.oid" },
  { "constraints", "pg_catalog.pg_constraint k WHERE k.connamespace = ANY (@BINS@)" },
  { "functions", "pg_catalog.pg_proc p WHERE p.pronamespace = ANY (@BINS@)" },
  { "types", "pg_catalog.pg_type t WHERE t.typnamespace = ANY (@BINS@)" },
}

local HELD <const> = "WITH held AS (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relnamespace = ANY (@BINS@))\n"

-- Cheap, since each migration asks: what has gone whole; and which table of the bin this transaction has locked to change it, which
-- dropping a column, a default, a constraint or a trigger of it does, and TRUNCATE, and a DELETE elsewhere that cascades to it.
local WHOLE <const> = [[pg_catalog.concat_ws(',',
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = ANY (@BINS@)),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p WHERE p.pronamespace = ANY (@BINS@)),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_type t WHERE t.typnamespace = ANY (@BINS@)))]]
local LOCKED <const> = [[(SELECT pg_catalog.min(c.relname::text) FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND c.relnamespace = ANY (@BINS@)
 AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))]]

local LOOK <const> = [[
SELECT pg_catalog.array_agg(n.oid)::text AS bins, pg_catalog.string_agg(n.nspname, ', ' ORDER BY n.nspname) AS names,
 EXISTS (SELECT FROM pg_catalog.pg_language l WHERE l.lanname = 'plpgsql' AND pg_catalog.has_language_privilege(l.oid, 'USAGE'))
 AS can_raise
FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::text[])]]

local BODY <const> = [[
DECLARE
 touched pg_catalog.text := %s;
BEGIN
 IF touched IS NOT NULL OR %s <> %s THEN
  RAISE EXCEPTION USING ERRCODE = '2BP01', MESSAGE = %s, DETAIL = coalesce('It reaches the table ' || touched || '.', 'Something is gone.'),
   HINT = 'Does it drop, with CASCADE, something that the old tables use, such as an extension? Leave that out, or drop without CASCADE.';
 END IF;
END]]

local function counting(part)
  return ("(SELECT pg_catalog.count(*) FROM %s)"):format(part[2])
end

local function of_bins(sql, bins)
  return (sql:gsub("@BINS@", "'" .. bins .. "'::oid[]"))
end

local function statement(db, found, value)
  local locked, whole = of_bins(LOCKED, found.bins), of_bins(WHOLE, found.bins)
  local said = db:literal(("this migration would change what the reset has put into the bin (%s)"):format(found.names))
  value = db:literal(value)
  if found.can_raise then
    return ("DO LANGUAGE plpgsql %s; "):format(db:literal(BODY:format(locked, whole, value, said)))
  end
  -- Where the language is missing, a text that is no number fails as well.
  return ("SELECT (CASE WHEN %s IS NULL AND %s = %s THEN '1' ELSE %s END)::integer; "):format(locked, whole, value, said)
end

--- Makes the statement that fails in a transaction which changes something in the bins.
-- @tparam Db db inside the reset's transaction, when all is in the bins
-- @tparam table bins list of names
-- @treturn string SQL text that ends with a semicolon, to stand before the COMMIT of each migration; "" without bins
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function guard.sql(db, bins)
  if #bins == 0 then
    return ""
  end
  local found, message, code, detail = db:one(LOOK, db:array(bins))
  local value
  if found then
    value, message, code, detail = db:value("SELECT " .. of_bins(WHOLE, found.bins))
    if value then
      return statement(db, found, value)
    end
  end
  return nil, "cannot look at what the reset has put into the bin: " .. message, code, detail
end

--- Counts what is in a bin, so that an undo can tell whether something is missing.
-- @tparam Db db
-- @tparam string name of the bin
-- @treturn table part -> number
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function guard.counts(db, name)
  local list = {}
  for index, part in ipairs(PARTS) do
    list[index] = counting(part) .. " AS " .. part[1]
  end
  local sql = HELD .. "SELECT " .. table.concat(list, ", ")
  local row, message, code, detail = db:one((sql:gsub("@BINS@", "ARRAY(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)")), name)
  if not row then
    return nil, ("cannot look at the bin %s: %s"):format(name, message), code, detail
  end
  return row
end

--- Names what a bin had at the reset and has no more. Pure.
-- @tparam table before of `counts`
-- @tparam table now of `counts`
-- @treturn table list of texts, such as "2 of 41 columns"
function guard.missing(before, now)
  local list = {}
  for _, part in ipairs(PARTS) do
    local had, has = before[part[1]], now[part[1]]
    if had and has and has < had then
      list[#list + 1] = ("%d of %d %s"):format(had - has, had, part[1])
    end
  end
  return list
end

return guard
