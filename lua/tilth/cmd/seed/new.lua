--- tilth seed new NAME [--from READY]: writes a first seed or copies a ready-made one, and never overwrites one.
local new_command = {}

local fs = require("tilth.fs")
local paths = require("tilth.path")
local project = require("tilth.project")

local TEXT <const> = [[
--- What this seed is for, in one sentence.
local seed = require("tilth.seed")

return seed.define({
  description = %q,
  -- environments = { "development", "preview", "staging" },
  -- after = { "another_seed" },
  run = function(db, ctx)
    -- Rows are inserted when missing and updated when they differ; equal rows are left alone.
    -- db:upsert("Model", { { slug = "a", name = "A" } }, { key = "slug" })
    -- Rows that staff may change later: inserted when missing, never touched again.
    -- db:ensure("Model", { { slug = "b", name = "B" } }, { key = "slug" })
    -- db:load("Model", "data/rows.csv", { key = "slug" })
    ctx.note("nothing is written yet; see the comments in " .. ctx.name .. ".lua")
  end,
})
]]

local function copied(from, name, folder, path, shown)
  local done, message, code, detail = require("tilth.seed.copy_ready").copy(from, folder, path)
  if not done then
    return nil, message, code, detail
  end
  local lines = {}
  for _, written in ipairs(done.written) do
    lines[#lines + 1] = "Wrote " .. shown(written)
  end
  for _, kept in ipairs(done.kept) do
    lines[#lines + 1] = "Kept " .. shown(kept) .. ", which differs from the ready-made one"
  end
  return {
    text = table.concat(lines, "\n"),
    data = { path = path, name = name, from = done.from, written = done.written, kept = done.kept },
  }
end

local function written(name, folder, path, shown)
  local ok, message, code = fs.mkdir(folder)
  if ok then
    ok, message, code = fs.write(path, TEXT:format(name:gsub("[-_]", " ")))
  end
  if not ok then
    return nil, "the seed cannot be written: " .. message, code
  end
  return { text = "Wrote " .. shown(path), data = { path = path, name = name } }
end

--- Runs the command.
-- @param args  of the command line; `from` names a ready-made seed
-- @param ctx   the command's context
-- @param names the new seed's name
-- @return result | nil, message, code, detail
function new_command.run(args, ctx, names)
  local name = names[1]
  if #names ~= 1 or not name:find("^%w[%w_-]*$") then
    return nil, "tilth seed new wants one name of letters, digits, - and _", "usage", { advice = "For example: tilth seed new categories" }
  end
  local found, message, code, detail = project.find(fs, ctx.cwd, { project = args.project, schema = args.schema, config = args.config })
  if not found then
    return nil, message, code, detail
  end
  local folder = found.seeds_dir or (found.root .. "/seeds")
  local path = folder .. "/" .. name .. ".lua"
  local function shown(file)
    return paths.relative(file, ctx.cwd)
  end
  if fs.stat(path) then
    return nil, shown(path) .. " exists already", "usage", { advice = "Choose another name, or edit that file." }
  end
  if args.from then
    return copied(args.from, name, folder, path, shown)
  end
  return written(name, folder, path, shown)
end

return new_command
