--- tilth doctor: from nothing to ready, and the one cause where it stops.
local doctor_command = {
  summary = "Find out what a deployment would stumble over, and what to do about it.",
  database = true,
}

local clock = require("tilth.clock")
local examine = require("tilth.doctor.examine")
local json = require("tilth.json")

local LABEL <const> = { ok = "ok  ", warn = "warn", fail = "FAIL", skip = "skip" }
local STYLE <const> = { ok = "done", warn = "warn", fail = "error", skip = "dim" }
local DEFAULT_TIMEOUT <const> = 5

--- Adds the command's arguments.
-- @tparam Parser parser
function doctor_command.add_to_parser(parser)
  parser:description("Looks, in this order, at the project, the variables, the URL, the name lookup, the connection, TLS, the login, "
    .. "the server, the role's rights, the migrations and their history, the seeds, the flags, the disk and the tools.\n"
    .. "Changes nothing. What a failure makes pointless is left out.\n"
    .. "Exit status: 0 ready, 1 not ready, 2 wrong configuration, 4 database out of reach.")
end

local function width_of(probes)
  local width = 0
  for _, probe in ipairs(probes) do
    width = math.max(width, #probe.id)
  end
  return width
end

local function first_line(text)
  return text:match("^%s*([^\n]*)")
end

-- One aligned line a probe, as soon as it is known.
local function printer(report, width)
  return function(found)
    report:status(nil)
    local line = ("%s  %-" .. width .. "s  %s"):format(report:style(STYLE[found.state], LABEL[found.state]), found.id,
      first_line(found.message))
    report:progress(found.state == "skip" and report:style("dim", line) or line)
  end
end

local function indent(text)
  return "  " .. text:gsub("%s+$", ""):gsub("\n", "\n  ")
end

local function cause(found)
  local code = type(found.code) == "string" and found.code:find("^P%d%d%d%d$") and found.code or nil
  local lines = { ("%s %s%s:"):format(found.state == "fail" and "FAIL" or "warn", found.id, code and " (" .. code .. ")" or "") }
  lines[2] = indent(found.message)
  if found.advice then
    lines[3] = indent("-> " .. found.advice:gsub("\n", "\n   "))
  end
  return table.concat(lines, "\n")
end

local function plural(count, word)
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

-- The causes in full, failures first, and the verdict.
local function text_of(answers, quiet)
  local causes, failures, warnings = {}, 0, 0
  for _, state in ipairs({ "fail", "warn" }) do
    for _, found in ipairs(answers) do
      if found.state == state then
        causes[#causes + 1] = cause(found)
        failures, warnings = failures + (state == "fail" and 1 or 0), warnings + (state == "warn" and 1 or 0)
      end
    end
  end
  if quiet and #causes == 0 then
    return nil
  end
  local verdict = failures > 0 and ("Not ready: %s, %s."):format(plural(failures, "failure"), plural(warnings, "warning"))
    or (warnings > 0 and ("Ready, with %s."):format(plural(warnings, "warning")) or "Ready.")
  causes[#causes + 1] = verdict
  return (quiet and "" or "\n") .. table.concat(causes, "\n\n")
end

local function document(world, answers, exit)
  local probes = {}
  for index, found in ipairs(answers) do
    probes[index] = {
      id = found.id, state = found.state, message = found.message, advice = found.advice, because = found.because,
      code = found.code ~= nil and tostring(found.code) or nil,
    }
  end
  local target = world.target
  return {
    ok = exit == 0, ready = exit == 0, probes = json.array(probes), environment = world.environment, build = world.build,
    database = target and { name = target.database, host = target.host, port = target.port, schema = target.schema,
      source = target.source },
  }
end

-- How long one attempt may take: the URL's connect_timeout; 0 there means no limit, which a doctor does not take.
local function timeout_of(world)
  return function()
    local given = world.target and world.target.options.connect_timeout
    return given and given > 0 and given or DEFAULT_TIMEOUT
  end
end

-- How much of --wait is left. The settings are known only after the probe "environment".
local function left_of(world, started)
  return function()
    local wait = world.settings and world.settings:get("wait") or 0
    return math.max(0, started + wait - clock.monotonic())
  end
end

local function new_world(ctx)
  local world = setmetatable({ ctx = ctx, report = ctx.report }, { __close = function(self)
    if self.db then
      self.db:close()
    end
  end })
  world.timeout, world.left = timeout_of(world), left_of(world, clock.monotonic())
  return world
end

--- Runs the command.
-- @tparam table args
-- @tparam table ctx
-- @treturn table result { text, data, exit }
function doctor_command.run(args, ctx)
  local world <close> = new_world(ctx)
  local probes = examine.probes()
  local answers = examine.run(probes, world, printer(ctx.report, width_of(probes)))
  ctx.report:status(nil)
  local exit = examine.exit(answers)
  return { text = text_of(answers, args.quiet), data = document(world, answers, exit), exit = exit }
end

return doctor_command
