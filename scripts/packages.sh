# Installs what is missing of Debian's packages. Sourced by check, quickstart and release.
# shellcheck shell=bash disable=SC2034 # the lists are for those who source it

# What building and running need, and what the tests need beside it.
build_packages=(gcc make autoconf automake libtool pkgconf liblua5.4-dev lua-argparse libpq-dev libssl-dev
    libjansson-dev libpg-query-dev libedit-dev postgresql)
check_packages=(g++ lua5.4 lua-unit lua-check clang-format shellcheck xz-utils strace pgbouncer openssl mandoc valgrind zsh fish git dnsmasq-base)
release_packages=(bison flex perl dpkg-dev binutils linux-libc-dev ncurses-bin xz-utils bzip2)
deb_packages=(debhelper dpkg-dev lintian lua-unit xz-utils)

# Prints those of the given packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        # The meta package stands for any server of the distribution.
        if [ "$package" = postgresql ] && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
            continue
        fi
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# persistently COMMAND...: tries what needs the network four times, with pauses in which a passing fault goes by.
persistently() {
    local pause
    for pause in 5 20 60; do
        "$@" && return 0
        echo "failed: $*; once more in $pause s" >&2
        sleep "$pause"
    done
    "$@"
}

# An update that failed in part may have brought all that is wanted. What another apt holds is waited for, too: the
# packages' lock by apt itself, that of the lists between two tries.
apt_install() {
    as_root apt-get update -qq </dev/null || echo "apt-get update failed" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 -y -qq \
        --no-install-recommends "$@" </dev/null
}

# Installs the given packages unless they are there. Prints what it does.
install_packages() {
    local missing
    if ! command -v apt-get >/dev/null; then
        echo "This is no Debian: make sure that these are there: $*" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" = 0 ]; then
        return 0
    fi
    echo "installing ${missing[*]}"
    persistently apt_install "${missing[@]}"
}

# Makes ./configure when it is not there or older than what it is made from.
make_configure() {
    if [ configure -nt configure.ac ] && [ Makefile.in -nt Makefile.am ]; then
        return 0
    fi
    autoreconf -fi
}
