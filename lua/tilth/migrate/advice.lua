--- What to do next when a migration failed, by the server's error code.
-- @module tilth.migrate.advice

local advice = {}

local EDIT <const> = "The migration has not been recorded, so its file may be edited: mend it and deploy again."

local GO_ON <const> = "What is done is recorded and must stay as it is in the file; mend what comes after it and deploy again."

local EXISTS <const> = "It is there already: made by hand, by `prisma db push`, or by a migration under another name. If the database has "
  .. "all that this migration does, record it with `tilth migrate resolve --applied \"%s\"`; else mend the file and deploy again."

local EXTENSION <const> = "An extension exists once in a database: write CREATE EXTENSION IF NOT EXISTS. " .. EDIT

-- What the core says to the server, which repeats it in its error.
local NO_ROWS <const> = "COPY FROM STDIN has no data here"

local COPY <const> = "The rows behind COPY ... FROM stdin are written for psql, which alone sends them. Write them as INSERT (pg_dump "
  .. "--inserts does so), or load them in a seed with db:load. " .. EDIT

local BY_STATE <const> = {
  ["42P07"] = EXISTS, ["42701"] = EXISTS, ["42710"] = EXISTS, ["42P06"] = EXISTS,
  ["42P01"] = "Is it made by a migration that sorts after this one, in another schema, or spelled with other capitals "
    .. "(an unquoted name is lower case)? " .. EDIT,
  ["42703"] = "An unquoted name is lower case: quote names with capitals. " .. EDIT,
  ["42704"] = "A type, or an extension that brings it, is missing: CREATE EXTENSION before, or name its schema. " .. EDIT,
  ["42883"] = "A function, or an extension that brings it, is missing (gen_random_uuid() needs pgcrypto before PostgreSQL 13). " .. EDIT,
  ["42501"] = "The database user lacks a right. Grant it, or migrate as the owner of the tables (directUrl may name another user).",
  ["42601"] = "PostgreSQL cannot read this. psql's own commands and COPY ... FROM STDIN do not work in a migration. " .. EDIT,
  ["23505"] = "Rows that are there break the new rule: find them and make them unique first. " .. EDIT,
  ["23502"] = "Rows that are there have no value: give the column a DEFAULT, or fill it before SET NOT NULL. " .. EDIT,
  ["23503"] = "Rows that are there point to rows that are not: mend them first, in this migration or before. " .. EDIT,
  ["23514"] = "Rows that are there break the new rule: mend them first, in this migration or before. " .. EDIT,
  ["57014"] = "The statement was cancelled by someone, or by statement_timeout. Deploy again when the database has time for it.",
  ["53100"] = "The server's disk is full. Free space there, then deploy again.",
  ["53200"] = "The server is out of memory. Deploy again, or give it more.",
  ["55P03"] = "Another session holds a lock on the table. End it, or deploy when it is quiet; `--lock-timeout`: how long one try waits.",
  ["40P01"] = "Two sessions wait for each other. Deploy again when the database is quiet.",
  ["25006"] = "Either the file makes its transaction read only and then writes, or the server is read-only (a replica, or in maintenance): "
    .. "connect to the primary.",
}

--- The advice for a failure.
-- @tparam string|nil sqlstate
-- @tparam string name of the migration
-- @tparam boolean|nil recorded a part of it is done and recorded
-- @tparam string|nil said the server's message
-- @treturn string
function advice.of(sqlstate, name, recorded, said)
  local text = said and said:find(NO_ROWS, 1, true) and COPY or BY_STATE[sqlstate] or EDIT
  if sqlstate == "42710" and said and said:find("^extension \"") then
    text = EXTENSION
  end
  if recorded and text:sub(-#EDIT) == EDIT then
    return text:sub(1, -#EDIT - 1) .. GO_ON
  end
  if text == EXISTS then
    return EXISTS:format(name)
  end
  return text
end

return advice
