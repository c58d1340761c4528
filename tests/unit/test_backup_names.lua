--- Names of backup files, the places where none may lie, and which of them are kept.
local lu = require("luaunit")

local TestBackupNames = {}

local names = require("tilth.backup.names")
local place = require("tilth.backup.place")
local retention = require("tilth.backup.retention")

function TestBackupNames:test_a_text_becomes_a_part_of_a_name()
  for text, part in pairs({
    ["shop"] = "shop", ["a/b c"] = "a_b_c", ["../etc"] = "etc", [".hidden"] = "hidden", ["-"] = "_", [""] = "_", ["ü"] = "_",
    [("x"):rep(100)] = ("x"):rep(60), ["a-b"] = "a_b",
  }) do
    lu.assertEquals(names.part(text), part, text)
  end
end

function TestBackupNames:test_a_stem_holds_database_time_and_build()
  lu.assertEquals(names.stem("shop", "20261123101112", { job = "0000000041" }), "shop-20261123T101112Z-0000000041")
  lu.assertEquals(names.stem("shop", "20261123101112", { commit = "abc1234" }), "shop-20261123T101112Z-abc1234")
  lu.assertEquals(names.stem("shop", "20261123101112", { kind = "local" }), "shop-20261123T101112Z-local")
  lu.assertErrorMsgContains("14 digits", names.stem, "shop", "2026", {})
end

function TestBackupNames:test_only_names_of_that_database_are_known()
  local cases = {
    { "shop-20261123T101112Z-local.dump", "pg_dump" }, { "shop-20261123T101112Z-local_2.tilth", "copy" },
    { "shop-20261123T101112Z-local.dump.json", nil }, { "shop-20261123T101112Z-local.tilth.partial", nil },
    { "shop_test-20261123T101112Z-local.tilth", nil }, { "shop-notes.tilth", nil }, { "shop-20261123T101112Z-.tilth", nil },
    { "other-20261123T101112Z-local.tilth", nil }, { "shop-20261123T101112Z-local.txt", nil },
  }
  for _, case in ipairs(cases) do
    lu.assertEquals(names.kind(case[1], "shop"), case[2], case[1])
  end
  local _, stamp = names.kind("shop-20261123T101112Z-local.dump", "shop")
  lu.assertEquals(stamp, "20261123T101112Z")
end

local LISTED <const> = {
  { path = ".next", kind = "published", base = "apps/web", line = 9, file = "/r/amplify.yml", root = "/r" },
  { path = "node_modules/**/*", kind = "cached", base = "apps/web", line = 12, file = "/r/amplify.yml", root = "/r" },
  { path = "/site", kind = "published", line = 20, file = "/r/amplify.yml", root = "/r" },
}

function TestBackupNames:test_published_and_cached_folders_are_no_place()
  local forbidden = place.forbidden({ "/r" }, LISTED)
  local cases = {
    ["/r/apps/web/.next/x.dump"] = "amplify.yml:9", ["/r/apps/web/node_modules/x"] = "amplify.yml:12", ["/r/site"] = "amplify.yml:20",
    ["/r/dist/x"] = "dist", ["/r/public"] = "public", ["/r/out/deep/er"] = "out", ["/r/build/x"] = "build", ["/r/.next/x"] = ".next",
    ["/r/node_modules/.cache/x"] = "node_modules", ["/r/backups/../public/x"] = "public",
  }
  for file, why in pairs(cases) do
    local ok, message, code, detail = place.judge(file, forbidden)
    lu.assertNil(ok, file)
    lu.assertStrContains(message, why)
    lu.assertEquals(code, "unsafe")
    lu.assertStrContains(detail.advice, "--dir")
  end
  for _, file in ipairs({ "/r/backups/x", "/r/.tilth/backups", "/r/publications/x", "/r/apps/web/x", "/elsewhere/public", "/r/sites" }) do
    lu.assertTrue(place.judge(file, forbidden), file)
  end
end

function TestBackupNames:test_a_base_directory_of_the_whole_project_leaves_no_place_in_it()
  for _, text in ipairs({ "/", ".", "" }) do
    local forbidden = place.forbidden({ "/r" }, { { path = text, kind = "published", line = 1, file = "/r/amplify.yml", root = "/r" } })
    lu.assertNil((place.judge("/r/.tilth/backups", forbidden)), text)
    lu.assertTrue(place.judge("/tmp/backups", forbidden), text)
  end
  local cached = place.forbidden({ "/r" }, { { path = "**/*", kind = "cached", line = 1, file = "/r/amplify.yml", root = "/r" } })
  lu.assertNil((place.judge("/r/anywhere", cached)))
end

function TestBackupNames:test_the_oldest_go_first()
  local files = {
    "shop-20260103T000000Z-local.tilth", "shop-20260101T000000Z-z.dump", "shop-20260102T000000Z-local.tilth", "notes.txt",
    "other-20250101T000000Z-local.tilth",
  }
  local function gone(keep)
    local list = {}
    for index, entry in ipairs(retention.surplus(files, "shop", keep)) do
      list[index] = entry.name
    end
    return list
  end
  lu.assertEquals(gone(3), {})
  lu.assertEquals(gone(2), { "shop-20260101T000000Z-z.dump" })
  lu.assertEquals(gone(1), { "shop-20260101T000000Z-z.dump", "shop-20260102T000000Z-local.tilth" })
  lu.assertEquals(#gone(0), 3)
end

return TestBackupNames
