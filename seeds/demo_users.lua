--- Demo users, any number of them. Fields: number, email, first_name, last_name, name, joined.
local demo = require("ready.demo")
local seed = require("tilth.seed")

local PART <const> = 10000

local _, _, given = ...
local options = demo.options({
  model = "User",
  key = "email",
  columns = { email = "email", name = "name" },
  count = 100,
  environments = { "development", "preview", "staging" },
}, given)

return seed.define({
  description = ("%d demo users"):format(options.count),
  environments = options.environments,
  run = function(db)
    for first, last in demo.parts(options.count, PART) do
      local rows = {}
      for number = first, last do
        rows[#rows + 1] = demo.row(options.columns, demo.user(number))
      end
      db:upsert(options.model, rows, { key = options.key })
    end
  end,
})
