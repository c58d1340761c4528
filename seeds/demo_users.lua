--- Demo users, any number of them. Fields: number, email, first_name, last_name, name, joined.
local demo = require("ready.demo")
local options = require("ready.options")

local PART <const> = 10000

local _, _, given = ...
local all = options.merge({
  model = "User",
  models = { "Users", "users", "user" },
  key = "email",
  columns = { email = "email", name = "name" },
  count = 100,
  environments = { "development", "preview", "staging" },
}, given, { "description", "after" })

all.description = all.description or ("%d demo users"):format(all.count)

return options.define(all, function(db, ctx)
  local fitted = options.fit("demo_users", db, ctx, all)
  for first, last in demo.parts(all.count, PART) do
    local rows = {}
    for number = first, last do
      rows[#rows + 1] = demo.row(fitted.columns, demo.user(number))
    end
    db:upsert(fitted.model, rows, { key = fitted.key })
  end
end)
