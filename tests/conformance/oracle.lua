--- Runs the real Prisma CLI, which tilth is compared with.
local oracle = {}

local env = require("tilth.core.env")
local lu = require("luaunit")
local prisma_cli = require("conformance.prisma_cli")
local program = require("support.program")

local TIMEOUT <const> = 300

-- What the WASM engine says without the code that the native engine puts beside it.
local UNCODED <const> = {
  { "external connector error", "P3018" },
  { "Can't reach database server", "P1001" },
  { "Authentication failed against the database server", "P1000" },
  { "Authentication failed against database server", "P1000" },
  { "Database `[^`]*` does not exist", "P1003" },
  { "User was denied access on the database", "P1010" },
  { "Error opening a TLS connection", "P1011" },
}

--- Ends the test: skipped with the reason, or failed where nothing may be skipped.
local function unavailable(reason)
  if env.get("CI") == "true" then
    error("no Prisma to compare with, and CI=true forbids to skip: " .. reason, 0)
  end
  lu.skip("no Prisma to compare with: " .. reason)
end

--- The command, or the test's end when Prisma cannot be had.
local function prepare(options)
  local command, reason = prisma_cli.command(options)
  if not command then
    unavailable(reason)
  end
  command.timeout = TIMEOUT
  return command
end

--- The code that an error names, by Prisma's rule or by the text that stands for it.
-- @tparam string text
-- @treturn string for instance "P3018"
-- @treturn[2] nil
function oracle.code(text)
  local code = text:match("P[13]%d%d%d")
  if code then
    return code
  end
  for _, pair in ipairs(UNCODED) do
    if text:find(pair[1]) then
      return pair[2]
    end
  end
end

--- Runs `prisma` in a project's folder, where nothing is changed by it.
-- @tparam table options `args` (list), `cwd` (absolute), `url` (of the database), `env` (more variables)
-- @treturn table `{ status, stdout, stderr, text, seconds, code }`
function oracle.run(options)
  local result = program.run(prepare(options))
  result.code = result.status ~= 0 and oracle.code(result.stderr) or nil
  return result
end

--- Starts `prisma` in the background.
-- @tparam table options as of `run`
-- @treturn table child of support.program
function oracle.start(options)
  return program.start(prepare(options))
end

return oracle
