--- Runs the tutorial as it is written, from an empty folder: its files, its commands, and what they say.
local lu = require("luaunit")
local cluster = require("support.cluster")
local env = require("tilth.core.env")
local examples = require("support.examples")
local fs = require("tilth.core.fs")
local program = require("support.program")
local temp = require("support.temp")

local TestDocsTutorial = {}

function TestDocsTutorial:setUp()
  cluster.socket_dir()
  self.home = temp.folder("tutorial")
  self.env = { TILTH_PG_BINDIR = cluster.bindir() }
end

function TestDocsTutorial:tearDown()
  -- Where the tutorial did not come to its end, its server still runs.
  program.run({ args = { "local", "stop", "--project", self.home:join("shop") }, cwd = self.home.path, env = self.env })
end

function TestDocsTutorial:test_every_command_does_what_is_shown()
  local steps = examples.steps((examples.blocks("docs/tutorial.md")))
  lu.assertTrue(#steps > 20, #steps)
  examples.run(steps, {
    cwd = self.home.path, env = self.env, bin = temp.folder("bin").path, same = { { self.home:join("shop"), "/home/ana/shop" } },
  })
end

function TestDocsTutorial:test_the_stubs_are_where_they_are_installed()
  local makefile = assert(fs.read(env.get("TILTH_SOURCE") .. "/Makefile.am"))
  lu.assertStrContains(makefile, "metadir = $(pkgdatadir)/meta\n")
  lu.assertStrContains(examples.text("docs/tutorial.md"), "/usr/local/share/tilth/meta")
end

return TestDocsTutorial
