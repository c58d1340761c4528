--- Countries of ISO 3166-1. Fields: alpha2, alpha3, numeric, name, official_name, flag.
local reference = require("ready.reference")

local _, _, options = ...

return reference.define("countries", {
  description = "Countries of ISO 3166-1",
  model = "Country",
  models = { "Countries", "countries", "country" },
  key = "code",
  columns = { code = "alpha2", alpha3 = "alpha3", numeric = "numeric", name = "name" },
}, options)
