--- How long tilth takes to be there.
local start = { about = "the program's start beside psql's and stock Lua's" }

local fs = require("tilth.core.fs")
local measure = require("measure")

local RUNS <const> = 40

local function find_lua()
  for _, path in ipairs({ "/usr/bin/lua5.4", "/usr/local/bin/lua5.4", "/usr/local/bin/lua", "/usr/bin/lua" }) do
    if fs.stat(path, "follow") then
      return path
    end
  end
  error("no lua5.4 to compare with", 0)
end

--- Runs the case.
-- @tparam table place of ground
-- @treturn table rows
function start.run(place)
  local script = place:directory("script") .. "/empty.lua"
  assert(fs.write(script, "return\n"))
  local lua = {
    name = "lua5.4 empty.lua",
    command = function() return { argv = { find_lua(), script }, env = place:environment() } end,
  }
  local psql = {
    name = "psql --version",
    command = function() return { argv = { place.psql, "--version" }, env = place:environment() } end,
  }
  return {
    measure.pairs({
      name = "tilth --version", runs = place:runs(RUNS), goal = 0.5, b = psql,
      a = { name = "tilth", command = function() return place:tilth({ "--version" }) end },
    }),
    measure.pairs({
      name = "tilth run empty.lua", runs = place:runs(RUNS), goal = 1.5, b = lua,
      a = { name = "tilth", command = function() return place:tilth({ "run", script }) end },
    }),
  }
end

return start
