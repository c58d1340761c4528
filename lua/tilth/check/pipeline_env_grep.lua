--- `env | grep ... >> .env.production`, which copies more than it should, and commands that show all of it in the build's log.
local pipeline_env_grep = {
  id = "pipeline-env-grep",
  about = "`env | grep >> .env.production` copies flags and secrets, and breaks values of several lines; `env` shows them in the log.",
}

local finding = require("tilth.pipeline.finding")

local FLAGS <const> = { "RESET_DATABASE", "RESET_DATABASE_CONFIRM", "RUN_SEED" }
local SECRETS <const> = { "SHADOW_DATABASE_URL", "DIRECT_URL", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "secrets" }
local GREPS <const> = { grep = true, egrep = true, fgrep = true, rg = true }

-- The patterns of one grep, as plain texts and whether each is bound to the start of the line.
local function patterns_of(words)
  local list, inverted, given, index = {}, false, false, 2
  while words[index] do
    local word = words[index]
    if word == "-e" or word == "--regexp" then
      index, given = index + 1, true
      list[#list + 1] = words[index]
    elseif word:find("^%-%-") then
      given = given or word:find("^%-%-regexp=") ~= nil
      list[#list + 1] = word:match("^%-%-regexp=(.*)$")
    elseif word:find("^%-.") then
      inverted = inverted or word:find("v", 1, true) ~= nil
      if word:find("e$") then
        index, given = index + 1, true
        list[#list + 1] = words[index]
      end
    elseif not given then
      given = true
      list[#list + 1] = word
    end
    index = index + 1
  end
  return list, inverted
end

local function matches(pattern, name)
  local line = name .. "="
  -- Groups and character classes are left to grep; what is left here is a list of alternatives.
  for part in (pattern:gsub("\\|", "|"):gsub("[\\()]", "") .. "|"):gmatch("(.-)|") do
    local bound, text = part:match("^(%^?)(.-)$")
    text = text:gsub("%.%*.*$", "")
    local at = line:find(text, 1, true)
    if at and (bound == "" or at == 1) then
      return true
    end
  end
  return false
end

local function taken(names, greps)
  local list = {}
  for _, name in ipairs(names) do
    local kept = true
    for _, words in ipairs(greps) do
      local patterns, inverted = patterns_of(words)
      local any = false
      for _, pattern in ipairs(patterns) do
        any = any or matches(pattern, name)
      end
      kept = kept and any ~= inverted
    end
    if kept then
      list[#list + 1] = name
    end
  end
  return list
end

local function dumps_environment(words)
  local name = words[1]
  return (name == "env" or name == "printenv" or name == "set") and #words == 1 or (name == "export" or name == "declare") and #words == 2
    and (words[2] == "-p" or words[2] == "-x" or words[2] == "-px")
end

-- The greps and the .env file of the pipe that a command begins.
local function follow_pipe(command)
  local item = command.list and command.list.items[command.index]
  local greps, file = {}, nil
  for _, node in ipairs(item and item.pipeline.commands or {}) do
    if node.kind == "simple" then
      if GREPS[node.words[1] or ""] then
        greps[#greps + 1] = node.words
      end
      for _, redirect in ipairs(node.redirects) do
        if redirect.op:find("^>") and redirect.target:find("%.env") then
          file = redirect.target
        end
      end
      if node.words[1] == "tee" and (node.words[#node.words] or ""):find("%.env") then
        file = node.words[#node.words]
      end
    end
  end
  return greps, file
end

local SHOWN <const> = "so that the build's log has every value, passwords too, for whoever may read it."

-- What a command that stands for itself shows: it feeds no pipe and fills no file. Other services than Amplify mask secrets in logs.
local function shows(command)
  local item = command.list and command.list.items[command.index]
  if not item or #item.pipeline.commands > 1 or #command.redirects > 0 then
    return nil
  elseif dumps_environment(command.words) and command.words[1] ~= "set" then
    return "it shows the whole environment, " .. SHOWN
  elseif command.words[1] == "cat" then
    for index = 2, #command.words do
      local name = command.words[index]:match("[^/]*$")
      if name:find("^%.env") and not (name:find("example") or name:find("sample") or name:find("template")) then
        return ("it shows %s, %s"):format(name, SHOWN)
      end
    end
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_env_grep.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    local shown = command.kind == "amplify" and shows(command)
    if shown then
      findings[#findings + 1] = finding.at(pipeline, pipeline_env_grep, command, { severity = "warn", message = shown,
        advice = "Remove it. `tilth doctor` says what is set and where it comes from, without a value." })
    end
    local greps, file = {}, nil
    if dumps_environment(command.words) then
      greps, file = follow_pipe(command)
    end
    if file then
      local flags, secrets = taken(FLAGS, greps), taken(SECRETS, greps)
      local names = table.move(secrets, 1, #secrets, #flags + 1, table.move(flags, 1, #flags, 1, {}))
      local message = ("it writes values into %s unquoted, and of a value of several lines only the first"):format(file)
      if #names > 0 then
        message = ("it copies %s into %s, which ships with the application, as soon as they are set; %s"):format(
          table.concat(names, ", "), file, "values of several lines are cut, none is quoted")
      end
      findings[#findings + 1] = finding.at(pipeline, pipeline_env_grep, command, { severity = #names > 0 and "warn" or "note",
        message = message .. ".", advice = "Write `tilth env export NAME...` with the names that the application needs at run time." })
    end
  end
  return findings
end

return pipeline_env_grep
