--- What every command gets beside its arguments: the environment, the current folder, the report, the standard input.
local context = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local report = require("tilth.report")
local term = require("tilth.core.term")

local function ask(prompt)
  io.stderr:write(prompt)
  io.stderr:flush()
  return io.read("l")
end

local function wants_color(environment, args, stream)
  if args.no_color or (environment.NO_COLOR and environment.NO_COLOR ~= "") then
    return false
  end
  if environment.FORCE_COLOR and environment.FORCE_COLOR ~= "" and environment.FORCE_COLOR ~= "0" then
    return true
  end
  return term.is_terminal(stream) and environment.TERM ~= "dumb"
end

local function write_out(text)
  io.stdout:write(text)
  io.stdout:flush()
end

local function write_err(text)
  io.stderr:write(text)
end

--- Makes a context.
-- @tparam table args what the command line's parser found: project, schema, config, env, json, quiet, no_color ...
-- @tparam[opt] table host of tilth.embed, in a call of libtilth: `said` and `progress` get what is said
-- @treturn table { args, env, cwd, report, ask, stdin_is_terminal, host }
function context.new(args, host)
  local environment = env.all()
  local stream = args.json and 2 or 1
  return {
    args = args,
    env = environment,
    cwd = fs.cwd(),
    host = host,
    report = report.new({
      said = host and host.said,
      counted = host and host.progress,
      out = write_out,
      err = write_err,
      json = args.json,
      quiet = args.quiet,
      terminal = term.is_terminal(stream) and environment.TERM ~= "dumb",
      color = wants_color(environment, args, stream),
      width = term.width(1) or 80,
      -- Loaded with the first line that is said: a script may say nothing.
      mask = function(text)
        return require("tilth.url").mask(text)
      end,
    }),
    ask = ask,
    stdin_is_terminal = term.is_terminal(0),
  }
end

return context
