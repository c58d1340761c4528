---@meta tilth.anonymise

-- Replaces personal data by made-up data, the same for the same row on every run: see scripts/anonymise.lua.

---@class tilth.anonymise
local anonymise = {}

---Reads a file that returns a table of personal data.
---@param file string
---@return table # personal model -> field -> kind, for `plan` and `run`
---@return function # where(model, field) -> file, line: where the file says so, for the errors of `plan` and `run`
function anonymise.read(file) end

---Checks a table of personal data against the database, without changing anything.
---@param db tilth.Session session
---@param personal table model -> field -> kind
---@param where? function of `read`
---@return table # list of what is to be done
function anonymise.plan(db, personal, where) end

---Replaces personal data, in one transaction. A protected database is refused.
---@param db tilth.Session session
---@param personal table model -> field -> kind; a kind is the name of a function of tilth.fake, "null" or "empty", or a list of such a name and its further arguments: `{ "date", "1950-01-01", "2005-12-31" }`
---@param where? function of `read`
---@return table # list of { model, rows }
function anonymise.run(db, personal, where) end

return anonymise
