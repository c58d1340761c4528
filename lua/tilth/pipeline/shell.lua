--- Reads a shell script into a tree of statements: lists, pipelines, groups, conditions, loops. Pure.
-- Enough of the shell's grammar to tell which command runs after which, and where a failure goes.
local shell = {}

local shell_tokens = require("tilth.pipeline.shell_tokens")

local KEYWORDS <const> = {
  ["if"] = "condition", ["while"] = "loop", ["until"] = "loop", ["for"] = "loop", ["select"] = "loop", ["case"] = "case",
}

local Reader = {}
Reader.__index = Reader

local CLOSERS <const> = {
  ["then"] = true, ["else"] = true, ["elif"] = true, ["fi"] = true, ["do"] = true, ["done"] = true, ["esac"] = true, ["}"] = true,
}

function Reader:peek()
  return self.tokens[self.at]
end

function Reader:operator(...)
  local token = self:peek()
  if token and token.kind == "operator" then
    for _, text in ipairs({ ... }) do
      if token.text == text then
        self.at = self.at + 1
        return token
      end
    end
  end
  return nil
end

function Reader:word(text)
  local token = self:peek()
  if token and token.kind == "word" and not token.quoted and token.text == text then
    self.at = self.at + 1
    return token
  end
  return nil
end

function Reader:skip_newlines()
  repeat until not self:operator("\n")
end

-- A keyword that should be here and is not: the tree goes on without it, and the script counts as not understood.
function Reader:expect(text)
  self:skip_newlines()
  if not self:word(text) then
    local near = self:peek() or self.tokens[#self.tokens] or { first = 1 }
    self.notes[#self.notes + 1] = { offset = near.first, text = ("no \"%s\" where one is due"):format(text) }
  end
end

local function at_end(reader, in_subshell)
  local token = reader:peek()
  if not token then
    return true
  elseif token.kind == "operator" then
    return (token.text == ")" and in_subshell) or token.text == ";;"
  end
  return token.kind == "word" and not token.quoted and CLOSERS[token.text] or false
end

function Reader:simple()
  local node = { kind = "simple", words = {}, assignments = {}, redirects = {} }
  while true do
    local token = self:peek()
    if not token or token.kind == "operator" then
      break
    end
    self.at = self.at + 1
    node.first, node.last = node.first or token.first, token.last
    if token.kind == "redirect" then
      node.redirects[#node.redirects + 1] = { op = token.op, target = token.target }
    else
      local name, value = token.text:match("^([%a_][%w_]*)%+?=(.*)$")
      if name and #node.words == 0 then
        node.assignments[#node.assignments + 1] = { name = name, value = value, first = token.first }
      else
        node.words[#node.words + 1] = token.text
      end
    end
  end
  return node
end

function Reader:condition()
  local node = { kind = "if", clauses = {} }
  repeat
    local cond = self:script()
    self:expect("then")
    node.clauses[#node.clauses + 1] = { cond = cond, body = self:script() }
  until not self:word("elif")
  if self:word("else") then
    node.otherwise = self:script()
  end
  self:expect("fi")
  return node
end

function Reader:loop(keyword)
  local node = { kind = "loop", keyword = keyword }
  if keyword == "for" or keyword == "select" then
    while self:peek() and not self:operator(";", "\n") and self:peek().text ~= "do" do
      self.at = self.at + 1
    end
    self:skip_newlines()
  else
    node.cond = self:script()
  end
  self:expect("do")
  node.body = self:script()
  self:expect("done")
  return node
end

function Reader:case()
  local node = { kind = "case", bodies = {} }
  while self:peek() and not self:word("in") do
    self.at = self.at + 1
  end
  while true do
    self:skip_newlines()
    if not self:peek() or self:word("esac") then
      return node
    end
    while self:peek() and not self:operator(")") do
      self.at = self.at + 1
    end
    node.bodies[#node.bodies + 1] = self:script()
    self:operator(";;")
  end
end

function Reader:compound()
  local token = self:peek()
  if self:operator("(") then
    local body = self:script(true)
    if not self:operator(")") then
      self.notes[#self.notes + 1] = { offset = token.first, text = "a bracket is never closed" }
    end
    return { kind = "group", subshell = true, body = body }
  elseif self:word("{") then
    local body = self:script()
    self:expect("}")
    return { kind = "group", body = body }
  end
  for keyword, method in pairs(KEYWORDS) do
    if self:word(keyword) then
      return self[method](self, keyword)
    end
  end
  local after, third = self.tokens[self.at + 1], self.tokens[self.at + 2]
  local call = after and third and after.text == "(" and third.text == ")" and after.last + 1 == third.first
  if token.kind == "word" and call then
    self.at = self.at + 3
    self:skip_newlines()
    return { kind = "function", name = token.text, body = { self:statement() } }
  end
  return nil
end

function Reader:command()
  local token = self:peek()
  local node = self:compound()
  if node then
    node.first = token.first
    while self:peek() and self:peek().kind == "redirect" do
      self.at = self.at + 1
    end
    node.last = self.tokens[self.at - 1].last
    return node
  end
  return self:simple()
end

function Reader:pipeline()
  local node = { kind = "pipeline", commands = {} }
  while self:word("!") do
    node.negated = not node.negated
  end
  repeat
    self:skip_newlines()
    if at_end(self, true) then
      break
    end
    local before = self.at
    local command = self:command()
    if self.at == before then
      self.at = self.at + 1
    else
      node.commands[#node.commands + 1] = command
    end
  until not self:operator("|", "|&")
  return node
end

--- An and-or list and what ends it.
function Reader:statement()
  local node = { kind = "list", items = {} }
  local op
  repeat
    self:skip_newlines()
    local item = self:pipeline()
    if #item.commands > 0 then
      node.items[#node.items + 1] = { op = op, pipeline = item }
      node.first = node.first or item.commands[1].first
      node.last = item.commands[#item.commands].last
    end
    local token = self:operator("&&", "||")
    op = token and token.text
  until not op
  local token = self:operator(";", "&", "\n")
  node.ended = token and token.text
  return node
end

function Reader:script(in_subshell)
  local list = {}
  self:skip_newlines()
  while not at_end(self, in_subshell) do
    local before = self.at
    local statement = self:statement()
    if #statement.items > 0 then
      list[#list + 1] = statement
    end
    if self.at == before then
      self.at = self.at + 1
    end
    repeat until not self:operator("\n", ";")
  end
  return list
end

--- Reads a script.
-- @tparam string text
-- @treturn table list of statements { kind = "list", items = { { op = "&&"|"||"|nil, pipeline = { commands, negated } } },
--   ended, first, last }; a command is "simple" { words, assignments, redirects, first, last }, "group" { body, subshell },
--   "if" { clauses, otherwise }, "loop" { keyword, cond, body }, "case" { bodies } or "function" { name, body }
-- @treturn table notes: list of { offset, text } of what could not be understood
-- @treturn table substitutions: list of { text, offset } of commands inside `$(...)` and backticks
function shell.parse(text)
  local tokens, substitutions, notes = shell_tokens.read(text)
  local reader = setmetatable({ tokens = tokens, at = 1, notes = notes }, Reader)
  local script = {}
  repeat
    local before = reader.at
    local read = reader:script()
    table.move(read, 1, #read, #script + 1, script)
    -- A closing word without its opening: it is stepped over and said.
    if reader:peek() then
      notes[#notes + 1] = { offset = reader:peek().first, text = ("\"%s\" without a beginning"):format(reader:peek().text or "?") }
      reader.at = math.max(reader.at, before) + 1
    end
  until not reader:peek()
  return script, notes, substitutions
end

return shell
