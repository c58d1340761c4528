--- Which root certificates a connection trusts, and how strictly, where the URL leaves that open.
local roots = {}

local path = require("tilth.path")

-- Where distributions keep the certificates of public authorities. A library that is linked in knows only one of them.
local SYSTEM <const> = {
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
}

-- Under which names people keep the RDS bundle beside a project.
local BUNDLES <const> = { "global-bundle.pem", "rds-global-bundle.pem", "rds-ca.pem", "rds-combined-ca-bundle.pem" }
local FOLDERS <const> = { "", "certs", "certificates", "prisma" }

-- Where AWS gives the bundle away, by the beginning of the region's name: each partition has authorities of its own.
local SOURCES <const> = {
  ["cn-"] = "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem",
  ["us-gov-"] = "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem",
}
local SOURCE <const> = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"

local function is_file(files, name)
  local found = files.stat(name, "follow")
  return found ~= nil and found.type == "file"
end

--- Finds the file of the system's roots: SSL_CERT_FILE, else the distribution's.
-- @tparam table env the environment
-- @tparam table files with `stat`, as tilth.fs
-- @treturn string|nil path
function roots.system(env, files)
  local given = env.SSL_CERT_FILE
  if given and given ~= "" then
    return given
  end
  for _, file in ipairs(SYSTEM) do
    if is_file(files, file) then
      return file
    end
  end
  return nil
end

local function region_of(host)
  local name = (host or ""):lower()
  return name:match("%.([%w-]+)%.rds%.amazonaws%.com") or name:match("%.rds%.([%w-]+)%.amazonaws%.com%.cn")
end

--- Where the bundle for an RDS host is to be had.
-- @tparam[opt] string host of the database
-- @treturn string URL
function roots.bundle_source(host)
  local region = region_of(host) or ""
  for beginning, source in pairs(SOURCES) do
    if region:sub(1, #beginning) == beginning then
      return source
    end
  end
  return SOURCE
end

--- Finds the RDS bundle of a project: global-bundle.pem, the region's, or rds-combined-ca-bundle.pem, in the project's
-- folder, in certs/ or beside the schema.
-- @tparam table files with `stat`, as tilth.fs
-- @tparam table folders to look in, the first before the second
-- @tparam[opt] string host of the database, for the bundle of its region
-- @treturn string|nil path
function roots.bundle(files, folders, host)
  local names = table.move(BUNDLES, 1, #BUNDLES, 1, {})
  local region = region_of(host)
  names[#names + 1] = region and region .. "-bundle.pem"
  for _, folder in ipairs(folders) do
    for _, below in ipairs(FOLDERS) do
      for _, name in ipairs(names) do
        local file = path.join(folder, below == "" and name or path.join(below, name))
        if is_file(files, file) then
          return file
        end
      end
    end
  end
  return nil
end

local function trust_system(target, env, files)
  local params = target.params
  local file = roots.system(env, files)
  -- SSL_CERT_DIR is OpenSSL's to read, which libpq lets it do by that word.
  if (env.SSL_CERT_DIR or "") ~= "" and (env.SSL_CERT_FILE or "") == "" and params.sslmode == "verify-full" then
    file = "system"
  end
  params.sslrootcert = file or params.sslrootcert
  return file
end

-- An RDS Proxy shows a certificate of a public authority, an instance one of Amazon's own.
local function trust_rds(target, env, files, folders)
  local params = target.params
  local open = target.options.sslmode_open
  if target.proxy then
    if open and roots.system(env, files) then
      params.sslmode = "verify-full"
      trust_system(target, env, files)
    end
    return open
  end
  local bundle = roots.bundle(files, folders, target.host)
  if bundle and (open or target.options.system_roots) then
    params.sslmode = open and "verify-full" or params.sslmode
    params.sslrootcert, target.bundle = bundle, bundle
    return true
  end
  return open
end

--- Settles sslrootcert, and on RDS sslmode, where the URL leaves them open. On RDS the server is verified wholly
-- (verify-full) as soon as there is something to verify it with: sslrootcert or a bundle beside the project.
-- @tparam table target under construction, see tilth.url; gets `bundle` when one was found
-- @tparam table env the environment
-- @tparam table files with `stat`, as tilth.fs
-- @tparam table folders where a bundle may be
function roots.settle(target, env, files, folders)
  local params = target.params
  if target.socket or params.sslmode == "disable" then
    return
  end
  if params.sslrootcert == "system" then
    trust_system(target, env, files)
    return
  elseif params.sslrootcert then
    if target.rds and target.options.sslmode_open then
      params.sslmode = "verify-full"
    end
    return
  elseif target.rds and trust_rds(target, env, files, folders) or not target.options.system_roots then
    return
  end
  -- libpq's own default place counts before the system's.
  local home = env.HOME and path.join(env.HOME, ".postgresql/root.crt")
  if not (home and is_file(files, home)) then
    trust_system(target, env, files)
  end
end

return roots
