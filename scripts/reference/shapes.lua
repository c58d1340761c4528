--- Tables with known fields, for the editor: what a doc comment says in words, field by field.
local shapes = {}

shapes["tilth"] = { [[
---@class tilth.ConnectOptions
---@field read_only? boolean the server refuses every change
---@field database_url? string in the place of the project's
---@field project? string the project's folder
---@field schema? string Prisma's schema: a file or a folder
---@field config? string a tilth.config.lua or Prisma's config file elsewhere
---@field env? "development"|"preview"|"staging"|"production"
---@field wait? string how long to wait for a server that is not there yet, such as "30s"
---@field command? string how pg_stat_activity calls the session
---@field folder? string where db:load looks
---@field context? table of tilth.context
]] }

shapes["tilth.seed"] = { [[
---@class tilth.SeedContext
---@field name string the seed's
---@field folder string the seed's
---@field file string the seed's path
---@field environment? string development, preview, staging or production
---@field project string the project's folder
---@field build table what builds it: kind, text, app, branch, job, commit
---@field dry_run boolean
---@field path fun(relative: string): string a path beside the seed
---@field note fun(text: string) a line of the report
]], [[
---@class tilth.SeedSpec
---@field run fun(db: tilth.SeedSession, ctx: tilth.SeedContext)
---@field description? string
---@field environments? string|string[] where it runs
---@field after? string|string[] seeds that run before it
---@field once? boolean never again after it has run
]] }

return shapes
