---@meta tilth.anonymise

-- Replaces personal data by made-up data, the same for the same row on every run: see scripts/anonymise.lua.

---@class tilth.anonymise
local anonymise = {}

---Checks a table of personal data against the database, without changing anything.
---@param db tilth.Session session
---@param personal table model -> field -> kind
---@return table # list of what is to be done
function anonymise.plan(db, personal) end

---Replaces personal data, in one transaction. A protected database is refused.
---@param db tilth.Session session
---@param personal table model -> field -> kind; a kind is the name of a function of tilth.fake, "null" or "empty", or a list of such a name and its further arguments: `{ "date", "1950-01-01", "2005-12-31" }`
---@return table # list of { model, rows }
function anonymise.run(db, personal) end

return anonymise
