--- The SQL of a reset and of bringing a schema back. Pure: quoting functions come in.
local statements = {}

local KINDS <const> = { r = "TABLES", S = "SEQUENCES", f = "FUNCTIONS", T = "TYPES", n = "SCHEMAS" }

local function grantee(quote, name)
  return name and quote(name) or "PUBLIC"
end

local function grant_option(entry)
  return entry.grantable and " WITH GRANT OPTION" or ""
end

-- CREATE SCHEMA gives rights of its own (to the owner, and by global default privileges); the old list replaces them.
local function acl(lines, quote, schema, made)
  for _, entry in ipairs(made.acl) do
    lines[#lines + 1] = ("REVOKE ALL ON SCHEMA %s FROM %s"):format(quote(schema.name), grantee(quote, entry.grantee))
  end
  if not schema.acl_set then
    lines[#lines + 1] = ("GRANT ALL ON SCHEMA %s TO %s"):format(quote(schema.name), quote(schema.owner))
    return
  end
  lines[#lines + 1] = ("REVOKE ALL ON SCHEMA %s FROM %s"):format(quote(schema.name), quote(schema.owner))
  for _, entry in ipairs(schema.acl) do
    lines[#lines + 1] = ("GRANT %s ON SCHEMA %s TO %s%s"):format(
      entry.privilege, quote(schema.name), grantee(quote, entry.grantee), grant_option(entry))
  end
end

local function defaults(lines, quote, schema)
  for _, entry in ipairs(schema.defaults) do
    lines[#lines + 1] = ("ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s GRANT %s ON %s TO %s%s"):format(
      quote(entry.role), quote(schema.name), entry.privilege, KINDS[entry.kind], grantee(quote, entry.grantee), grant_option(entry))
  end
end

--- Renames a schema into its bin and makes an empty one with the same owner.
-- @tparam table schema from reset/observe.lua
-- @tparam string bin
-- @tparam function quote identifier -> SQL
-- @treturn table list of statements
function statements.replace(schema, bin, quote)
  return {
    ("ALTER SCHEMA %s RENAME TO %s"):format(quote(schema.name), quote(bin)),
    ("CREATE SCHEMA %s AUTHORIZATION %s"):format(quote(schema.name), quote(schema.owner)),
  }
end

--- Gives the new schema what the old one had besides its contents.
-- @tparam table schema from reset/observe.lua
-- @tparam table made the new schema as it was made: { acl }
-- @tparam function quote identifier -> SQL
-- @tparam function literal text -> SQL
-- @treturn table list of statements
function statements.furnish(schema, made, quote, literal)
  local lines = {}
  for _, extension in ipairs(schema.extensions) do
    lines[#lines + 1] = ("ALTER EXTENSION %s SET SCHEMA %s"):format(quote(extension.name), quote(schema.name))
  end
  if schema.comment then
    lines[#lines + 1] = ("COMMENT ON SCHEMA %s IS %s"):format(quote(schema.name), literal(schema.comment))
  end
  for _, label in ipairs(schema.labels) do
    lines[#lines + 1] = ("SECURITY LABEL FOR %s ON SCHEMA %s IS %s"):format(
      quote(label.provider), quote(schema.name), literal(label.label))
  end
  defaults(lines, quote, schema)
  -- Rights come last: a role that loses its own by them can still do the rest.
  acl(lines, quote, schema, made)
  return lines
end

--- Moves the history table into a bin of its own, or back out of it.
-- @tparam string from schema
-- @tparam string to schema
-- @tparam function quote identifier -> SQL
-- @treturn string
function statements.move_history(from, to, quote)
  return ("ALTER TABLE %s._prisma_migrations SET SCHEMA %s"):format(quote(from), quote(to))
end

local function key(entry)
  return table.concat({ entry.role or "", entry.kind or "", entry.grantee or "PUBLIC", entry.privilege, tostring(entry.grantable) }, "|")
end

local function keys(entries)
  local list = {}
  for index, entry in ipairs(entries) do
    list[index] = key(entry)
  end
  table.sort(list)
  return table.concat(list, "\n")
end

--- Compares a schema before and the new one after: owner, rights, default privileges, comment, extensions.
-- @tparam table before
-- @tparam table after
-- @treturn[1] nil when nothing was lost
-- @treturn[2] string what differs
function statements.difference(before, after)
  if before.owner ~= after.owner then
    return "owner"
  elseif before.comment ~= after.comment then
    return "comment"
  elseif keys(before.defaults) ~= keys(after.defaults) then
    return "default privileges"
  elseif #before.extensions ~= #after.extensions then
    return "extensions"
  end
  -- An empty list of rights stands for the default: all rights to the owner.
  local plain = { { grantee = before.owner, privilege = "CREATE", grantable = false },
    { grantee = before.owner, privilege = "USAGE", grantable = false } }
  if keys(before.acl_set and before.acl or plain) ~= keys(after.acl_set and after.acl or plain) then
    return "rights"
  end
  return nil
end

return statements
