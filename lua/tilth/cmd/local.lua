--- `tilth local`: the private PostgreSQL of a project, for whoever has no database yet.
local local_cmd = {}

local fs = require("tilth.fs")
local project = require("tilth.project")
local server = require("tilth.local.server")

local_cmd.summary = "A private PostgreSQL server for this project: start, stop, status, url."

--- The folder that the server belongs to: the project's, as every other command finds it, else the current one.
local function root_of(ctx)
  local global = ctx.args
  local found, message, code, detail = project.find(fs, ctx.cwd, {
    project = global.project, schema = global.schema, config = global.config, optional = true,
  })
  if not found then return nil, message, code, detail end
  return found.root
end

local actions = {}

--- Starts it.
-- @tparam table options
function actions.start(options)
  local found, message, code, detail = server.start(options)
  if not found then return nil, message, code, detail end
  return {
    text = ("PostgreSQL %s %s in %s\n%s"):format(found.major, found.started and "started" or "runs already", found.data, found.url),
    data = found,
  }
end

--- Stops it.
-- @tparam table options
function actions.stop(options)
  local stopped, message, code, detail = server.stop(options)
  if stopped == nil then return nil, message, code, detail end
  return { text = stopped and "stopped" or "it does not run", data = { stopped = stopped } }
end

local STATES <const> = {
  none = "there is no local database yet; `tilth local start` makes one",
  stopped = "stopped; its data is kept",
  starting = "starting",
  ready = "running",
  stopping = "stopping",
}

--- Says how it is.
-- @tparam table options
function actions.status(options)
  local status, message, code, detail = server.status(options)
  if not status then return nil, message, code, detail end
  local lines = { STATES[status.state] }
  if status.major then lines[#lines + 1] = ("data     %s (PostgreSQL %d)"):format(status.data, status.major) end
  if status.pid then lines[#lines + 1] = ("process  %d, since %s"):format(status.pid, os.date("%Y-%m-%d %H:%M:%S", status.since)) end
  if status.url then lines[#lines + 1] = "url      " .. status.url end
  return { text = table.concat(lines, "\n"), data = status }
end

--- Says the URL alone, for `DATABASE_URL=$(tilth local url)`.
-- @tparam table options
function actions.url(options)
  local status, message, code, detail = server.status(options)
  if not status then return nil, message, code, detail end
  if status.state ~= "ready" then
    return nil, "the local database does not run", "failed", { advice = "Start it with `tilth local start`." }
  end
  return { text = status.url, data = { url = status.url } }
end

--- Declares the arguments.
-- @tparam table parser argparse's parser of this command
function local_cmd.add_to_parser(parser)
  parser:command_target("action")
  parser:require_command(true)
  for _, entry in ipairs({
    { "start", "Start the server; its data is kept in .tilth/pg." },
    { "stop", "Stop the server. The data stays." },
    { "status", "Say whether it runs, and where." },
    { "url", "Print the DATABASE_URL of the running server." },
  }) do
    local command = parser:command(entry[1], entry[2])
    command:usage_max_width(100):help_max_width(100):epilog("`tilth local --help` lists the options of every command.")
    if entry[1] ~= "stop" then
      command:option("--name", "Name of the database.", server.DATABASE):argname("DATABASE")
    end
  end
end

--- Runs the command.
-- @tparam table args `action`, `name`
-- @tparam table ctx `env`, `cwd`, `args`
-- @treturn table `{ text, data }`
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function local_cmd.run(args, ctx)
  if args.name and (args.name == "" or #args.name > 63) then
    return nil, "--name: the name of a database has 1 to 63 bytes", "usage"
  end
  local root, message, code, detail = root_of(ctx)
  if not root then return nil, message, code, detail end
  return actions[args.action]({ root = root, env = ctx.env, name = args.name })
end

return local_cmd
