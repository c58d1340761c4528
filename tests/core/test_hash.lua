--- Digests and random bytes.
local fs = require("tilth.fs")
local hash = require("tilth.hash")
local lu = require("luaunit")
local temp = require("support.temp")

local TestHash = {}

function TestHash:test_sha256_of_known_texts()
  for text, digest in pairs({
    [""] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ["abc"] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    [("a"):rep(1000000)] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ["\0"] = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  }) do
    lu.assertEquals(hash.sha256(text), digest)
  end
end

function TestHash:test_a_stream_gives_the_digest_of_its_pieces()
  local stream = hash.stream()
  lu.assertEquals(stream:digest(), hash.sha256(""))
  lu.assertEquals(stream:update("a"):update(""):update("b\0"):digest(), hash.sha256("ab\0"))
  lu.assertEquals(stream:update(("x"):rep(100000)):digest(), hash.sha256("ab\0" .. ("x"):rep(100000)))
  lu.assertErrorMsgContains("bad argument", stream.update, {}, "a")
end

function TestHash:test_random_gives_as_many_bytes_as_asked()
  for _, count in ipairs({ 0, 1, 16, 100000 }) do lu.assertEquals(#hash.random(count), count) end
end

function TestHash:test_random_differs_each_time()
  lu.assertNotEquals(hash.random(16), hash.random(16))
end

function TestHash:test_random_raises_on_a_wrong_count()
  lu.assertErrorMsgContains("bad argument #1", hash.random, -1)
  lu.assertErrorMsgContains("bad argument #1", hash.random, 1 << 30)
end

function TestHash:test_uuid_is_version_4()
  local seen = {}
  for _ = 1, 200 do
    local uuid = hash.uuid()
    lu.assertStrMatches(uuid, "%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x")
    lu.assertNil(seen[uuid])
    seen[uuid] = true
  end
end

function TestHash:test_folder_hashes_a_file_of_each_folder()
  local made = temp.folder("hash")
  made:write("b/x.sql", "select 1;\n")
  made:write("a/x.sql", "")
  made:write("c/x.sql", "é")
  made:write("d/other", "no x.sql here")
  made:write("plain-file", "x")
  assert(fs.symlink(made:join("b"), made:join("link")))
  local job <close> = assert(hash.folder(made.path, "x.sql"))
  local found = assert(job:wait())
  local names, digests, sizes, plain = job:folders()
  lu.assertEquals(names, { "a", "b", "c", "d" })
  lu.assertEquals(digests, { hash.sha256(""), hash.sha256("select 1;\n"), hash.sha256("é"), false })
  lu.assertEquals(sizes, { 0, 10, 2, 0 })
  lu.assertEquals(plain, { true, true, false, false })
  lu.assertEquals(found, { count = 4, others = { "link", "plain-file" }, stamped = false })
end

function TestHash:test_folder_reads_long_files_whole()
  local made, text = temp.folder("hash"), ("0123456789abcdef"):rep(10000)
  made:write("a/x.sql", text)
  local job <close> = hash.folder(made.path, "x.sql")
  job:wait()
  local _, digests, sizes = job:folders()
  lu.assertEquals({ digests[1], sizes[1] }, { hash.sha256(text), #text })
end

function TestHash:test_folder_lists_digests_and_names_in_one_text()
  local made = temp.folder("hash")
  made:write("20240102030405_b/x.sql", "b")
  made:write("20240102030404_a/x.sql", "a")
  made:write("other", "x")
  local found = hash.folder(made.path, "x.sql"):wait()
  lu.assertEquals(found.listing, ("%s/20240102030404_a/%s/20240102030405_b/"):format(hash.sha256("a"), hash.sha256("b")))
  lu.assertTrue(found.stamped)
end

function TestHash:test_folder_names_are_stamped_when_their_stamps_ascend()
  for _, case in ipairs({
    { {}, true }, { { "20240102030405_a" }, true }, { { "20240102030405_a", "20240102030405_b" }, false }, { { "init" }, false },
    { { "20240102030405_a", "20240102030406" }, false }, { { "2024010203040_a" }, false }, { { "202401020304055_a" }, false },
  }) do
    local made = temp.folder("hash")
    for _, name in ipairs(case[1]) do
      made:write(name .. "/x.sql", "")
    end
    lu.assertEquals(hash.folder(made.path, "x.sql"):wait().stamped, case[2], table.concat(case[1], " "))
  end
end

function TestHash:test_folders_are_asked_for_after_the_wait()
  local job <close> = hash.folder("/usr", "x")
  lu.assertErrorMsgContains("not waited for", job.folders, job)
  job:wait()
  job:close()
  lu.assertErrorMsgContains("not waited for", job.folders, job)
end

function TestHash:test_folder_that_is_not_there_is_a_no()
  local path = temp.folder("hash"):join("none")
  local names, message, code = hash.folder(path, "x"):wait()
  lu.assertNil(names)
  lu.assertStrContains(message, path)
  lu.assertEquals(code, "failed")
end

function TestHash:test_folder_jobs_can_be_given_up()
  for _ = 1, 50 do
    local job <close> = hash.folder("/usr", "x")
    lu.assertNotNil(job)
  end
  local job = hash.folder("/", "x")
  job:wait()
  lu.assertErrorMsgContains("waited for already", job.wait, job)
end

return TestHash
