--- Probe: RESET_DATABASE and RUN_SEED, set or looking as if they were meant.
local answer = require("tilth.doctor.answer")
local looks_meant = require("tilth.check.flag_looks_meant")

local function run(world)
  local flags, lines, advice = world.flags, {}, {}
  for _, flag in ipairs({ flags.reset, flags.seed }) do
    if flag.set then
      lines[#lines + 1] = ("%s is true (%s)"):format(flag.name, flag.source)
    end
  end
  if flags.reset.set then
    advice[#advice + 1] = "The next `tilth flow` resets the database (the data of before goes into a bin): `tilth check` says whether it "
      .. "may. Remove RESET_DATABASE after that build."
  end
  if flags.seed.set then
    advice[#advice + 1] = "The next `tilth flow` seeds. Remove RUN_SEED after that build."
  end
  for _, finding in ipairs(looks_meant.run({ flags = flags }, { request = { by_flags = true } })) do
    lines[#lines + 1], advice[#advice + 1] = finding.message, finding.advice
  end
  if #lines > 0 then
    return answer.warn(table.concat(lines, "; "), table.concat(advice, "\n"))
  end
  return answer.ok("neither RESET_DATABASE nor RUN_SEED is set")
end

return { id = "flags", needs = { "environment" }, run = run }
