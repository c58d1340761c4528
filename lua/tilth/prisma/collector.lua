--- Holds the garbage collector while a tree is built that is kept as a whole: collecting meanwhile only costs time.
local collector = {}

--- A schema of more text is read with the collector at work, so that memory stays in bounds.
local MOST <const> = 2000000

--- Holds it until the value is closed; where it is held already, nothing changes.
-- @tparam table files list of { text } that will be read
-- @treturn table to be closed
function collector.hold(files)
  local size = 0
  for _, file in ipairs(files) do
    size = size + #file.text
  end
  local held = size <= MOST and collectgarbage("isrunning")
  if held then
    collectgarbage("stop")
  end
  return setmetatable({}, { __close = function()
    if held then
      collectgarbage("restart")
    end
  end })
end

return collector
