---@meta tilth.net

-- What lies before a session with a server: names, addresses, connections, certificates. Nothing here logs in.

---@class tilth.net
local net = {}

---Looks a host's addresses up.
---@param host string
---@param timeout? number in seconds
---@return table? # list of addresses
---@return string? # message
---@return string|integer|nil # "unreachable", or an errno
function net.resolve(host, timeout) end

---Is a text an IPv4 or IPv6 address, rather than a name?
---@param text string
---@return boolean
function net.is_address(text) end

---Connects and closes again.
---@param address string numeric, or the path of a Unix socket
---@param port integer
---@param timeout? number in seconds
---@return boolean? # true
---@return number|string # seconds that it took
---@return integer? # errno (110, ETIMEDOUT, when the time has passed)
function net.probe(address, port, timeout) end

---Asks a PostgreSQL server for TLS, shakes hands whatever its certificate says, and tells what there was to see.
---@param address string numeric, or the path of a Unix socket
---@param port integer
---@param options? table `host` (the name that the certificate should have), `roots` (a file of trusted certificates; OpenSSL's own when absent), `timeout` in seconds
---@return table? # `{ answer, protocol, cipher, verified, problem, problem_number, name_matches, chain }`; answer is "S" when the server offers TLS, "N" when not, else what a server of another kind said; chain lists the certificates, the server's own first: `{ subject, issuer, not_before, not_after, names }`, times in seconds since 1970
---@return string? # message
---@return string|integer|nil # an errno; "closed" when the connection ended at once; "roots" when the file of roots cannot be read; "tls" for a handshake that failed
function net.tls(address, port, options) end

return net
