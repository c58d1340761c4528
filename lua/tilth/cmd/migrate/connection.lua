--- Options about connection and locks that the commands of `tilth migrate` share.
local connection = {}

--- Adds --database-url and --wait.
-- @tparam Parser parser
function connection.add_to_parser(parser)
  parser:option("--database-url", "The database, in the place of the one that the project names."):argname("URL")
  parser:option("--wait", "Wait so long for a server that is not there yet, such as 30s."):argname("TIME")
end

--- Adds the options about locks.
-- @tparam Parser parser
function connection.add_locks_to_parser(parser)
  parser:option("--lock-patience", "Wait so long for another deployment, such as 10min."):argname("TIME")
  parser:option("--lock-timeout", "Wait so long for the lock on a table in one try (default 5s)."):argname("TIME")
  parser:option("--lock-budget", "Try again for so long in all when tables are locked."):argname("TIME")
  parser:option("--statement-timeout", "Cancel a statement that runs longer."):argname("TIME")
end

return connection
