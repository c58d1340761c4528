--- Tests the order of the probes, what is left out after a failure, and the exit status.
local lu = require("luaunit")
local answer = require("tilth.doctor.answer")
local examine = require("tilth.doctor.examine")

local TestDoctorExamine = {}

local function probe(id, needs, found, ran)
  return { id = id, needs = needs, run = function()
    if ran then ran[#ran + 1] = id end
    return found
  end }
end

function TestDoctorExamine:test_every_probe_is_whole_and_needs_only_earlier_ones()
  local seen = {}
  for _, one in ipairs(examine.probes()) do
    lu.assertIsFunction(one.run, one.id)
    for _, id in ipairs(one.needs or {}) do
      lu.assertTrue(seen[id], ("%s needs %s"):format(one.id, id))
    end
    lu.assertNil(seen[one.id])
    seen[one.id] = true
  end
end

function TestDoctorExamine:test_a_failure_leaves_out_what_needs_it_with_the_root_cause()
  local ran = {}
  local answers = examine.run({
    probe("url", nil, answer.fail("no", "P1012"), ran), probe("dns", { "url" }, answer.ok("x"), ran),
    probe("tcp", { "dns" }, answer.ok("x"), ran), probe("disk", nil, answer.ok("x"), ran),
  }, {})
  lu.assertEquals(ran, { "url", "disk" })
  lu.assertEquals({ answers[2].state, answers[2].because, answers[3].because }, { "skip", "url", "url" })
  lu.assertStrContains(answers[3].message, "because url failed")
  lu.assertEquals(answers[4].state, "ok")
end

function TestDoctorExamine:test_warnings_and_plain_skips_stop_nothing()
  local answers = examine.run({
    probe("a", nil, answer.warn("w")), probe("b", { "a" }, answer.skip("none here")), probe("c", { "b" }, answer.ok("fine")),
  }, {})
  lu.assertEquals(answers[3].state, "ok")
end

function TestDoctorExamine:test_a_lost_session_leaves_out_what_needs_the_login()
  local ran = {}
  local lost = answer.failure("gone", "08006", { lost = true })
  local answers = examine.run({
    probe("login", nil, answer.ok("in"), ran), probe("server", { "login" }, lost, ran), probe("lock", { "login" }, answer.ok("x"), ran),
    probe("disk", nil, answer.ok("x"), ran),
  }, {})
  lu.assertEquals(ran, { "login", "server", "disk" })
  lu.assertEquals({ answers[2].code, answers[2].exit, answers[3].because }, { "P1017", 4, "server" })
end

function TestDoctorExamine:test_each_answer_is_told_as_it_comes()
  local told = {}
  examine.run({ probe("a", nil, answer.ok("1")), probe("b", { "a" }, answer.ok("2")) }, {}, function(found)
    told[#told + 1] = found.id .. found.message
  end)
  lu.assertEquals(told, { "a1", "b2" })
end

function TestDoctorExamine:test_exit_is_that_of_the_first_failure()
  local cases = {
    { { answer.ok("x"), answer.warn("y"), answer.skip("z") }, 0 },
    { { answer.warn("x"), answer.fail("y", "P1001"), answer.fail("z", "config") }, 4 },
    { { answer.fail("x", "P1013"), answer.fail("z", "P1001") }, 2 },
    { { answer.fail("x", "42501") }, 1 },
    { { answer.fail("x") }, 1 },
    { { answer.failure("x", "57P03", { exit = 4 }) }, 4 },
  }
  for index, case in ipairs(cases) do
    lu.assertEquals(examine.exit(case[1]), case[2], index)
  end
end

return TestDoctorExamine
