---@meta tilth.sql

-- SQL text: cut into statements, and parsed as PostgreSQL 15 does.

---@class tilth.sql
local sql = {}

---Cuts a text into its statements, where the server would cut it.
---Quotes, comments, parentheses and BEGIN ATOMIC bodies are respected; nothing else is judged, so that the syntax of any
---server version passes. Statements of comments only are left out; comments before a statement belong to its text.
---@param text string
---@return table? # list of `{ text, position, line }`: the byte (from 1) where the text begins, the line of its first token
---@return string? # message that begins with line and column
---@return string? # "syntax"
---@return table? # detail: `position` (bytes, from 1), `line`, `column_number` (characters, from 1)
function sql.split(text) end

---Parses a text with PostgreSQL 15's grammar. What it refuses a newer server may accept: a failure is a hint, no verdict.
---@param text string
---@return table? # libpg_query's tree, `{ version, stmts = { { stmt, stmt_location, stmt_len } } }`; its locations are bytes from 0
---@return string? # message that begins with line and column
---@return string? # "syntax"; "failed" for a tree nested too deeply to be read
---@return table? # detail as of `split`
function sql.parse(text) end

return sql
