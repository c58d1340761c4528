---@meta tilth.core.sql

-- SQL text cut into statements (sql_split.c) and parsed by libpg_query.

---@class tilth.core.sql
local sql = {}

---A list of { text, position, line }, cut where the server would cut
---@param text string
---@return any # statements
---@return string? # message
---@return string?
---@return table? # detail
function sql.split(text) end

---Libpg_query's tree, { version, stmts }; detail has position, line and column_number
---@param text string
---@return any # tree
---@return string? # message
---@return string?
---@return table? # detail
function sql.parse(text) end

return sql
