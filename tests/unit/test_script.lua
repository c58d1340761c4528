-- What a script's error shows of its traceback.
local lu = require("luaunit")
local script = require("tilth.script")

local TestScript = {}

function TestScript:test_own_part_keeps_the_message_and_the_scripts_own_frames()
  lu.assertEquals(script.own_part("x.lua:1: no luck\nstack traceback:\n\t[C]: in function 'error'\n\tx.lua:1: in main chunk\n"
    .. "\t(...tail calls...)\n\tlua/tilth/cli.lua:9: in function <...>\n\t[C]: in ?"),
    "x.lua:1: no luck\nstack traceback:\n\tx.lua:1: in main chunk")
  lu.assertEquals(script.own_part("no luck\nstack traceback:\n\t[C]: in ?"), "no luck")
end

function TestScript:test_own_part_keeps_a_message_that_names_a_module_of_the_program()
  lu.assertEquals(script.own_part("lua/tilth/csv.lua:1: bad argument\nstack traceback:\n\tlua/tilth/csv.lua:1: in x\n\ts.lua:2: in y"),
    "lua/tilth/csv.lua:1: bad argument\nstack traceback:\n\ts.lua:2: in y")
end

return TestScript
