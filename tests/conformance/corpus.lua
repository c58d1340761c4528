--- Migrations as real projects have them: every way of writing SQL that a runner could stumble over.
local corpus = {}

local SHARED <const> = {
  { "20240101000000_init", [[
-- CreateTable
CREATE TABLE "User" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "note" TEXT DEFAULT 'a; b -- c /* d',
    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
]] },
  { "20240102000000_do_block", [[
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['one;', 'two--', 'three''s'] LOOP
    INSERT INTO "User" (email) VALUES (name || '@example.com');
  END LOOP;
  BEGIN
    CREATE TYPE "Mood" AS ENUM ('happy', 'sad');
  EXCEPTION WHEN duplicate_object THEN NULL;
  END;
END $$;
]] },
  { "20240103000000_function", [[
CREATE FUNCTION label(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $body$
BEGIN
  -- a semicolon; in a comment, a quote ' too
  RETURN replace($1, ';', $x$ $$;$$ $x$) || E'\';' || U&'\00e9';
END;
$body$;

CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT n; SELECT n * 2; END;

COMMENT ON FUNCTION label(text) IS 'says; "it" -- as it is';
]] },
  { "20240104000000_trigger", [[
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS '
begin
  new.note := ''touched; '' || coalesce(new.note, '''');
  return new;
end';
CREATE TRIGGER touch BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION touch();
UPDATE "User" SET email = lower(email);
]] },
  { "20240105000000_enum", [[
-- CreateEnum
CREATE TYPE "Status" AS ENUM ('DRAFT', 'LIVE');
ALTER TABLE "User" ADD COLUMN "status" "Status" NOT NULL DEFAULT 'DRAFT', ADD COLUMN "mood" "Mood";
]] },
  { "20240106000000_enum_value", "-- AlterEnum\nALTER TYPE \"Status\" ADD VALUE 'GONE';\n" },
  { "20240107000000_enum_value_used", "UPDATE \"User\" SET status = 'GONE' WHERE email LIKE 'two%';\n" },
  { "20240108000000_index_concurrently", [[
-- one statement alone, comments around it
CREATE INDEX CONCURRENTLY "User_status_idx" ON "User" ("status")
-- and after it
]] },
  { "20240109000000_own_transaction", [[
BEGIN;
CREATE TABLE "Post" ("id" BIGSERIAL PRIMARY KEY, "userId" INTEGER REFERENCES "User"("id"), "body" TEXT);
INSERT INTO "Post" ("userId", "body") SELECT "id", 'first; post' FROM "User";
COMMIT;
]] },
  { "20240110000000_comments_only", "-- nothing to do here;\n/* nor here; /* nested; */ still */\n" },
  { "20240111000000_empty", "" },
  { "20240112000000_crlf",
    "CREATE TABLE \"Crlf\" (\r\n  \"id\" INTEGER PRIMARY KEY, -- key\r\n  \"text\" TEXT DEFAULT 'a\r\nb'\r\n);\r\n" },
  { "20240113000000 with a space", "CREATE VIEW \"Named\" AS SELECT id, label(email) AS label FROM \"User\";\n" },
  { "20240114000000_no_end", "ALTER TABLE \"Post\" ADD COLUMN \"tags\" TEXT[] DEFAULT ARRAY[]::TEXT[]" },
  { "20240115000000_partitions", [[
CREATE TABLE "Event" (at timestamptz NOT NULL, what jsonb NOT NULL DEFAULT '{"a": ";"}') PARTITION BY RANGE (at);
CREATE TABLE "Event_2024" PARTITION OF "Event" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE "Event_other" PARTITION OF "Event" DEFAULT;
CREATE INDEX ON "Event" USING gin (what jsonb_path_ops);
]] },
  { "20240116000000_other_schema", [[
CREATE SCHEMA "reports";
CREATE MATERIALIZED VIEW reports.users AS SELECT count(*) AS n FROM public."User" WITH NO DATA;
CREATE DOMAIN reports.positive AS integer CHECK (VALUE > 0);
CREATE SEQUENCE reports.number START 1000 INCREMENT 10;
]] },
  { "20240117000000_unicode", "CREATE TABLE \"Größe\" (\"naïve\" TEXT DEFAULT 'Ω≈ç√; 日本語 🚀');\n"
    .. "COMMENT ON TABLE \"Größe\" IS 'größer; als'; -- ø\n" },
  { "20240118000000_rules_and_policies", [[
ALTER TABLE "User" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON "User" USING (email = current_user);
CREATE RULE quiet AS ON DELETE TO "Crlf" DO INSTEAD (UPDATE "Crlf" SET text = 'gone' WHERE id = old.id; NOTIFY crlf);
GRANT SELECT ON "User" TO PUBLIC;
]] },
  { "20240119000000_savepoints_in_own_transaction", [[
BEGIN;
SAVEPOINT one;
CREATE TABLE "Lost" (id int);
ROLLBACK TO SAVEPOINT one;
CREATE TABLE "Kept" (id int);
COMMIT;
]] },
  { "20240120000000_leading_semicolons", ";;\n ; CREATE TABLE \"Semi\" (id int);;\n;" },
  { "20240121000000_read_only", "-- looks only\nSET TRANSACTION READ ONLY;\nSELECT count(*) FROM \"User\";\n" },
  { "20240122000000_read_only_after_a_change", [[
CREATE TABLE "Before" (id int);
SELECT set_config('transaction_read_only', 'on', true);
SELECT count(*) FROM "Before";
]] },
  { "20240123000000_isolation_level", [[
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
CREATE TABLE "Level" AS SELECT current_setting('transaction_isolation') AS "is" LIMIT 0;
DO $$ BEGIN EXECUTE format('ALTER TABLE "Level" RENAME TO %I', current_setting('transaction_isolation')); END $$;
]] },
  { "20240124000000_rollback_without_begin", "CREATE TABLE \"Undone\" (id int);\nROLLBACK;\nCREATE TABLE \"Done\" (id int);\n" },
  { "20240125000000_rollback_of_what_stands_before_begin", [[
CREATE TABLE "Undone" (id int);
BEGIN;
CREATE TABLE "UndoneToo" (id int);
ROLLBACK;
CREATE TABLE "DoneToo" (id int);
]] },
  { "20240126000000_chained_transactions", [[
BEGIN ISOLATION LEVEL REPEATABLE READ;
CREATE TABLE "Link" (id int);
COMMIT AND CHAIN;
CREATE TABLE "Broken" (id int);
ROLLBACK AND CHAIN;
DO $$ BEGIN EXECUTE format('ALTER TABLE "Link" RENAME id TO %I', current_setting('transaction_isolation')); END $$;
COMMIT;
]] },
}

local NOTES_ITS_NAME <const> = [[
CREATE TABLE IF NOT EXISTS "Seen" (id SERIAL, name TEXT);
INSERT INTO "Seen" (name) VALUES ('%s');
]]

--- Migrations that Prisma's engine applies, in the order of their names.
-- @treturn table list of `{ name, sql }`
function corpus.shared()
  return SHARED
end

--- Names that byte order and Prisma's order put differently; every file leaves a row, so that the order shows.
-- @treturn table list of `{ name, sql }`
function corpus.names()
  local names = {
    "_under", ".hidden", "0_init", "1_short", "10_x", "20240101000000_init", "20240101000000_Init", "20240101000000-dash",
    "20240101000000init", "20240102 with space", "9_x", "a_b", "ab", "zlower", "Zupper", "20240101000000_add_2",
    "20240101000000_add2", "000_init", "20240101_x", "20240101000000_y", "a.b", "a,b", "a+b", "A_b",
  }
  local migrations = {}
  for index, name in ipairs(names) do
    migrations[index] = { name, NOTES_ITS_NAME:format(name) }
  end
  return migrations
end

local BASE <const> = { "20240101000000_init",
  "CREATE TYPE e AS ENUM ('a');\nCREATE TABLE t (id int, v e);\nINSERT INTO t VALUES (1, 'a');\n" }
-- Files that real Prisma 6 fails on: `why` is in its message, `proof` a query that gives true after tilth.
local BEYOND <const> = {
  index_concurrently_beside_other_statements = {
    why = "cannot run inside a transaction block",
    sql = "ALTER TABLE t ADD COLUMN n int;\nCREATE INDEX CONCURRENTLY t_n ON t (n);\n"
      .. "CREATE INDEX CONCURRENTLY t_id ON t (id);\nCOMMENT ON TABLE t IS 'done';\n",
    proof = "select count(*) = 2 and obj_description('t'::regclass) = 'done' from pg_index "
      .. "where indrelid = 't'::regclass and indisvalid",
  },
  lock_timeout_before_index_concurrently = {
    why = "cannot run inside a transaction block",
    sql = "SET lock_timeout = '3s';\nCREATE INDEX CONCURRENTLY t_id ON t (id);\n",
    proof = "select indisvalid from pg_index where indexrelid = 't_id'::regclass",
  },
  enum_value_used_in_the_file_that_adds_it = {
    why = "unsafe use of new value",
    sql = "ALTER TYPE e ADD VALUE 'b';\nUPDATE t SET v = 'b';\n",
    proof = "select v = 'b' from t",
  },
  vacuum_after_a_change = {
    why = "cannot run inside a transaction block",
    sql = "UPDATE t SET id = 2;\nVACUUM t;\n",
    proof = "select id = 2 from t",
  },
  byte_order_mark = {
    why = "syntax error",
    sql = "\u{FEFF}UPDATE t SET id = 3;\n",
    proof = "select id = 3 from t",
  },
  emptied_search_path = {
    why = "model `_prisma_migrations` does not exist",
    code = "P1014",
    sql = "SELECT pg_catalog.set_config('search_path', '', false);\nUPDATE public.t SET id = 4;\n",
    proof = "select id = 4 from t",
  },
}

--- Folders that real Prisma 6 fails on and that tilth deploys.
-- @treturn table name of the case to `{ why, code, migrations, proof }`
function corpus.beyond()
  local cases = {}
  for name, case in pairs(BEYOND) do
    cases[name] = {
      why = case.why, code = case.code or "P3018", proof = case.proof,
      migrations = { BASE, { "20240102000000_beyond", case.sql } },
    }
  end
  return cases
end

return corpus
