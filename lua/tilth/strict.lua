--- Makes the use of an unknown global an error, so that a mistyped name can't pass for nil.
local strict = {}

--- Guards the global table against reading unknown names and against new ones.
function strict.install()
  setmetatable(_G, {
    __index = function(_, name)
      error("unknown global '" .. tostring(name) .. "'", 2)
    end,
    __newindex = function(_, name)
      error("new global '" .. tostring(name) .. "': make it local", 2)
    end,
  })
end

return strict
