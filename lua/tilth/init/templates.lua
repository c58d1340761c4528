--- The texts of the files that `tilth init` writes.
local templates = {}

templates.config = [[
-- What tilth does in this project. Every key may be left out; what stands here as a remark is the default.
return {
  -- schema = "prisma/schema.prisma",
  -- migrations = "prisma/migrations",
  -- seeds = "seeds",

  -- The build step, where package.json has no build script:
  -- build = { "npx", "next", "build" },

  -- Which branch is which environment. A production database is not reset without RESET_DATABASE_CONFIRM.
  -- branches = { main = "production", develop = "staging", ["feature/*"] = "preview" },

  -- protected = true,                -- protect the database whatever its environment

  -- reset = {
  --   stale = "refuse",              -- RESET_DATABASE left set: "refuse", "skip" the reset, or "reset" again
  --   keep = 1,                      -- how many earlier schemas stay for `tilth reset undo`
  -- },

  -- migrate = {
  --   lock_timeout = "5s",           -- how long a statement waits for a lock before it gives way and is tried again
  --   lock_patience = "5min",        -- how long to wait for another migration run to end
  --   statement_timeout = "0s",      -- longest time of one statement; 0 is no limit
  -- },

  -- Rules of your own: functions that get what was observed and what is planned.
  -- checks = {
  --   function(observed, plan)
  --     if #plan.actions > 20 then
  --       return { message = "more than 20 actions at once", severity = "warn", advice = "Deploy in smaller steps." }
  --     end
  --   end,
  -- },

  -- severities = { ["pipeline-preview"] = { severity = "off", reason = "previews have a database of their own" } },
}
]]

templates.seed = [[
--- An example: rows that every environment starts with. Rename it, or write another with `tilth seed new NAME`.
local seed = require("tilth.seed")

return seed.define({
  description = "An example that writes nothing yet",
  -- environments = { "development", "preview", "staging" },
  -- after = { "another_seed" },
  run = function(db, ctx)
    -- Rows that should be so: inserted when missing, updated when they differ, left alone when equal.
    -- db:upsert("Category", { { slug = "books", name = "Books" } }, { key = "slug" })

    -- Rows that people change later: inserted when missing, never touched again.
    -- db:ensure("Setting", { { key = "page_size", value = "24" } }, { key = "key" })

    -- Many rows from a file beside this one:
    -- db:load("Product", "data/products.csv", { key = "sku" })

    ctx.note("nothing is written yet; see the remarks in " .. ctx.name .. ".lua")
  end,
})
]]

templates.env_example = [[
# Copy to .env, which is not committed. Without a DATABASE_URL tilth starts a private PostgreSQL on this machine.
DATABASE_URL="postgresql://USER:PASSWORD@localhost:5432/DATABASE?schema=public"

# For one build at a time, in Amplify: App settings, Environment variables. Never in a file that is committed.
# RUN_SEED=true
# RESET_DATABASE=true
# RESET_DATABASE_CONFIRM=DATABASE
]]

local INSTALL <const> = {
  npm = "        - npm ci\n", plain = "        - npm install\n", yarn = "        - yarn install --frozen-lockfile\n",
  pnpm = "        - corepack enable\n        - pnpm install --frozen-lockfile\n",
}

--- The text of an amplify.yml.
-- @tparam table options { manager = "npm"|"yarn"|"pnpm"|"plain"|nil (nothing to install), next = boolean, client = boolean,
--   program = how tilth is called, default "tilth" }
-- @treturn string
function templates.amplify(options)
  local install = INSTALL[options.manager or ""]
  local lines = { "version: 1\nfrontend:\n  phases:\n" }
  if install then
    lines[#lines + 1] = "    preBuild:\n      commands:\n" .. install
    if options.client then
      lines[#lines + 1] = "        - npx prisma generate\n"
    end
  end
  lines[#lines + 1] = "    build:\n      commands:\n"
    .. "        # reset (only if RESET_DATABASE=true), migrations (always), seeds (only if RUN_SEED=true), build\n        - "
    .. (options.program or "tilth") .. " flow\n"
  if options.next then
    lines[#lines + 1] = "  artifacts:\n    baseDirectory: .next\n    files:\n      - \"**/*\"\n"
      .. "  cache:\n    paths:\n      - node_modules/**/*\n      - .next/cache/**/*\n"
  else
    lines[#lines + 1] = "  artifacts:\n    baseDirectory: dist\n    files:\n      - \"**/*\"\n"
      .. "  cache:\n    paths:\n      - node_modules/**/*\n"
  end
  return table.concat(lines)
end

return templates
