--- Files and folders.
local fs = require("tilth.fs")
local lu = require("luaunit")
local process = require("tilth.process")
local temp = require("support.temp")

local TestFs = {}

local ENOENT <const>, EAGAIN <const>, ENOTDIR <const>, EISDIR <const>, EEXIST <const> = 2, 11, 20, 21, 17
local ENOTEMPTY <const>, ELOOP <const> = 39, 40

function TestFs:setUp()
  self.folder = temp.folder("fs")
end

--- Asserts a failure: the path in the message, and the code.
local function assert_fails(path, expected, value, message, code)
  lu.assertNil(value)
  lu.assertStrContains(message, path .. ": ")
  lu.assertEquals(code, expected)
end

local function names(path)
  local list = {}
  for i, entry in ipairs(assert(fs.list(path))) do list[i] = entry.name end
  return list
end

function TestFs:test_read_gives_every_byte()
  for _, text in ipairs({ "", "a\0b\r\n", ("0123456789abcdef"):rep(100000) }) do
    lu.assertTrue(fs.read(self.folder:write("file", text)) == text)
  end
end

function TestFs:test_read_of_what_is_not_there_names_the_path()
  local path = self.folder:join("none")
  assert_fails(path, ENOENT, fs.read(path))
end

function TestFs:test_read_of_a_folder_fails()
  assert_fails(self.folder.path, EISDIR, fs.read(self.folder.path))
end

function TestFs:test_read_takes_files_without_a_size()
  lu.assertStrContains(fs.read("/proc/self/status"), "Pid:")
  lu.assertEquals(fs.read("/dev/null"), "")
end

function TestFs:test_read_waits_for_a_pipe()
  local fifo = self.folder:join("fifo")
  assert(process.run({ "mkfifo", fifo }))
  lu.assertEquals(fs.read(fifo), "") -- nobody writes
  -- Open for both, the writer neither waits for a reader nor loses what it writes to one that is not there yet. It writes
  -- when this process has the pipe open as well.
  local said = ""
  local writer <close> = assert(process.spawn({ "sh", "-c", [[exec 3<>"$0"; echo open
    until ls -l /proc/$PPID/fd | grep -qF "$0"; do sleep 0.01; done; sleep 0.1; echo late >&3]], fifo },
    { stdout = function(chunk) said = said .. chunk end, stderr = "null" }))
  repeat until said == "open\n" or writer:wait(0.01)
  lu.assertEquals(said, "open\n")
  lu.assertEquals(fs.read(fifo), "late\n")
end

function TestFs:test_write_replaces_and_leaves_nothing_else()
  local path = self.folder:join("file")
  lu.assertEquals(fs.write(path, "one"), true)
  lu.assertEquals(fs.write(path, "two"), true)
  lu.assertEquals(fs.read(path), "two")
  lu.assertEquals(names(self.folder.path), { "file" })
end

function TestFs:test_write_makes_a_new_file_so_that_readers_keep_the_old_one()
  local path = self.folder:write("file", "old text")
  local reader <close> = assert(io.open(path))
  fs.write(path, "new")
  lu.assertEquals(reader:read("a"), "old text")
end

function TestFs:test_write_keeps_the_mode_and_owner_of_a_file()
  local path = self.folder:write("file", "x")
  assert(fs.chmod(path, tonumber("640", 8)))
  if process.self().euid == 0 then assert(fs.chown(path, 65534, 65534)) end
  local before = fs.stat(path)
  assert(fs.write(path, "y"))
  local after = fs.stat(path)
  lu.assertEquals({ after.mode, after.uid, after.gid }, { before.mode, before.uid, before.gid })
end

function TestFs:test_write_sets_the_mode_that_is_asked_for()
  local path = self.folder:join("file")
  for _, mode in ipairs({ "600", "777", "644" }) do
    assert(fs.write(path, "x", tonumber(mode, 8)))
    lu.assertEquals(fs.stat(path).mode, tonumber(mode, 8))
  end
end

function TestFs:test_write_through_a_link_keeps_the_link()
  local target = self.folder:write("target", "old")
  local link = self.folder:join("link")
  assert(fs.symlink("target", link))
  assert(fs.write(link, "new"))
  lu.assertEquals(fs.stat(link).type, "link")
  lu.assertEquals(fs.read(target), "new")
end

function TestFs:test_write_through_a_dangling_link_fails()
  local link = self.folder:join("link")
  assert(fs.symlink("nowhere", link))
  assert_fails(link, ENOENT, fs.write(link, "x"))
  lu.assertEquals(names(self.folder.path), { "link" })
end

function TestFs:test_write_into_a_missing_folder_fails()
  local path = self.folder:join("none/file")
  assert_fails(path, ENOENT, fs.write(path, "x"))
end

function TestFs:test_write_over_a_folder_fails_and_leaves_nothing()
  local path = self.folder:join("sub")
  assert(fs.mkdir(path))
  assert_fails(path, EISDIR, fs.write(path, "x"))
  lu.assertEquals(names(self.folder.path), { "sub" })
end

function TestFs:test_write_does_not_replace_a_device()
  lu.assertEquals(fs.write("/dev/null", "x"), true)
  lu.assertEquals(fs.stat("/dev/null").type, "other")
end

function TestFs:test_write_on_a_full_disk_keeps_the_old_file()
  local path = self.folder:write("file", "old")
  -- A process that may write 1 KiB a file stands in for a disk that is full.
  local code = [[local ok, message, code = require("tilth.fs").write("file", ("x"):rep(100000)) print(ok, message, code)]]
  local script = self.folder:write("script.lua", code)
  local program = os.getenv("TILTH_PROGRAM") or assert(fs.realpath("/proc/self/exe"))
  local done = assert(process.run({ "sh", "-c", "trap '' XFSZ; ulimit -f 2; exec \"$0\" run \"$1\"", program, script },
    { cwd = self.folder.path, stdout = "capture", stderr = "capture" }))
  lu.skipIf(done.kind == "signal", "the signal of the limit is not ignored in children of this shell")
  lu.assertStrContains(done.stdout, "nil\tfile: File too large\t27")
  lu.assertEquals(fs.read(path), "old")
  lu.assertEquals(names(self.folder.path), { "file", "script.lua" })
end

function TestFs:test_append_adds_to_the_end()
  local path = self.folder:join("file")
  lu.assertEquals(fs.append(path, "a"), true)
  lu.assertEquals(fs.append(path, "b"), true)
  lu.assertEquals(fs.read(path), "ab")
  assert_fails(self.folder.path, EISDIR, fs.append(self.folder.path, "x"))
end

function TestFs:test_list_is_sorted_by_bytes_and_tells_types()
  for _, name in ipairs({ "b", "B", "a", "é", ".hidden" }) do self.folder:write(name, "") end
  assert(fs.mkdir(self.folder:join("dir")))
  assert(fs.symlink("a", self.folder:join("link")))
  assert(process.run({ "mkfifo", self.folder:join("pipe") }))
  local types = {}
  for _, entry in ipairs(fs.list(self.folder.path)) do types[entry.name] = entry.type end
  lu.assertEquals(names(self.folder.path), { ".hidden", "B", "a", "b", "dir", "link", "pipe", "é" })
  lu.assertEquals({ types.a, types.dir, types.link, types.pipe }, { "file", "directory", "link", "other" })
end

function TestFs:test_list_of_no_folder_fails()
  assert_fails(self.folder:join("none"), ENOENT, fs.list(self.folder:join("none")))
  local file = self.folder:write("file", "")
  assert_fails(file, ENOTDIR, fs.list(file))
end

function TestFs:test_stat_describes_a_link_or_its_target()
  self.folder:write("file", "12345")
  local link = self.folder:join("link")
  assert(fs.symlink("file", link))
  lu.assertEquals(fs.stat(link).type, "link")
  local target = fs.stat(link, "follow")
  lu.assertEquals({ target.type, target.size }, { "file", 5 })
  lu.assertAlmostEquals(target.mtime, os.time(), 60)
  lu.assertErrorMsgContains("bad argument #2", fs.stat, link, "folow")
end

function TestFs:test_mkdir_makes_parents_and_accepts_what_exists()
  local path = self.folder:join("a/b//c/")
  lu.assertEquals(fs.mkdir(path), true)
  lu.assertEquals(fs.mkdir(path), true)
  lu.assertEquals(fs.stat(path).type, "directory")
end

function TestFs:test_mkdir_gives_the_mode_to_the_last_folder_only()
  assert(fs.mkdir(self.folder:join("plain")))
  assert(fs.mkdir(self.folder:join("a/b"), tonumber("500", 8)))
  lu.assertEquals(fs.stat(self.folder:join("a/b")).mode, tonumber("500", 8))
  lu.assertEquals(fs.stat(self.folder:join("a")).mode, fs.stat(self.folder:join("plain")).mode)
  lu.assertNotEquals(fs.stat(self.folder:join("a")).mode, tonumber("500", 8))
end

function TestFs:test_mkdir_over_a_file_fails()
  local file = self.folder:write("file", "")
  assert_fails(file, ENOTDIR, fs.mkdir(file))
  assert_fails(file .. "/sub", ENOTDIR, fs.mkdir(file .. "/sub"))
end

function TestFs:test_remove_takes_files_links_and_empty_folders()
  self.folder:write("file", "")
  assert(fs.mkdir(self.folder:join("empty")))
  assert(fs.symlink("file", self.folder:join("link")))
  for _, name in ipairs({ "link", "file", "empty" }) do lu.assertEquals(fs.remove(self.folder:join(name)), true) end
  lu.assertEquals(names(self.folder.path), {})
  assert_fails(self.folder:join("file"), ENOENT, fs.remove(self.folder:join("file")))
end

function TestFs:test_remove_refuses_a_full_folder()
  self.folder:write("full/file", "")
  assert_fails(self.folder:join("full"), ENOTEMPTY, fs.remove(self.folder:join("full")))
end

function TestFs:test_remove_tree_never_follows_a_link()
  self.folder:write("kept/file", "precious")
  self.folder:write("tree/deep/file", "")
  assert(fs.symlink("../../kept", self.folder:join("tree/deep/link")))
  assert(fs.symlink("../kept/file", self.folder:join("tree/link")))
  lu.assertEquals(fs.remove_tree(self.folder:join("tree")), true)
  lu.assertNil(fs.stat(self.folder:join("tree")))
  lu.assertEquals(self.folder:read("kept/file"), "precious")
end

function TestFs:test_remove_tree_of_a_link_with_a_slash_removes_the_link()
  self.folder:write("kept/file", "precious")
  assert(fs.symlink("kept", self.folder:join("link")))
  lu.assertEquals(fs.remove_tree(self.folder:join("link//")), true)
  lu.assertEquals(self.folder:read("kept/file"), "precious")
  lu.assertNil(fs.stat(self.folder:join("link")))
end

function TestFs:test_remove_tree_is_content_when_nothing_is_there()
  lu.assertEquals(fs.remove_tree(self.folder:join("none")), true)
end

function TestFs:test_remove_tree_refuses_the_root_and_dots()
  self.folder:write("sub/file", "precious")
  for _, path in ipairs({ "/", "//", ".", "..", self.folder:join("sub/."), self.folder:join("sub/../"), "./" }) do
    local removed, message, code = fs.remove_tree(path)
    lu.assertNil(removed)
    lu.assertStrContains(message, "will not remove it")
    lu.assertEquals(code, "unsafe")
  end
  lu.assertEquals(self.folder:read("sub/file"), "precious")
end

function TestFs:test_remove_tree_takes_wide_and_deep_trees()
  local path = self.folder:join("tree")
  assert(fs.mkdir(path .. ("/d"):rep(100)))
  for i = 1, 300 do assert(fs.append(path .. "/f" .. i, "")) end
  lu.assertEquals(fs.remove_tree(path), true)
  lu.assertNil(fs.stat(path))
end

function TestFs:test_remove_tree_names_what_it_cannot_remove()
  local path = self.folder:join("tree")
  self.folder:write("tree/closed/file", "")
  local script = self.folder:write("script.lua", ([[print(require("tilth.fs").remove_tree(%q))]]):format(path))
  local as_root = process.self().euid == 0
  if as_root then
    for _, folder in ipairs({ self.folder.path, path }) do assert(fs.chown(folder, 65534, 65534)) end
  end
  assert(fs.chmod(self.folder:join("tree/closed"), tonumber("555", 8)))
  local program = os.getenv("TILTH_PROGRAM") or assert(fs.realpath("/proc/self/exe"))
  local done = assert(process.run({ program, "run", script },
    { uid = as_root and 65534 or nil, cwd = "/", stdout = "capture", stderr = "capture" }))
  assert(fs.chmod(self.folder:join("tree/closed"), tonumber("755", 8)))
  lu.skipIf(done.code ~= 0, "another user cannot run the program from this folder")
  lu.assertStrContains(done.stdout, ("nil\t%s: file: Permission denied\t13"):format(path))
end

function TestFs:test_write_takes_the_longest_name()
  local path = self.folder:join(("n"):rep(255))
  lu.assertEquals(fs.write(path, "x"), true)
  lu.assertEquals(fs.read(path), "x")
  assert_fails(path .. "n", 36, fs.write(path .. "n", "x"))
end

function TestFs:test_rename_replaces_a_file()
  local a, b = self.folder:write("a", "A"), self.folder:write("b", "B")
  lu.assertEquals(fs.rename(a, b), true)
  lu.assertEquals(fs.read(b), "A")
  local value, message, code = fs.rename(a, b)
  lu.assertNil(value)
  lu.assertStrContains(message, a .. " to " .. b)
  lu.assertEquals(code, ENOENT)
end

function TestFs:test_realpath_resolves_links_and_dots()
  self.folder:write("dir/file", "")
  assert(fs.symlink("dir", self.folder:join("link")))
  lu.assertEquals(fs.realpath(self.folder:join("link/../link/file")), fs.realpath(self.folder:join("dir/file")))
  assert_fails(self.folder:join("none"), ENOENT, fs.realpath(self.folder:join("none")))
  assert(fs.symlink("loop", self.folder:join("loop")))
  assert_fails(self.folder:join("loop"), ELOOP, fs.realpath(self.folder:join("loop")))
end

function TestFs:test_chdir_changes_the_current_folder()
  local before = assert(fs.cwd())
  lu.assertEquals(fs.chdir(self.folder.path), true)
  local changed = fs.cwd()
  assert(fs.chdir(before))
  lu.assertEquals(changed, fs.realpath(self.folder.path))
  assert_fails(self.folder:join("none"), ENOENT, fs.chdir(self.folder:join("none")))
end

function TestFs:test_chmod_and_chown_fail_with_the_path()
  local path = self.folder:join("none")
  assert_fails(path, ENOENT, fs.chmod(path, 0))
  assert_fails(path, ENOENT, fs.chown(path, 0, 0))
  lu.assertErrorMsgContains("bad argument #2", fs.chmod, path, tonumber("10000", 8))
  lu.assertErrorMsgContains("bad argument #2", fs.chmod, path)
end

function TestFs:test_chown_of_a_link_leaves_its_target()
  lu.skipIf(process.self().euid ~= 0, "only root gives files away")
  local target = self.folder:write("file", "")
  local link = self.folder:join("link")
  assert(fs.symlink("file", link))
  assert(fs.chown(link, 65534, 65534))
  lu.assertEquals(fs.stat(link).uid, 65534)
  lu.assertEquals(fs.stat(target).uid, 0)
end

function TestFs:test_temporary_makes_private_folders_of_different_names()
  local prefix = self.folder:join("t-")
  local a, b = assert(fs.temporary(prefix)), assert(fs.temporary(prefix))
  lu.assertNotEquals(a, b)
  lu.assertEquals(a:sub(1, #prefix), prefix)
  lu.assertEquals(fs.stat(a).mode, tonumber("700", 8))
  lu.assertNil(fs.temporary(self.folder:join("none/t-")))
end

function TestFs:test_disk_free_tells_bytes()
  lu.assertTrue(fs.disk_free(self.folder.path) > 0)
  assert_fails(self.folder:join("none"), ENOENT, fs.disk_free(self.folder:join("none")))
end

function TestFs:test_symlink_does_not_replace()
  local path = self.folder:write("file", "x")
  assert_fails(path, EEXIST, fs.symlink("y", path))
end

function TestFs:test_lock_is_exclusive_until_it_is_closed()
  local path = self.folder:join("lock")
  local lock = assert(fs.lock(path))
  local second, message, code = fs.lock(path)
  lu.assertNil(second)
  lu.assertStrContains(message, path .. ": held by another process")
  lu.assertEquals(code, EAGAIN)
  lock:close()
  lock:close()
  lu.assertStrContains(tostring(lock), "closed")
  local again <close> = assert(fs.lock(path))
  lu.assertStrContains(tostring(again), "held")
end

function TestFs:test_lock_is_not_inherited_by_children()
  local path = self.folder:join("lock")
  local lock = assert(fs.lock(path))
  local child <close> = assert(process.spawn({ "sleep", "60" }))
  local forked <close> = assert(process.spawn({ "sleep", "60" }, { die_with_parent = true }))
  lock:close()
  local again <close> = assert(fs.lock(path))
  lu.assertStrContains(tostring(again), "held")
  lu.assertEquals({ process.kill(child:pid(), 0), process.kill(forked:pid(), 0) }, { true, true })
end

function TestFs:test_lock_dies_with_its_process()
  local path = self.folder:join("lock")
  local script = self.folder:write("script.lua",
    ([[local lock = assert(require("tilth.fs").lock(%q)) print("held") io.stdout:flush()
    require("tilth.clock").sleep(120)]]):format(path))
  local program = os.getenv("TILTH_PROGRAM") or assert(fs.realpath("/proc/self/exe"))
  local said = ""
  local holder <close> = assert(process.spawn({ program, "run", script },
    { stdout = function(chunk) said = said .. chunk end }))
  for _ = 1, 6000 do
    if said:find("held") or holder:wait(0.01) then break end
  end
  lu.assertEquals(select(3, fs.lock(path)), EAGAIN)
  holder:kill("KILL")
  holder:wait()
  local lock <close> = fs.lock(path)
  lu.assertNotNil(lock)
end

function TestFs:test_sync_needs_the_file()
  lu.assertTrue(fs.sync(self.folder:write("file", "text")))
  local ok, message, code = fs.sync(self.folder:join("none"))
  lu.assertNil(ok)
  lu.assertStrContains(message, "none")
  lu.assertEquals(code, ENOENT)
end

function TestFs:test_wrong_paths_raise()
  for _, name in ipairs({ "read", "list", "stat", "mkdir", "remove", "remove_tree", "realpath", "chdir", "temporary", "lock", "sync" }) do
    lu.assertErrorMsgContains("bad argument #1", fs[name], "")
    lu.assertErrorMsgContains("bad argument #1", fs[name], "a\0b")
    lu.assertErrorMsgContains("bad argument #1", fs[name])
  end
end

function TestFs:test_paths_are_joined_and_taken_apart()
  for _, case in ipairs({
    { { "a", "b", "c" }, "a/b/c" }, { { "a/", "b" }, "a/b" }, { { "/", "b" }, "/b" }, { { "a", "/b", "c" }, "/b/c" },
    { { "", "a", "", "b" }, "a/b" }, { { "." }, "." },
  }) do
    lu.assertEquals(fs.join(table.unpack(case[1])), case[2])
  end
  for path, parts in pairs({
    ["/a/b"] = { "/a", "b" }, ["a/b/"] = { "a", "b" }, ["a"] = { ".", "a" }, ["/a"] = { "/", "a" }, ["/"] = { "/", "/" },
    ["a//b"] = { "a", "b" }, ["./x"] = { ".", "x" },
  }) do
    lu.assertEquals({ fs.dirname(path), fs.basename(path) }, parts)
  end
end

function TestFs:test_exists_follows_links_and_asks_for_the_kind()
  local file = self.folder:write("file", "")
  assert(fs.symlink("file", self.folder:join("link")))
  lu.assertTrue(fs.exists(file))
  lu.assertTrue(fs.exists(self.folder:join("link"), "file"))
  lu.assertFalse(fs.exists(file, "directory"))
  lu.assertFalse(fs.exists(self.folder:join("none")))
end

function TestFs:test_join_refuses_a_part_that_is_no_string()
  lu.assertEquals(fs.join("/a", "", "b", "c/"), "/a/b/c/")
  -- With a part passed over, the path would be that of the folder above.
  for _, part in ipairs({ false, 5, {} }) do
    lu.assertErrorMsgContains("fs.join: part 2 of the path is a " .. type(part), fs.join, "/a", part)
  end
  lu.assertErrorMsgContains("fs.join: part 2 of the path is a nil", fs.join, "/a", nil, "b")
  lu.assertErrorMsgContains("fs.join: part 2 of the path is a nil", fs.join, "/a", nil)
end

return TestFs
