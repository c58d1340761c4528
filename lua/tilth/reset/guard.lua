--- Keeps the migrations that follow a reset from changing what it has put into the bin: a DROP EXTENSION ... CASCADE, say, takes the
-- columns of its types along, there as well.
local guard = {}

-- What a cascade takes away; for tables also their files, which TRUNCATE changes.
local FINGERPRINT <const> = [[(
WITH held AS (SELECT c.oid, c.relkind, c.relfilenode::bigint AS file FROM pg_catalog.pg_class c WHERE c.relnamespace = ANY (@BINS@))
SELECT pg_catalog.concat_ws(',',
 (SELECT pg_catalog.count(*) || ':' || coalesce(pg_catalog.sum(h.file) FILTER (WHERE h.relkind = 'r'), 0) FROM held h),
 (SELECT pg_catalog.count(*) FROM held h JOIN pg_catalog.pg_attribute a ON a.attrelid = h.oid AND a.attnum > 0 AND NOT a.attisdropped),
 (SELECT pg_catalog.count(*) FROM held h JOIN pg_catalog.pg_attrdef d ON d.adrelid = h.oid),
 (SELECT pg_catalog.count(*) FROM held h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid),
 (SELECT pg_catalog.count(*) FROM held h JOIN pg_catalog.pg_rewrite r ON r.ev_class = h.oid),
 (SELECT pg_catalog.count(*) FROM held h JOIN pg_catalog.pg_policy p ON p.polrelid = h.oid),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_constraint k WHERE k.connamespace = ANY (@BINS@)),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p WHERE p.pronamespace = ANY (@BINS@)),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_type t WHERE t.typnamespace = ANY (@BINS@))))]]

local LOOK <const> = [[
SELECT pg_catalog.array_agg(n.oid)::text AS bins, pg_catalog.string_agg(n.nspname, ', ' ORDER BY n.nspname) AS names,
 EXISTS (SELECT FROM pg_catalog.pg_language l WHERE l.lanname = 'plpgsql' AND pg_catalog.has_language_privilege(l.oid, 'USAGE'))
 AS can_raise
FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::text[])]]

local BODY <const> = [[
BEGIN
 IF %s <> %s THEN
  RAISE EXCEPTION USING ERRCODE = '2BP01', MESSAGE = %s,
   HINT = 'Does it drop, with CASCADE, something that the old tables use, such as an extension? Leave that out, or drop without CASCADE.';
 END IF;
END]]

local function statement(db, found, fingerprint, value)
  local said = db:literal(("this migration would change what the reset has put into the bin (%s)"):format(found.names))
  value = db:literal(value)
  if found.can_raise then
    return ("DO LANGUAGE plpgsql %s; "):format(db:literal(BODY:format(fingerprint, value, said)))
  end
  -- Where the language is missing, a text that is no number fails as well.
  return ("SELECT (CASE WHEN %s = %s THEN '1' ELSE %s END)::integer; "):format(fingerprint, value, said)
end

--- Makes the statement that fails once something in the bins has changed.
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
    local fingerprint = FINGERPRINT:gsub("@BINS@", "'" .. found.bins .. "'::oid[]")
    value, message, code, detail = db:value("SELECT " .. fingerprint)
    if value then
      return statement(db, found, fingerprint, value)
    end
  end
  return nil, "cannot look at what the reset has put into the bin: " .. message, code, detail
end

return guard
