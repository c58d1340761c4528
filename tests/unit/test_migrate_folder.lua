--- tilth.migrate.folder: what counts as a migration.
local lu = require("luaunit")

local folder = require("tilth.migrate.folder")

local ENOENT <const> = 2
local EACCES <const> = 13

local TestMigrateFolder = {}

-- A file library over two tables: entries by folder, texts by path.
local function fake(entries, texts)
  return {
    list = function(path)
      if entries[path] then
        return entries[path]
      end
      return nil, "No such file or directory", ENOENT
    end,
    read = function(path)
      if type(texts[path]) == "table" then
        return nil, texts[path][1], texts[path][2]
      elseif texts[path] then
        return texts[path]
      end
      return nil, "No such file or directory", ENOENT
    end,
    stat = function(path)
      if texts[path] then
        return { type = "file" }
      end
      return nil, "No such file or directory", ENOENT
    end,
  }
end

local function digest(text)
  return "sha:" .. text
end

local function directory(name)
  return { name = name, type = "directory" }
end

local function read_one(text)
  return folder.read(fake({ ["/m"] = { directory("1_a") } }, { ["/m/1_a/migration.sql"] = text }), digest, "/m")[1]
end

function TestMigrateFolder:test_only_real_directories_count()
  local found = folder.read(fake({ ["/m"] = {
    { name = "20240105_file.sql", type = "file" }, { name = "a_link", type = "link" }, directory(".hidden"), directory("0 init"),
  } }, { ["/m/.hidden/migration.sql"] = "", ["/m/0 init/migration.sql"] = "x" }), digest, "/m")
  lu.assertEquals(#found, 2)
  lu.assertEquals(found[1].name, ".hidden")
  lu.assertEquals(found[2].path, "/m/0 init/migration.sql")
  lu.assertEquals(found[2].sha256, "sha:x")
  lu.assertTrue(found.exists)
end

-- What hash.folder gives for folders that are plain.
local function job_of(names, stamped)
  local job = { asked = 0 }
  function job.wait()
    local listing = {}
    for position, name in ipairs(names) do
      listing[position] = ("sha:%d/%s/"):format(position, name)
    end
    return { count = #names, others = {}, listing = table.concat(listing), stamped = stamped }
  end
  function job:folders()
    self.asked = self.asked + 1
    local digests, sizes, plain = {}, {}, {}
    for position in ipairs(names) do
      digests[position], sizes[position], plain[position] = "sha:" .. position, 7, true
    end
    return names, digests, sizes, plain
  end
  function job.close()
  end
  return job
end

function TestMigrateFolder:test_entries_read_ahead_are_made_when_one_is_asked_for()
  local job = job_of({ "20240101000000_a", "20240102000000_b" }, true)
  local found = folder.read(fake({}, {}), digest, "/m", job)
  lu.assertEquals({ #found, found.listing, found.dir, found.nothing }, { 2, "sha:1/20240101000000_a/sha:2/20240102000000_b/", "/m" })
  lu.assertEquals(job.asked, 0)
  lu.assertEquals(found[2], { name = "20240102000000_b", path = "/m/20240102000000_b/migration.sql", sha256 = "sha:2", size = 7 })
  local names = {}
  for position, migration in ipairs(found) do
    names[position] = migration.name
  end
  lu.assertEquals(names, { "20240101000000_a", "20240102000000_b" })
  lu.assertEquals({ #found, found[3], job.asked }, { 2, nil, 1 })
end

function TestMigrateFolder:test_names_without_stamps_read_ahead_are_sorted()
  local found = folder.read(fake({}, {}), digest, "/m", job_of({ "B", "a" }, false))
  lu.assertEquals({ found[1].name, found[2].name, found.byte_order_differs }, { "a", "B", true })
end

function TestMigrateFolder:test_prisma8_is_found_among_what_was_read_ahead()
  local files = fake({ ["/m/app"] = { directory("x") } }, { ["/m/app/x/ops.json"] = "{}" })
  lu.assertEquals(folder.read(files, digest, "/m", job_of({ "app" }, false)).prisma8, "/m/app/x/ops.json")
  lu.assertNil(folder.read(files, digest, "/m", job_of({ "appendix", "1_app" }, false)).prisma8)
end

function TestMigrateFolder:test_missing_folder_means_no_migrations()
  local found = folder.read(fake({}, {}), digest, "/m")
  lu.assertEquals(#found, 0)
  lu.assertFalse(found.exists)
end

function TestMigrateFolder:test_unreadable_folder_is_an_error()
  local files = fake({}, {})
  files.list = function()
    return nil, "Permission denied", EACCES
  end
  local found, message, code = folder.read(files, digest, "/m")
  lu.assertNil(found)
  lu.assertStrContains(message, "/m: Permission denied")
  lu.assertEquals(code, EACCES)
end

function TestMigrateFolder:test_missing_file_is_named_as_missing()
  lu.assertEquals(read_one(nil).problem.kind, "missing")
end

function TestMigrateFolder:test_unreadable_file_keeps_the_reason()
  local migration = read_one({ "Is a directory", 21 })
  lu.assertEquals(migration.problem, { kind = "unreadable", message = "Is a directory" })
end

function TestMigrateFolder:test_byte_order_mark_is_hashed_and_noted()
  local migration = read_one("\xEF\xBB\xBFSELECT 1;")
  lu.assertTrue(migration.bom)
  lu.assertEquals(migration.sha256, "sha:\xEF\xBB\xBFSELECT 1;")
  lu.assertNil(migration.problem)
end

function TestMigrateFolder:test_invalid_utf8_is_found_with_its_line()
  lu.assertEquals(read_one("SELECT 1;\nSELECT 'caf\xE9';").problem, { kind = "encoding", line = 2, byte = 0xE9 })
end

function TestMigrateFolder:test_nul_is_found_with_its_line()
  lu.assertEquals(read_one("a\n\nb\0").problem, { kind = "nul", line = 3 })
end

function TestMigrateFolder:test_empty_file_is_fine()
  local migration = read_one("")
  lu.assertNil(migration.problem)
  lu.assertEquals(migration.size, 0)
end

function TestMigrateFolder:test_layout_of_prisma_8_is_recognised()
  local found = folder.read(fake({
    ["/m"] = { directory("app") }, ["/m/app"] = { directory("20260101_x") },
  }, { ["/m/app/20260101_x/ops.json"] = "[]" }), digest, "/m")
  lu.assertEquals(found.prisma8, "/m/app/20260101_x/ops.json")
end

function TestMigrateFolder:test_a_migration_called_app_is_no_prisma_8()
  local found = folder.read(fake({ ["/m"] = { directory("app") } }, { ["/m/app/migration.sql"] = "x" }), digest, "/m")
  lu.assertNil(found.prisma8)
end

function TestMigrateFolder:test_text_comes_without_its_byte_order_mark()
  local files = fake({}, { ["/f"] = "\xEF\xBB\xBFx" })
  local text, skipped = folder.text(files, digest, { path = "/f", sha256 = "sha:\xEF\xBB\xBFx" })
  lu.assertEquals(text, "x")
  lu.assertEquals(skipped, 3)
end

function TestMigrateFolder:test_text_that_changed_since_the_plan_is_refused()
  local text, message, code = folder.text(fake({}, { ["/f"] = "new" }), digest, { path = "/f", sha256 = "sha:old" })
  lu.assertNil(text)
  lu.assertStrContains(message, "changed while")
  lu.assertEquals(code, "failed")
end

function TestMigrateFolder:test_text_that_went_away_is_p3015()
  local text, _, code = folder.text(fake({}, {}), digest, { path = "/f", sha256 = "x" })
  lu.assertNil(text)
  lu.assertEquals(code, "P3015")
end

return TestMigrateFolder
