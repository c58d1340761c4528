--- Tests the kinds of addresses.
local lu = require("luaunit")
local address = require("tilth.doctor.address")

local TestDoctorAddress = {}

function TestDoctorAddress:test_kinds()
  local cases = {
    loopback = { "127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1" },
    private = { "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255",
      "fd12:3456::1", "fc00::1", "FD00::1", "::ffff:10.0.0.1" },
    ["link-local"] = { "169.254.1.1", "fe80::1", "febf::1" },
    public = { "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255",
      "100.128.0.0", "52.29.1.2", "2a05:d014::1", "fb00::1", "fec0::1", "128.0.0.1" },
  }
  for kind, list in pairs(cases) do
    for _, text in ipairs(list) do
      lu.assertEquals(address.kind(text), kind, text)
    end
  end
end

return TestDoctorAddress
