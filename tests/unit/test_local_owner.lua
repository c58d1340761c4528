--- Tests who a private server runs as, and which folders that user can pass.
local lu = require("luaunit")
local owner = require("tilth.local.owner")

local TestLocalOwner = {}

local PASSWD <const> = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
local WITH_POSTGRES <const> = PASSWD .. "postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n"

--- A machine: who we are, who owns the data, what /etc/passwd holds, and the rights of folders.
local function machine(euid, data_uid, passwd, folders)
  return {
    self = function() return { pid = 1, uid = euid, gid = euid, euid = euid } end,
    files = {
      stat = function(path)
        if folders then return folders[path] end
        return data_uid and { type = "directory", uid = data_uid, gid = data_uid + 1, mode = 448 } or nil
      end,
      read = function() return passwd end,
    },
  }
end

function TestLocalOwner:test_choice()
  local cases = {
    { "an ordinary user stays", machine(1000, nil, PASSWD), 1000, false },
    { "with own data", machine(1000, 1000, PASSWD), 1000, false },
    { "root becomes postgres", machine(0, nil, WITH_POSTGRES), 101, true },
    { "or else nobody", machine(0, nil, PASSWD), 65534, true },
    { "or the owner of the data", machine(0, 1000, WITH_POSTGRES), 1000, true },
    { "data of root counts for nothing", machine(0, 0, WITH_POSTGRES), 101, true },
  }
  for _, case in ipairs(cases) do
    local user, message = owner.choose("/srv/data", case[2])
    lu.assertNotNil(user, case[1] .. ": " .. tostring(message))
    lu.assertEquals({ user.uid, user.drop }, { case[3], case[4] }, case[1])
  end
end

function TestLocalOwner:test_data_of_somebody_else_is_refused()
  local user, message, code, detail = owner.choose("/srv/data", machine(1000, 1001, PASSWD))
  lu.assertNil(user)
  lu.assertStrContains(message, "/srv/data belongs to user 1001, and this is user 1000")
  lu.assertEquals(code, "config")
  lu.assertNotNil(detail.advice)
end

function TestLocalOwner:test_root_without_another_user_is_refused()
  local user, message, code = owner.choose("/srv/data", machine(0, nil, "root:x:0:0:root:/root:/bin/sh\n"))
  lu.assertNil(user)
  lu.assertStrContains(message, "refuses to run as root")
  lu.assertEquals(code, "config")
end

function TestLocalOwner:test_unreachable_names_the_first_closed_folder()
  local function folder(uid, gid, mode) return { type = "directory", uid = uid, gid = gid, mode = mode } end
  local root = folder(0, 0, 493)
  local cases = {
    { "all open", { ["/"] = root, ["/a"] = root, ["/a/b"] = root }, nil },
    { "closed to others", { ["/"] = root, ["/a"] = folder(0, 0, 448), ["/a/b"] = root }, "/a" },
    { "the last one counts", { ["/"] = root, ["/a"] = root, ["/a/b"] = folder(0, 0, 488) }, "/a/b" },
    { "own folder", { ["/"] = root, ["/a"] = folder(101, 0, 448), ["/a/b"] = root }, nil },
    { "own group", { ["/"] = root, ["/a"] = folder(0, 104, 488), ["/a/b"] = root }, nil },
    { "the owner's rights count before the group's", { ["/"] = root, ["/a"] = folder(101, 104, 63), ["/a/b"] = root }, "/a" },
    { "not there yet", { ["/"] = root, ["/a"] = root }, nil },
  }
  local user = { uid = 101, gid = 104, drop = true }
  for _, case in ipairs(cases) do
    lu.assertEquals(owner.unreachable("/a/b", user, machine(0, nil, PASSWD, case[2])), case[3], case[1])
  end
end

function TestLocalOwner:test_unreachable_does_not_judge_our_own_user()
  local world = machine(1000, nil, PASSWD, { ["/"] = { type = "directory", uid = 0, gid = 0, mode = 0 } })
  lu.assertNil(owner.unreachable("/a", { uid = 1000, gid = 1000, drop = false }, world))
end

return TestLocalOwner
