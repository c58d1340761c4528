--- What is public: the modules of the reference, in its order, and how each is shown.
--
-- A page: `name` (what is required), `file` (its source), `owner` (the local name of the module in the source and on the page),
-- `classes` (local class to `{ name, var, text }`: its name for the editor, and what a value of it is called on the page),
-- `handles` (library of the core to what its methods are called by: `child:wait`), `module` (false: nothing to require).
local pages = {}

--- What types in doc comments are called by the editor.
pages.types = {
  Session = "tilth.Session", Db = "tilth.Db", Reader = "tilth.CsvReader", Stream = "tilth.FakeStream",
  SeedSpec = "tilth.SeedSpec", ConnectOptions = "tilth.ConnectOptions",
  Child = "tilth.Child", Lock = "tilth.Lock", FolderJob = "tilth.FolderJob", HashStream = "tilth.HashStream",
}

--- The handles of the core: what the C comments call them, and what the editor does.
pages.handles = {
  conn = "tilth.Connection", child = "tilth.Child", parser = "tilth.CsvParser", editor = "tilth.Editor", lock = "tilth.Lock",
  job = "tilth.FolderJob", stream = "tilth.HashStream",
}

pages.groups = {
  {
    title = "For scripts and the prompt",
    { name = "tilth", file = "api", owner = "tilth" },
    { name = "tilth.session", owner = "session", classes = { Session = { name = "tilth.Session", var = "db" } } },
    { name = "tilth.flow", owner = "flow" },
    { name = "tilth.migrate", owner = "migrate" },
    { name = "tilth.check", owner = "check" },
    { name = "tilth.log", owner = "log" },
    { name = "tilth.anonymise", owner = "anonymise" },
    { name = "tilth.repl", file = "repl/helpers", owner = "environment", module = false,
      title = "The prompt", text = "Functions of `tilth repl`, beside Lua's own and tilth's modules." },
  },
  {
    title = "For seeds",
    { name = "tilth.seed", owner = "seed" },
    { name = "tilth.seed.session", owner = "session", classes = { Session = { name = "tilth.SeedSession", var = "db" } },
      types = { Session = "tilth.SeedSession" } },
    { name = "tilth.fake", owner = "fake", keyed = true, classes = { Stream = { name = "tilth.FakeStream", var = "stream",
      text = "Each is also a function of the module, which takes a key first: `fake.name(key)`, `fake.integer(key, first, last)`." } } },
  },
  {
    title = "Building blocks",
    { name = "tilth.db", owner = "db", classes = { Db = { name = "tilth.Db", var = "db" } } },
    { name = "tilth.process", owner = "process", core = "proc", handles = { "child" } },
    { name = "tilth.fs", owner = "fs", core = "fs", handles = { "lock" } },
    { name = "tilth.env", owner = "env", core = "env" },
    { name = "tilth.json", owner = "json", core = "json" },
    { name = "tilth.csv", owner = "csv", core = "csv", classes = { reader = { name = "tilth.CsvReader", var = "reader" } } },
    { name = "tilth.sql", owner = "sql", core = "sql" },
    { name = "tilth.hash", owner = "hash", core = "hash", handles = { "job", "stream" } },
    { name = "tilth.clock", owner = "clock", core = "clock" },
    { name = "tilth.net", owner = "net", core = "net" },
    { name = "tilth.url", owner = "url" },
    { name = "tilth.duration", owner = "duration" },
    { name = "tilth.terminal", owner = "terminal", core = "term" },
    { name = "tilth.version", owner = "version" },
  },
}

--- All pages, in their order.
-- @treturn table list
function pages.all()
  local list = {}
  for _, group in ipairs(pages.groups) do
    table.move(group, 1, #group, #list + 1, list)
  end
  return list
end

--- The source of a page, below lua/tilth.
-- @tparam table page
-- @treturn string path
function pages.source(page)
  return "lua/tilth/" .. (page.file or page.name:gsub("^tilth%.", ""):gsub("%.", "/")) .. ".lua"
end

--- The file of a page, below docs/reference.
-- @tparam table page
-- @treturn string name
function pages.target(page)
  return page.name:gsub("^tilth%.", ""):gsub("%.", "-") .. ".md"
end

return pages
