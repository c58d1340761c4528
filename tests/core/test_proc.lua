--- Child processes.
local clock = require("tilth.clock")
local env = require("tilth.env")
local fs = require("tilth.fs")
local lu = require("luaunit")
local process = require("tilth.process")
local program = require("support.program")
local temp = require("support.temp")

local TestProc = {}

local ENOENT <const>, ESRCH <const>, EACCES <const>, EPERM <const>, ENOEXEC <const> = 2, 3, 13, 1, 8
local KILL <const>, TERM <const>, NOBODY <const> = 9, 15, 65534

function TestProc:setUp()
  self.folder = temp.folder("proc")
end

--- Runs a shell script with both outputs captured.
local function shell(script, options)
  options = options or {}
  options.stdout = options.stdout or "capture"
  options.stderr = options.stderr or "capture"
  return assert(process.run({ "sh", "-c", script }, options))
end

--- Runs a shell script that says a word when it is ready for its timeout. On a slow machine the time may be over before
-- that: then it gets more.
local function shell_timed_out(script, options)
  local done
  for _, timeout in ipairs({ options.timeout, 3, 30 }) do
    options.timeout = timeout
    done = shell(script, options)
    if done.stdout ~= "" then break end
  end
  return done
end

--- Is a process gone, or does it go within half the time that it would last? One that only awaits its parent is gone.
local function vanishes(pid)
  local deadline = clock.monotonic() + 30
  repeat
    local text = fs.read(("/proc/%d/stat"):format(pid))
    if not text or text:match("^.*%) (%a)") == "Z" then return true end
    clock.sleep(0.01)
  until clock.monotonic() > deadline
  return false
end

local function assert_fails(code, part, child, message, found)
  lu.assertNil(child)
  lu.assertStrContains(message, part)
  lu.assertEquals(found, code)
end

function TestProc:test_run_tells_exit_status_and_outputs_apart()
  local done = shell("echo out; echo err >&2; exit 3")
  lu.assertEquals({ done.kind, done.code, done.timed_out }, { "exit", 3, false })
  lu.assertEquals({ done.stdout, done.stderr }, { "out\n", "err\n" })
  lu.assertTrue(done.seconds > 0 and done.seconds < 60)
end

function TestProc:test_run_tells_a_signal_from_an_exit_status()
  for _, signal in ipairs({ 11, KILL, TERM, 2, 13 }) do
    local done = shell(("kill -%d $$"):format(signal))
    lu.assertEquals({ done.kind, done.code }, { "signal", signal })
  end
  lu.assertEquals(shell("exit 137").kind, "exit")
end

function TestProc:test_run_gives_no_text_for_what_is_not_captured()
  local done = assert(process.run({ "echo", "x" }, { stdout = "null" }))
  lu.assertNil(done.stdout)
  lu.assertNil(done.stderr)
end

function TestProc:test_arguments_reach_the_program_as_they_are()
  local arguments = { "", "two words", "$HOME", "'\"\\", "é", "a\nb", "*" }
  local done = assert(process.run({ "printf", "%s|", table.unpack(arguments) }, { stdout = "capture" }))
  lu.assertEquals(done.stdout, table.concat(arguments, "|") .. "|")
end

function TestProc:test_capture_takes_big_outputs_of_both_streams_at_once()
  local done = shell("head -c 3000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait")
  lu.assertEquals({ #done.stdout, #done.stderr }, { 3000000, 3000000 })
end

function TestProc:test_a_function_gets_output_while_the_child_runs()
  local path = self.folder:join("seen")
  local said = ""
  local done = assert(process.run({ "sh", "-c", 'echo first; while [ ! -e "$0" ]; do sleep 0.01; done; echo second', path }, {
    stdout = function(chunk)
      said = said .. chunk
      fs.write(path, "")
    end, timeout = 60,
  }))
  lu.assertFalse(done.timed_out)
  lu.assertEquals(said, "first\nsecond\n")
  lu.assertNil(done.stdout)
end

function TestProc:test_an_error_in_such_a_function_ends_the_child_and_comes_out()
  local pid
  local ok, message = pcall(process.run, { "sh", "-c", "echo $$; sleep 60" }, {
    stdout = function(chunk)
      pid = tonumber(chunk)
      error("no more", 0)
    end,
  })
  lu.assertEquals({ ok, message }, { false, "no more" })
  lu.assertTrue(vanishes(pid))
end

function TestProc:test_stdin_is_empty_unless_asked_for()
  lu.assertEquals(shell("cat; echo end").stdout, "end\n")
end

function TestProc:test_a_big_text_is_fed_while_output_comes_back()
  local text = ("0123456789"):rep(300000)
  local done = assert(process.run({ "cat" }, { stdin = text, stdout = "capture", timeout = 60 }))
  lu.assertTrue(done.stdout == text)
end

function TestProc:test_text_that_nobody_reads_is_dropped()
  local done = assert(process.run({ "head", "-c", "5" }, { stdin = ("x"):rep(1000000), stdout = "capture", timeout = 60 }))
  lu.assertEquals({ done.stdout, done.code }, { "xxxxx", 0 })
  lu.assertEquals(assert(process.run({ "true" }, { stdin = ("x"):rep(1000000), timeout = 60 })).code, 0)
end

function TestProc:test_an_empty_text_is_an_end_of_file()
  lu.assertEquals(assert(process.run({ "cat" }, { stdin = "", stdout = "capture", timeout = 60 })).stdout, "")
end

function TestProc:test_a_program_that_is_missing_is_an_error_of_the_start()
  assert_fails(ENOENT, "no-such-program: not found in PATH", process.run({ "no-such-program" }))
  assert_fails(ENOENT, "./no-such-program: ", process.spawn({ "./no-such-program" }))
  assert_fails(EACCES, self.folder.path, process.run({ self.folder.path }))
  local plain = self.folder:write("plain", "#!/bin/sh\n", tonumber("644", 8))
  assert_fails(EACCES, plain, process.run({ plain }))
end

function TestProc:test_a_missing_interpreter_is_told_from_a_missing_program()
  local path = self.folder:write("script", "#!/no/such/shell\n", tonumber("755", 8))
  assert_fails(ENOENT, "the interpreter in its first line is missing", process.run({ path }))
  assert_fails(ENOENT, "the interpreter in its first line is missing", process.run({ path }, { detach = true }))
end

function TestProc:test_a_file_that_is_no_program_is_refused()
  local path = self.folder:write("text", "hello\n", tonumber("755", 8))
  assert_fails(ENOEXEC, "neither a program nor a script", process.run({ path }))
end

function TestProc:test_a_missing_folder_is_told_from_a_missing_program()
  assert_fails(ENOENT, "true: cannot run in the folder /no/such/folder", process.run({ "true" }, { cwd = "/no/such/folder" }))
  assert_fails(ENOENT, "cannot run in the folder", process.run({ "true" }, { cwd = "/no/such/folder", detach = true }))
  assert_fails(20, "cannot run in the folder", process.run({ "true" }, { cwd = self.folder:write("file", "") }))
end

function TestProc:test_cwd_is_the_folder_and_relative_programs_are_seen_from_it()
  self.folder:write("bin/here", "#!/bin/sh\npwd\n", tonumber("755", 8))
  for _, options in ipairs({ {}, { detach = true } }) do
    options.cwd, options.stdout = self.folder.path, "capture"
    local done = assert(process.run({ "bin/here" }, options))
    lu.assertEquals(done.stdout, fs.realpath(self.folder.path) .. "\n")
  end
end

function TestProc:test_env_adds_replaces_and_removes()
  env.set("TILTH_TEST_KEPT", "kept")
  env.set("TILTH_TEST_GONE", "gone")
  local script = 'echo "$TILTH_TEST_KEPT|${TILTH_TEST_GONE-none}|$TILTH_TEST_NEW"'
  local done = shell(script, { env = { TILTH_TEST_GONE = false, TILTH_TEST_NEW = "a=b c" } })
  local again = shell(script)
  env.unset("TILTH_TEST_KEPT")
  env.unset("TILTH_TEST_GONE")
  lu.assertEquals(done.stdout, "kept|none|a=b c\n")
  lu.assertEquals(again.stdout, "kept|gone|\n")
end

function TestProc:test_clean_env_passes_nothing_else()
  local many = {}
  for i = 1, 300 do many["V" .. i] = "value " .. i end
  local done = assert(process.run({ "/usr/bin/env" }, { clean_env = true, env = many, stdout = "capture" }))
  local count = 0
  for line in done.stdout:gmatch("[^\n]+") do
    local number = line:match("^V(%d+)=value %d+$")
    lu.assertEquals(line, ("V%d=value %d"):format(number, number))
    count = count + 1
  end
  lu.assertEquals(count, 300)
end

function TestProc:test_the_program_is_searched_in_the_child_s_path()
  self.folder:write("one/tool", "no program", tonumber("644", 8))
  self.folder:write("two/tool", "#!/bin/sh\necho two\n", tonumber("755", 8))
  local path = self.folder:join("one") .. ":" .. self.folder:join("two")
  lu.assertEquals(assert(process.run({ "tool" }, { env = { PATH = path }, stdout = "capture" })).stdout, "two\n")
  assert_fails(EACCES, "tool: ", process.run({ "tool" }, { env = { PATH = self.folder:join("one") } }))
  assert_fails(ENOENT, "not found in PATH", process.run({ "sh" }, { env = { PATH = "/no/such" } }))
end

function TestProc:test_a_closed_folder_in_the_path_does_not_hide_that_a_program_is_missing()
  local closed = self.folder:join("closed")
  assert(fs.mkdir(closed, 0))
  local script = self.folder:write("script.lua", ([[
    print(require("tilth.process").run({ "no-such-program" }, { env = { PATH = %q } }))]]):format(closed))
  local done = assert(process.run({ program.path(), "run", script },
    { uid = process.self().euid == 0 and NOBODY or nil, cwd = "/", stdout = "capture", stderr = "capture" }))
  assert(fs.chmod(closed, tonumber("755", 8))) -- so that it can be removed
  lu.skipIf(done.code ~= 0, "another user cannot run the program from this folder")
  lu.assertStrContains(done.stdout, "nil\tno-such-program: not found in PATH: No such file or directory\t2")
end

function TestProc:test_the_child_has_no_descriptors_but_three()
  local open <close> = assert(io.open(self.folder:write("file", "")))
  local kept = io.type(open)
  for _, options in ipairs({ {}, { detach = true }, { stdin = "text" } }) do
    options.stdout = "capture"
    -- The fourth is ls's own.
    lu.assertEquals(assert(process.run({ "ls", "/proc/self/fd" }, options)).stdout, "0\n1\n2\n3\n")
  end
  lu.assertEquals(kept, "file")
end

function TestProc:test_the_child_has_default_signals()
  for _, options in ipairs({ {}, { detach = true } }) do
    options.stdout = "capture"
    local text = assert(process.run({ "cat", "/proc/self/status" }, options)).stdout
    lu.assertStrMatches(text:match("SigBlk:\t(%x+)"), "0+")
    -- The C library keeps 32 to 34 to itself; SIGHUP stays ignored under nohup.
    lu.assertEquals(tonumber(text:match("SigIgn:\t(%x+)"), 16) & 0x7ffffffe, 0)
  end
end

function TestProc:test_the_child_leads_a_group_unless_told_otherwise()
  local script = "set -- $(cat /proc/$$/stat); echo $$ $5 $6"
  local pid, group, session = shell(script).stdout:match("(%d+) (%d+) (%d+)")
  lu.assertEquals(group, pid)
  lu.assertNotEquals(session, pid)
  pid, group = shell(script, { group = false }).stdout:match("(%d+) (%d+)")
  lu.assertNotEquals(group, pid)
  pid, group, session = shell(script, { detach = true }).stdout:match("(%d+) (%d+) (%d+)")
  lu.assertEquals({ group, session }, { pid, pid })
end

function TestProc:test_timeout_ends_the_whole_group()
  local done = shell_timed_out("sleep 60 & echo $!; wait", { timeout = 0.2 })
  lu.assertEquals({ done.kind, done.code, done.timed_out }, { "signal", TERM, true })
  lu.assertTrue(vanishes(tonumber(done.stdout)))
end

function TestProc:test_timeout_kills_what_ignores_term()
  local done = shell_timed_out("trap '' TERM; sleep 60 & echo $!; while :; do wait; done", { timeout = 0.2, grace = 0.2 })
  lu.assertEquals({ done.kind, done.code, done.timed_out }, { "signal", KILL, true })
  lu.assertTrue(vanishes(tonumber(done.stdout)))
end

function TestProc:test_timeout_leaves_grandchildren_the_grace_too()
  local path = self.folder:join("tidy")
  local script = "(trap 'sleep 0.2; echo tidy > tidy; exit' TERM; echo ready; while :; do sleep 0.02; done) & wait"
  local done = shell_timed_out(script, { timeout = 0.3, grace = 60, cwd = self.folder.path })
  lu.assertTrue(done.timed_out)
  lu.assertEquals(fs.read(path), "tidy\n")
end

function TestProc:test_a_child_that_ends_well_on_term_keeps_its_status()
  local done = shell_timed_out("trap 'exit 42' TERM; echo ready; while :; do sleep 0.02; done", { timeout = 0.2 })
  lu.assertEquals({ done.kind, done.code, done.timed_out }, { "exit", 42, true })
end

function TestProc:test_a_grandchild_that_holds_the_pipe_does_not_hold_us()
  local before = clock.monotonic()
  local done = shell("sleep 60 & echo $!")
  local taken = clock.monotonic() - before
  lu.assertEquals(done.code, 0)
  lu.assertTrue(taken >= 0.4 and taken < 50, taken)
  local pid = tonumber(done.stdout)
  lu.assertEquals(process.kill(pid, 0), true, "a daemon that a child starts is not ours to stop")
  process.kill(pid, "KILL")
  lu.assertTrue(vanishes(pid))
end

function TestProc:test_spawn_wait_and_close()
  local child = assert(process.spawn({ "sleep", "60" }))
  lu.assertEquals({ child:wait(0.05) }, { nil, "timed out", "timeout" })
  lu.assertStrContains(tostring(child), "running")
  lu.assertEquals(child:kill("INT"), true)
  lu.assertEquals({ child:wait() }, { "signal", 2, false })
  lu.assertEquals({ child:wait(0) }, { "signal", 2, false })
  assert_fails(ESRCH, "No such process", child:kill())
  child:close()
  child:close()
  lu.assertErrorMsgContains("closed child", child.wait, child)
  lu.assertErrorMsgContains("closed child", child.kill, child, 0)
  lu.assertStrContains(tostring(child), "closed")
end

function TestProc:test_spawn_keeps_its_timeout_while_it_is_waited_for()
  local child <close> = assert(process.spawn({ "sleep", "60" }, { timeout = 0.1 }))
  lu.assertEquals({ child:wait() }, { "signal", TERM, true })
end

function TestProc:test_output_is_what_was_captured_so_far()
  local child <close> = assert(process.spawn({ "sh", "-c", "echo a; echo b >&2; sleep 60" }, { stdout = "capture", stderr = "capture" }))
  for _ = 1, 5000 do
    local out, err = child:output()
    if #out > 0 and #err > 0 then break end
    child:wait(0.01)
  end
  lu.assertEquals({ child:output() }, { "a\n", "b\n" })
end

function TestProc:test_leaving_the_scope_ends_the_child_and_its_group()
  local pid, below
  do
    local child <close> = assert(process.spawn({ "sh", "-c", "sleep 60 & echo $!; wait" }, { stdout = "capture" }))
    pid = child:pid()
    for _ = 1, 5000 do
      below = tonumber((child:output()))
      if below then break end
      child:wait(0.01)
    end
  end
  lu.assertTrue(vanishes(pid))
  lu.assertTrue(vanishes(below))
end

function TestProc:test_the_collector_ends_a_forgotten_child()
  local pid = assert(process.spawn({ "sleep", "60" })):pid()
  collectgarbage()
  collectgarbage()
  lu.assertTrue(vanishes(pid))
end

--- Runs a Lua script in the program, waits until it has said a number, and gives the program and the number.
local function start_script(self, text)
  local child = program.start({ args = { "run", self.folder:write("script.lua", text) } })
  child:wait_for("%d+\n")
  return child, math.tointeger(tonumber(child.stdout:match("(%d+)\n")))
end

function TestProc:test_a_detached_child_outlives_its_handle_and_us()
  local child <close>, pid = start_script(self, [[
    local child <close> = require("tilth.process").spawn({ "sleep", "60" }, { detach = true, stdout = "null", stderr = "null" })
    print(child:pid())]])
  lu.assertEquals(child:wait().status, 0)
  lu.assertEquals(process.kill(pid, 0), true)
  process.kill(pid, "KILL")
  lu.assertTrue(vanishes(pid))
end

function TestProc:test_another_user_runs_without_our_groups()
  lu.skipIf(process.self().euid ~= 0, "only root becomes another user")
  local done = shell("id -u; id -g; id -G", { uid = NOBODY, gid = NOBODY, cwd = "/" })
  lu.assertEquals(done.stdout, "65534\n65534\n65534\n")
end

function TestProc:test_becoming_another_user_without_the_right_is_an_error_of_the_start()
  local script = self.folder:write("script.lua", [[
    local child, message, code = require("tilth.process").spawn({ "/bin/true" }, { uid = 1 })
    print(child, message, code)]])
  local done = assert(process.run({ program.path(), "run", script },
    { uid = process.self().euid == 0 and NOBODY or nil, cwd = "/", stdout = "capture", stderr = "capture" }))
  lu.skipIf(done.code ~= 0, "another user cannot run the program from this folder")
  lu.assertStrContains(done.stdout, "nil\t/bin/true: cannot run as user 1, group")
  lu.assertStrContains(done.stdout, "\t" .. EPERM)
end

function TestProc:test_die_with_parent_ends_the_child_when_we_are_killed()
  local child <close>, pid = start_script(self, [[
    local child = require("tilth.process").spawn({ "sleep", "60" }, { die_with_parent = true })
    print(child:pid()) io.stdout:flush() child:wait()]])
  child:signal(KILL)
  child:wait()
  lu.assertTrue(vanishes(pid))
end

function TestProc:test_an_interruption_is_passed_on_and_awaited()
  local path = self.folder:join("tidy")
  local child <close> = start_script(self, ([[
    require("tilth.process").run({ "sh", "-c", "trap 'sleep 0.2; echo tidy > tidy; exit 42' TERM; echo $$; while :; do sleep 0.02; done" },
      { cwd = %q })
    print("not reached")]]):format(self.folder.path))
  child:signal(TERM)
  local ended = child:wait()
  lu.assertEquals(ended.status, 128 + TERM)
  lu.assertEquals(fs.read(path), "tidy\n")
  lu.assertNotStrContains(ended.stdout, "not reached")
end

function TestProc:test_an_interruption_kills_what_does_not_end()
  local child <close>, pid = start_script(self, [[
    require("tilth.process").run({ "sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.02; done" }, { grace = 0.3 })]])
  child:signal(TERM)
  local ended = child:wait()
  lu.assertEquals(ended.status, 128 + TERM)
  lu.assertTrue(vanishes(pid))
end

--- Interrupts twice a script whose child does not end; how long the second interruption takes.
local function interrupt_twice(self)
  local child <close>, pid = start_script(self, [[
    require("tilth.process").run({ "sh", "-c", "trap 'echo heard' INT TERM; echo $$; while :; do sleep 0.02; done" }, { grace = 60 })]])
  child:signal(2)
  -- Two signals that a process has not heard yet are one.
  child:wait_for("heard")
  local before = clock.monotonic()
  child:signal(2)
  lu.assertEquals(child:wait().status, 130)
  local taken = clock.monotonic() - before
  lu.assertTrue(vanishes(pid))
  return taken
end

function TestProc:test_a_second_interruption_does_not_wait_for_the_grace()
  -- The clean-up after one interruption has 5 s; a machine that is busy may take as long for something else once.
  local quickest = math.huge
  for _ = 1, 4 do
    quickest = quickest < 3 and quickest or math.min(quickest, interrupt_twice(self))
  end
  lu.assertTrue(quickest < 3, quickest)
end

function TestProc:test_a_stopped_child_hears_the_timeout()
  local done = shell_timed_out("trap 'exit 7' TERM; echo ready; kill -STOP $$; while :; do sleep 0.02; done", { timeout = 0.3 })
  lu.assertEquals({ done.kind, done.code, done.timed_out }, { "exit", 7, true })
end

function TestProc:test_what_was_printed_before_comes_before_the_child_s_output()
  local script = self.folder:write("script.lua", [[
    print("first") require("tilth.process").run({ "echo", "second" }) print("third")]])
  lu.assertEquals(program.run({ args = { "run", script } }).stdout, "first\nsecond\nthird\n")
end

function TestProc:test_self_and_kill()
  local self_pid = process.self().pid
  lu.assertEquals(fs.read("/proc/self/stat"):match("^%d+"), tostring(self_pid))
  lu.assertEquals(process.kill(self_pid, 0), true)
  local child <close> = assert(process.spawn({ "true" }))
  local pid = child:pid()
  child:wait()
  assert_fails(ESRCH, ("process %d: "):format(pid), process.kill(pid, 0))
  for _, wrong in ipairs({ 0, -1, 1 << 40 }) do
    lu.assertErrorMsgContains("bad argument #1", process.kill, wrong, 0)
  end
  lu.assertErrorMsgContains("no such signal", process.kill, self_pid, "NOPE")
  lu.assertErrorMsgContains("no such signal", process.kill, self_pid, 1000)
end

function TestProc:test_wrong_options_raise_before_anything_starts()
  local path = self.folder:join("started")
  for part, options in pairs({
    ["option 'tiemout' is unknown"] = { tiemout = 1 }, ["option 'timeout'"] = { timeout = -1 },
    ["option 'grace'"] = { grace = "soon" }, ["option 'stdout'"] = { stdout = "print" }, ["option 'stderr'"] = { stderr = 1 },
    ["option 'stdin'"] = { stdin = {} }, ["option 'uid'"] = { uid = -1 }, ["option 'gid'"] = { gid = "nobody" },
    ["option 'env'"] = { env = "A=1" }, ["variable's name"] = { env = { ["A=B"] = "x" } },
    ["a variable's value"] = { env = { A = 1 } }, ["option 'cwd'"] = { cwd = 1 }, ["no such signal"] = { die_with_parent = "X" },
  }) do
    lu.assertErrorMsgContains(part, process.run, { "touch", path }, options)
  end
  lu.assertErrorMsgContains("zero byte", process.run, { "touch", path .. "\0" })
  lu.assertErrorMsgContains("no program", process.run, {})
  lu.assertErrorMsgContains("not a string", process.run, { "touch", 1 })
  lu.assertFalse(fs.exists(path))
end

function TestProc:test_messages_do_not_show_variables_or_arguments()
  local _, message = process.run({ "no-such-program", "--password=hunter2" }, { env = { SECRET = "hunter2" } })
  lu.assertNotStrContains(message, "hunter2")
  local _, raised = pcall(process.run, { "true" }, { env = { SECRET = "hunter2\0" } })
  lu.assertNotStrContains(raised, "hunter2")
end

function TestProc:test_describe_says_how_a_child_ended()
  lu.assertEquals(process.describe({ kind = "exit", code = 3 }), "exit status 3")
  lu.assertEquals(process.describe({ kind = "signal", code = 9 }), "signal 9 (KILL)")
  lu.assertEquals(process.describe({ kind = "signal", code = 40 }), "signal 40")
  lu.assertEquals(process.describe({ kind = "signal", code = 15, timed_out = true, seconds = 2 }), "timed out after 2.0 s")
end

return TestProc
