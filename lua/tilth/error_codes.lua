--- The catalogue of error codes: what each means, why it comes, what to do. Read by `tilth help CODE` and by docs/errors.md.
local error_codes = {}

local word_wrap = require("tilth.word_wrap")

local INDENT <const> = 13
local WIDTH <const> = 85

-- `example` is what tilth says: the line after `tilth:`.
local PRISMA <const> = {
  { code = "P1000", title = "The server does not accept the user or the password",
    cause = "The password is wrong or missing, or characters of it that mean something in a URL are not percent-encoded.",
    cure = "Check the user and the password in the database's URL. Write @ : / ? # % in them as %40 %3A %2F %3F %23 %25.",
    example = "P1000: Authentication failed against database server, the provided database credentials for `shop` are not valid." },
  { code = "P1001", title = "The server cannot be reached",
    cause = "The host's name or port is wrong, the server is not running, or a firewall or security group does not let this machine in. "
      .. "An Amplify build has no route into a VPC.",
    cure = "`tilth doctor` tells where it ends: name lookup, connection, TLS or login. For a server that is just starting, "
      .. "`--wait 60s` tries again for so long.",
    example = "P1001: Can't reach database server at `127.0.0.1:5999`" },
  { code = "P1002", title = "Another deployment holds the migration lock",
    cause = "Two builds deploy to one database at a time, or a session of a killed build is still there.",
    cure = "Wait for the other one; it is named in the message. `--lock-patience 20min` waits longer. End a leftover session with "
      .. "`SELECT pg_terminate_backend(PID)`.",
    example = "P1002: Timed out trying to acquire a postgres advisory lock (SELECT pg_advisory_lock(72707369)) for 1 s: another "
      .. "deployment of this database holds it" },
  { code = "P1003", title = "The database does not exist",
    cause = "The URL names a database that the server does not have.",
    cure = "Check the name at the end of the URL, or create the database. tilth never creates the one it deploys to.",
    example = "P1003: Database `nope` does not exist" },
  { code = "P1010", title = "The user may not use the database",
    cause = "The role does not exist, pg_hba.conf has no entry for it, or the server wants TLS (rds.force_ssl).",
    cure = "Check the user in the URL and the server's pg_hba.conf. On RDS add `sslmode=require` or better.",
    example = "P1010: User was denied access on the database `shop`" },
  { code = "P1011", title = "The TLS connection cannot be opened",
    cause = "The server offers no TLS, or its certificate is not trusted, has expired or is for another name.",
    cure = "`tilth doctor` shows the certificates. For RDS name the bundle with `sslrootcert`. Turning the check off is no cure.",
    example = "P1011: Error opening a TLS connection" },
  { code = "P1012", title = "The schema or the URL in it is not valid",
    cause = "No URL is set, it is empty, it is another database's, or schema.prisma or its config file cannot be read.",
    cure = "The message has the file and the line. Set DATABASE_URL to postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
    example = "P1012: DATABASE_URL: the URL must start with the protocol `postgresql://` or `postgres://`." },
  { code = "P1013", title = "The database's URL cannot be read",
    cause = "A part of it is malformed: the port, an escape, a parameter, or a character that needs percent-encoding.",
    cure = "The message says which part, never its value. Encode what has a meaning in URLs.",
    example = "P1013: DATABASE_URL: The provided database string is invalid. invalid port number in database URL." },
  { code = "P1017", title = "The server has closed the connection",
    cause = "It was restarted, ran out of memory, or something in between cut the connection.",
    cure = "Run the command again: a migration that was open is rolled back, or goes on where it stopped.",
    example = "P1017: Server has closed the connection." },
  { code = "P3005", title = "The database has tables but no history",
    cause = "It was made by `prisma db push`, by hand, or by another tool.",
    cure = "When the migrations are in it already: `tilth migrate baseline`, with `--up-to NAME` when only some are. Else deploy to an "
      .. "empty database.",
    example = "P3005\n\nThe database schema is not empty." },
  { code = "P3008", title = "The migration is recorded as applied already",
    cause = "`tilth migrate resolve --applied` was called for a migration that is in the history.",
    cure = "Nothing is to be done. `tilth migrate status` shows the history.",
    example = "P3008: The migration `20240105093012_init` is already recorded as applied in the database." },
  { code = "P3009", title = "A migration has failed before and has to be looked at",
    cause = "The history has a migration that neither ended nor was rolled back: Prisma left it so, or part of its file, which had "
      .. "been carried out, was edited since.",
    cure = "Look at the database. `tilth migrate resolve --rolled-back NAME` when nothing of it is there, `--applied NAME` when all of "
      .. "it is. What tilth's own migrations leave behind needs this seldom: the next deploy goes on by itself.",
    example = "P3009\n\nmigrate found failed migrations in the target database, new migrations will not be applied." },
  { code = "P3011", title = "The migration was never applied",
    cause = "`tilth migrate resolve --rolled-back` names a migration that the history does not have.",
    cure = "Give its whole name, as `tilth migrate status` shows it.",
    example = "P3011: Migration `20990202000000_other` cannot be rolled back because it was never applied to the database." },
  { code = "P3012", title = "The migration did not fail",
    cause = "`tilth migrate resolve --rolled-back` names a migration that is applied.",
    cure = "To change what an applied migration did, make a new one: `tilth migrate new NAME`.",
    example = "P3012: Migration `20240105093012_init` cannot be rolled back because it is not in a failed state." },
  { code = "P3015", title = "A migration has no migration.sql",
    cause = "A folder below prisma/migrations is empty, or its file cannot be read.",
    cure = "Bring the file back from version control, or remove the folder when it was never applied.",
    example = "P3015\n\nCould not find the migration file at migration.sql. Please delete the directory or restore the migration file." },
  { code = "P3017", title = "There is no such migration",
    cause = "A name given to `resolve` or `baseline` is no folder in prisma/migrations.",
    cure = "Give the whole name of the folder, with the time in front.",
    example = "P3017: The migration 20990101000000_nope could not be found." },
  { code = "P3018", title = "A migration failed",
    cause = "The server refused a statement of it. The message has the server's words, the line and the column.",
    cure = "The message says what was undone. Where the migration was rolled back it has not been recorded: mend its file and deploy "
      .. "again. Where a part of it is done and recorded, mend what comes after that part.",
    example = "P3018\n\nA migration failed to apply. It was rolled back: database and history are as before it." },
  { code = "P3019", title = "The migrations are for another kind of database",
    cause = "migration_lock.toml names another provider than PostgreSQL.",
    cure = "Start a new history, or, where the SQL is PostgreSQL's all the same, write: provider = \"postgresql\"",
    example = "P3019\n\nThe datasource provider `postgresql` specified in your schema does not match the one specified in the "
      .. "migration_lock.toml, `mysql`." },
}

local WORDS <const> = {
  { code = "usage", title = "The command line is wrong",
    cause = "An unknown option or name, an argument that is missing, or two that do not go together.",
    cure = "`tilth help COMMAND` says what there is.",
    example = "there is no command nope; `tilth help` lists them" },
  { code = "config", title = "The configuration is wrong",
    cause = "tilth.config.lua, schema.prisma, package.json, a .env file or a variable has a value that cannot be used; or a setting asks "
      .. "for what is not there.",
    cure = "The message has the file, the line and what was expected.",
    example = "tilth.config.lua: unknown key \"protectd\". Did you mean \"protected\"?" },
  { code = "none", title = "No database is named",
    cause = "Neither --database-url nor DATABASE_URL nor a .env file nor the schema names one.",
    cure = "Set DATABASE_URL in the environment or in .env, or start a private PostgreSQL: `tilth local start`.",
    example = "P1012: Environment variable not found: DATABASE_URL. No database is named anywhere." },
  { code = "unsafe", title = "A safety check refused",
    cause = "What was asked for could lose data, or a flag looks as if it had been left set, or nobody is there to be asked.",
    cure = "The message says which check it was and how to go on. docs/safety.md explains each check.",
    example = "the environment is non-interactive, and nobody is there to ask whether to reset the database" },
  { code = "unreachable", title = "A name lookup has failed",
    cause = "The resolver knows no such host, or did not answer in time.",
    cure = "Check the host's name, and this machine's network and resolver.",
    example = "db.invalid: Name or service not known" },
  { code = "failed", title = "Something failed that has no code of its own",
    cause = "A seed, a script, a build command, a backup, a child process or a file did not do what it should.",
    cure = "The message says what and why; --json has more of the server's fields.",
    example = "the seeds are not idempotent: run twice, they change data twice" },
  { code = "interrupted", exit = "130 (Ctrl-C), 143 (SIGTERM)", title = "It was interrupted",
    cause = "Ctrl-C or SIGTERM, or the prompt was left without an answer.",
    cure = "What was running has been cancelled on the server and rolled back. Run the same command again to go on.",
    example = "interrupted" },
  { code = "limit", title = "A script or seed used up a limit",
    cause = "limits.memory, limits.time or limits.instructions in tilth.config.lua.",
    cure = "Work through rows in pieces (db:load takes an iterator), look for a loop without an end, or raise the limit.",
    example = "not enough memory: the limit of 256MB (limits.memory in tilth.config.lua) is used up" },
  { code = "bug", exit = "99", title = "A fault in tilth itself",
    cause = "Something that cannot happen has happened; the traceback is in the message.",
    cure = "Please report it with these lines. What was open has been rolled back.",
    example = "a bug in tilth: ..." },
  { code = "csv", title = "A CSV file is malformed",
    cause = "A quote that is not closed, a column without a name or named twice, a record with too many fields.",
    cure = "The message has the file and the line.",
    example = "seeds/data/products.csv:3: 4 fields where the header names 3 columns" },
  { code = "json", title = "A text is no JSON",
    cause = "`tilth.json.decode`, or a .json or .jsonl file of `db:load`.",
    cure = "The message has the line and the column.",
    example = "line 1, column 1: the text ends too early" },
  { code = "syntax", title = "An SQL text cannot be cut or parsed",
    cause = "A quote or a comment is not closed, or libpg_query's grammar (PostgreSQL 15) does not know the statement.",
    cure = "The message has the line and the column. From `tilth.sql.parse` it is a hint, as a newer server may accept the text.",
    example = "line 1, column 8: unterminated quoted string" },
  { code = "timeout", title = "A child process still runs",
    cause = "`child:wait(seconds)` of `tilth.process` waited in vain.",
    cure = "Wait again, or end it: `child:kill()`, `child:close()`.",
    example = "timed out" },
  { code = "tls", title = "A TLS handshake failed", cause = "`tilth.net.tls`: the other side broke the handshake off.",
    cure = "Look at the server's log and its certificate.", example = "the TLS handshake broke off" },
  { code = "closed", title = "The other side hung up", cause = "`tilth.net.tls`: the connection was closed before an answer to the "
      .. "request for TLS.", cure = "Is it a PostgreSQL server? A full one or a proxy hangs up as well.",
    example = "the connection was closed at once" },
  { code = "roots", title = "The trusted certificates cannot be read", cause = "`tilth.net.tls`: the file in `roots` holds none.",
    cure = "Give a file of certificates in PEM form.", example = "roots.pem holds no certificate that can be read" },
}

local SQLSTATES <const> = {
  { code = "08001", exit = "4", title = "No way to the server",
    cause = "`tilth.core.pg.connect` could not connect; commands say P1001 or P1011.",
    cure = "See P1001.", example = "connection to server at \"127.0.0.1\", port 5999 failed: Connection refused" },
  { code = "08006", exit = "4", title = "The connection is closed or lost",
    cause = "A statement on a closed session, or the server went away; "
      .. "commands say P1017.", cure = "Connect anew: `db:reconnect()`. A transaction that was open is gone.",
    example = "the connection to the database is closed" },
  { code = "25P01", title = "A migration ended its own transaction", cause = "The file has a COMMIT or ROLLBACK that cannot be seen "
      .. "from outside, for instance in a DO block.", cure = "Take it out, or write BEGIN and COMMIT as statements of the file.",
    example = "the file ended the transaction that it ran in" },
  { code = "25P02", title = "The transaction was rolled back", cause = "A statement in it had failed, and the error was caught without "
      .. "a savepoint.", cure = "Put the part that may fail into `db:savepoint(function() ... end)`.",
    example = "the transaction was rolled back, because a statement in it had failed" },
  { code = "42501",
    title = "The role lacks a right", cause = "The ledger (schema tilth) belongs to another role.",
    cure = "Let its owner run: GRANT USAGE ON SCHEMA tilth TO ...; GRANT SELECT ON ALL TABLES IN SCHEMA tilth TO ...",
    example = "this role may not read tilth's ledger (the schema tilth)" },
  { code = "55000", title = "An index is invalid", cause = "CREATE INDEX CONCURRENTLY ended, and the server marks the index as invalid.",
    cure = "Deploy again: tilth drops it and builds it anew.", example = "the index public.t_x_idx is invalid after its build" },
  { code = "57014", title = "A statement or a seed took too long, or was cancelled",
    cause = "migrate.statement_timeout, seed.timeout, or somebody cancelled it.",
    cure = "Make it quicker, or raise the limit: --statement-timeout, --seed-timeout.",
    example = "the seed took longer than seed.timeout, 10 s" },
}

error_codes.groups = {
  { title = "Prisma's codes", entries = PRISMA,
    text = "Where Prisma has a code for a failure tilth gives the same one, so that scripts and people find what they know." },
  { title = "tilth's own words", entries = WORDS,
    text = "They stand in the JSON document (`error.code`) and reach scripts and seeds as the third value, or as `code` of an error "
      .. "object. A failed system call has its errno, a number, in that place." },
  { title = "SQLSTATEs that tilth gives itself", entries = SQLSTATES,
    text = "The server's own SQLSTATEs pass through as they are: "
      .. "https://www.postgresql.org/docs/current/errcodes-appendix.html lists them." },
}

--- Finds the entry of a code.
-- @tparam string code in any case
-- @treturn table|nil `{ code, title, cause, cure, example }`
function error_codes.find(code)
  for _, group in ipairs(error_codes.groups) do
    for _, entry in ipairs(group.entries) do
      if entry.code:lower() == code:lower() then
        return entry
      end
    end
  end
end

--- The exit status of a command that ends with a code.
-- @tparam table entry
-- @treturn string
function error_codes.status(entry)
  return entry.exit or tostring(require("tilth.exit_status").of(entry.code))
end

--- Lines of a width, all but the first indented.
local function wrap(text)
  return table.concat(word_wrap.lines(text, WIDTH), "\n" .. (" "):rep(INDENT))
end

--- An entry for a terminal.
-- @tparam table entry
-- @treturn string
function error_codes.text(entry)
  local example = {}
  for line in entry.example:gmatch("[^\n]+") do
    example[#example + 1] = wrap(line)
  end
  return ("%s: %s\n\nIt says      %s\nCause        %s\nCure         %s\nExit status  %s"):format(entry.code, entry.title,
    table.concat(example, "\n" .. (" "):rep(INDENT)), wrap(entry.cause), wrap(entry.cure), error_codes.status(entry))
end

return error_codes
