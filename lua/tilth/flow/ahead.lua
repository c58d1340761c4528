--- Loads the modules that the rest of a request needs, one by one, while the server makes a connection ready.
local ahead = {}

local REST <const> = { "tilth.migrate.lock", "tilth.ledger", "tilth.migrate.observe", "tilth.flow.plan", "tilth.flow.review",
  "tilth.flow.record", "tilth.flow.act" }

local function modules(request)
  local names = table.move(REST, 1, #REST, 1, {})
  for _, list in ipairs({ require("tilth.flow.plan").modules(request), require("tilth.check").modules(request) }) do
    table.move(list, 1, #list, #names + 1, names)
  end
  return names
end

--- Begins to load.
-- @tparam table request what is wanted: see docs/architecture.md
-- @treturn function that loads one more module with each call; false when all are loaded
function ahead.loader(request)
  local names, position = nil, 0
  return function()
    names, position = names or modules(request), position + 1
    if names[position] then
      require(names[position])
    end
    return position < #names
  end
end

return ahead
