--- A dump that is written where the build publishes or caches it.
local pipeline_backup_published = {
  id = "pipeline-backup-published",
  about = "No backup is written into a folder that is published or cached.",
}

local finding = require("tilth.pipeline.finding")
local path = require("tilth.path")

-- What web frameworks copy into the published folder.
local STATIC <const> = { { path = "public", kind = "published" }, { path = "static", kind = "published" } }

local function plain(text)
  local folder = text:gsub("[*?%[].*$", ""):gsub("^%./", ""):gsub("/+$", ""):gsub("^/", "")
  return folder == "" and "." or path.normalize(folder)
end

local function inside(file, folder)
  file = path.normalize((file:gsub("^%./", "")))
  if path.is_absolute(file) or file:find("^%.%.") or file:find("^[$~]") then
    return false
  end
  return folder == "." or file == folder or file:sub(1, #folder + 1) == folder .. "/"
end

local function targets_of(command)
  local list = {}
  for _, redirect in ipairs(command.redirects) do
    if redirect.op:find("^>") then
      list[#list + 1] = redirect.target
    end
  end
  for index, word in ipairs(command.tool.args) do
    local before = command.tool.args[index - 1] or ""
    local named = word:match("^%-%-%a[%w-]*=(.+)$") or word:match("^%-f(.+)$")
    if named then
      list[#list + 1] = named
    elseif not word:find("^%-") and (before:find("^%-f$") or before:find("^%-%-file$") or before:find("^%-o$") or before:find("^%-%-out")
      or before:find("^%-%-to$") or before:find("^%-%-dir")) then
      list[#list + 1] = word
    end
  end
  return list
end

-- pg_dump ... | gzip > file: the redirection stands at a later command of the pipe.
local function pipe_targets(command)
  local item, list = command.list and command.list.items[command.index], {}
  for _, node in ipairs(item and item.pipeline.commands or {}) do
    for _, redirect in ipairs(node.redirects or {}) do
      if redirect.op:find("^>") then
        list[#list + 1] = redirect.target
      end
    end
  end
  return list
end

local function copies_a_dump(command)
  local name = command.words[1]
  if name ~= "cp" and name ~= "mv" and name ~= "rsync" then
    return nil
  end
  local last = command.words[#command.words]
  for index = 2, #command.words - 1 do
    if command.words[index]:find("%.dump") or command.words[index]:find("%.sql") or command.words[index]:lower():find("backup") then
      return last
    end
  end
  return nil
end

local function find_folder(pipeline, targets)
  for _, target in ipairs(targets) do
    for _, list in ipairs({ pipeline.folders, STATIC }) do
      for _, folder in ipairs(list) do
        local base = folder.base and path.join(folder.base, plain(folder.path)) or nil
        if inside(target, plain(folder.path)) or (base and inside(target, base)) then
          return folder
        end
      end
    end
  end
  return nil
end

--- Runs the check.
-- @tparam table observed
-- @treturn table list of findings
function pipeline_backup_published.run(observed)
  local pipeline, findings = observed.pipeline, {}
  for _, command in ipairs(pipeline and pipeline.commands or {}) do
    local targets = {}
    if command.tool.kind == "dump" then
      targets = targets_of(command)
      local piped = pipe_targets(command)
      table.move(piped, 1, #piped, #targets + 1, targets)
    else
      targets[1] = copies_a_dump(command)
    end
    local folder = find_folder(pipeline, targets)
    if folder then
      local where = folder.file and (" (%s:%d)"):format(folder.file, folder.line) or ""
      findings[#findings + 1] = finding.at(pipeline, pipeline_backup_published, command, { severity = "warn",
        message = ("the dump lands in %s, which is %s%s%s"):format(folder.path, folder.kind, where,
          folder.kind == "published" and ": everybody can download it." or ": later builds of all branches get it."),
        advice = "Write it outside of the build's folders, for instance below /tmp, and copy it to a private bucket from there." })
    end
  end
  return findings
end

return pipeline_backup_published
