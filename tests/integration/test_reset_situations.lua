--- What happens to a database in many situations: environment, ledger, database, flags. The real program on a real server.
local lu = require("luaunit")

local TestResetSituations = {}

local database = require("support.database")
local program = require("support.program")
local project = require("support.project")

local PASSWORD <const> = "n0t-to-be-seen"

local MIGRATIONS <const> = {
  { "20240101000000_one", "create table a (id serial primary key, t text);" },
  { "20240102000000_two", "create table b (id serial primary key, a_id int references a);" },
}
local SEEDS <const> = { ["one.lua"] = [[
local seed = require("tilth.seed")
return seed.define({ description = "one", run = function(db) db:exec("insert into b (id) values (1) on conflict do nothing") end })]] }

local function amplify(branch, job, more)
  local env = { AWS_APP_ID = "d1", AWS_BRANCH = branch, AWS_JOB_ID = ("%010d"):format(job or 1), AWS_COMMIT_ID = "0123456789abcdef" }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  return env
end

local function reset_on(branch, job, more)
  local env = amplify(branch, job, more)
  env.RESET_DATABASE = "true"
  return env
end

-- Each: env of the run; reset = whether the data was put aside; exit; says = part of the output, or a list of parts.
-- before = runs that come first and must end with 0 (or with their own `exit`); sql = what is done to the database first;
-- mark = the database's environment; rows = false for a database without rows; config, migrations, args.
local SITUATIONS <const> = {
  no_flag = { env = {}, reset = false },
  exactly_true = { env = { RESET_DATABASE = "true" }, reset = true },
  capital_letter = { env = { RESET_DATABASE = "True" }, reset = false, says = "not in lower case" },
  all_capitals = { env = { RESET_DATABASE = "TRUE" }, reset = false, says = "not in lower case" },
  digit_one = { env = { RESET_DATABASE = "1" }, reset = false, says = "another word for yes" },
  word_yes = { env = { RESET_DATABASE = "yes" }, reset = false, says = "RESET_DATABASE looks as if" },
  word_on = { env = { RESET_DATABASE = "on" }, reset = false, says = "RESET_DATABASE looks as if" },
  leading_space = { env = { RESET_DATABASE = " true" }, reset = false, says = "white space" },
  trailing_line = { env = { RESET_DATABASE = "true\n" }, reset = false, says = "white space" },
  word_false = { env = { RESET_DATABASE = "false" }, reset = false, silent = "RESET_DATABASE" },
  empty_flag = { env = { RESET_DATABASE = "" }, reset = false, silent = "RESET_DATABASE" },
  seed_capital = { env = { RUN_SEED = "True" }, reset = false, says = "RUN_SEED looks as if" },
  flag_left_in_dotenv = { before = { { env = {} } }, env = {}, dotenv = "RESET_DATABASE=true\n", reset = false, exit = 3,
    says = { "RESET_DATABASE is true since build", "Remove RESET_DATABASE from ", ".env" } },
  flag_left_in_dotenv_and_a_command = { before = { { env = {} } }, env = {}, dotenv = "RESET_DATABASE=true\n", reset = true,
    args = { "reset", "--force" } },
  flag_in_dotenv = { env = {}, dotenv = "RESET_DATABASE=true\n", reset = true },

  staging_branch = { env = reset_on("dev"), reset = true },
  main_branch = { env = reset_on("main"), reset = false, exit = 3, says = { "protected", "branch \"main\"", "RESET_DATABASE_CONFIRM=" } },
  master_branch = { env = reset_on("master"), reset = false, exit = 3, says = "protected" },
  production_branch = { env = reset_on("production"), reset = false, exit = 3, says = "protected" },
  main_shows_evidence = { env = reset_on("main"), reset = false, exit = 3, says = { "3 tables", "in use since" } },
  main_confirmed = { env = reset_on("main", 1, { RESET_DATABASE_CONFIRM = "@DB@" }), reset = true },
  main_confirmed_until = { env = reset_on("main", 1, { RESET_DATABASE_CONFIRM = "@DB@@2999-12-31" }), reset = true },
  main_confirmation_over = { env = reset_on("main", 1, { RESET_DATABASE_CONFIRM = "@DB@@2020-01-31" }), reset = false, exit = 3,
    says = "a day that is over" },
  main_confirmation_no_day = { env = reset_on("main", 1, { RESET_DATABASE_CONFIRM = "@DB@@2020-02-31" }), reset = false, exit = 3,
    says = "not a day" },
  main_other_database = { env = reset_on("main", 1, { RESET_DATABASE_CONFIRM = "shop" }), reset = false, exit = 3,
    says = "names another database" },
  staging_other_database = { env = reset_on("dev", 1, { RESET_DATABASE_CONFIRM = "shop" }), reset = false, exit = 3,
    says = "names another database" },
  staging_confirmed = { env = reset_on("dev", 1, { RESET_DATABASE_CONFIRM = "@DB@" }), reset = true },
  main_without_rows = { env = reset_on("main"), rows = false, reset = true },
  marked_production_staging_client = { env = reset_on("dev"), mark = "production", reset = false, exit = 3,
    says = { "marked as production", "is treated as production" } },
  marked_production_local_client = { env = { RESET_DATABASE = "true" }, mark = "production", reset = false, exit = 3,
    says = "marked as production" },
  marked_production_variable = { env = { RESET_DATABASE = "true", TILTH_ENV = "development" }, mark = "production", reset = false,
    exit = 3, says = "marked as production" },
  marked_production_confirmed = { env = reset_on("dev", 1, { RESET_DATABASE_CONFIRM = "@DB@" }), mark = "production", reset = true },
  marked_by_a_laptop_and_used_by_production = { before = { { env = amplify("main", 7) } }, env = { RESET_DATABASE = "true" },
    reset = false, exit = 3, says = { "builds for production work with it, the last one 0000000007" } },
  marked_anew_after_production = { before = { { env = amplify("main", 7) } }, env = { RESET_DATABASE = "true" }, reset = true,
    sql = "update tilth.ledger set environment = 'development', environment_at = now()" },
  marked_by_a_slip = { env = reset_on("dev"), mark = "Prod", reset = false, exit = 3,
    says = { "marked as \"Prod\"", "counts as production", "is treated as production" } },
  marked_by_a_slip_confirmed = { env = reset_on("dev", 1, { RESET_DATABASE_CONFIRM = "@DB@" }), mark = "Prod", reset = true },
  marked_staging_main_client = { env = reset_on("main"), mark = "staging", reset = false, exit = 3, says = "for production" },
  preview_of_staging = { env = reset_on("pr-7", 1, { AWS_PULL_REQUEST_ID = "7" }), mark = "staging", reset = false, exit = 3,
    says = { "this build is a preview (", "marked as staging" } },
  preview_of_staging_confirmed = { env = reset_on("pr-7", 1, { AWS_PULL_REQUEST_ID = "7", RESET_DATABASE_CONFIRM = "@DB@" }),
    mark = "staging", reset = true },
  preview = { env = reset_on("pr-7", 1, { AWS_PULL_REQUEST_ID = "7" }), reset = true },
  variable_says_production = { env = reset_on("dev", 1, { TILTH_ENV = "production" }), reset = false, exit = 3, says = "TILTH_ENV" },
  option_says_production = { env = reset_on("dev"), args = { "flow", "--no-build", "--env", "production" }, reset = false, exit = 3,
    says = "--env" },
  branch_map_says_production = { env = reset_on("live"), config = [[return { branches = { live = "production" } }]], reset = false,
    exit = 3, says = "tilth.config.lua" },
  config_protects = { env = reset_on("dev"), config = "return { protected = true }", reset = false, exit = 3, says = "protected = true" },
  config_limit = { env = reset_on("dev"), config = "return { limits = { reset_bytes = 1 } }", reset = false, exit = 3, says = "large" },
  agent_on_staging = { env = reset_on("dev", 1, { CLAUDECODE = "1" }), reset = true },
  agent_on_production = { env = reset_on("main", 1, { CLAUDECODE = "1", RESET_DATABASE_CONFIRM = "@DB@" }), reset = false, exit = 3,
    says = "Claude Code" },
  refusal_names_first_mark = { env = reset_on("main"), mark = "production", reset = false, exit = 3, says = "by test" },

  left_set = { before = { { env = reset_on("dev", 41) } }, env = reset_on("dev", 42), reset = false, exit = 3,
    says = { "0000000041", "commit 0123456789ab", "Environment variables", "RESET_DATABASE", "branch dev" } },
  left_set_twice = { before = { { env = reset_on("dev", 41) }, { env = reset_on("dev", 42), exit = 3 } }, env = reset_on("dev", 43),
    reset = false, exit = 3, says = "0000000041" },
  set_again = { before = { { env = reset_on("dev", 41) }, { env = amplify("dev", 42) } }, env = reset_on("dev", 43), reset = true },
  set_on_other_branch = { before = { { env = reset_on("dev", 41) } }, env = reset_on("test", 42), reset = true },
  set_in_other_app = { before = { { env = reset_on("dev", 41) } }, env = reset_on("dev", 42, { AWS_APP_ID = "d2" }), reset = true },
  left_set_first_on_empty = { empty = true, before = { { env = reset_on("dev", 1) } }, env = reset_on("dev", 2), reset = false, exit = 3,
    says = "0000000001" },
  left_set_skip = { config = [[return { reset = { stale = "skip" } }]], before = { { env = reset_on("dev", 41) } },
    env = reset_on("dev", 42), reset = false, says = "There is no reset this time" },
  left_set_reset = { config = [[return { reset = { stale = "reset" } }]], before = { { env = reset_on("dev", 41) } },
    env = reset_on("dev", 42), reset = true, says = "It resets again" },
  build_failed_after_reset = { config = [[return { build = "false" }]], args = { "flow" },
    before = { { env = reset_on("dev", 41), args = { "flow" }, exit = 1 } }, env = reset_on("dev", 42), exit = 1, reset = true },
  local_flag_is_never_left_over = { before = { { env = { RESET_DATABASE = "true" } } }, env = { RESET_DATABASE = "true" }, reset = true },
  github_left_set = { before = { { env = { CI = "true", GITHUB_ACTIONS = "true", GITHUB_REPOSITORY = "o/r", GITHUB_REF_NAME = "dev",
    GITHUB_RUN_ID = "7", RESET_DATABASE = "true" } } }, env = { CI = "true", GITHUB_ACTIONS = "true", GITHUB_REPOSITORY = "o/r",
    GITHUB_REF_NAME = "dev", GITHUB_RUN_ID = "8", RESET_DATABASE = "true" }, reset = false, exit = 3, says = "Actions" },
  seed_left_set = { before = { { env = amplify("dev", 5, { RUN_SEED = "true" }) } }, env = amplify("dev", 6, { RUN_SEED = "true" }),
    reset = false, says = { "RUN_SEED is true since build 0000000005", "Environment variables" } },

  older_checkout_reset = { env = reset_on("dev"), migrations = { MIGRATIONS[1] }, reset = false, exit = 3,
    says = { "older than the database", "20240102000000_two", "may not reset" } },
  older_checkout_seed = { env = amplify("dev", 1, { RUN_SEED = "true" }), migrations = { MIGRATIONS[1] }, reset = false, exit = 3,
    says = "may not seed" },
  older_checkout_migrate = { env = amplify("dev"), migrations = { MIGRATIONS[1] }, reset = false },
  older_checkout_allowed = { env = reset_on("dev"), migrations = { MIGRATIONS[1] }, reset = true, says = "squashed in May",
    config = [[return { severities = { ["database-ahead"] = { severity = "warn", reason = "squashed in May" } } }]] },
  view_elsewhere = { env = reset_on("dev"), sql = "create schema o; create view o.v as select * from a", reset = false, exit = 3,
    says = "could not be undone" },
  published = { env = reset_on("dev"), sql = "create publication p for table a", reset = false, exit = 3, says = "logical replication" },
  own_check_forbids = { env = reset_on("dev"), reset = false, exit = 3, says = "no resets on Friday",
    config = [[return { checks = { function(_, plan)
      for _, action in ipairs(plan.actions) do
        if action.kind == "reset" then return { { severity = "block", message = "no resets on Friday" } } end
      end
    end } }]] },
  own_check_is_broken = { env = reset_on("dev"), config = [[return { checks = { function() error("oops") end } }]], reset = false,
    exit = 3, says = "oops" },

  command_without_force = { env = {}, args = { "reset" }, reset = false, exit = 3, says = "--force" },
  command_with_force = { env = {}, args = { "reset", "--force" }, reset = true },
  command_on_main = { env = amplify("main"), args = { "reset", "--force" }, reset = false, exit = 3, says = "protected" },
  command_on_main_confirmed = { env = amplify("main", 1, { RESET_DATABASE_CONFIRM = "@DB@" }), args = { "reset", "--force" },
    reset = true },
  command_dry_run = { env = {}, args = { "reset", "--dry-run" }, reset = false, says = "would reset" },
  flow_dry_run = { env = { RESET_DATABASE = "true" }, args = { "flow", "--dry-run" }, reset = false, says = "would reset" },
  check_refuses = { env = reset_on("main"), args = { "check" }, reset = false, exit = 3, says = "reset-protected" },
  check_sees_a_flag_left_set = { before = { { env = reset_on("dev", 41) } }, env = reset_on("dev", 42), args = { "check" },
    reset = false, exit = 3, says = "reset-stale-flag" },
  migrate_reset_sees_a_flag_left_set = { before = { { env = reset_on("dev", 41) } }, env = reset_on("dev", 42),
    args = { "migrate", "reset", "--force", "--skip-seed" }, reset = false, exit = 3, says = "0000000041" },
  migrate_reset_on_main = { env = reset_on("main"), args = { "migrate", "reset", "--force" }, reset = false, exit = 3,
    says = "protected" },
  migrate_reset_with_force = { env = {}, args = { "migrate", "reset", "--force", "--skip-seed" }, reset = true },
  migrate_deploy_between_counts_as_without = { before = { { env = reset_on("dev", 41) },
    { env = amplify("dev", 42), args = { "migrate", "deploy" } } }, env = reset_on("dev", 43), reset = true },
  check_agrees = { env = reset_on("dev"), args = { "check" }, reset = false, exit = 0, says = "reset-notice" },
  migration_fails_after_reset = { env = reset_on("dev"), reset = false, exit = 1, says = { "P3018", "public is as before" },
    migrations = { MIGRATIONS[1], MIGRATIONS[2], { "20240103000000_three", "create table c (id int);\nselect nonsense;" } } },
  stale_wins_over_protected = { before = { { env = reset_on("main", 1, { RESET_DATABASE_CONFIRM = "@DB@" }) } },
    env = reset_on("main", 2, { RESET_DATABASE_CONFIRM = "@DB@" }), reset = false, exit = 3, says = "0000000001" },
}

local function url_of(base)
  return ("postgresql://postgres:%s@localhost/%s?host=%s"):format(PASSWORD, base.name, base.params.host)
end

local function run(base, folder, situation, args)
  local env = { DATABASE_URL = url_of(base) }
  for name, value in pairs(situation.env) do
    env[name] = value:gsub("@DB@", base.name)
  end
  return program.run({ args = situation.args or args or { "flow", "--no-build" }, env = env, cwd = folder.path })
end

local function no_secret(base, result, name)
  lu.assertNotStrContains(result.text, PASSWORD, name)
  local written = base:value([[select coalesce((select string_agg(b::text, '') from tilth.builds b), '')
    || coalesce((select string_agg(r::text, '') from tilth.resets r), '')]])
  lu.assertNotStrContains(written, PASSWORD, name)
end

local function prepare(base, folder, situation)
  if situation.empty then
    return
  end
  local first = run(base, folder, { env = {} })
  lu.assertEquals(first.status, 0, first.text)
  if situation.mark then
    base:query("update tilth.ledger set environment = $1, environment_at = now(), environment_by = 'test'", { situation.mark })
  end
end

local function judge(base, situation, result, name)
  lu.assertEquals(result.status, situation.exit or 0, name .. "\n" .. result.text)
  local says = type(situation.says) == "table" and situation.says or { situation.says }
  for _, part in ipairs(says) do
    lu.assertStrContains(result.text, part, false, false, name)
  end
  if situation.silent then
    lu.assertNotStrContains(result.text, situation.silent)
  end
  no_secret(base, result, name)
  if situation.rows ~= false then
    lu.assertEquals(base:value("select count(*) from a where t = 'kept'"), situation.reset and 0 or 1, name .. "\n" .. result.text)
  end
  if situation.reset then
    local bin = base:value("select schemas -> 0 ->> 'bin' from tilth.resets order by id desc limit 1")
    lu.assertEquals(base:value(("select count(*) from %s.a where t = 'kept'"):format(bin)), situation.rows == false and 0 or 1, name)
  end
end

local function play(name, situation)
  local base = database.new()
  local _ <close> = setmetatable({}, { __close = function() base:close() end })
  local folder = project.new({ migrations = MIGRATIONS, seeds = SEEDS, config = situation.config, dotenv = situation.dotenv })
  prepare(base, project.new({ migrations = MIGRATIONS }), situation)
  for _, earlier in ipairs(situation.before or {}) do
    local result = run(base, folder, earlier)
    lu.assertEquals(result.status, earlier.exit or 0, name .. ": " .. result.text)
  end
  if situation.rows ~= false then
    base:query("insert into a (t) values ('kept')")
  end
  if situation.sql then
    base:script(situation.sql)
  end
  if situation.migrations then
    folder = project.new({ migrations = situation.migrations, seeds = SEEDS, config = situation.config })
  end
  base:disconnect()
  judge(base, situation, run(base, folder, situation), name)
end

for name, situation in pairs(SITUATIONS) do
  TestResetSituations["test_" .. name] = function()
    play(name, situation)
  end
end

return TestResetSituations
