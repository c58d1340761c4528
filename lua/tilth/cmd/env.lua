--- tilth env export: writes chosen variables of the build into a .env file.
local env_command = {
  summary = "Write chosen variables of the build into .env.production.",
}

local dotenv = require("tilth.dotenv")
local env_export = require("tilth.env_export")
local env_file = require("tilth.env_file")
local fs = require("tilth.fs")
local json = require("tilth.json")
local path = require("tilth.path")
local place = require("tilth.backup.place")
local project = require("tilth.project")

local DEFAULT <const> = ".env.production"
local OWNER_ONLY <const> = tonumber("600", 8)

--- Adds the command's arguments.
-- @tparam Parser parser
function env_command.add_to_parser(parser)
  parser:command_target("action")
  parser:require_command(true)
  local export = parser:command("export")
  export:summary("Write variables into a .env file, quoted so that dotenv reads them back.")
  export:usage_max_width(100):help_max_width(100)
  export:epilog("`tilth env --help` lists the options of every command.")
  export:description("Replaces the variables that the file has already and keeps the rest of it. A pattern (\"NEXT_PUBLIC_*\") never "
    .. "takes flags of database operations or what looks like a secret: those ship only when they are named exactly.")
  export:argument("names", "Names of variables, or patterns with *."):args("+"):argname("NAME")
  export:option("--file", "The file (default: " .. DEFAULT .. " in the project's folder)."):argname("FILE")
  export:option("--for", "Who reads it: next (Next.js, which replaces $NAME) or dotenv (which does not)."):target("reader")
    :choices({ "next", "dotenv" }):default("next")
  export:flag("--dry-run", "Say what would be written and write nothing.")
end

-- Amplify gives the secrets of its parameter store as one JSON text.
local function read_secrets(env)
  local decoded = env.secrets and env.secrets:find("^%s*{") and json.decode(env.secrets)
  local found = {}
  for name, value in pairs(type(decoded) == "table" and decoded or {}) do
    found[name] = type(value) == "string" and value or nil
  end
  return found
end

-- Only to tell somebody who asks for a variable where it is; files that can't be read say nothing here.
local function names_in_files(files)
  local found = {}
  for _, file in ipairs(files) do
    local text = fs.read(file)
    for name in pairs(text and dotenv.parse(text) or {}) do
      found[name] = found[name] or path.basename(file)
    end
  end
  return found
end

local function names_of(variables, kind)
  local names = {}
  for _, entry in ipairs(variables) do
    if not kind or entry.kind == kind then
      names[#names + 1] = entry.name
    end
  end
  return names
end

local function lines_of(data, chosen)
  local verb = data.dry_run and "Would write" or data.written and "Wrote" or "Nothing to change in"
  local lines = { ("%s %s"):format(verb, data.file) }
  for _, part in ipairs({ { "added", "added" }, { "replaced", "replaced" }, { "same", "as before" }, { "kept", "kept from the file" } }) do
    if #data[part[1]] > 0 then
      lines[#lines + 1] = ("  %-19s %s"):format(part[2], table.concat(data[part[1]], ", "))
    end
  end
  for _, entry in ipairs(chosen.left_out) do
    lines[#lines + 1] = ("  %-19s %s (%s; name it exactly to ship it)"):format("left out", entry.name, entry.why)
  end
  if data.mode_changed then
    lines[#lines + 1] = "  Only the file's owner may read it now (mode 0600)."
  end
  return table.concat(lines, "\n")
end

local function warn_of_place(report, file, shown, root)
  local folder = fs.realpath(path.dirname(file))
  local published = place.published(path.join(folder or path.dirname(file), path.basename(file)), fs.realpath(root) or root)
  if published then
    report:warn(("%s lies in %s, which build tools publish: whoever can open the site could read every value in it."):format(shown,
      published))
  end
end

local function warn(report, chosen, file)
  for _, entry in ipairs(chosen.variables) do
    if entry.kind == "flag" then
      report:warn(("%s is a flag of database operations and ships in %s, because it was named exactly. No build reads it there: "
        .. "leave it out."):format(entry.name, file))
    elseif entry.kind == "secret" and entry.public then
      report:warn(("%s goes to every visitor's browser, and it looks like a secret (%s)."):format(entry.name, entry.why))
    end
  end
end

local function read_before(file)
  local found = fs.stat(file, "follow")
  if not found then
    return "", nil
  elseif found.type ~= "file" then
    return nil, ("%s is a %s, not a file"):format(file, found.type), "config", { advice = "Name another file with --file." }
  end
  local text, message, code = fs.read(file)
  if not text then
    return nil, "the file cannot be read: " .. message, code
  end
  return text, found.mode
end

local function write(file, data, before, after, mode)
  local changes = #data.added + #data.replaced > 0
  data.mode_changed = mode ~= nil and mode % 512 ~= OWNER_ONLY
  if data.dry_run or not (changes or data.mode_changed) then
    data.mode_changed = false
    return true
  end
  local ok, message, code = fs.write(file, changes and after or before, OWNER_ONLY)
  if not ok then
    return nil, "the variables were not written: " .. message, code, { advice = "The file is as it was." }
  end
  data.written = changes
  return true
end

local function place_of(args, ctx, found)
  if args.file then
    return path.join(ctx.cwd, args.file), args.file
  end
  local file = path.join(found.package and found.package.dir or found.root, DEFAULT)
  return file, path.relative(file, ctx.cwd)
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table detail
function env_command.run(args, ctx)
  local found, message, code, detail = project.find(fs, ctx.cwd, {
    project = args.project, schema = args.schema, config = args.config, optional = true,
  })
  if not found then
    return nil, message, code, detail
  end
  local chosen
  chosen, message, code, detail = env_export.choose(args.names, {
    env = ctx.env, secrets = read_secrets(ctx.env), files = names_in_files(found.dotenv_files),
  })
  if not chosen then
    return nil, message, code, detail
  end
  local file, shown = place_of(args, ctx, found)
  local before, mode, word, more = read_before(file)
  if not before then
    return nil, mode, word, more
  end
  local after, names
  after, names, code, detail = env_file.merge(before, chosen.variables, args.reader)
  if not after then
    detail.file = file
    return nil, ("%s%s: %s"):format(shown, detail.line and ":" .. detail.line or "", names), code, detail
  end
  local data = {
    file = shown, dry_run = args.dry_run or false, added = names.added, replaced = names.replaced, same = names.same,
    kept = names.kept, left_out = chosen.left_out,
    secrets = names_of(chosen.variables, "secret"), flags = names_of(chosen.variables, "flag"),
  }
  local ok
  ok, message, code, detail = write(file, data, before, after, mode)
  if not ok then
    return nil, message, code, detail
  end
  warn(ctx.report, chosen, shown)
  warn_of_place(ctx.report, file, shown, found.package and found.package.dir or found.root)
  for _, key in ipairs({ "added", "replaced", "same", "kept", "left_out", "secrets", "flags" }) do
    json.array(data[key])
  end
  return { text = lines_of(data, chosen), data = data }
end

return env_command
