---@meta tilth.core.net

-- host names to addresses, on a thread because getaddrinfo blocks; the rest is in net_link.c and net_tls.c.

---@class tilth.core.net
local net = {}

---An IPv4 or IPv6 address rather than a name
---@param text string
---@return boolean
function net.is_address(text) end

---Connects and closes again
---@param address string
---@param port integer
---@param timeout? number
---@return true? # true
---@return number|string # seconds
---@return integer? # errno
function net.probe(address, port, timeout) end

---Looks a host up
---@param host string
---@param timeout? number
---@return any # addresses
---@return string? # message
---@return string|integer|nil # code
function net.resolve(host, timeout) end

---Asks for TLS and shakes hands without logging in. Options are host (the name to check), roots (a file) and timeout. The table says answer ("S", "N" or another byte), protocol, cipher, verified, problem, problem_number, name_matches and chain, a list of { subject, issuer, not_before, not_after, names }; the server's own certificate comes first.
---@param address string
---@param port integer
---@param options? table
---@return any # answer
---@return string? # message
---@return string|integer|nil # code
function net.tls(address, port, options) end

return net
