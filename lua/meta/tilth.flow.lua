---@meta tilth.flow

-- The road of every command that can change a database: observe, plan, review, act, record.
--
-- Commands take it in one go with `flow.run`. Scripts take it step by step, and may add steps of their own: see
-- scripts/flow.lua. What fails is raised as an error object there.

---@class tilth.flow
local flow = {}

---Reads the words of a script's command line. An unknown one raises: a mistyped --dry-run must not act.
---@param known table list of options, such as "--dry-run"
---@param ... string the words
---@return table # option to true
function flow.options(known, ...) end

---Observes what a request needs; holds the migration lock from here on, unless it is a dry run.
---@param request table what is wanted: see docs/architecture.md
---@param ctx? table of tilth.context; that of the command line
---@return table # world, for a `<close>` variable; `world.observed` is what was found
function flow.observe(request, ctx) end

---Makes the plan from what was observed, in world.plan. Changes nothing.
---@param world table
---@return table # the plan: actions, skipped
function flow.plan(world) end

---Adds a step of one's own to the plan.
---@param world table with a plan
---@param when string "before" or "after"
---@param part string "reset", "migrate", "seed" or "build"
---@param name string of the step, for reports and the ledger
---@param fn function called with a session (see tilth.session) and the world; it fails by raising an error
function flow.step(world, when, part, name, fn) end

---Runs the safety checks and says what is planned and what they found.
---@param world table with a plan
---@return boolean # true when the script must end with `return flow.stop(world)`: a check forbids to go on, or it is a dry run
function flow.review(world) end

---Ends without acting: what a dry run would do, or why the flow is refused.
---@param world table after review
---@return table? # result, to be returned by the script
---@return string? # message
---@return string? # code
---@return table? # detail
function flow.stop(world) end

---Carries the plan out, in world.outcome. It does not raise what fails: `flow.record` tells that.
---@param world table after review; raises when a check forbids to go on
---@return table # outcome: see docs/architecture.md
function flow.act(world) end

---Writes the outcome to the ledger and says how it went.
---@param world table after act
---@return table? # result, to be returned by the script
---@return string? # message
---@return string? # code
---@return table? # detail
function flow.record(world) end

---Carries a request out, or with request.dry_run only says what would be done.
---@param ctx table of tilth.context
---@param request table what is wanted: see docs/architecture.md
---@return table? # result `{ text, data }`
---@return string? # message
---@return string? # code
---@return table? # detail; detail.data is the same table that data is in a result
function flow.run(ctx, request) end

return flow
