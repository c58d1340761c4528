--- tilth backup: a verified backup of the database, by pg_dump or in tilth's own format.
local backup_command = {
  summary = "Back the database up into a file, and prove that it can be restored.",
  database = true,
}

local flow = require("tilth.flow")

--- Adds the command's arguments.
-- @tparam Parser parser
function backup_command.add_to_parser(parser)
  parser:description([[
With a pg_dump that is not older than the server: an archive of the whole database (custom
format), for pg_restore or tilth restore. Without one: tilth's own format. It holds the rows of
every table of the project's schemas, the values of their sequences, the history and the
migrations that made the schemas; a restore runs these migrations and loads the rows. What no
migration makes (a table or an index added by hand, other schemas, large objects, rights) is not
in it, and the backup says so.

Either is proved before it gets its name: restored into a scratch database and compared row by
row where the role may create one, else read back in full. The file is never written over
another, is readable by its owner only (0600), and never lies in a folder that the build
publishes or caches.]])
  parser:option("--file", "Write to this file; it must not exist."):argname("FILE")
  parser:option("--dir", "Write to this folder, under a name made of database, time and build (default: backup.dir, else .tilth/backups).")
    :argname("DIR")
  parser:option("--format", "pg_dump or copy; by default pg_dump where there is one."):choices({ "pg_dump", "copy" })
  parser:flag("--dry-run", "Say what would be done and write nothing.")
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function backup_command.run(args, ctx)
  if args.file and args.dir then
    return nil, "--file and --dir exclude each other: a file has its folder in its name", "usage"
  end
  return flow.run(ctx, {
    command = "backup", backup = { file = args.file, dir = args.dir, format = args.format }, dry_run = args.dry_run,
  })
end

return backup_command
