--- Small migrations as teams write them, any number of them.
local migrations = {}

local TABLE <const> = [[
-- CreateTable
CREATE TABLE "Item%d" (
    "id" TEXT NOT NULL,
    "name" VARCHAR(191) NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Item%d_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Item%d_name_idx" ON "Item%d"("name");
]]
local COLUMN <const> = [[
-- AlterTable
ALTER TABLE "Item%d" ADD COLUMN     "note" TEXT,
ADD COLUMN     "rank" INTEGER NOT NULL DEFAULT 0;
]]
local ROWS <const> = [[
INSERT INTO "Item%d" ("id", "name") VALUES ('a', 'first; row'), ('b', 'second');
UPDATE "Item%d" SET "rank" = 1 WHERE "id" = 'b';
]]

--- Makes migrations: one in three a table, one a change of it, one a change of its rows.
-- @tparam integer count
-- @treturn table list of `{ name, sql }`
function migrations.make(count)
  local list = {}
  for index = 1, count do
    local number, kind = (index - 1) // 3, (index - 1) % 3
    local sql
    if kind == 0 then
      sql = TABLE:format(number, number, number, number)
    elseif kind == 1 then
      sql = COLUMN:format(number)
    else
      sql = ROWS:format(number, number)
    end
    list[index] = { ("2024%010d_step_%d"):format(101000000 + index, index), sql }
  end
  return list
end

return migrations
