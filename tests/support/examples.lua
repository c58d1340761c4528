--- The examples of the documentation: the fenced blocks of its pages, and transcripts that are run and compared.
local examples = {}

local env = require("tilth.core.env")
local fs = require("tilth.core.fs")
local proc = require("tilth.core.proc")
local program = require("support.program")

local TIMEOUT <const> = 300
local MARK <const> = "\1end of step %d\1"

--- How the documentation calls what differs from run to run: { pattern, what is put in its place }.
local DIFFERS <const> = {
  { "tilth_bin_(%d+)_public_%d+", "tilth_bin_%1_public" },
  { "^Backup: .*$", "Backup" }, -- its format depends on the programs that the machine has
  { "%f[%d]%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d:%d%d[%d.]*Z?", "TIME" }, { "%f[%d]%d%d%d%d%-%d%d%-%d%d%f[%D]", "DAY" },
  { "%f[%d]%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ", "TIME" }, { "%f[%d]" .. ("%d"):rep(14) .. "%f[%D]", "TIME" },
  { "%f[%x]" .. ("%x"):rep(64) .. "%f[%X]", "DIGEST" }, { "%f[%d]%d+ min %d+ s%f[%A]", "DURATION" },
  { "%f[%d]%d+%.?%d* m?s%f[%A]", "DURATION" },
  { "%f[%d]%d+%.?%d* [kMG]?B%f[%A]", "SIZE" }, { "PostgreSQL %d+[%d.]*", "PostgreSQL N" }, { "pg_dump %d+[%d.]*", "pg_dump N" },
  { "/tmp/tilth%-%d+%-%x+", "SOCKET" }, { "/[^%s=]*/%.tilth/pg/socket", "SOCKET" }, { "about %d+ rows", "about N rows" },
  { "local %S+@[%w_.-]+", "local USER" }, { "process %d+", "process N" }, { "pid %d+", "pid N" },
  { "backend%(%d+%)", "backend(N)" }, { "%f[%d]%d+ tries", "N tries" }, { "%-%-%-+", "--" }, { "[ \t]+", " " }, { " $", "" },
}

local function lines_of(text)
  local list = {}
  for line in (text:gsub("\n$", "") .. "\n"):gmatch("(.-)\r?\n") do list[#list + 1] = line end
  return list
end

local function source(relative)
  return assert(env.get("TILTH_SOURCE"), "make check sets TILTH_SOURCE") .. "/" .. relative
end

local function add_pages(folder, list)
  for _, entry in ipairs(assert(fs.list(source(folder)))) do
    if entry.type == "directory" then
      add_pages(folder .. "/" .. entry.name, list)
    elseif entry.name:find("%.md$") then
      list[#list + 1] = folder .. "/" .. entry.name
    end
  end
  return list
end

--- The pages that hold examples.
-- @treturn table list of paths below the source
function examples.pages()
  return add_pages("docs", { "README.md", "CONTRIBUTING.md", "seeds/README.md" })
end

--- The text of a page.
-- @tparam string page
-- @treturn string
function examples.text(page)
  return assert(fs.read(source(page)))
end

--- A block that is a whole file says so in its first line, as a remark, or behind its language: ```csv seeds/rows.csv
local function file_of(words, first)
  local word = words[2]
  if word and not word:find("=", 1, true) then return word, false end
  local path = first and (first:match("^%-%-+ ([%w_./-]+)$") or first:match("^# ([%w_./-]+)$") or first:match("^// ([%w_./-]+)$"))
  return path and path:find("%.%w+$") and path or nil, true
end

local function new_block(page, number, info, heading)
  local words = {}
  for word in info:gmatch("%S+") do words[#words + 1] = word end
  return { page = page, line = number, language = words[1] or "", words = words, heading = heading,
    exit = tonumber(info:match("exit=(%d+)")) or 0 }
end

local function finish(block, list)
  block.text = #list > 0 and table.concat(list, "\n") .. "\n" or ""
  block.file, block.named = file_of(block.words, list[1])
  return block
end

--- The fenced blocks of a page, in order.
-- @tparam string page
-- @treturn table list of { page, line (of the fence), language, words (of its info string), exit (`exit=3`, else 0),
--   heading (the nearest above), file (the path that it is the text of) | nil, text }
-- @treturn table list of headings: { level, text, line }
-- @treturn table the lines that are no block
function examples.blocks(page)
  local blocks, headings, prose, open, body = {}, {}, {}, nil, nil
  for number, line in ipairs(lines_of(examples.text(page))) do
    local fence = line:match("^%s*```(.*)$")
    if open and fence then
      blocks[#blocks + 1], open = finish(open, body), nil
    elseif fence then
      open, body = new_block(page, number, fence, headings[#headings] and headings[#headings].text), {}
    elseif open then
      body[#body + 1] = line
    else
      local level, text = line:match("^(#+)%s+(.-)%s*$")
      if level then headings[#headings + 1] = { level = #level, text = text, line = number } end
      prose[#prose + 1] = { text = line, line = number }
    end
  end
  assert(not open, page .. ": a block is not closed")
  return blocks, headings, prose
end

--- Makes two outputs of the same thing equal: times, sizes, paths and widths of columns become words.
-- @tparam string line
-- @tparam[opt] table same { text = what the documentation calls it }
-- @treturn string
function examples.normal(line, same)
  for _, pair in ipairs(same or {}) do
    local from = 1
    while true do
      local first, last = line:find(pair[1], from, true)
      if not first then break end
      line, from = line:sub(1, first - 1) .. pair[2] .. line:sub(last + 1), first + #pair[2]
    end
  end
  for _, entry in ipairs(DIFFERS) do line = line:gsub(entry[1], entry[2]) end
  return line
end

--- Compares an output with the one that is shown. A shown line `...` stands for any number of lines.
-- @tparam string shown
-- @tparam string actual
-- @tparam[opt] table same list of { actual text, the documentation's }
-- @treturn boolean
-- @treturn[2] nil
-- @treturn[2] string the first line that is not there
function examples.same(shown, actual, same)
  local wanted, got, at, skips = lines_of(shown), lines_of(actual), 1, false
  for _, line in ipairs(wanted) do
    if line == "..." then
      skips = true
    else
      local want, found = examples.normal(line, same), nil
      for index = at, skips and #got or at do
        if got[index] and examples.normal(got[index], same) == want then
          found = index
          break
        end
      end
      if not found then return nil, line end
      at, skips = found + 1, false
    end
  end
  if not skips and at <= #got and not (at == #got and got[at] == "") then return nil, "(nothing after that) " .. got[at] end
  return true
end

--- A console block: what is typed after `$ `, and what is answered.
local function transcript(block)
  local steps = {}
  for _, line in ipairs(lines_of(block.text)) do
    local typed = line:match("^%$ (.*)$")
    local step = steps[#steps]
    if typed then
      steps[#steps + 1] = { command = typed, shown = {}, exit = 0, block = block }
    elseif step and #step.shown == 0 and step.command:find("\\$") then
      step.command = step.command .. "\n" .. line
    elseif step then
      step.shown[#step.shown + 1] = line
    end
  end
  for _, step in ipairs(steps) do step.shown = table.concat(step.shown, "\n") end
  if #steps > 0 then steps[#steps].exit = block.exit end
  return steps
end

--- The steps of blocks: files to write, commands to run with what they say.
-- A `sh` block is one step, and a `text` block right behind it its output; a `console` block is a transcript.
-- @tparam table blocks
-- @treturn table list of { file, text } and { command, shown | nil, exit, block }
function examples.steps(blocks)
  local steps = {}
  for _, block in ipairs(blocks) do
    local last = steps[#steps]
    if block.file then
      steps[#steps + 1] = { file = block.file, text = block.text, block = block }
    elseif block.language == "sh" then
      steps[#steps + 1] = { command = block.text, exit = block.exit, block = block }
    elseif block.language == "text" and last and last.block.language == "sh" and not last.shown then
      last.shown, last.exit = block.text, block.exit
    elseif block.language == "console" then
      for _, step in ipairs(transcript(block)) do steps[#steps + 1] = step end
    end
  end
  return steps
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function script_of(steps)
  local out = { "exec 2>&1 </dev/null" }
  for number, step in ipairs(steps) do
    if step.file then
      local file = quoted(step.file)
      out[#out + 1] = ("mkdir -p -- \"$(dirname -- %s)\" && printf %%s %s >%s"):format(file, quoted(step.text), file)
    else
      out[#out + 1] = step.command
    end
    out[#out + 1] = ("{ tilth_status=$?; printf '%s%%d\\n' $tilth_status; [ $tilth_status = %d ] || exit 1; }"):format(
      MARK:format(number), step.exit or 0)
  end
  return table.concat(out, "\n") .. "\n"
end

local function where(step)
  return ("%s:%d"):format(step.block.page, step.block.line)
end

--- The output without the lines that the page leaves out.
local function without(text, pattern)
  local kept = {}
  for _, line in ipairs(lines_of(text)) do
    if not line:find(pattern) then kept[#kept + 1] = line end
  end
  return table.concat(kept, "\n")
end

local function judge(steps, output, same, leave_out)
  local from = 1
  for number, step in ipairs(steps) do
    local first, last = output:find(MARK:format(number), from, true)
    if not first then error(("%s: it did not come to its end:\n%s"):format(where(step), output:sub(from)), 0) end
    local said, status = output:sub(from, first - 1), tonumber(output:match("^(%d+)\n", last + 1))
    if status ~= (step.exit or 0) then
      error(("%s: `%s` ended with status %d, not %d:\n%s"):format(where(step), step.command or step.file, status, step.exit or 0, said), 0)
    end
    if leave_out then said = without(said, leave_out) end
    local ok, line = true, nil
    if step.shown then ok, line = examples.same(step.shown, said, same) end
    if not ok then
      error(("%s: `%s` does not say:\n%s\nbut:\n%s"):format(where(step), step.command, line, said), 0)
    end
    from = last + 2 + #tostring(status)
  end
end

--- Runs steps in one shell, one after the other, and compares what they say with what is shown; raises at the first
-- difference or wrong status.
-- @tparam table steps of `examples.steps`
-- @tparam table options `cwd`, `env` (name to value), `same` (list of { text, the documentation's }), `bin` (a folder to
--   put `tilth` into), `leave_out` (a pattern of lines that the page does not show)
function examples.run(steps, options)
  local link = options.bin .. "/tilth"
  if not fs.stat(link) then assert(fs.symlink(program.path(), link)) end
  local variables = program.environment(options.env)
  variables.PATH = options.bin .. ":" .. (env.get("PATH") or "/usr/bin:/bin")
  variables.npm_config_update_notifier = "false"
  local ended = assert(proc.run({ "bash", "-c", script_of(steps) }, {
    cwd = options.cwd, clean_env = true, env = variables, stdin = "null", stdout = "capture", stderr = "capture", timeout = TIMEOUT,
    group = true,
  }))
  judge(steps, ended.stdout .. ended.stderr, options.same, options.leave_out)
end

return examples
