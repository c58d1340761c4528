--- Tests tilth.migrate.syntax: when the server is asked, and what becomes of its answer.
local lu = require("luaunit")

local sql = require("tilth.sql")
local syntax = require("tilth.migrate.syntax")

local TestMigrateSyntax = {}

-- What a look at a text gives, and what the server was sent for it.
local function look(text, answer)
  local sent
  local db = { script = function(_, message)
    sent = message
    return nil, answer.message, answer.code, answer.detail
  end }
  local result = table.pack(syntax.check(db, text, assert(sql.split(text))))
  return sent, table.unpack(result, 1, result.n)
end

local STOPPED <const> = { message = "invalid input syntax for type integer", code = "22P02" }

function TestMigrateSyntax:test_server_is_asked_only_about_what_the_parser_cannot_read()
  local cases = {
    ["SELECT 1; VACUUM t;"] = false, [""] = false, ["SELEC 1; VACUUM t;"] = true, ["VACUUM t; SELECT (1; SELECT 2;"] = true,
    ["VACUUM; CREATE TABLE t (a int GENERATED ALWAYS AS (1) VIRTUAL);"] = true,
    ["SET Standard_Conforming_Strings = off; SELEC 1;"] = false, ["VACUUM; SELEC " .. ("1"):rep(262144)] = false,
  }
  for text, expected in pairs(cases) do
    local sent, fine = look(text, STOPPED)
    lu.assertTrue(fine)
    lu.assertEquals(sent ~= nil, expected, text:sub(1, 100))
    lu.assertTrue(not sent or sent:find("\n" .. text, 1, true) ~= nil and sent:find("^SELECT ") ~= nil)
  end
end

function TestMigrateSyntax:test_failure_of_the_server_is_placed_in_the_file()
  local sent = look("VACUUM; SELEC 1;", STOPPED)
  local before = #sent - #"VACUUM; SELEC 1;"
  local _, fine, message, code, detail, at = look("VACUUM; SELEC 1;",
    { message = "syntax error", code = "42601", detail = { position = before + 9 } })
  lu.assertNil(fine)
  lu.assertEquals({ message, code, detail.position, at.position }, { "syntax error", "42601", before + 9, 9 })
end

function TestMigrateSyntax:test_lost_connection_is_left_to_what_follows()
  local _, fine = look("SELEC 1;", { message = "gone", code = "08006", detail = { lost = true } })
  lu.assertTrue(fine)
end

return TestMigrateSyntax
