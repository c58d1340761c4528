--- Completes command lines in real shells, with the scripts of scripts/completion.
local shells = {}

local proc = require("tilth.core.proc")
local program = require("support.program")
local reference = require("support.reference")

local TIMEOUT <const> = 180

-- What bash does when the key is pressed: words, cursor, and the function that `complete -F` named.
local BASH <const> = [[
source "$1" || exit 9
function_of=$(complete -p tilth) || exit 8
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="${COMP_WORDS[*]}"
COMP_POINT=${#COMP_LINE}
set -- $function_of
"$3" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" || exit 7
printf '%s\n' "${COMPREPLY[@]}"
]]

local FISH <const> = [[
source $argv[1]
or exit 9
complete -C $argv[2]
]]

-- zsh completes only at a terminal of its own; the line is read back by a key of our own.
local ZSH <const> = [=[
zmodload zsh/zpty || exit 9
export HOME=$3 TERM=dumb
zpty shell zsh -f -i
read_until() {
    local chunk out
    while zpty -r shell chunk; do
        out+=$chunk
        [[ $out == *$1* ]] && return 0
    done
    print -ru2 -- $out
    exit 8
}
zpty -w shell "stty -echo; unsetopt zle_bracketed_paste; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell "show() { print -r -- \"<<\$BUFFER>>\" }; zle -N show; bindkey '^Xs' show; setopt no_beep"
zpty -w shell "LISTMAX=10000; zstyle ':completion:*' list-prompt ''; print -r -- rea''dy"
read_until ready
zpty -w -n shell "$2"$'\t\C-Xs'
local chunk out
while zpty -r shell chunk; do
    out+=$chunk
    [[ $out == *'>>'* ]] && break
done
print -r -- ${${out##*<<}%%>>*}
zpty -d shell
]=]

local function run(argv, cwd, variables)
  local more = { PATH = variables.PATH }
  for name, value in pairs(variables) do
    more[name] = value
  end
  local result, message = proc.run(argv, {
    cwd = cwd, clean_env = true, env = program.environment(more), stdout = "capture", stderr = "capture", timeout = TIMEOUT,
  })
  assert(result, message)
  if result.code ~= 0 or result.timed_out then
    error(("%s ended with %d: %s%s"):format(argv[1], result.code, result.stdout, result.stderr), 3)
  end
  return result.stdout
end

local function script(name)
  return reference.root() .. "/scripts/completion/" .. name
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    list[#list + 1] = line
  end
  table.sort(list)
  return list
end

--- Is a shell installed?
-- @tparam string name
-- @treturn boolean
function shells.has(name)
  -- With a home of its own: fish makes its folders there at once.
  local result = proc.run({ name, "-c", "true" }, { clean_env = true, env = program.environment(), stdout = "null", stderr = "null" })
  return result ~= nil and result.code == 0
end

--- What bash offers.
-- @tparam table words of the line, the last one under the cursor
-- @tparam string cwd
-- @tparam table variables
-- @treturn table sorted list
function shells.bash(words, cwd, variables)
  return lines(run({ "bash", "--norc", "-c", BASH, "bash", script("tilth.bash"), table.unpack(words) }, cwd, variables))
end

--- What fish offers, without the descriptions.
-- @tparam table words
-- @tparam string cwd
-- @tparam table variables
-- @treturn table sorted list
function shells.fish(words, cwd, variables)
  local text = run({ "fish", "--no-config", "-c", FISH, script("tilth.fish"), table.concat(words, " ") }, cwd, variables)
  return lines((text:gsub("\t[^\n]*", "")))
end

--- What zsh makes of the line.
-- @tparam table words
-- @tparam string cwd
-- @tparam table variables
-- @treturn string
function shells.zsh(words, cwd, variables)
  local text = run({ "zsh", "-f", "-c", ZSH, "zsh", script(""):sub(1, -2), table.concat(words, " "), cwd }, cwd, variables)
  return (text:gsub("%s+$", ""))
end

return shells
