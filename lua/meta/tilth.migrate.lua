---@meta tilth.migrate

-- Migrations for scripts: deploy what is pending, ask how things stand.

---@class tilth.migrate
local migrate = {}

---Applies the pending migrations, as `tilth migrate deploy` does.
---@param options? table `dry_run`, `context` (of tilth.context)
---@return table # the document of `tilth migrate deploy --json`: plan, findings, outcome ...
function migrate.deploy(options) end

---How the history stands, as `tilth migrate status` says it.
---@param options? table `context`
---@return table # the document of `tilth migrate status --json`
---@return integer # its exit status: 0 when nothing is pending or wrong
function migrate.status(options) end

return migrate
