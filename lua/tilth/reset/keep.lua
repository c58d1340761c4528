--- Decides which bins are beyond what `reset.keep` says. Pure.
local keep = {}

local function has_bin(reset)
  if reset.history and reset.history.bin then
    return true
  end
  for _, entry in ipairs(reset.schemas) do
    if entry.bin then
      return true
    end
  end
  return false
end

-- A reset after a build that failed only binned what that build had begun; the data that counts is in the first of such
-- a row of attempts. They stand and fall together, or a second attempt would push the real data out.
local function episodes(resets)
  local list, current, retried = {}, nil, false
  for _, reset in ipairs(resets) do
    if not current or (reset.kind == "reset" and not retried) then
      current = {}
      list[#list + 1] = current
    end
    current[#current + 1] = reset
    if reset.kind == "reset" then
      retried = reset.build_id ~= nil and reset.build_status ~= "done"
    end
  end
  return list
end

--- The resets whose bins are to be purged.
-- @tparam table resets every reset of the ledger, oldest first: { id, kind, state, schemas, history, build_id, build_status }
-- @tparam integer count how many bins are kept
-- @treturn table list of resets
function keep.surplus(resets, count)
  assert(math.type(count) == "integer" and count >= 0, "keep must be a whole number")
  local holding, surplus = 0, {}
  local list = episodes(resets)
  for index = #list, 1, -1 do
    local bins = {}
    for _, reset in ipairs(list[index]) do
      if reset.state == "done" and has_bin(reset) then
        bins[#bins + 1] = reset
      end
    end
    if #bins > 0 then
      holding = holding + 1
      if holding > count then
        table.move(bins, 1, #bins, #surplus + 1, surplus)
      end
    end
  end
  return surplus
end

return keep
