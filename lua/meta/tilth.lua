---@meta tilth

-- tilth for scripts and for Lua programs: `local db <close> = require("tilth").connect()`.

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

---@class tilth
local tilth = {}

---The version, such as "0.1.0".
---@return string
function tilth.version() end

---The context that commands work with: { args, env, cwd, report ... }. A script that `tilth run` started shares that of
---the command line (--project, --env, --json, --quiet ...).
---@param args? table in the place of the command line's: project, schema, config, env, json, quiet, no_color, database_url
---@return table
function tilth.context(args) end

---Connects to the project's database. What fails on the session is raised as an error object.
---@param options? tilth.ConnectOptions `read_only` (the server refuses every change), `database_url`, `project`, `env`, `wait`, `command` (how pg_stat_activity calls the session), `folder` (where db:load looks; the project's), `context`
---@return tilth.Session # session, for a `<close>` variable: see tilth.session
function tilth.connect(options) end

---The same module for a context that is given: `tilth run` puts it in the place of the plain one.
---@param ctx table of `context`
---@return table # module
function tilth.with(ctx) end

return tilth
