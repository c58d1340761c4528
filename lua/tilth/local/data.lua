--- Makes the data folder of a private server, and checks one that is there.
local data = {}

local fs = require("tilth.fs")
local hash = require("tilth.hash")
local process = require("tilth.process")
local owner = require("tilth.local.owner")

local INITDB_TIMEOUT <const> = 300

--- The environment of a server's programs: nothing of ours, for a server lives long and our variables hold secrets.
-- @tparam table env our variables
-- @treturn table
function data.environment(env)
  return { PATH = env.PATH or "/usr/bin:/bin", LC_ALL = "C", TZ = env.TZ, LD_LIBRARY_PATH = env.LD_LIBRARY_PATH }
end

--- Process options that run a program as the user of the server, from a folder that this user can enter.
-- @tparam table user as of owner.choose
-- @tparam table env our variables
-- @treturn table
function data.run_options(user, env)
  return {
    cwd = "/", clean_env = true, env = data.environment(env), stdin = "null",
    uid = user.drop and user.uid or nil, gid = user.drop and user.gid or nil,
  }
end

--- Runs one program to its end, quietly.
local function run(argv, user, env)
  local options = data.run_options(user, env)
  options.stdout, options.stderr, options.timeout = "capture", "capture", INITDB_TIMEOUT
  local done, message, code = process.run(argv, options)
  if not done then return nil, ("%s: %s"):format(argv[1], message), code end
  if done.kind == "exit" and done.code == 0 and not done.timed_out then return true end
  local said = (done.stderr .. "\n" .. done.stdout):match("[^\n]*error:[^\n]*") or done.stderr:match("([^\n]+)%s*$")
  local how = done.timed_out and "took longer than " .. INITDB_TIMEOUT .. " s"
    or ("ended with %s %d"):format(done.kind == "exit" and "status" or "signal", done.code)
  return nil, ("%s %s: %s"):format(argv[1], how, said or "it said nothing"), "failed"
end

--- Why a program may have failed, where its words give it away.
local function advice_for(message)
  if message:find("could not look up effective user ID", 1, true) then
    return "this user has no entry in /etc/passwd, which initdb insists on: add one, or run as another user"
  end
  if message:find("No space left", 1, true) then return "free some disk space: a new server needs about 50 MB" end
end

--- Fills a new folder and moves it to its place at once, so that a killed run leaves no half a server.
local function make(path, user, env, argv_for)
  local temporary = ("%s.new-%s"):format(path, hash.uuid():sub(1, 8))
  local made, message, code, detail = owner.private_folder(temporary, user)
  if made then made, message, code = run(argv_for(temporary), user, env) end
  if made then made, message, code = fs.rename(temporary, path) end
  if made then return true end
  fs.remove_tree(temporary)
  return nil, ("cannot make %s: %s"):format(path, message), code, detail or { advice = advice_for(message) }
end

--- Removes what killed runs left beside the folder. The caller holds the lock.
local function sweep(path)
  local base, name = path:match("^(.*)/([^/]+)$")
  for _, entry in ipairs(fs.list(base) or {}) do
    if entry.name:sub(1, #name + 5) == name .. ".new-" then fs.remove_tree(base .. "/" .. entry.name) end
  end
end

local function initdb(bindir)
  return function(folder)
    return { bindir .. "/initdb", "-D", folder, "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8" }
  end
end

--- The major version of the server that made a data folder.
-- @tparam string path
-- @treturn integer
-- @treturn[2] nil when there is no data
function data.major(path)
  local text = fs.read(path .. "/PG_VERSION")
  return text and math.tointeger(tonumber(text:match("^%d+"))) or nil
end

--- Whether a template is the server user's own and nobody else can write to it: who may change the data of a server
-- can make it run programs.
local function check_template(template, user)
  local found, message, code = fs.stat(template)
  if not found then return nil, message, code end
  if found.type == "directory" and found.uid == user.uid and found.mode & 18 == 0 then return true end -- 18: -w--w-
  return nil, ("the template %s must be a folder that only %s can write to, and is not"):format(template, user.name), "config",
    { advice = "look what it is, and remove it if nothing needs it" }
end

--- Makes the data folder unless it is there. The caller holds the lock of the folder around it.
-- @tparam table options `data`, `bindir`, `user`, `env`, `template` (a data folder that is copied when it is there, and
-- made first when not: a copy takes a tenth of the time)
-- @treturn bool true when it was made, false when it was there
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string|integer code
-- @treturn[2] table|nil detail
function data.prepare(options)
  local path, user, env = options.data, options.user, options.env
  if data.major(path) then return false end
  local found = fs.stat(path, "follow")
  if found then
    local entries = found.type == "directory" and fs.list(path)
    if not entries or #entries > 0 then
      return nil, ("%s is there, but holds no PostgreSQL data"):format(path), "config",
        { advice = "look what it is, and move it away" }
    end
  end
  sweep(path)
  local template = options.template
  if not template then return make(path, user, env, initdb(options.bindir)) end
  if not data.major(template) then
    local made, message, code, detail = make(template, user, env, initdb(options.bindir))
    -- Another run may have been first; its template serves as well.
    if not made and not data.major(template) then return nil, message, code, detail end
  end
  local trusted, message, code, detail = check_template(template, user)
  if not trusted then return nil, message, code, detail end
  return make(path, user, env, function(folder) return { "cp", "-Rp", template .. "/.", folder } end)
end

return data
