--- How many seconds the tests' own machinery waits for what needs a moment to go away: a backend after its client, a child
-- after its last signal, a thread that was left behind. Only what is left for good takes all of that time, so that it
-- may be long; TILTH_TEST_PATIENCE makes it short for the runs in which something is left on purpose.
return tonumber(require("tilth.core.env").get("TILTH_TEST_PATIENCE")) or 60
