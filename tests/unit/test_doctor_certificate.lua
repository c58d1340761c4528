--- Tests what is made of a server's TLS.
local lu = require("luaunit")
local certificate = require("tilth.doctor.certificate")

local TestDoctorCertificate = {}

local NOW <const> = 1800000000
local DAY <const> = 86400

local function seen(changes)
  local found = {
    answer = "S", protocol = "TLSv1.3", verified = true, name_matches = true, chain = {
      { subject = "CN=db", issuer = "CN=ca", not_before = NOW - DAY, not_after = NOW + 300 * DAY, names = { "db.example" } },
      { subject = "CN=ca", issuer = "CN=root", not_before = NOW - DAY, not_after = NOW + 900 * DAY, names = {} },
    },
  }
  for name, value in pairs(changes or {}) do found[name] = value end
  return found
end

local function judge(found, sslmode, more)
  local about = { sslmode = sslmode, host = "db.example", now = NOW, roots = "ca.pem" }
  for name, value in pairs(more or {}) do about[name] = value end
  return certificate.judge(found, about)
end

local UNKNOWN <const> = { verified = false, problem = "unable to get local issuer certificate", problem_number = 20 }
local SELF <const> = { verified = false, problem = "self-signed certificate", problem_number = 18 }

local function expired()
  local found = seen({ verified = false, problem_number = 10, problem = "certificate has expired" })
  found.chain[1].not_after = NOW - DAY
  return found
end

function TestDoctorCertificate:test_verdicts()
  local no = { answer = "N" }
  local cases = {
    { no, "prefer", { nearby = true }, "ok", "none is needed" },
    { no, "prefer", {}, "warn", "readably" },
    { no, "require", {}, "fail", "offers no TLS" },
    { no, "verify-full", { nearby = true }, "fail", "offers no TLS" },
    { { answer = "H" }, "prefer", {}, "fail", "does not speak PostgreSQL's protocol" },
    { seen(), "verify-full", {}, "ok", "verified (sslmode=verify-full), valid until 2027" },
    { seen(), "require", {}, "ok", "not insisted on" },
    { seen(), "require", { rds = true }, "warn", "does not insist" },
    { seen(UNKNOWN), "verify-full", {}, "fail", "issuer is not among ca.pem (issuer CN=root)" },
    { seen(UNKNOWN), "verify-ca", {}, "fail", "issuer is not among" },
    { seen(UNKNOWN), "require", {}, "ok", "the server is not verified" },
    { seen(UNKNOWN), "require", { rds = true }, "warn", "not verified: sslmode=require is weaker than verify-full" },
    { seen(SELF), "verify-full", {}, "fail", "signed its certificate itself" },
    { expired(), "verify-full", {}, "fail", "the certificate of CN=db expired on 2027-01-14" },
    { expired(), "require", {}, "warn", "expired on" },
    { seen({ name_matches = false }), "verify-full", {}, "fail", "is for db.example, not for" },
    { seen({ name_matches = false }), "verify-ca", {}, "ok", "verified but for the name" },
    { seen({ name_matches = false }), "verify-ca", { rds = true }, "warn", "not wholly verified" },
    { seen({ verified = false, problem_number = 23, problem = "certificate revoked" }), "verify-full", {}, "fail", "certificate revoked" },
    { seen({ chain = {} }), "verify-full", {}, "fail", "showed no certificate" },
  }
  for index, case in ipairs(cases) do
    local found = judge(case[1], case[2], case[3])
    lu.assertEquals(found.state, case[4], index .. ": " .. found.message)
    lu.assertStrContains(found.message, case[5], false, tostring(index))
    if found.state ~= "ok" then
      lu.assertNotNil(found.advice, index)
    end
    if found.state == "fail" then
      lu.assertEquals(found.code, case[1].answer == "H" and "P1001" or "P1011")
    end
  end
end

function TestDoctorCertificate:test_a_certificate_from_the_future_points_to_the_clock()
  local found = seen({ verified = false, problem_number = 9 })
  found.chain[1].not_before = NOW + DAY
  lu.assertStrContains(judge(found, "verify-full").advice, "clock")
end

function TestDoctorCertificate:test_the_nearest_end_of_the_chain_is_warned_of()
  local found = seen()
  found.chain[2].not_after = NOW + 29 * DAY
  local made = judge(found, "verify-full")
  lu.assertEquals(made.state, "warn")
  lu.assertStrContains(made.message, "CN=ca expires on")
  found.chain[2].not_after = NOW + 31 * DAY
  lu.assertEquals(judge(found, "verify-full").state, "ok")
end

function TestDoctorCertificate:test_advice_names_the_bundle_of_the_hosts_partition()
  local host = "shop.abc.rds.cn-north-1.amazonaws.com.cn"
  for _, bundle in ipairs({ false, true }) do
    lu.assertStrContains(judge(seen(UNKNOWN), "verify-full", { rds = true, bundle = bundle, host = host }).advice,
      "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem")
  end
end

function TestDoctorCertificate:test_rds_and_its_proxy_get_different_advice()
  lu.assertStrContains(judge(seen(UNKNOWN), "verify-full", { rds = true }).advice, "global-bundle.pem")
  lu.assertStrContains(judge(seen(UNKNOWN), "verify-full", { rds = true, proxy = true }).advice, "leave sslrootcert out")
  lu.assertStrContains(judge(seen(UNKNOWN), "verify-full").advice, "sslrootcert=FILE")
end

return TestDoctorCertificate
