--- tilth for scripts and for Lua programs: `local db <close> = require("tilth").connect()`. See tilth.api.
return require("tilth.api")
