--- tilth init: writes what a project needs to be deployed with tilth, and never overwrites anything.
local init_command = {
  summary = "Write tilth.config.lua, a first seed, amplify.yml and .env.example; never overwrite.",
}

local environment = require("tilth.environment")
local find = require("tilth.pipeline.find")
local fs = require("tilth.fs")
local path = require("tilth.path")
local plan = require("tilth.init.plan")
local project = require("tilth.project")

--- Adds the command's arguments.
-- @tparam Parser parser
function init_command.add_to_parser(parser)
  parser:description("Writes the files that are missing. In an amplify.yml that is there already, the commands that reset, migrate, seed "
    .. "and build become `tilth flow`: the difference is shown first, and nothing is changed without --yes or a yes on a terminal.")
  parser:flag("-y --yes", "Change amplify.yml without asking.")
  parser:flag("--no-amplify", "Leave amplify.yml alone.")
  parser:flag("--dry-run", "Say what would be written and write nothing.")
end

local function agrees(args, ctx, entry)
  if args.yes then
    return true
  elseif not environment.interactive(ctx.env, ctx.stdin_is_terminal) then
    return false, "nobody is there to ask; run `tilth init --yes` to change it"
  end
  local answer = (ctx.ask(("Change %s? [y/N] "):format(entry.name)) or ""):lower()
  if answer == "y" or answer == "yes" then
    return true
  end
  return false, "left as it is"
end

local function write_new(entry)
  -- Looked at once more: what came into being meanwhile is not ours to replace.
  if fs.stat(entry.path) then
    entry.action, entry.why = "keep", "it is there already"
    return true
  end
  local ok, message, code = fs.mkdir(path.dirname(entry.path))
  if ok then
    ok, message, code = fs.write(entry.path, entry.text, tonumber("644", 8))
  end
  if not ok then
    return nil, ("%s cannot be written: %s"):format(entry.name, message), code
  end
  entry.done = true
  return true
end

local function change(entry)
  if fs.read(entry.path) ~= entry.before then
    return nil, entry.name .. " has changed meanwhile", "failed", { advice = "Run tilth init again." }
  end
  local ok, message, code = fs.write(entry.path, entry.text)
  if not ok then
    return nil, ("%s cannot be changed: %s"):format(entry.name, message), code, { advice = "The file is as it was." }
  end
  entry.done = true
  return true
end

local function carry_out(entries)
  for _, entry in ipairs(entries) do
    local ok, message, code, detail = true, nil, nil, nil
    if entry.action == "write" then
      ok, message, code, detail = write_new(entry)
    elseif entry.action == "change" then
      ok, message, code, detail = change(entry)
    end
    if not ok then
      local done = {}
      for _, other in ipairs(entries) do
        done[#done + 1] = other.done and other.name or nil
      end
      return nil, message .. (#done > 0 and "; written before that: " .. table.concat(done, ", ") or ""), code, detail
    end
  end
  return true
end

local VERBS <const> = { write = { "wrote", "would write" }, change = { "changed", "would change" }, keep = { "kept", "would keep" } }

local function ignores(root, name)
  for line in ((fs.read(path.join(root, ".gitignore")) or "") .. "\n"):gmatch("(.-)\r?\n") do
    if line:gsub("^/", ""):gsub("/$", "") == name then
      return true
    end
  end
  return false
end

local function next_steps(root, entries)
  local steps, missing = {}, {}
  for _, name in ipairs({ ".env", ".tilth" }) do
    if not ignores(root, name) then
      missing[#missing + 1] = name == ".tilth" and ".tilth/" or name
    end
  end
  if #missing > 0 then
    steps[#steps + 1] = "Add to .gitignore: " .. table.concat(missing, ", ")
  end
  local program
  for _, entry in ipairs(entries) do
    program = program or entry.program
    if entry.refused then
      steps[#steps + 1] = ("Look at the difference above and run `tilth init --yes`, or write `%s flow` into %s yourself")
        :format(entry.program, entry.name)
    end
  end
  steps[#steps + 1] = ("Try it here: `RUN_SEED=true %s flow --dry-run`, then without --dry-run"):format(program or "tilth")
  steps[#steps + 1] = ("Let the checks look at the pipeline: `%s check`"):format(program or "tilth")
  steps[#steps + 1] = "In Amplify, set DATABASE_URL (App settings, Environment variables)"
    .. (program == "tilth" and ", and see that the build has tilth: in package.json (`npm install tilth`), or in its image" or "")
  return steps
end

local function text_of(entries, steps, dry_run)
  local lines = {}
  for _, entry in ipairs(entries) do
    local verb = VERBS[entry.refused and "keep" or entry.action][dry_run and 2 or 1]
    lines[#lines + 1] = ("%-12s %s%s"):format(verb, entry.name, entry.why and " (" .. entry.why .. ")" or "")
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Next:"
  for index, step in ipairs(steps) do
    lines[#lines + 1] = ("  %d. %s."):format(index, step)
  end
  return table.concat(lines, "\n")
end

local function document(entries, steps, dry_run)
  local list = {}
  for index, entry in ipairs(entries) do
    list[index] = { name = entry.name, path = entry.path, action = entry.refused and "keep" or entry.action, done = entry.done or false,
      why = entry.why, difference = entry.difference }
  end
  return { files = list, next_steps = steps, dry_run = dry_run or false }
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table detail
function init_command.run(args, ctx)
  local found, message, code, detail = project.find(fs, ctx.cwd, {
    project = args.project, schema = args.schema, config = args.config, optional = true,
  })
  if not found then
    return nil, message, code, detail
  end
  local entries
  entries, message, code, detail = plan.make(fs, found, {
    amplify = not args.no_amplify, repository = find.repository(fs, found.root),
  })
  if not entries then
    return nil, message, code, detail
  end
  for _, entry in ipairs(entries) do
    if entry.action == "change" then
      ctx.report:progress(entry.difference)
      if not args.dry_run then
        -- Without a yes the file stays as it is; the new files are written all the same.
        local yes, why = agrees(args, ctx, entry)
        if not yes then
          entry.refused, entry.why, entry.action = true, why, "keep"
        end
      end
    end
  end
  if not args.dry_run then
    local ok
    ok, message, code, detail = carry_out(entries)
    if not ok then
      return nil, message, code, detail
    end
  end
  local steps = next_steps(found.root, entries)
  return { text = text_of(entries, steps, args.dry_run), data = document(entries, steps, args.dry_run) }
end

return init_command
