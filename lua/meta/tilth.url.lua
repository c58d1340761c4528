---@meta tilth.url

-- Connection URLs: Prisma's dialect, translated for libpq, with the password kept out of every text.

---@class tilth.url
local url = {}

---Reads a connection URL.
---@param text string the URL
---@param options? table { source = what the messages call it, from_file = whether a .env file held it, base = folder for relative certificate paths, defaults = function(service) -> table | nil, problem, advice, which gives libpq's keywords for what the URL leaves out }
---@return table? # target = { params (libpq keywords, reachable but not iterated), schema, schema_given, text, database, host, port, user, socket, pooled, pooled_why, rds, proxy, source, options = { connect_timeout, socket_timeout, ... }, notes }
---@return string? # message, never holding a part of the URL
---@return string? # "P1012" or "P1013"
---@return table? # { advice, source }
function url.target(text, options) end

---Masks the passwords of every URL and conninfo in a text.
---@param text string anything
---@return string
function url.mask(text) end

return url
