--- The command line: finds the command, runs it, prints its result or its error, gives the exit status.
-- Only this file prints errors.
local cli = {}

local context = require("tilth.context")
local exit_status = require("tilth.exit_status")
local interrupt = require("tilth.core.interrupt")

--- The commands, in the order of `tilth help`. A command's module is loaded when it is asked for.
local COMMANDS <const> = {
  "flow", "migrate", "seed", "db", "reset", "backup", "restore", "check", "doctor", "env", "init", "history", "run", "repl", "local",
  "help",
}

--- For the shell's completion, and so not in the list.
local HIDDEN <const> = "complete"

--- Options that every command takes.
local GLOBAL <const> = { "--project", "--schema", "--config", "--env", "--json", "-q", "--quiet", "--no-color" }

local function has(words, wanted)
  for _, word in ipairs(words) do
    if word == wanted then
      return true
    end
  end
  return false
end

local function known(name)
  return has(COMMANDS, name) or name == HIDDEN
end

local function load_command(name)
  return require("tilth.cmd." .. name)
end

--- Options that every command takes. --json and the like may stand before or after the command.
local function add_global_options(parser)
  parser:option("--project", "The project's folder (default: the current one, or the nearest above that is one).")
    :argname("DIR")
  parser:option("--schema", "Prisma's schema: a file or a folder."):argname("PATH")
  parser:option("--config", "Prisma's config file, or a tilth.config.lua elsewhere."):argname("FILE")
  parser:option("--env", "The environment: development, preview, staging or production."):argname("NAME")
  parser:flag("--json", "Print one JSON document on standard output, and progress on standard error.")
  parser:flag("-q --quiet", "Say only warnings and errors.")
  parser:flag("--no-color", "No colours.")
end

--- The settings that a flag can change, for commands that work with the database.
local function add_settings(parser)
  for _, setting in ipairs(require("tilth.settings").all()) do
    if setting.flag and setting.name ~= "environment" then
      local about = setting.about:sub(1, 1):upper() .. setting.about:sub(2)
      if setting.variable then
        about = about .. " (" .. setting.variable .. ")"
      end
      parser:option(setting.flag, about .. "."):argname(setting.type == "duration" and "TIME" or "URL")
    end
  end
end

local function first_command(arguments, from)
  local takes_value = { ["--project"] = true, ["--schema"] = true, ["--config"] = true, ["--env"] = true }
  local i = from or 1
  while i <= #arguments do
    local argument = arguments[i]
    if argument:sub(1, 1) ~= "-" or argument == "-" then
      return argument, i
    end
    i = i + (takes_value[argument] and 2 or 1)
  end
  return nil
end

local function usage_error(parser, message, arguments)
  -- What other programs call --yes; only these commands ask before they act.
  if message:find("^unknown option '%-%-?y") and (has(arguments, "reset") or has(arguments, "restore")) then
    message = message .. "; here `--force` answers what would be asked"
  end
  return nil, require("tilth.usage").wrong(message, parser, arguments), "usage"
end

--- Options before the command's name mean the same as behind it.
local function command_first(arguments, at)
  local moved = table.move(arguments, 1, #arguments, 1, {})
  table.insert(moved, 1, table.remove(moved, at))
  return moved
end

--- The parser of a command, and the one of the program round it.
-- @tparam string name of the command
-- @tparam[opt] table words the command line, the command first; without it every sub-command is there
-- @treturn Parser the command's
-- @treturn Parser the program's
-- @treturn table the command's module
function cli.parser(name, words)
  local command = load_command(name)
  local parser = require("argparse")("tilth"):add_help("-h --help")
  local sub = parser:command(name, command.summary)
  sub:usage_max_width(100):help_max_width(100)
  add_global_options(sub)
  command.add_to_parser(sub, words)
  if command.database then
    add_settings(sub)
  end
  return sub, parser, command
end

--- Parses the arguments of a known command.
local function parse(name, arguments, at)
  arguments = command_first(arguments, at)
  local sub, parser, command = cli.parser(name, arguments)
  local rest
  if command.raw_after then
    local _, word_at = first_command(arguments, 2)
    local cut = word_at or #arguments
    rest = table.move(arguments, cut + 1, #arguments, 1, {})
    arguments = table.move(arguments, 1, math.min(cut, #arguments), 1, {})
  end
  local ok, parsed = parser:pparse(arguments)
  if not ok then
    return usage_error(sub, parsed, arguments)
  end
  parsed.rest = rest
  return parsed, nil, command
end

local function write_out(text)
  io.stdout:write(text)
  io.stdout:flush()
end

local function write_err(text)
  io.stderr:write(text)
end

local function error_document(message, code, detail)
  local data = detail.data or {}
  data.ok = false
  data.error = {
    message = message, code = code, advice = detail.advice, sqlstate = detail.sqlstate, file = detail.file,
    line = detail.line, column = detail.column_number, hint = detail.hint, detail = detail.detail,
  }
  return data
end

--- Names of files and words of the command line need not be text; a document is always one.
local function encode(data)
  return require("tilth.json").encode(data, { sort = true, indent = 2, replace = true })
end

--- Prints the JSON document where it is asked for; a program that embeds tilth gets it in any case.
local function publish(ctx, data)
  local host = ctx.host
  if not host and not ctx.args.json then
    return
  end
  local text = encode(data)
  if host then
    host.document(ctx.report:mask(text))
  end
  if ctx.args.json and not (host and host.json) then
    ctx.report:json_document(text)
  end
end

--- Tells a program that embeds tilth what has failed.
local function tell_failure(ctx, message, code, detail)
  if ctx.host then
    ctx.host.failed({
      message = ctx.report:mask(message), code = code, advice = detail.advice and ctx.report:mask(detail.advice),
      sqlstate = detail.sqlstate, detail = detail.detail and ctx.report:mask(detail.detail),
      hint = detail.hint and ctx.report:mask(detail.hint), file = detail.file, line = detail.line, column = detail.column_number,
    })
  end
end

local function print_failure(ctx, message, code, detail)
  message, code, detail = require("tilth.connect_error").lost(message, code, detail)
  publish(ctx, error_document(message, code, detail))
  tell_failure(ctx, message, code, detail)
  if type(code) == "string" and code:find("^P%d%d%d%d$") and message:sub(1, 5) ~= code then
    message = code .. ": " .. message
  end
  ctx.report:error(message, detail.advice)
  return exit_status.of(code, detail)
end

local function print_result(ctx, result)
  if ctx.args.json or ctx.host then
    local data = result.data or {}
    if data.ok == nil and not data[1] then
      data.ok = (result.exit or 0) == 0
    end
    publish(ctx, data)
  end
  if not ctx.args.json and result.text then
    ctx.report:text(result.text)
  end
  return result.exit or exit_status.DONE
end

--- Runs a command and turns what it returns or raises into output and an exit status.
local function finish(ctx, command)
  local caught = table.pack(interrupt.catch(xpcall, command.run, debug.traceback, ctx.args, ctx))
  ctx.report:status(nil)
  local signal = interrupt.signal()
  if not caught[1] then
    publish(ctx, error_document("interrupted", "interrupted", {}))
    tell_failure(ctx, "interrupted", "interrupted", {})
    ctx.report:error(signal and "interrupted" or tostring(caught[2]))
    return signal and 128 + signal or exit_status.BUG
  end
  if not caught[2] then
    publish(ctx, error_document(tostring(caught[3]), "bug", {}))
    tell_failure(ctx, tostring(caught[3]), "bug", { advice = "This is a bug in tilth: please report it." })
    ctx.report:error("a bug in tilth: " .. tostring(caught[3]), "Please report it with these lines.")
    return exit_status.BUG
  end
  local result, message, code, detail = table.unpack(caught, 3, 6)
  if result then
    return print_result(ctx, result)
  end
  return print_failure(ctx, tostring(message), code, detail or {})
end

local function print_version(json, host)
  local version = require("tilth.version")
  local document = (json or host) and encode(version.all())
  if host then
    host.document(document)
  end
  if not (host and host.json) then
    write_out((json and document or version.text()) .. "\n")
  end
  return exit_status.DONE
end

--- Refuses a command line.
local function refuse(host, message, arguments)
  local document = (host or has(arguments, "--json"))
    and encode(error_document(message, "usage", {}))
  if host then
    host.document(document)
    host.failed({ message = message, code = "usage" })
  end
  if host and host.said then
    host.said("error", message)
  end
  if host and host.json then
    return exit_status.USAGE
  end
  write_err("tilth: " .. message .. "\n")
  if has(arguments, "--json") then
    write_out(document .. "\n")
  end
  return exit_status.USAGE
end

--- The whole program.
-- @tparam table arguments list of the command line's words after the program's name
-- @tparam[opt] table host of tilth.embed: a program that embeds tilth, and gets the outcome
-- @treturn integer exit status
function cli.main(arguments, host)
  local name, at = first_command(arguments)
  if not name then
    if has(arguments, "--version") or has(arguments, "-V") then
      return print_version(has(arguments, "--json"), host)
    end
    name = "help"
    local wanted = has(arguments, "--help") or has(arguments, "-h")
    if #arguments > 0 and not wanted then
      return refuse(host, require("tilth.usage").without_command(arguments, GLOBAL), arguments)
    end
    arguments = { "help" }
    at = 1
  end
  if not known(name) then
    return refuse(host, require("tilth.usage").unknown(name, COMMANDS), arguments)
  end
  require("tilth.strict").install()
  local parsed, message, command = parse(name, arguments, at)
  if not parsed then
    return refuse(host, message, arguments)
  end
  if name == "repl" and #parsed.execute == 0 and host and host.captured then
    return refuse(host, "a prompt needs the process's own input and output: call tilth_main without an output callback, "
      .. "or give what it should run with -e", arguments)
  end
  if host and host.json then
    parsed.json = true
  end
  return finish(context.new(parsed, host), command)
end

--- Parses a command line without running it.
-- @tparam table arguments list of the command line's words after the program's name
-- @treturn[1] table|boolean the parsed arguments; true where there is nothing to parse (`tilth`, `tilth --version`)
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "usage"
function cli.parse(arguments)
  local name, at = first_command(arguments)
  if not name then
    return true
  elseif not known(name) then
    return nil, "unknown command " .. name, "usage"
  end
  return parse(name, arguments, at)
end

--- The names of all commands, for help and completion.
-- @return list
function cli.commands()
  return table.move(COMMANDS, 1, #COMMANDS, 1, {})
end

return cli
