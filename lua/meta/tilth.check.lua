---@meta tilth.check

-- Runs the safety checks: the built-in ones and a team's own from tilth.config.lua.

---@class tilth.check
local check = {}

---The built-in checks.
---@return table # list of { id, about, run }
function check.built_in() end

---The modules of the checks that concern a request.
---@param request table what is wanted
---@return table # list of names
function check.modules(request) end

---Runs every check.
---@param observed table
---@param plan table
---@return table # list of findings: { id, severity, message, advice, code, exit, changed }
function check.run(observed, plan) end

return check
