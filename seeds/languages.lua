--- Languages of ISO 639-2 that have a code of two letters. Fields: alpha2, alpha3, bibliographic, name.
local reference = require("ready.reference")

local _, _, options = ...

return reference.define("languages", {
  description = "Languages of ISO 639 with a code of two letters",
  model = "Language",
  models = { "Languages", "languages", "language" },
  key = "code",
  columns = { code = "alpha2", alpha3 = "alpha3", name = "name" },
  where = function(record) return record.alpha2 ~= nil end,
}, options)
