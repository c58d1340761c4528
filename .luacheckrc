std = "lua54"
max_line_length = 140
ignore = { "411/ok", "411/err", "421/ok", "421/err", "431/ok", "431/err", "411/message", "411/code", "421/message", "421/code" }
files["tests"] = { self = false }
files["lua/meta"] = { unused = false, max_line_length = false }
exclude_files = { "build*/", "tests/fixtures/broken/" }
