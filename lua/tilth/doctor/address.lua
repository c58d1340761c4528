--- What kind of address an IP address is. Pure.
local address = {}

--- First and last address of each range that the internet does not route, as four bytes in a number.
local RANGES <const> = {
  { "loopback", 0x7F000000, 0x7FFFFFFF }, { "private", 0x0A000000, 0x0AFFFFFF }, { "private", 0xAC100000, 0xAC1FFFFF },
  { "private", 0xC0A80000, 0xC0A8FFFF }, { "private", 0x64400000, 0x647FFFFF }, { "link-local", 0xA9FE0000, 0xA9FEFFFF },
}

local function kind_of_v4(text)
  local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  if not a then
    return nil
  end
  local number = (tonumber(a) << 24) | (tonumber(b) << 16) | (tonumber(c) << 8) | tonumber(d)
  for _, range in ipairs(RANGES) do
    if number >= range[2] and number <= range[3] then
      return range[1]
    end
  end
  return "public"
end

--- Tells the kind of an address.
-- @tparam string text a numeric IPv4 or IPv6 address
-- @treturn string "loopback", "private" (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7), "link-local" or "public"
function address.kind(text)
  local lower = text:lower()
  local kind = kind_of_v4(lower:match("^::ffff:([%d.]+)$") or lower)
  if kind then
    return kind
  elseif lower == "::1" then
    return "loopback"
  elseif lower:find("^f[cd]%x%x:") then
    return "private"
  elseif lower:find("^fe[89ab]%x:") then
    return "link-local"
  end
  return "public"
end

return address
