---@meta tilth.fake

-- Made-up data that is the same on every machine: the same key always gives the same value. Pure.
--
-- `fake.name("user-1")` asks for one value of a key; `fake.new("orders")` gives a stream of values, one after another.
-- A key is a string or an integer; different functions of the same key do not depend on each other.

---@class tilth.fake
local fake = {}

---@class tilth.FakeStream
local Stream = {}

---A whole number from `first` to `last`, each equally likely.
---@param first integer
---@param last integer
---@return integer
function Stream:integer(first, last) end

---A whole number from `first` to `last`, each equally likely.
---@param key string|integer
---@param first integer
---@param last integer
---@return integer
function fake.integer(key, first, last) end

---A number from `low` up to `high`.
---@param low number
---@param high number
---@param decimals? integer how many (2)
---@return number
function Stream:number(low, high, decimals) end

---A number from `low` up to `high`.
---@param key string|integer
---@param low number
---@param high number
---@param decimals? integer how many (2)
---@return number
function fake.number(key, low, high, decimals) end

---A decimal as text, as money wants it: `fake.decimal(key, 1, 100)` -> "42.50".
---@param low number
---@param high number
---@param decimals? integer how many (2)
---@return string
function Stream:decimal(low, high, decimals) end

---A decimal as text, as money wants it: `fake.decimal(key, 1, 100)` -> "42.50".
---@param key string|integer
---@param low number
---@param high number
---@param decimals? integer how many (2)
---@return string
function fake.decimal(key, low, high, decimals) end

---true in `percent` of 100 cases.
---@param percent? integer of 100 (50)
---@return boolean
function Stream:boolean(percent) end

---true in `percent` of 100 cases.
---@param key string|integer
---@param percent? integer of 100 (50)
---@return boolean
function fake.boolean(key, percent) end

---One of a list.
---@param list table not empty
---@return any
function Stream:choice(list) end

---One of a list.
---@param key string|integer
---@param list table not empty
---@return any
function fake.choice(key, list) end

---One of a list by weight.
---@param list table `{ { "PAID", 8 }, { "OPEN", 2 } }`, the weights whole numbers
---@return any
function Stream:weighted(list) end

---One of a list by weight.
---@param key string|integer
---@param list table `{ { "PAID", 8 }, { "OPEN", 2 } }`, the weights whole numbers
---@return any
function fake.weighted(key, list) end

---The list in another order.
---@param list table
---@return table # a new list
function Stream:shuffle(list) end

---The list in another order.
---@param key string|integer
---@param list table
---@return table # a new list
function fake.shuffle(key, list) end

---A first name.
---@return string
function Stream:first_name() end

---A first name.
---@param key string|integer
---@return string
function fake.first_name(key) end

---A last name.
---@return string
function Stream:last_name() end

---A last name.
---@param key string|integer
---@return string
function fake.last_name(key) end

---A first and a last name.
---@return string
function Stream:name() end

---A first and a last name.
---@param key string|integer
---@return string
function fake.name(key) end

---An address under example.com, which nobody has; unique for all practical purposes.
---@return string
function Stream:email() end

---An address under example.com, which nobody has; unique for all practical purposes.
---@param key string|integer
---@return string
function fake.email(key) end

---A word.
---@return string
function Stream:word() end

---A word.
---@param key string|integer
---@return string
function fake.word(key) end

---Some words.
---@param count? integer how many (3)
---@return string
function Stream:words(count) end

---Some words.
---@param key string|integer
---@param count? integer how many (3)
---@return string
function fake.words(key, count) end

---A sentence of 5 to 12 words.
---@return string
function Stream:sentence() end

---A sentence of 5 to 12 words.
---@param key string|integer
---@return string
function fake.sentence(key) end

---Some sentences.
---@param count? integer how many (3)
---@return string
function Stream:paragraph(count) end

---Some sentences.
---@param key string|integer
---@param count? integer how many (3)
---@return string
function fake.paragraph(key, count) end

---A city.
---@return string
function Stream:city() end

---A city.
---@param key string|integer
---@return string
function fake.city(key) end

---A street with a number.
---@return string
function Stream:street() end

---A street with a number.
---@param key string|integer
---@return string
function fake.street(key) end

---A telephone number of the range kept for fiction.
---@return string
function Stream:phone() end

---A telephone number of the range kept for fiction.
---@param key string|integer
---@return string
function fake.phone(key) end

---A date between two dates, both included.
---@param first string such as "2024-01-31"
---@param last string
---@return string
function Stream:date(first, last) end

---A date between two dates, both included.
---@param key string|integer
---@param first string such as "2024-01-31"
---@param last string
---@return string
function fake.date(key, first, last) end

---A time in UTC on a date between two dates.
---@param first string such as "2024-01-31"
---@param last string
---@return string # as "2024-01-31T08:30:00Z"
function Stream:timestamp(first, last) end

---A time in UTC on a date between two dates.
---@param key string|integer
---@param first string such as "2024-01-31"
---@param last string
---@return string # as "2024-01-31T08:30:00Z"
function fake.timestamp(key, first, last) end

---A UUID (version 4 by its form).
---@return string
function Stream:uuid() end

---A UUID (version 4 by its form).
---@param key string|integer
---@return string
function fake.uuid(key) end

---A stream of values of a key.
---@param key string|integer
---@return tilth.FakeStream # every function of this module as a method, without the key
function fake.new(key) end

return fake
