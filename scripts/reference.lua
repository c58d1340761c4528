-- Generates what is written by a program: the Lua reference, the editor's stubs, the error catalogue, the man page and the
-- shell completions. tilth run scripts/reference.lua [--check]: with --check it writes nothing and fails when something is stale.
local root = arg[0]:match("^(.*)/scripts/[^/]*$") or "."
local fs = require("tilth.fs")
local log = require("tilth.log")
local check = arg[1] == "--check"

local stale = 0
for path, text in pairs(require("reference.generate").all(fs, root)) do
  if fs.read(root .. "/" .. path) ~= text then
    stale = stale + 1
    if check then
      log.error("%s is stale: run tilth run scripts/reference.lua", path)
    else
      assert(fs.mkdir(fs.dirname(root .. "/" .. path)))
      assert(fs.write(root .. "/" .. path, text))
      log.info("wrote %s", path)
    end
  end
end
return check and stale > 0 and 1 or 0
