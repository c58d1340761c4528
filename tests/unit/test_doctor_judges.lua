--- Tests the judgements of single probes: server, clock, disk, rights, tools, TCP.
local lu = require("luaunit")
local clock = require("tilth.doctor.clock")
local disk = require("tilth.doctor.disk")
local rights = require("tilth.doctor.rights")
local server = require("tilth.doctor.server")
local tcp = require("tilth.doctor.tcp")
local tools = require("tilth.doctor.tools")

local TestDoctorJudges = {}

local MB <const> = 1024 * 1024

function TestDoctorJudges:test_server_versions()
  local cases = { { 120020, "fail", "older" }, { 130000, "ok", "" }, { 150018, "ok", "" }, { 180002, "ok", "" },
    { 190000, "warn", "newer" } }
  for _, case in ipairs(cases) do
    local found = server.judge(case[1], "x")
    lu.assertEquals(found.state, case[2], case[1])
    lu.assertStrContains(found.message, case[3])
  end
end

function TestDoctorJudges:test_clock_differences_outside_of_the_question_count()
  local cases = {
    { 100, 101, 100.5, "ok" }, { 100, 101, 105.9, "ok" }, { 100, 101, 107, "warn", "6 s behind" },
    { 100, 101, 40, "warn", "60 s ahead of" },
    { 100, 130, 115, "ok" },
  }
  for index, case in ipairs(cases) do
    local found = clock.judge(case[1], case[2], case[3])
    lu.assertEquals(found.state, case[4], index)
    lu.assertStrContains(found.message, case[5] or "agree")
  end
end

function TestDoctorJudges:test_disk()
  local cases = {
    { 40 * MB, nil, "fail" }, { 60 * MB, nil, "warn" }, { 900 * MB, nil, "ok" }, { 900 * MB, 100 * MB, "ok" },
    { 900 * MB, 2000 * MB, "warn" },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(disk.judge(case[1], "/x", case[2]).state, case[3], index)
  end
  lu.assertStrContains(disk.judge(900 * MB, "/x", 3 * MB).message, "the database holds 3.0 MB")
end

local NAMES <const> = { database = "\"app\"", user = "\"joe\"", quote = function(name) return '"' .. name .. '"' end }

local function schema(changes)
  local made = { name = "public", found = true, usable = true, owned = true, owner = "joe", foreign_tables = 0, has_history = true,
    history_usable = true }
  for name, value in pairs(changes or {}) do made[name] = value end
  return made
end

function TestDoctorJudges:test_rights()
  local all, none = { may_create = true, has_ledger = false }, { may_create = false, has_ledger = true, may_use_ledger = true }
  local asked = setmetatable({ reset = true }, { __index = NAMES })
  local cases = {
    { all, schema(), NAMES, "ok", "may create and alter in public" },
    { all, schema({ found = false }), NAMES, "ok", "public" },
    { none, schema({ found = false }), NAMES, "fail", "may not create it" },
    { none, schema({ usable = false }), NAMES, "fail", "may not create tables in the schema public" },
    { none, schema({ history_usable = false }), NAMES, "fail", "_prisma_migrations" },
    { none, schema({ foreign_tables = 2, example = "t", example_owner = "ann" }), NAMES, "warn",
      "2 tables of the schema public belong to" },
    { { may_create = false, has_ledger = false }, schema(), NAMES, "warn", "no ledger" },
    { { may_create = false, has_ledger = false }, schema(), asked, "fail", "no ledger" },
    { { may_create = true, has_ledger = true, may_use_ledger = false }, schema(), NAMES, "warn", "belongs to another role" },
    { all, schema({ owned = false, owner = "ann" }), NAMES, "ok", "" },
    { all, schema({ owned = false, owner = "ann" }), asked, "ok", "" },
    { all, schema({ owned = false, owner = "ann", foreign_tables = 1, example = "t", example_owner = "ann" }), asked, "fail",
      "belongs to ann and holds tables of other roles, so this role cannot reset it" },
  }
  for index, case in ipairs(cases) do
    local found = rights.judge(case[1], { case[2] }, case[3])
    lu.assertEquals(found.state, case[4], index .. ": " .. found.message)
    lu.assertStrContains(found.message, case[5])
    if found.state == "fail" then
      lu.assertEquals(found.code, "42501")
      lu.assertStrContains(found.advice, "\"joe\"")
    end
  end
end

function TestDoctorJudges:test_rights_name_the_gravest_first_and_all_of_them()
  local found = rights.judge({ may_create = false, has_ledger = false }, { schema({ usable = false }), schema({ name = "b",
    found = false }) },
    NAMES)
  lu.assertStrMatches(found.message, "the role may not create tables in the schema public; the schema b is not there.*no ledger.*")
  lu.assertStrContains(found.advice, 'GRANT USAGE, CREATE ON SCHEMA "public" TO "joe";\nGRANT CREATE ON DATABASE "app" TO "joe";')
end

local OWN <const> = { tilth = "1.0", libpq = "15.1", openssl = "3.0" }

function TestDoctorJudges:test_tools()
  local all = { node = "20.1.0", npm = "10.0", psql = "15.2", pg_dump = "15.2" }
  local cases = {
    { { found = all, prisma = "6.19.3", build = true, server = 15 }, "ok",
      "node 20.1.0, npm 10.0, psql 15.2, pg_dump 15.2, prisma 6.19.3" },
    { { found = {} }, "ok", "no node, no npm, no psql, no pg_dump, no prisma" },
    { { found = {}, build = true }, "warn", "no node", "could not build" },
    { { found = all, prisma = "^6.0.0", declared = true }, "ok", "prisma ^6.0.0 (in package.json, not installed)" },
    { { found = all, prisma = "8.0.0-rc.5" }, "warn", "prisma 8.0.0", "Prisma 8" },
    { { found = all, server = 16 }, "warn", "pg_dump 15.2", "older than the server (16)" },
  }
  for index, case in ipairs(cases) do
    case[1].own = OWN
    local found = tools.judge(case[1])
    lu.assertEquals(found.state, case[2], index)
    lu.assertStrContains(found.message, "tilth 1.0, libpq 15.1, OpenSSL 3.0")
    lu.assertStrContains(found.message, case[3])
    lu.assertStrContains(found.advice or "", case[4] or "")
  end
end

function TestDoctorJudges:test_advice_for_connections_that_fail()
  local function world(rds, ci)
    return { target = { source = "DATABASE_URL", rds = rds }, build = { ci = ci } }
  end
  local v4, v6 = { kind = "public", address = "52.1.2.3", port = 5432 }, { kind = "public", address = "2a05::1", port = 5432 }
  local here = { kind = "loopback", address = "127.0.0.1", port = 5432 }
  local cases = {
    { world(), here, 111, "tilth local start" }, { world(false, true), here, 111, "names this machine itself" },
    { world(false, true), v4, 111, "nothing listens on port 5432" }, { world(true), v4, 110, "security group" },
    { world(), v4, 110, "firewall" }, { world(), v6, 101, "IPv4" }, { world(), v4, 113, "no route" },
    { world(), { kind = "socket", address = "/x" }, 2, "socket" }, { world(), { kind = "socket", address = "/x" }, 13, "may not use" },
  }
  for index, case in ipairs(cases) do
    lu.assertStrContains(tcp.advice(case[1], case[2], case[3]), case[4], false, tostring(index))
  end
end

return TestDoctorJudges
