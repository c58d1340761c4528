--- What lies before a session with a server: names, addresses, connections, certificates. Nothing here logs in.
local net = {}

local core = require("tilth.core.net")

--- Looks a host's addresses up.
-- @function resolve
-- @tparam string host
-- @tparam[opt] number timeout in seconds
-- @treturn table list of addresses
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer "unreachable", or an errno
net.resolve = core.resolve

--- Is a text an IPv4 or IPv6 address, rather than a name?
-- @function is_address
-- @tparam string text
-- @treturn bool
net.is_address = core.is_address

--- Connects and closes again.
-- @function probe
-- @tparam string address numeric, or the path of a Unix socket
-- @tparam integer port
-- @tparam[opt] number timeout in seconds
-- @treturn bool true
-- @treturn number seconds that it took
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno (110, ETIMEDOUT, when the time has passed)
net.probe = core.probe

--- Asks a PostgreSQL server for TLS, shakes hands whatever its certificate says, and tells what there was to see.
-- @function tls
-- @tparam string address numeric, or the path of a Unix socket
-- @tparam integer port
-- @tparam[opt] table options `host` (the name that the certificate should have), `roots` (a file of trusted
--   certificates; OpenSSL's own when absent), `timeout` in seconds
-- @treturn table `{ answer, protocol, cipher, verified, problem, problem_number, name_matches, chain }`; answer is "S" when
--   the server offers TLS, "N" when not, else what a server of another kind said; chain lists the certificates, the
--   server's own first: `{ subject, issuer, not_before, not_after, names }`, times in seconds since 1970
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer an errno; "closed" when the connection ended at once; "roots" when the file of roots
--   cannot be read; "tls" for a handshake that failed
net.tls = core.tls

return net
