--- Why a schema can't be put into the bin and replaced: each reason with its way out. Pure.
local obstacles = {}

local move = require("tilth.reset.move")

local PROTECTED_SCHEMA = { tilth = true, information_schema = true }

local function list(values, limit)
  local shown = table.move(values, 1, math.min(#values, limit), 1, {})
  local text = table.concat(shown, "; ")
  return #values > limit and ("%s; and %d more"):format(text, #values - limit) or text
end

local function add(found, message, advice)
  found[#found + 1] = { message = message, advice = advice }
end

local function why_moved(state, schema)
  if not schema.may_rename then
    return ("schema %s belongs to %s, so that %s may not rename it"):format(schema.name, schema.owner, state.user)
  elseif not schema.may_give then
    return ("%s may not make a schema that belongs to %s, as %s does"):format(state.user, schema.owner, schema.name)
  end
  for _, entry in ipairs(schema.defaults) do
    if not entry.may then
      return ("schema %s has default privileges of %s, which %s may not repeat in a new schema"):format(
        schema.name, entry.role, state.user)
    end
  end
  for _, extension in ipairs(schema.extensions) do
    if not extension.relocatable or not extension.may then
      return ("extension %s can't be moved out of schema %s"):format(extension.name, schema.name)
    end
  end
end

-- What is in a schema that can't be renamed is moved object by object, which takes the right to each of them.
local function of_moving(found, state, schema)
  local why = why_moved(state, schema)
  if #schema.strange > 0 then
    add(found, ("%s, and %s may not move what it holds either: %s"):format(why, state.user, list(schema.strange, 5)),
      ("Let %s do the reset, or give these to %s: ALTER TABLE ... OWNER TO \"%s\"."):format(schema.owner, state.user, state.user))
  elseif not schema.may_fill then
    add(found, ("%s, and %s may not make objects in it, so that nothing could be brought back"):format(why, state.user),
      ("Let %s run: GRANT CREATE ON SCHEMA \"%s\" TO \"%s\"."):format(schema.owner, schema.name, state.user))
  end
end

local function of_schema(found, state, schema)
  if PROTECTED_SCHEMA[schema.name] or schema.name:find("^pg_") then
    add(found, ("%s is not a schema of the application"):format(schema.name),
      "Take it out of the datasource's list of schemas, or out of ?schema= in the URL.")
  elseif schema.name:find("^tilth_bin_") then
    add(found, ("%s is a bin of an earlier reset"):format(schema.name), "Point the URL at the schema of the application.")
  elseif schema.oid and move.is_needed(schema) then
    of_moving(found, state, schema)
  end
end

local KEEP <const> = "Or keep the ties: reset = { ties = \"keep\" } in tilth.config.lua. Then a verified backup is made first, and they "
  .. "stay tied to the old data in the bin."

--- What elsewhere is tied to the schemas, and would stay tied to the old data in the bin.
-- @tparam table state what reset/observe.lua read
-- @treturn table list of { message, advice }
function obstacles.ties(state)
  local found = {}
  if #state.dependents > 0 then
    add(found, "objects outside of the schema depend on it: " .. list(state.dependents, 5),
      "They would stay tied to the old data. Drop them first, or list their schema in the datasource's schemas so that it is reset too.\n"
      .. KEEP)
  end
  if #state.inheritance > 0 then
    add(found, "tables inherit across the schema's border: " .. list(state.inheritance, 5),
      "Detach the partition or child table first.\n" .. KEEP)
  end
  if #state.publications > 0 then
    add(found, "tables are published for logical replication: " .. list(state.publications, 5),
      "The subscribers would keep the old rows. Drop the publication, reset, and set replication up again.\n" .. KEEP)
  end
  return found
end

--- Lists what is in the way of a reset.
-- @tparam table state what reset/observe.lua read
-- @tparam[opt] table settings reset_ties = "keep" lets ties be
-- @treturn table list of { message, advice }; empty when nothing is
function obstacles.list(state, settings)
  local found = {}
  if not state.may_create then
    add(found, ("%s may not create schemas in this database"):format(state.user),
      ("Let the owner run: GRANT CREATE ON DATABASE ... TO \"%s\"."):format(state.user))
  end
  for _, schema in ipairs(state.schemas) do
    of_schema(found, state, schema)
  end
  if not settings or settings:get("reset_ties") ~= "keep" then
    for _, tie in ipairs(obstacles.ties(state)) do
      found[#found + 1] = tie
    end
  end
  if (state.subscribed or 0) > 0 then
    add(found, ("%d tables receive rows by logical replication"):format(state.subscribed), "Drop the subscription first.")
  end
  return found
end

return obstacles
