--- Builds a checkout as AWS Amplify does: the commands of amplify.yml, phase by phase, in one bash without a terminal,
-- until one fails; every line of the log has its time, and a level that tells the two outputs apart.
local amplify = {}

local clock = require("tilth.core.clock")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")
local yaml = require("tilth.pipeline.yaml")

local SECTIONS <const> = { "backend", "frontend" }
local PHASES <const> = { "preBuild", "build", "postBuild" }
local TIMEOUT <const> = 300
-- What Amplify sets in every build.
local VARIABLES <const> = {
  AWS_APP_ID = "d1shop", AWS_BRANCH = "dev", AWS_JOB_ID = "0000000001", AWS_COMMIT_ID = "3f2c1ab", CODEBUILD_BUILD_ID = "shop:1",
}

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- `cd` and variables last from one command to the next; the first that fails ends everything.
local function script_of(document)
  local lines = {}
  for _, section in ipairs(SECTIONS) do
    for _, phase in ipairs(PHASES) do
      for _, command in ipairs(yaml.scalars(yaml.get(document, section, "phases", phase, "commands"))) do
        lines[#lines + 1] = ("printf '# Executing command: %%s\\n' %s\neval %s || exit"):format(quote(command.text), quote(command.text))
      end
      lines[#lines + 1] = ("echo '## Completed %s %s'"):format(section, phase)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Takes chunks and adds whole lines to the log.
local function new_lines(log, level)
  local rest = ""
  return function(chunk)
    rest = rest .. (chunk or (rest ~= "" and "\n" or ""))
    for line in rest:gmatch("([^\n]*)\n") do
      log[#log + 1] = ("%s [%s]: %s"):format(clock.utc(clock.now()), level, line)
    end
    rest = rest:match("[^\n]*$")
  end
end

local function environment(more)
  local variables = {}
  for name, value in pairs(VARIABLES) do variables[name] = value end
  for name, value in pairs(more or {}) do variables[name] = value end
  return program.environment(variables)
end

local function run(document, folder, log, variables)
  local info, warning = new_lines(log, "INFO"), new_lines(log, "WARNING")
  local done = assert(proc.run({ "bash", "-c", script_of(document) }, {
    cwd = folder, clean_env = true, env = environment(variables), stdin = "null", stdout = info, stderr = warning, timeout = TIMEOUT,
  }))
  info()
  warning()
  return done.kind == "exit" and done.code or 128 + done.code
end

--- Builds.
-- @tparam string folder the checkout, with amplify.yml
-- @tparam[opt] table variables of the console, name to value; they win over those of Amplify
-- @treturn table `{ ok = bool, status = of the command that failed, log = text, artifacts = the folder that is published | nil }`
function amplify.build(folder, variables)
  local log = {}
  local fail = new_lines(log, "ERROR")
  local documents, notes = yaml.parse(assert(fs.read(folder .. "/amplify.yml")))
  assert(#documents == 1 and #notes == 0, "amplify.yml is not read whole")
  local status = run(documents[1], folder, log, variables)
  local published = yaml.get(documents[1], "frontend", "artifacts", "baseDirectory")
  local artifacts = published and folder .. "/" .. published.text
  if status ~= 0 then
    fail("!!! Build failed\n!!! Non-Zero Exit Code detected\n")
  elseif artifacts and not fs.stat(artifacts) then
    status = 1
    fail("!!! CustomerError: Artifact directory doesn't exist: " .. published.text .. "\n")
  end
  return { ok = status == 0, status = status, log = table.concat(log, "\n") .. "\n", artifacts = status == 0 and artifacts or nil }
end

return amplify
