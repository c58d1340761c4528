--- What is said of a command line that can't be understood. Pure.
local usage = {}

local suggest = require("tilth.suggest")

--- Words that people bring from elsewhere, and what does here what they mean.
local MEANT <const> = {
  version = "tilth --version", status = "tilth migrate status", deploy = "tilth migrate deploy", up = "tilth migrate deploy",
  resolve = "tilth migrate resolve", baseline = "tilth migrate baseline", new = "tilth migrate new NAME", undo = "tilth reset undo",
  build = "tilth flow", export = "tilth env export NAME", start = "tilth local start", stop = "tilth local stop",
  psql = "tilth repl", console = "tilth repl", shell = "tilth repl",
}

--- Commands of Prisma's that tilth has nothing in the place of.
local PRISMA <const> = {
  generate = true, studio = true, format = true, validate = true, ["migrate dev"] = true, ["migrate diff"] = true, ["db push"] = true,
  ["db pull"] = true, ["db execute"] = true,
}

local function about_prisma(words)
  if not PRISMA[words] then
    return nil
  end
  local more = words == "migrate dev" and " `tilth migrate new NAME` makes an empty migration." or ""
  return ("`npx prisma %s` is Prisma's own; tilth has nothing in its place.%s"):format(words, more)
end

--- What is said of a command that is not there.
-- @tparam string name
-- @tparam table commands list of those that are
-- @treturn string
function usage.unknown(name, commands)
  local near = suggest.nearest(name, commands)
  local meant = MEANT[name] or near and "tilth " .. near
  local tail = about_prisma(name) or "`tilth help` lists the commands."
  return ("unknown command %s%s\n\n%s"):format(name, meant and ("; did you mean `%s`?"):format(meant) or "", tail)
end

--- What is said of a command line without a command.
-- @tparam table words
-- @tparam table options list of those that every command takes
-- @treturn string
function usage.without_command(words, options)
  local known = {}
  for _, name in ipairs(options) do
    known[name] = true
  end
  for _, word in ipairs(words) do
    if word:sub(1, 1) == "-" and not known[word] then
      return ("unknown option %s; `tilth help` lists the commands"):format(word)
    end
  end
  return ("%s of which command? `tilth help` lists them"):format(words[1])
end

--- The parser of the sub-command that the words name; argparse has no other way to it.
local function innermost(parser, words)
  for _, word in ipairs(words) do
    for _, child in ipairs(parser._commands) do
      if child._name == word then
        return child
      end
    end
  end
  return parser
end

--- Finishes what argparse says of a command's words.
-- @tparam string message argparse's
-- @tparam Parser parser the command's
-- @tparam table words the command line, the command first
-- @treturn string
function usage.wrong(message, parser, words)
  local prisma = about_prisma(table.concat(words, " ", 1, math.min(2, #words)))
  return message .. (prisma and "\n" .. prisma or "") .. "\n\n" .. innermost(parser, words):get_usage()
end

return usage
