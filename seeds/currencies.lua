--- Currencies of ISO 4217. Fields: code, numeric, name.
local reference = require("ready.reference")

local _, _, options = ...

return reference.define("currencies", {
  description = "Currencies of ISO 4217",
  model = "Currency",
  models = { "Currencies", "currencies", "currency" },
  key = "code",
  columns = { code = "code", numeric = "numeric", name = "name" },
}, options)
