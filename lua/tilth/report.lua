--- What a command says while it works: progress lines, notes, warnings, a transient status line.
-- In a build log every line on standard error looks like a warning, so progress goes to standard
-- output; with --json standard output is for the one document, and progress goes to standard error.
local report = {}

local clock = require("tilth.core.clock")

local Report = {}
Report.__index = Report

--- Without a terminal a long wait says that it is alive this often, in seconds.
local ALIVE_EVERY <const> = 10
local BAR_WIDTH <const> = 24

local STYLE = { warn = "33", error = "31;1", note = "36", done = "32", dim = "2", bold = "1" }

--- Makes a report.
-- @param options table: out and err (functions that write a text), json, terminal, color, quiet (booleans),
--   width (columns of the terminal), mask (function(text) -> text, takes secrets out),
--   said (function(level, text): status, info, done, note, warning, error), counted (function(label, count, total | nil))
-- @return Report
function report.new(options)
  return setmetatable({
    out = options.json and options.err or options.out,
    document = options.out,
    err = options.err,
    json = options.json or false,
    terminal = options.terminal or false,
    color = options.color or false,
    quiet = options.quiet or false,
    width = options.width or 80,
    mask_text = options.mask or function(text) return text end,
    said = options.said,
    counted = options.counted,
    secrets = {},
    last_line = clock.monotonic(),
    warnings = {},
  }, Report)
end

--- The same report with its lines on standard error: for whoever keeps standard output for results.
-- @treturn Report secrets and warnings are those of this one
function Report:aside()
  return setmetatable({ out = self.err }, { __index = self })
end

--- Adds a secret that no output may show.
-- @param secret text; short ones (under 4 bytes) are left alone, they would hide ordinary words
function Report:hide(secret)
  if not secret or #secret < 4 then
    return
  end
  self.secrets[#self.secrets + 1] = secret
  if secret:find("[%c\"\\]") then
    -- So it stands in a JSON document.
    self.secrets[#self.secrets + 1] = require("tilth.json").encode(secret, { replace = true }):sub(2, -2)
  end
end

--- Takes the secrets out of a text.
-- @param text text
-- @return text
function Report:mask(text)
  text = self.mask_text(text)
  for _, secret in ipairs(self.secrets) do
    local from, to = text:find(secret, 1, true)
    while from do
      text = text:sub(1, from - 1) .. "***" .. text:sub(to + 1)
      from, to = text:find(secret, from + 3, true)
    end
  end
  return text
end

--- A text in a style (warn, error, note, done, dim, bold) where colours are wanted.
-- @tparam string name
-- @tparam string text
function Report:style(name, text)
  if not self.color then
    return text
  end
  return ("\27[%sm%s\27[0m"):format(STYLE[name], text)
end

--- Tells a program that embeds tilth what is said, in plain text.
local function tell(self, level, text)
  if self.said then
    self.said(level, self:mask(text))
  end
end

local function clear_status(self)
  if self.shown then
    self.out("\r\27[K")
    self.shown = nil
  end
end

local function write_line(self, text)
  clear_status(self)
  self.last_line = clock.monotonic()
  self.out(self:mask(text) .. "\n")
end

--- "12 ms", "3.4 s", "2 min 5 s".
-- @tparam number seconds
function report.duration(seconds)
  if seconds < 1 then
    return ("%d ms"):format(math.floor(seconds * 1000 + 0.5))
  elseif seconds < 60 then
    return ("%.1f s"):format(seconds)
  end
  local whole = math.floor(seconds + 0.5)
  return ("%d min %d s"):format(whole // 60, whole % 60)
end

--- A line of progress.
-- @tparam string text
function Report:progress(text)
  if not self.quiet then
    tell(self, "info", text)
    write_line(self, text)
  end
end

--- A line about something that has been done, with its time in seconds.
-- @tparam string text
-- @tparam number seconds
function Report:done(text, seconds)
  if self.quiet then
    return
  end
  local time = seconds and "(" .. report.duration(seconds) .. ")"
  tell(self, "done", time and text .. " " .. time or text)
  if time then
    text = text .. " " .. self:style("dim", time)
  end
  write_line(self, text)
end

--- A remark that needs no action.
-- @tparam string text
function Report:note(text)
  if not self.quiet then
    tell(self, "note", text)
    write_line(self, self:style("note", "note: ") .. text)
  end
end

--- Something to look at; also kept for the JSON document.
-- @tparam string text
function Report:warn(text)
  self.warnings[#self.warnings + 1] = self:mask(text)
  tell(self, "warning", text)
  write_line(self, self:style("warn", "warning: ") .. text)
end

--- Would status() show something now? For whoever has to ask around for what to show.
-- @return boolean
function Report:is_due()
  return not self.quiet and (self.terminal or self.said ~= nil or clock.monotonic() - self.last_line >= ALIVE_EVERY)
end

--- Shows what goes on right now: one line that the next one replaces on a terminal; elsewhere a
-- line of its own, but only when nothing was said for ten seconds.
-- @param text text, or nil to take the line away
function Report:status(text)
  if self.quiet then
    return
  end
  if text then
    tell(self, "status", text)
  end
  if not text then
    clear_status(self)
  elseif self.terminal then
    text = self:mask(text):gsub("%s+", " ")
    self.out("\r\27[K" .. self:style("dim", text:sub(1, math.max(self.width - 1, 20))))
    self.shown = true
  elseif clock.monotonic() - self.last_line >= ALIVE_EVERY then
    write_line(self, "... " .. text)
  end
end

local Bar = {}
Bar.__index = Bar

--- A progress bar for long work.
-- @param label what is counted
-- @param total number of units, nil when unknown
-- @return Bar: bar:set(n), bar:close()
function Report:bar(label, total)
  return setmetatable({ report = self, label = label, total = total, started = clock.monotonic(), shown = 0 }, Bar)
end

--- Says how far the work is.
-- @tparam integer count
function Bar:set(count)
  local now = clock.monotonic()
  if now - self.shown < 0.1 then
    return
  end
  self.shown = now
  if self.report.counted then
    self.report.counted(self.label, count, self.total)
  end
  local rate = count / math.max(now - self.started, 0.001)
  local text
  if self.total and self.total > 0 then
    local part = math.min(count / self.total, 1)
    local filled = math.floor(part * BAR_WIDTH)
    text = ("%s [%s%s] %3d %% %d of %d (%d/s)"):format(self.label, ("#"):rep(filled), ("-"):rep(BAR_WIDTH - filled),
      math.floor(part * 100), count, self.total, math.floor(rate))
  else
    text = ("%s %d (%d/s)"):format(self.label, count, math.floor(rate))
  end
  self.report:status(text)
end

--- Takes the bar away.
function Bar:close()
  self.report:status(nil)
end

Bar.__close = Bar.close

--- Lines of a table with aligned columns.
-- @param headers list of texts
-- @param rows    list of lists of texts or numbers; numbers are aligned to the right
-- @return text
function report.table(headers, rows)
  local widths, lines = {}, {}
  for i, header in ipairs(headers) do
    widths[i] = utf8.len(header) or #header
    for _, row in ipairs(rows) do
      local text = tostring(row[i] == nil and "" or row[i])
      widths[i] = math.max(widths[i], utf8.len(text) or #text)
    end
  end
  local function line(row)
    local cells = {}
    for i = 1, #headers do
      local text = tostring(row[i] == nil and "" or row[i])
      local pad = (" "):rep(widths[i] - (utf8.len(text) or #text))
      cells[i] = type(row[i]) == "number" and pad .. text or text .. pad
    end
    return (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  lines[1] = line(headers)
  local rule = {}
  for i = 1, #headers do
    rule[i] = ("-"):rep(widths[i])
  end
  lines[2] = table.concat(rule, "  ")
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line(row)
  end
  return table.concat(lines, "\n")
end

--- Writes a command's text for people.
-- @tparam string text
function Report:text(text)
  clear_status(self)
  self.out(self:mask(text) .. "\n")
end

--- Writes the one JSON document of --json.
-- @param text encoded JSON
function Report:json_document(text)
  clear_status(self)
  self.document(self:mask(text) .. "\n")
end

--- Writes an error for people: what happened, then what to do next.
-- @param message text
-- @param advice  text, or nil
function Report:error(message, advice)
  clear_status(self)
  tell(self, "error", message)
  self.err(self:mask(self:style("error", "tilth: ") .. message) .. "\n")
  if advice then
    self.err("\n" .. self:mask(advice) .. "\n")
  end
end

return report
