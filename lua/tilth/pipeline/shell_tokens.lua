--- Cuts a shell script into words and operators, with the place of each. Pure.
-- It knows quoting, comments, substitutions, redirections and here documents; it expands nothing.
local shell_tokens = {}

local OPERATORS <const> = { "&&", "||", ";;", "|&", "&", "|", ";", "(", ")" }
local REDIRECTIONS <const> = { "&>>", "&>", "<<<", "<<-", "<<", ">>", ">|", ">&", "<&", "<>", ">", "<" }

local function skip_single(text, at)
  local close = text:find("'", at + 1, true)
  return (close or #text) + 1, close ~= nil
end

local skip_double

-- `$(...)`, `${...}` and `$((...))`: everything up to the bracket that closes it.
local function skip_brackets(text, at, open, close)
  local depth, i = 0, at
  while i <= #text do
    local char = text:sub(i, i)
    if char == "\\" then
      i = i + 1
    elseif char == "'" and open == "(" then
      i = skip_single(text, i) - 1
    elseif char == "\"" then
      i = skip_double(text, i) - 1
    elseif char == open then
      depth = depth + 1
    elseif char == close then
      depth = depth - 1
      if depth == 0 then
        return i + 1
      end
    end
    i = i + 1
  end
  return #text + 1
end

-- Where the substitution that begins at a `$` or a backtick ends; nil when none begins there.
local function skip_substitution(text, at)
  local two = text:sub(at, at + 1)
  if two == "$(" then
    return skip_brackets(text, at + 1, "(", ")")
  elseif two == "${" then
    return skip_brackets(text, at + 1, "{", "}")
  elseif text:sub(at, at) == "`" then
    local close = text:find("`", at + 1, true)
    return (close or #text) + 1
  end
  return nil
end

function skip_double(text, at)
  local i = at + 1
  while i <= #text do
    local char = text:sub(i, i)
    if char == "\\" then
      i = i + 2
    elseif char == "\"" then
      return i + 1, true
    else
      i = skip_substitution(text, i) or i + 1
    end
  end
  return #text + 1, false
end

local function unescape_double(text)
  return (text:gsub("\\\n", ""):gsub("\\([\"\\$`])", "%1"))
end

-- Adds what a `$(...)` or backticks hold: commands of their own.
local function note_substitution(scan, from, to)
  local raw = scan.text:sub(from, to - 1)
  local inner, offset
  if raw:sub(1, 3) == "$((" then
    return
  elseif raw:sub(1, 2) == "$(" then
    inner, offset = raw:sub(3, raw:sub(-1) == ")" and -2 or -1), from + 2
  elseif raw:sub(1, 1) == "`" then
    inner, offset = raw:sub(2, -2), from + 1
  end
  if inner then
    scan.substitutions[#scan.substitutions + 1] = { text = inner, offset = offset }
  end
end

local function note_inside_quotes(scan, from, to)
  local i = from
  while i < to do
    if scan.text:sub(i, i) == "\\" then
      i = i + 2
    else
      local stop = skip_substitution(scan.text, i)
      if stop then
        note_substitution(scan, i, stop)
      end
      i = stop or i + 1
    end
  end
end

local function read_quoted(scan, at, parts)
  local text, char = scan.text, scan.text:sub(at, at)
  local stop, closed
  if char == "'" then
    stop, closed = skip_single(text, at)
    parts[#parts + 1] = text:sub(at + 1, closed and stop - 2 or stop - 1)
  else
    stop, closed = skip_double(text, at)
    parts[#parts + 1] = unescape_double(text:sub(at + 1, closed and stop - 2 or stop - 1))
    note_inside_quotes(scan, at + 1, stop - 1)
  end
  if not closed then
    scan.notes[#scan.notes + 1] = { offset = at, text = "a quote is never closed" }
  end
  return stop
end

local function read_word(scan, at)
  local text, i, parts = scan.text, at, {}
  local quoted = false
  while i <= #text do
    local char = text:sub(i, i)
    if char == "\\" then
      if text:sub(i + 1, i + 1) ~= "\n" then
        parts[#parts + 1] = text:sub(i + 1, i + 1)
      end
      i = i + 2
    elseif char == "'" or char == "\"" then
      quoted, i = true, read_quoted(scan, i, parts)
    elseif char:find("[%s&|;()<>]") then
      break
    else
      local stop = skip_substitution(text, i)
      if stop then
        note_substitution(scan, i, stop)
      end
      stop = stop or i + 1
      parts[#parts + 1] = text:sub(i, stop - 1)
      i = stop
    end
  end
  return { kind = "word", text = table.concat(parts), quoted = quoted, first = at, last = i - 1 }, i
end

local function starts(text, at, list)
  for _, operator in ipairs(list) do
    if text:sub(at, at + #operator - 1) == operator then
      return operator
    end
  end
  return nil
end

-- A here document begins at the end of the line; its text is no command of this script.
local function skip_here_documents(scan, at)
  for _, here in ipairs(scan.here) do
    while at <= #scan.text do
      local stop = scan.text:find("\n", at, true) or #scan.text + 1
      local line = scan.text:sub(at, stop - 1)
      at = stop + 1
      if (here.dash and line:gsub("^\t+", "") or line) == here.word then
        break
      end
    end
  end
  scan.here = {}
  return at
end

local function read_redirection(scan, at, operator)
  local text = scan.text
  local from = text:find("[^ \t]", at + #operator) or #text + 1
  local target, stop = read_word(scan, from)
  if operator == "<<" or operator == "<<-" then
    scan.here[#scan.here + 1] = { word = target.text, dash = operator == "<<-" }
  end
  return { kind = "redirect", op = operator, target = target.text, first = at, last = stop - 1 }, stop
end

local function read_token(scan, at)
  local text = scan.text
  local fd = text:match("^%d+()[<>]", at)
  local operator = starts(text, fd or at, REDIRECTIONS)
  if operator then
    return read_redirection(scan, fd or at, operator)
  end
  operator = starts(text, at, OPERATORS)
  if operator then
    return { kind = "operator", text = operator, first = at, last = at + #operator - 1 }, at + #operator
  end
  return read_word(scan, at)
end

--- Cuts a script.
-- @tparam string text
-- @treturn table list of { kind, first, last }; kind is "word" (text, quoted), "operator" (text; "\n" ends a line) or
--   "redirect" (op, target)
-- @treturn table substitutions: list of { text, offset } of what stands in `$(...)` and backticks
-- @treturn table notes: list of { offset, text } of what could not be understood
function shell_tokens.read(text)
  local scan = { text = text, substitutions = {}, notes = {}, here = {} }
  local tokens, at = {}, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == "\n" then
      tokens[#tokens + 1] = { kind = "operator", text = "\n", first = at, last = at }
      at = skip_here_documents(scan, at + 1)
    elseif char:find("%s") then
      at = at + 1
    elseif text:sub(at, at + 1) == "\\\n" then
      at = at + 2
    elseif char == "#" then
      at = text:find("\n", at, true) or #text + 1
    else
      local token, stop = read_token(scan, at)
      tokens[#tokens + 1] = token
      at = math.max(stop, at + 1)
    end
  end
  return tokens, scan.substitutions, scan.notes
end

return shell_tokens
