--- The file format of tilth's own backups: a line of its own, then frames, the last of which seals all before it.
--
-- A frame is `<kind> <length>\n`, that many bytes, `\n`. The kinds, in this order: `header` (JSON, see backup/manifest.lua);
-- `migration` (the name, a line break, the text) for each migration of the history; for each table `table` (JSON: its number in
-- the header), `data` (whole lines of COPY's text format) as often as needed, `rows` (JSON: rows, bytes, SHA-256 of its data);
-- at last `end` (JSON: SHA-256 of all bytes before this frame). A file without `end` is not a backup.
local container = {}

local fs = require("tilth.fs")
local hash = require("tilth.hash")
local json = require("tilth.json")

local MAGIC <const> = "tilth backup 1\n"
local PRIVATE <const> = 384 -- rw-------
local BUFFER <const> = 1 << 20
local LONGEST_HEAD <const> = 40

-- No room on the disk (ENOSPC), beyond a quota (EDQUOT), or beyond the largest file that is allowed (EFBIG).
local FULL <const> = { [27] = true, [28] = true, [122] = true }

local Writer = {}
Writer.__index = Writer

local Reader = {}
Reader.__index = Reader

local function full(path, message, code)
  local detail
  if FULL[code] then
    detail = { advice = "Free some space, or name another disk with --dir. The half backup was removed; nothing else was changed." }
  end
  return nil, ("cannot write the backup %s: %s"):format(path, message), code, detail
end

--- Begins a backup in a file that only its owner can read.
-- @tparam string path a file that may be overwritten: the caller has made sure of it
-- @treturn table writer, for a `<close>` variable
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
-- @treturn[2] table|nil detail
function container.create(path)
  local made, message, code = fs.write(path, "", PRIVATE)
  if not made then
    return full(path, message, code)
  end
  local file
  file, message, code = io.open(path, "r+b")
  if not file then
    return full(path, message, code)
  end
  file:setvbuf("full", BUFFER)
  local writer = setmetatable({ path = path, file = file, hash = hash.stream(), bytes = 0 }, Writer)
  local ok, why, number, detail = writer:write(MAGIC)
  if not ok then
    file:close()
    return nil, why, number, detail
  end
  return writer
end

--- Writes bytes as they are; for the frames below.
-- @tparam string text
function Writer:write(text)
  local ok, message, code = self.file:write(text)
  if not ok then
    return full(self.path, message:gsub("^.-: ", ""), code)
  end
  self.hash:update(text)
  self.bytes = self.bytes + #text
  return true
end

--- Writes a frame.
-- @tparam string kind
-- @tparam string payload
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
-- @treturn[2] table|nil detail
function Writer:frame(kind, payload)
  local ok, message, code, detail = self:write(("%s %d\n"):format(kind, #payload))
  if ok then
    ok, message, code, detail = self:write(payload)
  end
  if ok then
    ok, message, code, detail = self:write("\n")
  end
  return ok, message, code, detail
end

--- Seals the file, and makes sure that it is on the disk.
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] integer errno
-- @treturn[2] table|nil detail
function Writer:finish()
  local ok, message, code, detail = self:frame("end", json.encode({ sha256 = self.hash:digest() }))
  if not ok then
    return nil, message, code, detail
  end
  local file = self.file
  self.file = nil
  ok, message, code = file:close()
  if ok then
    ok, message, code = fs.sync(self.path)
  end
  if not ok then
    return full(self.path, message, code)
  end
  return true
end

--- Closes the file as it is.
function Writer:close()
  if self.file then
    self.file:close()
    self.file = nil
  end
end

Writer.__close = Writer.close

local function broken(path, what)
  return nil, ("%s is not a whole backup: %s"):format(path, what), "failed",
    { advice = "It was cut short or changed after it was made. Use another backup; this one cannot be trusted." }
end

--- Tells whether a file begins as a backup of tilth's own format does.
-- @tparam string path
-- @treturn boolean
-- @treturn[2] nil when it can't be read
-- @treturn[2] string message
-- @treturn[2] integer errno
function container.is(path)
  local file, message, code = io.open(path, "rb")
  if not file then
    return nil, message, code
  end
  local head = file:read(#MAGIC)
  file:close()
  return head == MAGIC
end

--- Opens a backup to read it from its beginning.
-- @tparam string path
-- @treturn table reader, for a `<close>` variable
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function container.open(path)
  local file, message, code = io.open(path, "rb")
  if not file then
    return nil, "cannot read the backup " .. message, code
  end
  file:setvbuf("full", BUFFER)
  local size = file:seek("end")
  file:seek("set")
  if file:read(#MAGIC) ~= MAGIC then
    file:close()
    return broken(path, "it does not begin as one")
  end
  return setmetatable({ path = path, file = file, size = size, hash = hash.stream():update(MAGIC) }, Reader)
end

-- The seal must fit, and nothing may follow it.
local function sealed(self, payload, before)
  local seal = json.decode(payload)
  if type(seal) ~= "table" or seal.sha256 ~= before then
    return broken(self.path, "its SHA-256 is not the one that it was sealed with")
  elseif self.file:read(1) then
    return broken(self.path, "something follows its end")
  end
  self.ended = true
  return true
end

--- Reads the next frame.
-- @treturn[1] string kind; "end" once everything was read and is whole
-- @treturn[1] string payload
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function Reader:next()
  assert(not self.ended, "the backup has been read to its end")
  local head = self.file:read("L")
  local kind, length = (head or ""):match("^(%l+) (%d+)\n$")
  if not kind or #head > LONGEST_HEAD then
    return broken(self.path, head and "a part of it has no head" or "its end is missing")
  end
  local before = kind == "end" and self.hash:digest()
  length = math.tointeger(tonumber(length))
  -- A length beyond the file must not be asked for: that much memory may not be there.
  local payload = length == 0 and "" or length and length <= self.size and self.file:read(length)
  if not payload or #payload ~= length or self.file:read(1) ~= "\n" then
    return broken(self.path, "its end is missing")
  end
  if kind == "end" then
    local ok, message, code, detail = sealed(self, payload, before)
    if not ok then
      return nil, message, code, detail
    end
  end
  self.hash:update(head):update(payload):update("\n")
  return kind, payload
end

--- Reads a frame that must be of a kind, as JSON.
-- @tparam string wanted
-- @treturn table
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] table detail
function Reader:expect(wanted)
  local kind, payload, code, detail = self:next()
  if not kind then
    return nil, payload, code, detail
  end
  local value = kind == wanted and json.decode(payload)
  if type(value) ~= "table" then
    return broken(self.path, ("it has `%s` where `%s` belongs"):format(kind, wanted))
  end
  return value
end

--- Closes the file.
function Reader:close()
  if self.file then
    self.file:close()
    self.file = nil
  end
end

Reader.__close = Reader.close

return container
