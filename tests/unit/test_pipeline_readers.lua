--- The readers of the pipeline's files: YAML, shell, commands, git's index, excerpts.
local lu = require("luaunit")

local commands = require("tilth.pipeline.commands")
local finding = require("tilth.pipeline.finding")
local git_index = require("tilth.pipeline.git_index")
local shell = require("tilth.pipeline.shell")
local tool = require("tilth.pipeline.tool")
local yaml = require("tilth.pipeline.yaml")

local TestPipelineReaders = {}

local function plain(node)
  if node.kind == "map" then
    local map = {}
    for _, entry in ipairs(node.entries) do
      map[entry.key] = plain(entry.value)
    end
    return map
  elseif node.kind == "list" then
    local list = {}
    for index, item in ipairs(node.items) do
      list[index] = plain(item)
    end
    return list
  end
  return node.text
end

-- Each case: the text, and what it means.
local YAML <const> = {
  { "a: b", { a = "b" } },
  { "a: b # c", { a = "b" } },
  { "a: b#c", { a = "b#c" } },
  { "a: 'it''s' # c", { a = "it's" } },
  { "a: \"x\\ty\\\"\"", { a = "x\ty\"" } },
  { "\"a b\": c", { ["a b"] = "c" } },
  { "a:\n- b\n- c", { a = { "b", "c" } } },
  { "a:\n  - b: 1\n    c: 2\n  - d", { a = { { b = "1", c = "2" }, "d" } } },
  { "- - a\n  - b\n- c", { { "a", "b" }, "c" } },
  { "a: [b, \"c, d\", [e]]", { a = { "b", "c, d", { "e" } } } },
  { "a: {b: c, d: [e], f: }", { a = { b = "c", d = { "e" }, f = "" } } },
  { "a: [b,\n  c]\nd: e", { a = { "b", "c" }, d = "e" } },
  { "a: |\n  b\n    c\n\n  d\ne: f", { a = "b\n  c\n\nd", e = "f" } },
  { "a: >-\n  b\n  c\nd: e", { a = "b c", d = "e" } },
  { "a: |2\n    b\nc: d", { a = "  b", c = "d" } },
  { "a: b\n  c\nd: e", { a = "b c", d = "e" } },
  { "a: \"b\n  c\"\nd: e", { a = "b c", d = "e" } },
  { "a: &x\n  b: c\nd: *x\ne:\n  <<: *x\n  f: g", { a = { b = "c" }, d = { b = "c" }, e = { b = "c", f = "g" } } },
  { "---\na: b\n", { a = "b" } },
  { "a:\r\n  b: c\r\n", { a = { b = "c" } } },
  { "a:\nb: c", { a = "", b = "c" } },
  { "# only\n\na: !tag b", { a = "b" } },
  { "url: http://x:1/y", { url = "http://x:1/y" } },
}

function TestPipelineReaders:test_yaml_means_what_it_should()
  for index, case in ipairs(YAML) do
    lu.assertEquals(plain(yaml.parse(case[1])[1]), case[2], ("case %d: %s"):format(index, case[1]))
  end
end

function TestPipelineReaders:test_yaml_knows_the_line_of_every_part()
  local node = yaml.parse("a:\n  - b\n  - |\n    c\n    d\n  - >\n    e\n    f\n  - [g,\n     h]\n")[1]
  local items = yaml.get(node, "a").items
  lu.assertEquals(items[1].line, 2)
  lu.assertEquals({ yaml.line_at(items[2], 1), yaml.line_at(items[2], 3) }, { 4, 5 })
  lu.assertEquals({ yaml.line_at(items[3], 1), yaml.line_at(items[3], 3) }, { 7, 8 })
  lu.assertEquals({ items[4].items[1].line, items[4].items[2].line }, { 9, 10 })
end

function TestPipelineReaders:test_yaml_says_what_it_does_not_understand()
  for text, expected in pairs({
    ["a: !ref [b]"] = "the tag !ref", ["a: *none"] = "anchor none is not defined", ["? a\n: b"] = "several lines", ["a: [b"] = "bracket",
    ["a:\n\tb: c"] = "a tab", ["a: \"b"] = "quote is never closed",
  }) do
    local _, notes = yaml.parse(text)
    lu.assertTrue(#notes > 0, text)
    lu.assertStrContains(notes[1].text, expected)
  end
end

function TestPipelineReaders:test_yaml_never_hangs_or_raises_on_broken_text()
  local text = "a: [b, {c: d}]\ne:\n  - |\n    f\n  - \"g\"\n  - 'h'\nk: &l m\nn: *l\n"
  for cut = 1, #text do
    yaml.parse(text:sub(1, cut))
    yaml.parse(text:sub(cut))
    yaml.parse(text:sub(1, cut - 1) .. text:sub(cut + 1))
  end
end

function TestPipelineReaders:test_shell_never_hangs_or_raises_on_broken_text()
  local text = "if a; then b | c; elif d; then { e; }; else (f); fi; for x in y; do z; done\ncase a in b) c ;; esac\n"
    .. "f() { g; }; while h; do i; done <<E && $(j `k`) \"l $(m)\" 'n' ${o} 2>&1 &\nE\n"
  for cut = 1, #text do
    for _, part in ipairs({ text:sub(1, cut), text:sub(cut), text:sub(1, cut - 1) .. text:sub(cut + 1) }) do
      shell.parse(part)
      commands.list({ text = part, context = {}, line_at = function() return 1 end })
    end
  end
end

local function list(text, context)
  return commands.list({ text = text, context = context or {}, line_at = function(offset)
    local _, count = text:sub(1, offset - 1):gsub("\n", "")
    return count + 1
  end })
end

-- Each case: the script, the context, and where a failure of the command `x` goes.
local FATES <const> = {
  { "x", {}, nil }, { "x\ny", {}, "goes on" }, { "x\ny", { errexit = true }, nil }, { "set -e\nx\ny", {}, nil },
  { "set -euo pipefail\nx|y", {}, nil },
  { "set +e\nx\ny", { errexit = true }, "goes on" }, { "x; y", {}, "goes on" },
  { "x && y", {}, nil }, { "x && y; z", { errexit = true }, "chain" },
  { "x || y", {}, "||" }, { "x | y", {}, "pipe" }, { "y | x", {}, nil }, { "x &", {}, "background" }, { "if x; then y; fi", {}, "if" },
  { "until x; do y; done", {}, nil }, { "(x; y)", {}, "goes on" }, { "{ x; }", {}, nil }, { "{ y; x; } || z", {}, "||" },
  { "if y; then x; fi", {}, nil }, { "if y; then x; fi; z", {}, "goes on" }, { "x", { lost = { how = "allow_failure" } }, "allow_failure" },
  { "x; y", { errexit = true, lost = { how = "allow_failure" } }, "allow_failure" }, { "case a in b) x ;; esac", {}, nil },
}

function TestPipelineReaders:test_failures_go_where_the_shell_sends_them()
  for index, case in ipairs(FATES) do
    local found
    for _, command in ipairs(list(case[1], case[2])) do
      found = command.words[1] == "x" and command or found
    end
    local fate = found.handler and found.handler.op or found.lost and found.lost.how
    lu.assertEquals(fate, case[3], ("case %d: %s"):format(index, case[1]))
  end
end

function TestPipelineReaders:test_guards_of_conditions_and_chains()
  local guarded = list("if [ \"$A\" = true ]; then x; fi")[2]
  lu.assertEquals(guarded.guards[1].commands[1].text, "[ \"$A\" = true ]")
  lu.assertEquals(list("[ \"$A\" = true ] && x")[2].guards[1].commands[1].words[2], "$A")
  lu.assertEquals(list("x")[1].guards, {})
end

-- Each case: the words, the kind, the program.
local TOOLS <const> = {
  { "npx prisma migrate deploy", "migrate", "prisma" }, { "npx --yes prisma@6 migrate deploy", "migrate", "prisma" },
  { "pnpm exec prisma migrate dev", "migrate-dev", "prisma" }, { "pnpm dlx prisma db push", "push", "prisma" },
  { "./node_modules/.bin/prisma migrate reset --force", "reset", "prisma" }, { "bunx prisma db seed", "seed", "prisma" },
  { "dotenv -e .env.prod -- prisma migrate deploy", "migrate", "prisma" }, { "cross-env A=b prisma migrate deploy", "migrate", "prisma" },
  { "timeout 60 npx prisma migrate deploy", "migrate", "prisma" }, { "sudo -u app npx prisma migrate deploy", "migrate", "prisma" },
  { "docker compose run --rm app npx prisma migrate deploy", "migrate", "prisma" },
  { "doppler run -- npx prisma migrate deploy", "migrate", "prisma" },
  { "node node_modules/prisma/build/index.js migrate deploy", "migrate", "prisma" }, { "tilth flow --no-build", "flow", "tilth" },
  { "tilth reset --force", "reset", "tilth" }, { "tilth reset undo", nil, "tilth" }, { "tilth migrate status", nil, "tilth" },
  { "npx prisma generate", nil, "prisma" }, { "npx prisma migrate status", nil, "prisma" }, { "pg_dump -Fc x", "dump", "pg_dump" },
  { "docker compose -f prod.yml exec -T api npx prisma migrate deploy", "migrate", "prisma" },
  { "kubectl exec -n shop deployment/api -- npx prisma migrate deploy", "migrate", "prisma" },
  { "npx dotenv-cli -e .env.prod -o -- npx prisma migrate deploy", "migrate", "prisma" },
  { "dropdb shop", "drop", "dropdb" }, { "echo prisma migrate reset", nil, "echo" }, { "npm ci", nil, "npm" },
}

function TestPipelineReaders:test_tools_behind_their_wrappers()
  for _, case in ipairs(TOOLS) do
    local found = tool.identify(list(case[1])[1].words)
    lu.assertEquals({ found.kind or "none", found.program }, { case[2] or "none", case[3] }, case[1])
  end
end

function TestPipelineReaders:test_scripts_of_package_runners()
  for text, script in pairs({ ["npm run db:seed"] = "db:seed", ["yarn db:seed"] = "db:seed", ["pnpm --filter web run x"] = "x",
    ["yarn workspace web build"] = "build", ["npm run -s x"] = "x", ["npm start"] = "start" }) do
    lu.assertEquals(tool.identify(list(text)[1].words).script, script, text)
  end
end

local function index_of(names, version)
  local parts = { "DIRC", (">I4I4"):pack(version, #names) }
  for _, name in ipairs(names) do
    local entry = ("\0"):rep(60) .. (">I2"):pack(#name) .. name
    parts[#parts + 1] = entry .. ("\0"):rep(8 - #entry % 8)
  end
  return table.concat(parts) .. ("x"):rep(20)
end

function TestPipelineReaders:test_git_index_lists_tracked_files()
  lu.assertEquals(git_index.names(index_of({ ".env", "a/b.txt", "package.json" }, 2)),
    { [".env"] = true, ["a/b.txt"] = true, ["package.json"] = true })
  lu.assertNil(git_index.names("nonsense"))
  lu.assertNil(git_index.names(index_of({ ".env" }, 9)))
  lu.assertNil(git_index.names(index_of({ ".env", "b" }, 2):sub(1, 60)))
end

-- Each case: the line, the variable that it is about, what is shown.
local LINES <const> = {
  { "  - tilth flow || true ", nil, "- tilth flow || true" },
  { "RESET_DATABASE: \"true\"", "RESET_DATABASE", "RESET_DATABASE: ****" },
  { "ENV JWT_SECRET planted", "JWT_SECRET", "ENV JWT_SECRET ****" },
  { "A=\"planted b\" B='planted c' C=planted D=$E cmd", nil, "A=\"****\" B='****' C=**** D=$E cmd" },
  { "psql postgresql://u:planted@h/d", nil, "psql postgresql://u:****@h/d" },
  { "curl -H \"Authorization: Bearer planted\"", nil, "curl -H \"Authorization: Bearer ****\"" },
  { "x --password planted --api-key=planted --schema=a.prisma", nil, "x --password **** --api-key=**** --schema=a.prisma" },
  { "echo abcdefghijklmnop0123456789planted", nil, "echo ****" },
  { "KEY: ${{ secrets.KEY }}", "KEY", "KEY: ${{ secrets.KEY }}" },
}

function TestPipelineReaders:test_excerpts_show_no_value()
  for _, case in ipairs(LINES) do
    lu.assertNotStrContains(finding.mask(case[1], case[2]), "planted")
  end
  lu.assertEquals(finding.mask(LINES[1][1]), LINES[1][3])
end

function TestPipelineReaders:test_excerpts_hide_the_value_and_nothing_else()
  for _, case in ipairs(LINES) do
    local shown = finding.mask(case[1], case[2]):gsub("\"%*%*%*%*\"", "****"):gsub("'%*%*%*%*'", "****")
    lu.assertEquals(shown, (case[3]:gsub("\"%*%*%*%*\"", "****"):gsub("'%*%*%*%*'", "****")), case[1])
  end
end

return TestPipelineReaders
