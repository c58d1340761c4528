---@meta tilth.seed

-- What a seed file returns: `return seed.define({ description = "...", run = function(db, ctx) ... end })`.

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

---@class tilth.SeedSpec
---@field run fun(db: tilth.SeedSession, ctx: tilth.SeedContext)
---@field description? string
---@field environments? string|string[] where it runs
---@field after? string|string[] seeds that run before it
---@field once? boolean never again after it has run

---@class tilth.seed
local seed = {}

---Declares a seed.
---@param spec tilth.SeedSpec `run = function(db, ctx)`; optional `description`, `environments` (list of names where it runs), `after` (list of seeds that run before it), `once` (true: never again after it has run, until a reset). `db` is a session (see tilth.seed.session); `ctx` has `name`, `folder`, `file`, `environment`, `project`, `build`, `dry_run`, `path(relative)` (a path beside the seed) and `note(text)` (a line of the report)
---@return table # the definition, to be returned by the seed file
function seed.define(spec) end

---Tells whether a value was made by `seed.define`.
---@param value any
---@return boolean
function seed.is(value) end

---Takes a ready-made seed as the project's own, with options of its own: which model, which fields, which rows.
---
---  return require("tilth.seed").ready("countries", { model = "Nation", key = "iso", columns = { iso = "alpha2" } })
---@param name string of the ready-made seed
---@param options? table its options; `description` as well
---@return table # the definition, to be returned by the seed file
function seed.ready(name, options) end

return seed
