--- SQL text: cut into statements, and parsed as PostgreSQL 15 does.
local sql = {}

local core = require("tilth.core.sql")

--- Cuts a text into its statements, where the server would cut it.
-- Quotes, comments, parentheses and BEGIN ATOMIC bodies are respected; nothing else is judged, so that the syntax of any
-- server version passes. Statements of comments only are left out; comments before a statement belong to its text.
-- @function split
-- @tparam string text
-- @treturn table list of `{ text, position, line }`: the byte (from 1) where the text begins, the line of its first token
-- @treturn[2] nil when a quote or comment is not closed, or on a zero byte
-- @treturn[2] string message that begins with line and column
-- @treturn[2] string "syntax"
-- @treturn[2] table detail: `position` (bytes, from 1), `line`, `column_number` (characters, from 1)
sql.split = core.split

--- Parses a text with PostgreSQL 15's grammar. What it refuses a newer server may accept: a failure is a hint, no verdict.
-- @function parse
-- @tparam string text
-- @treturn table libpg_query's tree, `{ version, stmts = { { stmt, stmt_location, stmt_len } } }`; its locations are bytes from 0
-- @treturn[2] nil
-- @treturn[2] string message that begins with line and column
-- @treturn[2] string "syntax"; "failed" for a tree nested too deeply to be read
-- @treturn[2] table detail as of `split`
sql.parse = core.parse

return sql
