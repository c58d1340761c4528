# shellcheck shell=sh
# Finds the program among the installed packages, in the folders in which Node would look, and becomes it.

self=$(readlink -f "$0") || self=$0
old_glibc=no

fail() {
    echo "tilth: $1" >&2
    exit 2
}

# find_program PACKAGE: sets `program`.
find_program() {
    folder=$self
    while [ -n "$folder" ]; do
        folder=${folder%/*}
        program=$folder/node_modules/$1/bin/tilth
        [ -x "$program" ] && return 0
    done
    return 1
}

# Before 2.34 the file of glibc has its version in its name, and libc.so.6 is a link to it.
is_old_glibc() {
    [ -L "/lib/$1-linux-gnu/libc.so.6" ] || [ -L /lib64/libc.so.6 ] || return 1
    ! "$program" --version >/dev/null 2>&1
}

# find_glibc_program LOADER MACHINE CPU
find_glibc_program() {
    [ -e "$1" ] && find_program "@tilth/linux-$3-gnu" || return 1
    if is_old_glibc "$2"; then
        old_glibc=yes
        return 1
    fi
}

# The loaders tell glibc and machine without starting another process.
if find_glibc_program /lib64/ld-linux-x86-64.so.2 x86_64 x64 ||
    find_glibc_program /lib/ld-linux-aarch64.so.1 aarch64 arm64; then
    exec "$program" "$@"
fi

platform="$(uname -s) $(uname -m)"
case $platform in
'Linux x86_64') cpu=x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
'Linux aarch64') cpu=arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
*) cpu=none loader=none ;;
esac
if find_program "@tilth/linux-$cpu-musl"; then
    exec "$program" "$@"
fi

# shellcheck disable=SC2194 # the names are filled in
case " @packages@ " in
*" @tilth/linux-$cpu-"*) ;;
*) fail "there is no program for $platform in this release, only for: @platforms@.
Run tilth in a container or in WSL, or build it from source." ;;
esac
if [ "$old_glibc" = yes ]; then
    fail "the installed program needs glibc 2.34, and this system has an older one.
Install the program that needs no glibc: npm ci --libc=musl (or libc=musl in .npmrc)."
fi
libc=musl
[ ! -e "$loader" ] || libc=gnu
fail "the package @tilth/linux-$cpu-$libc, which holds the program, is not installed beside $self.
It is an optional dependency of tilth: perhaps these are omitted (--omit=optional, --no-optional), or node_modules
comes from another system. Install again on this system, with them: npm ci --include=optional"
