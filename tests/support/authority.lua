--- A certificate authority of a test's own, made with the openssl program.
local authority = {}

local lu = require("luaunit")
local proc = require("tilth.core.proc")
local temp = require("support.temp")

local Authority = {}
Authority.__index = Authority

local KEY <const> = { "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes" }

--- Runs openssl; raises what it says when it fails, skips the test where there is none.
local function openssl(...)
  local argv = { "openssl", ... }
  local result, message, code = proc.run(argv, { stdout = "capture", stderr = "capture", timeout = 120 })
  if not result then
    lu.skipIf(code == 2, "the program openssl is not there")
    error(message, 3)
  end
  if result.code ~= 0 then error(("openssl %s: %s"):format(argv[2], result.stderr), 3) end
  return result.stdout
end

--- Makes an authority.
-- @tparam[opt] string name of it
-- @treturn table with `path`, the file of its certificate
function authority.new(name)
  local folder = temp.folder("ca")
  local made = setmetatable({ folder = folder, path = folder:join("ca.pem"), count = 0 }, Authority)
  openssl("req", "-x509", KEY[1], KEY[2], KEY[3], KEY[4], KEY[5], "-keyout", folder:join("ca.key"), "-out", made.path,
    "-subj", "/CN=" .. (name or "Test Authority"), "-days", "3650")
  return made
end

--- Issues a certificate for a server.
-- @tparam table options `subject` (its common name), `names` (as openssl's subjectAltName: "DNS:a,IP:127.0.0.1"), `days`
-- (how long from now on it is valid; -1: it expired yesterday)
-- @treturn table `{ certificate, key }`, paths
function Authority:issue(options)
  self.count = self.count + 1
  local base = self.folder:join("server" .. self.count)
  self.folder:write("server" .. self.count .. ".ext", "subjectAltName=" .. options.names .. "\n")
  openssl("req", KEY[1], KEY[2], KEY[3], KEY[4], KEY[5], "-keyout", base .. ".key", "-out", base .. ".csr",
    "-subj", "/CN=" .. (options.subject or "server"))
  openssl("x509", "-req", "-in", base .. ".csr", "-CA", self.path, "-CAkey", self.folder:join("ca.key"), "-CAcreateserial",
    "-days", tostring(options.days or 365), "-extfile", base .. ".ext", "-out", base .. ".pem")
  return { certificate = base .. ".pem", key = base .. ".key" }
end

--- The name of its certificate in a folder of roots.
-- @treturn string eight hexadecimal digits
function Authority:hash()
  return openssl("x509", "-in", self.path, "-noout", "-hash"):match("%x+")
end

return authority
