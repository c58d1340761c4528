--- The file format of backups: what is written reads back, and nothing that was changed does.
local lu = require("luaunit")

local TestBackupContainer = {}

local container = require("tilth.backup.container")
local fs = require("tilth.fs")
local temp = require("support.temp")

function TestBackupContainer:setUp()
  self.path = temp.folder("container"):join("x.tilth")
end

function TestBackupContainer:write(frames)
  local writer <close> = assert(container.create(self.path))
  for _, frame in ipairs(frames) do
    assert(writer:frame(frame[1], frame[2]))
  end
  assert(writer:finish())
end

function TestBackupContainer:read()
  local reader <close>, message, code, detail = container.open(self.path)
  if not reader then
    return nil, message, code, detail
  end
  local frames = {}
  while true do
    local kind, payload, why, more = reader:next()
    if not kind then
      return nil, payload, why, more
    elseif kind == "end" then
      return frames
    end
    frames[#frames + 1] = { kind, payload }
  end
end

local FRAMES <const> = { { "header", "{}" }, { "data", "" }, { "data", "a\n\0b\r\nend 3\n" }, { "data", ("x"):rep(3000000) } }

function TestBackupContainer:test_frames_come_back_as_they_were()
  self:write(FRAMES)
  lu.assertEquals(self:read(), FRAMES)
  lu.assertTrue(container.is(self.path))
  lu.assertEquals(fs.stat(self.path).mode & 511, 384)
end

function TestBackupContainer:test_every_change_is_noticed()
  self:write({ { "header", "{}" }, { "data", "a\nb\n" } })
  local text = assert(fs.read(self.path))
  for at = 1, #text do
    assert(fs.write(self.path, text:sub(1, at - 1) .. string.char(text:byte(at) ~ 1) .. text:sub(at + 1)))
    local frames, message, code, detail = self:read()
    lu.assertNil(frames, "byte " .. at)
    lu.assertStrContains(message, "not a whole backup")
    lu.assertEquals(code, "failed")
    lu.assertNotNil(detail.advice)
  end
end

function TestBackupContainer:test_every_shorter_file_is_noticed()
  self:write({ { "header", "{}" }, { "data", "a\nb\n" } })
  local text = assert(fs.read(self.path))
  for length = 0, #text - 1 do
    assert(fs.write(self.path, text:sub(1, length)))
    lu.assertNil((self:read()), "length " .. length)
  end
  assert(fs.write(self.path, text .. "\n"))
  lu.assertStrContains(select(2, self:read()), "follows its end")
end

function TestBackupContainer:test_an_impossible_length_asks_for_no_memory()
  assert(fs.write(self.path, "tilth backup 1\ndata 99999999999999\nx\n"))
  lu.assertStrContains(select(2, self:read()), "its end is missing")
  assert(fs.write(self.path, "tilth backup 1\ndata 99999999999999999999999\nx\n"))
  lu.assertStrContains(select(2, self:read()), "its end is missing")
end

function TestBackupContainer:test_a_missing_file_or_folder_is_said()
  lu.assertNil((container.open(self.path)))
  local ok, message, code = container.create(self.path .. "/below")
  lu.assertNil(ok)
  lu.assertStrContains(message, "below")
  lu.assertEquals(code, 2)
  lu.assertNil((container.is(self.path)))
end

function TestBackupContainer:test_a_full_device_is_said_with_what_to_do()
  lu.skipIf(not fs.stat("/dev/full"), "there is no /dev/full")
  assert(fs.symlink("/dev/full", self.path))
  local writer <close>, message, code, detail = container.create(self.path)
  if writer then
    local ok = true
    for _ = 1, 3 do
      ok, message, code, detail = writer:frame("data", ("x"):rep(2 << 20))
      if not ok then
        break
      end
    end
    lu.assertNil(ok)
  end
  lu.assertStrContains(message, "No space left")
  lu.assertEquals(code, 28)
  lu.assertStrContains(detail.advice, "--dir")
end

return TestBackupContainer
