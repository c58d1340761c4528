--- tilth.migrate.lock_file: migration_lock.toml as Prisma reads it.
local lu = require("luaunit")

local lock_file = require("tilth.migrate.lock_file")

local TestMigrateLockFile = {}

function TestMigrateLockFile:test_provider_is_read_as_prisma_reads_it()
  local cases = {
    { 'provider = "postgresql"\n', "postgresql", 1 },
    { '# c\n# d\nprovider = "postgresql"\r\n', "postgresql", 3 },
    { 'provider = "mysql"', "mysql", 1 },
    { 'provider = "postgres"', "postgres", 1 },
    { "provider='postgresql'", "provider='postgresql'", 1 },
    { 'provider="postgresql"', 'provider="postgresql', 1 },
    { 'provider = "postgresql" # why', 'postgresql" # why', 1 },
    { ' provider = "postgresql"', nil, nil },
    { "", nil, nil },
  }
  for _, case in ipairs(cases) do
    local provider, line = lock_file.provider(case[1])
    lu.assertEquals(provider, case[2], case[1])
    lu.assertEquals(line, case[3], case[1])
    lu.assertEquals(lock_file.fits(case[1]), case[2] == "postgresql", case[1])
  end
end

function TestMigrateLockFile:test_text_of_a_new_file_fits()
  lu.assertTrue(lock_file.fits(lock_file.TEXT))
end

return TestMigrateLockFile
