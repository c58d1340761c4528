--- The pipelines of tests/fixtures/pipelines: each bad line is found, each good one left alone.
local lu = require("luaunit")

local check = require("tilth.check")
local env = require("tilth.core.env")
local fs = require("tilth.fs")
local pipeline = require("tilth.pipeline")

local TestPipelineFixtures = {}

local function source()
  return assert(fs.realpath(env.get("TILTH_SOURCE")), "make check sets TILTH_SOURCE") .. "/tests/fixtures/pipelines/"
end

-- The fixtures are seen as if they lay in no repository.
local FILES <const> = { read = fs.read, list = fs.list, stat = function(path, follow)
  if path:find("/%.git$") then
    return nil, path .. ": No such file or directory", 2
  end
  return fs.stat(path, follow)
end }

local function findings_of(folder)
  local observed = { project = { root = folder }, pipeline = pipeline.observe(FILES, { root = folder }) }
  return check.run(observed, { actions = {}, skipped = {}, request = { command = "flow", pipeline = true, offline = true } }), observed
end

local function expected_of(observed)
  local list = {}
  for _, file in ipairs(observed.pipeline.files) do
    local waiting = {}
    for number, line in ipairs(observed.pipeline.texts[file.path]) do
      local id, severity = line:match("expect: (%S+) (%a+)")
      if id then
        waiting[#waiting + 1] = id .. " " .. severity
      else
        for _, one in ipairs(waiting) do
          list[#list + 1] = ("%s:%d %s"):format(file.name, number, one)
        end
        waiting = {}
      end
    end
  end
  return list
end

local function compare(folder, more)
  local findings, observed = findings_of(folder)
  local expected, actual = expected_of(observed), {}
  for _, one in ipairs(more or {}) do
    expected[#expected + 1] = one
  end
  for index, finding in ipairs(findings) do
    actual[index] = ("%s:%s %s %s"):format(finding.file, finding.line, finding.id, finding.severity)
    lu.assertNotStrContains(finding.message .. finding.advice, "planted")
    lu.assertNotStrContains(finding.excerpt or "", "planted")
    lu.assertEquals(finding.path, folder .. "/" .. finding.file)
  end
  table.sort(expected)
  table.sort(actual)
  lu.assertEquals(actual, expected)
  return findings
end

function TestPipelineFixtures:test_good_pipelines_have_no_findings()
  for _, entry in ipairs(assert(fs.list(source() .. "good"))) do
    local findings, observed = findings_of(source() .. "good/" .. entry.name)
    local messages = {}
    for index, finding in ipairs(findings) do
      messages[index] = finding.id .. ": " .. finding.message
    end
    lu.assertEquals(messages, {}, entry.name)
    lu.assertEquals(observed.pipeline.notes, {}, entry.name)
    lu.assertTrue(#observed.pipeline.files > 0, entry.name)
  end
end

function TestPipelineFixtures:test_bad_amplify()
  compare(source() .. "bad/amplify")
end

function TestPipelineFixtures:test_bad_workflow()
  compare(source() .. "bad/workflow")
end

function TestPipelineFixtures:test_bad_gitlab()
  compare(source() .. "bad/gitlab")
end

function TestPipelineFixtures:test_bad_docker()
  compare(source() .. "bad/docker")
end

function TestPipelineFixtures:test_bad_compose()
  compare(source() .. "bad/compose")
end

function TestPipelineFixtures:test_bad_scripts_that_the_build_reaches()
  compare(source() .. "bad/scripts", { "package.json:5 pipeline-data-loss warn" })
end

function TestPipelineFixtures:test_every_rule_is_found_somewhere()
  local seen = {}
  for _, entry in ipairs(assert(fs.list(source() .. "bad"))) do
    for _, finding in ipairs((findings_of(source() .. "bad/" .. entry.name))) do
      seen[finding.id] = true
    end
  end
  for _, rule in ipairs(check.built_in()) do
    if rule.id:find("^pipeline%-") and rule.id ~= "pipeline-not-understood" then
      lu.assertTrue(seen[rule.id], rule.id)
    end
  end
end

return TestPipelineFixtures
