--- Which roots a connection trusts, from the URL, the project and the system.
local lu = require("luaunit")

local fake_files = require("support.fake_files")
local roots = require("tilth.url.roots")
local url = require("tilth.url")

local TestUrlRoots = {}

local DEBIAN <const>, AMAZON <const> = "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"
local INSTANCE <const> = "postgresql://shop.abc.eu-west-1.rds.amazonaws.com/d"
local PROXY <const> = "postgresql://shop.proxy-abc.eu-west-1.rds.amazonaws.com/d"

-- The sslmode, the roots and the bundle that come out; `present` lists the files that are there.
local function settle(text, present, env)
  local tree = {}
  for _, name in ipairs(present) do tree[name] = "-" end
  local target = assert(url.target(text, { base = "/p/prisma" }))
  roots.settle(target, env or {}, fake_files.new(tree), { "/p", "/p/prisma" })
  return { target.params.sslmode, target.params.sslrootcert or "none", target.bundle }
end

function TestUrlRoots:test_system_finds_each_distributions_file()
  for _, file in ipairs({ DEBIAN, AMAZON, "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" }) do
    lu.assertEquals(roots.system({}, fake_files.new({ [file] = "-" })), file)
  end
  lu.assertNil(roots.system({}, fake_files.new({})))
end

function TestUrlRoots:test_system_takes_ssl_cert_file_before_the_distributions()
  lu.assertEquals(roots.system({ SSL_CERT_FILE = "/mine.pem" }, fake_files.new({ [DEBIAN] = "-" })), "/mine.pem")
  lu.assertEquals(roots.system({ SSL_CERT_FILE = "" }, fake_files.new({ [DEBIAN] = "-" })), DEBIAN)
end

function TestUrlRoots:test_settle_gives_the_systems_roots_to_who_verifies()
  local cases = {
    { "postgresql://h/d?sslmode=verify-full", { DEBIAN }, { "verify-full", DEBIAN } },
    { "postgresql://h/d?sslmode=verify-full&sslrootcert=/own.pem", { DEBIAN }, { "verify-full", "/own.pem" } },
    { "postgresql://h/d?sslmode=verify-full", {}, { "verify-full", "none" } },
    { "postgresql://h/d?sslrootcert=system", { AMAZON }, { "verify-full", AMAZON } },
    { "postgresql://h/d?sslrootcert=system", {}, { "verify-full", "system" } },
    { "postgresql://h/d", { DEBIAN }, { "prefer", "none" } },
    { "postgresql://h/d?sslmode=require", { DEBIAN }, { "require", "none" } },
    { "postgresql://h/d?sslmode=verify-full", { DEBIAN, "/home/u/.postgresql/root.crt" }, { "verify-full", "none" }, { HOME = "/home/u" } },
    { "postgresql://h/d?sslmode=verify-full", { DEBIAN }, { "verify-full", "system" }, { SSL_CERT_DIR = "/certs" } },
    { "postgresql://h/d?sslmode=verify-ca", { DEBIAN }, { "verify-ca", DEBIAN }, { SSL_CERT_DIR = "/certs" } },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(settle(case[1], case[2], case[4]), case[3], "case " .. index)
  end
end

function TestUrlRoots:test_settle_knows_the_hosts_of_china()
  for _, host in ipairs({ "shop.abc.rds.cn-north-1.amazonaws.com.cn", "shop.abc.cn-north-1.rds.amazonaws.com.cn." }) do
    local text = ("postgresql://%s/d"):format(host)
    lu.assertEquals(settle(text, { "/p/cn-north-1-bundle.pem" }), { "verify-full", "/p/cn-north-1-bundle.pem", "/p/cn-north-1-bundle.pem" })
    lu.assertEquals(settle(text, { "/p/cn-northwest-1-bundle.pem" }), { "require", "none" })
  end
  lu.assertEquals(settle("postgresql://shop.proxy-abc.rds.cn-north-1.amazonaws.com.cn/d", { DEBIAN }), { "verify-full", DEBIAN })
end

function TestUrlRoots:test_bundle_source_is_the_one_of_the_hosts_partition()
  local cases = {
    { nil, "https://truststore.pki.rds.amazonaws.com/" },
    { "localhost", "https://truststore.pki.rds.amazonaws.com/" },
    { "shop.abc.eu-west-1.rds.amazonaws.com", "https://truststore.pki.rds.amazonaws.com/" },
    { "shop.abc.us-gov-east-1.rds.amazonaws.com", "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/" },
    { "shop.abc.rds.cn-northwest-1.amazonaws.com.cn", "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/" },
    { "SHOP.abc.cn-north-1.rds.amazonaws.com.cn", "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/" },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(roots.bundle_source(case[1]), case[2] .. "global/global-bundle.pem", case[1])
  end
end

function TestUrlRoots:test_settle_verifies_an_rds_instance_with_a_bundle_of_the_project()
  for _, file in ipairs({ "/p/global-bundle.pem", "/p/certs/global-bundle.pem", "/p/prisma/rds-ca.pem", "/p/rds-combined-ca-bundle.pem",
    "/p/certs/eu-west-1-bundle.pem" }) do
    lu.assertEquals(settle(INSTANCE, { file, DEBIAN }), { "verify-full", file, file })
    lu.assertEquals(settle(INSTANCE .. "?sslmode=verify-ca", { file }), { "verify-ca", file, file })
    lu.assertEquals(settle("postgresql://elsewhere/d", { file }), { "prefer", "none" })
  end
end

function TestUrlRoots:test_settle_leaves_an_explicit_mode_on_rds_alone()
  local bundle <const> = "/p/global-bundle.pem"
  for _, query in ipairs({ "sslmode=require", "ssl=true", "sslmode=require&sslaccept=accept_invalid_certs",
    "sslaccept=accept_invalid_certs" }) do
    lu.assertEquals(settle(INSTANCE .. "?" .. query, { bundle }), { "require", "none" }, query)
  end
  lu.assertEquals(settle(INSTANCE .. "?sslmode=disable", { bundle }), { "disable", "none" })
end

function TestUrlRoots:test_settle_verifies_an_rds_instance_with_a_given_file()
  lu.assertEquals(settle(INSTANCE .. "?sslrootcert=ca.pem", {}), { "verify-full", "/p/prisma/ca.pem" })
  lu.assertEquals(settle(INSTANCE .. "?sslcert=ca.pem", {}), { "verify-full", "/p/prisma/ca.pem" })
  lu.assertEquals(settle(INSTANCE .. "?sslrootcert=ca.pem&sslmode=require", {}), { "require", "/p/prisma/ca.pem" })
end

function TestUrlRoots:test_settle_only_encrypts_on_rds_when_there_is_nothing_to_verify_with()
  lu.assertEquals(settle(INSTANCE, { DEBIAN }), { "require", "none" })
end

function TestUrlRoots:test_settle_verifies_a_proxy_by_the_systems_roots_and_not_by_the_bundle()
  lu.assertEquals(settle(PROXY, { "/p/global-bundle.pem", DEBIAN }), { "verify-full", DEBIAN })
  lu.assertEquals(settle(PROXY, { "/p/global-bundle.pem" }), { "require", "none" })
end

return TestUrlRoots
