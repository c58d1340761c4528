# shellcheck shell=sh
# Finds the program among the installed packages, in the folders in which Node would look, and becomes it.

self=$(readlink -f "$0") || self=$0
x64_loader=/lib64/ld-linux-x86-64.so.2
arm64_loader=/lib/ld-linux-aarch64.so.1

fail() {
    echo "tilth: $1" >&2
    exit 2
}

# find_program CPU: sets `program`.
find_program() {
    folder=$self
    while [ -n "$folder" ]; do
        folder=${folder%/*}
        program=$folder/node_modules/@tilth/linux-$1/bin/tilth
        [ -x "$program" ] && return 0
    done
    return 1
}

# The system's loader tells the machine without starting another process, unless there is one for foreign programs too.
cpu=none
if [ ! -e "$arm64_loader" ]; then
    [ ! -e "$x64_loader" ] || cpu=x64
elif [ ! -e "$x64_loader" ]; then
    cpu=arm64
fi
if find_program "$cpu"; then
    exec "$program" "$@"
fi

platform="$(uname -s) $(uname -m)"
case $platform in
'Linux x86_64') cpu=x64 ;;
'Linux aarch64') cpu=arm64 ;;
*) cpu=none ;;
esac
if find_program "$cpu"; then
    exec "$program" "$@"
fi

# shellcheck disable=SC2194 # the names are filled in
case " @packages@ " in
*" @tilth/linux-$cpu "*) ;;
*) fail "there is no program for $platform in this release, only for: @platforms@.
Run tilth in a container or in WSL, or build it from source." ;;
esac
fail "the package @tilth/linux-$cpu, which holds the program, is not installed beside $self.
It is an optional dependency of tilth. Where these were omitted (--omit=optional, --no-optional), or node_modules comes
from another system, install again on this one, with them: npm ci --include=optional
Where package-lock.json lacks it, as npm 9 and 10 write that anew on another system: npm install tilth, and commit the file."
