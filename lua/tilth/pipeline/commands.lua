--- Walks the tree of a script and lists its simple commands, each with what guards it and where its failure goes. Pure.
local commands = {}

local shell = require("tilth.pipeline.shell")

local walk_script

local function collect(node, list)
  if node.kind == "simple" then
    list[#list + 1] = node
  end
  for _, item in ipairs(node.items or {}) do
    for _, command in ipairs(item.pipeline.commands) do
      collect(command, list)
    end
  end
  for _, clause in ipairs(node.clauses or {}) do
    for _, part in ipairs({ clause.cond, clause.body }) do
      for _, statement in ipairs(part) do
        collect(statement, list)
      end
    end
  end
  local blocks = { node.cond or {}, node.body or {}, node.otherwise or {}, table.unpack(node.bodies or {}) }
  for _, block in ipairs(blocks) do
    for _, statement in ipairs(block) do
      collect(statement, list)
    end
  end
  return list
end

local function nodes_of(script)
  local list = {}
  for _, statement in ipairs(script or {}) do
    collect(statement, list)
  end
  return list
end

local function with(context, changes)
  return setmetatable(changes, { __index = context })
end

-- `set -e`, `set +e`, `set -o pipefail`, `set -euo pipefail`.
local function follow_set(node, state, line)
  for index = 2, #node.words do
    local word = node.words[index]
    local sign, letters = word:match("^([-+])(%a+)$")
    if sign and letters:find("e") then
      state.errexit, state.errexit_line = sign == "-", line
    end
    local name = sign and letters:find("o$") and node.words[index + 1]
    if name == "pipefail" then
      state.pipefail = sign == "-"
    elseif name == "errexit" then
      state.errexit, state.errexit_line = sign == "-", line
    end
  end
end

local function emit(node, context, fate)
  local out = context.out
  local line = out.line_at(node.first)
  local command = {
    words = node.words, assignments = node.assignments, redirects = node.redirects, line = line, last_line = out.line_at(node.last),
    text = out.text:sub(node.first, node.last), lost = fate.lost, handler = fate.handler, guards = context.guards,
    condition = context.condition, list = context.list, index = context.index, statement = context.statement,
  }
  out.list[#out.list + 1], out.by_node[node] = command, command
  if node.words[1] == "set" then
    follow_set(node, context.state, line)
  end
end

local function guarded(context, nodes, negated)
  local guards = table.move(context.guards, 1, #context.guards, 1, {})
  guards[#guards + 1] = { nodes = nodes, negated = negated or false }
  return guards
end

local function copy_state(state, errexit)
  return { errexit = errexit and state.errexit, errexit_line = state.errexit_line, pipefail = state.pipefail }
end

local function negates(cond)
  local last = cond[#cond]
  local item = last and last.items[#last.items]
  return item and item.pipeline.negated or false
end

local function walk_if(node, context, fate)
  for index, clause in ipairs(node.clauses) do
    local negated = negates(clause.cond)
    local following = node.clauses[index + 1]
    local elsewhere = following and following.body or node.otherwise
    local handler = { op = "if", nodes = nodes_of(negated and clause.body or elsewhere) }
    walk_script(clause.cond, with(context, { condition = true, state = copy_state(context.state, false) }), { handler = handler })
    walk_script(clause.body, with(context, { guards = guarded(context, nodes_of(clause.cond), negated) }), fate)
  end
  if node.otherwise then
    local first = node.clauses[1].cond
    walk_script(node.otherwise, with(context, { guards = guarded(context, nodes_of(first), not negates(first)) }), fate)
  end
end

local function walk_node(node, context, fate)
  if node.kind == "simple" then
    emit(node, context, fate)
  elseif node.kind == "group" then
    local state = node.subshell and copy_state(context.state, true) or context.state
    walk_script(node.body, with(context, { state = fate.handler and copy_state(state, false) or state }), fate)
  elseif node.kind == "if" then
    walk_if(node, context, fate)
  elseif node.kind == "loop" then
    -- A command that a loop waits for is tried again until it works.
    walk_script(node.cond or {}, with(context, { condition = true, state = copy_state(context.state, false) }), {})
    walk_script(node.body, context, fate)
  elseif node.kind == "case" then
    for _, body in ipairs(node.bodies) do
      walk_script(body, context, fate)
    end
  elseif node.kind == "function" then
    walk_script(node.body, context, {})
  end
end

local function walk_pipeline(pipeline, context, fate)
  local count = #pipeline.commands
  for index, node in ipairs(pipeline.commands) do
    local own = fate
    if index < count and not context.state.pipefail then
      local last = nodes_of({ { items = { { pipeline = { commands = { pipeline.commands[count] } } } } } })[1]
      own = { lost = { how = "pipe", to = last and last.words[1] } }
    end
    walk_node(node, context, own)
  end
end

local function handler_of(items, from)
  for index = from + 1, #items do
    if items[index].op == "||" then
      local nodes = {}
      for rest = index, #items do
        for _, command in ipairs(items[rest].pipeline.commands) do
          collect(command, nodes)
        end
      end
      return { op = "||", nodes = nodes }
    end
  end
  return nil
end

-- What comes before in a chain of && is a condition for what comes after.
local function chain_guards(context, items, index)
  local guards, at = context.guards, index
  while at > 1 and items[at].op == "&&" do
    at = at - 1
    local nodes = {}
    for _, command in ipairs(items[at].pipeline.commands) do
      collect(command, nodes)
    end
    guards = guarded(with(context, { guards = guards }), nodes, items[at].pipeline.negated)
  end
  return guards
end

local function walk_list(statement, context, lost, follows)
  for index, item in ipairs(statement.items) do
    local handler = handler_of(statement.items, index)
    local fate = { lost = lost }
    if handler then
      fate = { handler = handler }
    elseif index < #statement.items and follows and context.state.errexit then
      -- set -e overlooks every command of a chain but the last.
      fate = { lost = { how = "chain", line = context.out.line_at(follows.first) } }
    elseif not lost and context.handler then
      fate = { handler = context.handler }
    end
    walk_pipeline(item.pipeline, with(context, {
      guards = chain_guards(context, statement.items, index), list = statement, index = index, statement = context.statement or statement,
    }), fate)
  end
end

function walk_script(script, context, fate)
  for index, statement in ipairs(script) do
    local follows, lost = script[index + 1], fate.lost
    local inner = with(context, { handler = not follows and fate.handler or nil })
    if statement.ended == "&" then
      lost = { how = "background" }
    elseif follows and context.state.errexit then
      lost = context.out.context.lost
    elseif follows and not context.condition then
      local state = context.state
      lost = { how = "goes on", line = context.out.line_at(follows.first), text = context.out.text:sub(follows.first, follows.last),
        set_line = state.errexit_line, ended = statement.ended }
    end
    walk_list(statement, inner, lost, follows)
  end
end

local function resolve(out)
  local function commands_of(nodes)
    local list = {}
    for index, node in ipairs(nodes) do
      list[index] = out.by_node[node]
    end
    return list
  end
  for _, command in ipairs(out.list) do
    if command.handler and not command.handler.commands then
      command.handler.commands = commands_of(command.handler.nodes)
    end
    for _, guard in ipairs(command.guards) do
      guard.commands = guard.commands or commands_of(guard.nodes)
    end
  end
end

--- Lists the simple commands of a script.
-- @tparam table script { text, line_at = function(offset) -> line, context = { errexit, pipefail, lost } }
-- @treturn table list of { words, assignments, redirects, line, last_line, text, condition, guards = { { commands, negated } },
--   lost = { how = "goes on"|"pipe"|"background"|"chain"|..., line } | nil, handler = { op = "||"|"if", commands } | nil, list, index }
-- @treturn table notes: list of { line, text }
function commands.list(script)
  local tree, notes, substitutions = shell.parse(script.text)
  local out = { text = script.text, line_at = script.line_at, context = script.context, list = {}, by_node = {} }
  local state = script.state or { errexit = script.context.errexit, pipefail = script.context.pipefail }
  walk_script(tree, { out = out, guards = {}, state = state }, { lost = script.context.lost })
  resolve(out)
  local said = {}
  for index, note in ipairs(notes) do
    said[index] = { line = script.line_at(note.offset), text = note.text }
  end
  for _, inner in ipairs(substitutions) do
    local list = commands.list({ text = inner.text, context = {}, line_at = function(offset)
      return script.line_at(inner.offset + offset - 1)
    end })
    for _, command in ipairs(list) do
      command.substitution = true
      out.list[#out.list + 1] = command
    end
  end
  return out.list, said
end

return commands
