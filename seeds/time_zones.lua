--- Time zones of the tz database. Fields: name, country, countries (a list), latitude, longitude, comments.
local reference = require("ready.reference")

local _, _, options = ...

return reference.define("time_zones", {
  description = "Time zones of the tz database",
  model = "TimeZone",
  models = { "Timezone", "TimeZones", "time_zones", "timezones" },
  key = "name",
  columns = { name = "name", country = "country", latitude = "latitude", longitude = "longitude" },
}, options)
