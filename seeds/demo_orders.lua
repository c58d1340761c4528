--- Demo orders of the demo users, any number of them. Fields: number, user (the user's id), email, total, status, placed_at.
local demo = require("ready.demo")
local options = require("ready.options")

local PART <const> = 10000

local _, _, given = ...
local all = options.merge({
  model = "Order",
  models = { "Orders", "orders", "order" },
  key = "number",
  columns = { number = "number", userId = "user", total = "total", status = "status", placedAt = "placed_at" },
  count = 1000,
  users = 100,
  user_table = "users",
  user_id = "id",
  user_email = "email",
  after = { "demo_users" },
  environments = { "development", "preview", "staging" },
}, given, { "description" })
all.description = all.description or ("%d demo orders"):format(all.count)

--- An identifier as SQL writes it; a dot parts schema and table.
local function quoted(name)
  local parts = {}
  for part in name:gmatch("[^.]+") do
    parts[#parts + 1] = '"' .. part:gsub('"', '""') .. '"'
  end
  return table.concat(parts, ".")
end

local FIND <const> = ("select %s as email, %s as id from %s where %s = any ($1::text[])"):format(quoted(all.user_email),
  quoted(all.user_id), quoted(all.user_table), quoted(all.user_email))

--- Puts each order's user into it.
local function find_users(db, orders)
  local emails = {}
  for index, order in ipairs(orders) do
    emails[index] = order.email
  end
  local ids = {}
  for _, row in ipairs(db:query(FIND, "{" .. table.concat(emails, ",") .. "}")) do
    ids[row.email] = row.id
  end
  for _, order in ipairs(orders) do
    order.user = ids[order.email]
      or error(("there is no demo user %s; run the seed demo_users with at least %d users first"):format(order.email, all.users), 0)
  end
end

return options.define(all, function(db, ctx)
  local fitted = options.fit("demo_orders", db, ctx, all)
  for first, last in demo.parts(all.count, PART) do
    local orders, rows = {}, {}
    for number = first, last do
      orders[#orders + 1] = demo.order(number, all.users)
    end
    find_users(db, orders)
    for index, order in ipairs(orders) do
      rows[index] = demo.row(fitted.columns, order)
    end
    db:upsert(fitted.model, rows, { key = fitted.key })
  end
end)
