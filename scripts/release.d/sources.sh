# Debian's source packages, through a private apt: the machine's own package sources stay as they are. Sourced by release.
# shellcheck shell=bash disable=SC2154 # deps, suite, source_dir and the helpers are release's

# What is linked in, by the name of Debian's source package. None by version: mirrors drop those.
source_packages=(lua5.4 jansson openssl postgresql-17 libpg-query ncurses libedit musl)
locked=$source_dir/scripts/release.d/sources.lock

# The machine's own mirror, Debian's when it has none.
debian_mirror() {
    local mirror
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
        grep -oE 'https?://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ')
    echo "${mirror:-http://deb.debian.org/debian}"
}

# private_apt FOLDER TOOL ARGUMENT...
private_apt() {
    local folder=$1 tool=$2
    shift 2
    "$tool" -o "Dir::Etc::sourcelist=$folder/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists" \
        -o "Dir::Cache=$folder/cache" -o Acquire::Retries=5 -qq "$@"
}

update_sources() {
    local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mirror=$(debian_mirror)
    mkdir -p "$deps/apt/lists/partial" "$deps/apt/cache/archives/partial" "$deps/files"
    {
        echo "deb-src [signed-by=$keyring] $mirror $suite main"
        echo "deb-src [signed-by=$keyring] $mirror $suite-updates main"
        echo "deb-src [signed-by=$keyring] ${mirror%/}-security $suite-security main"
    } >"$deps/apt/sources"
    private_apt "$deps/apt" apt-get update
}

# The versions that the package lists name, newest first: a mirror may have dropped the files of some.
known_versions() {
    private_apt "$deps/apt" apt-cache showsrc "$1" | awk '$1 == "Version:" { print $2 }' | sort -ruV
}

# Prints "SHA256 FILE" of the files of a package's version, as the signed package lists have them; two suites may have it.
known_files() {
    private_apt "$deps/apt" apt-cache showsrc "$1" | awk -v version="$2" '
        $1 == "Package:" { here = 0; files = 0 }
        $1 == "Version:" { here = $2 == version }
        /^[^ ]/ { files = here && $1 == "Checksums-Sha256:" }
        /^ / && files { print $1 "  " $3 }' | sort -u
}

# fetch_source NAME: unpacks it as $deps/source/NAME. $deps/origin/NAME gets its version, and each file with its sum.
fetch_source() (
    name=$1
    cd "$deps/files" && rm -rf "$deps/source/$name" && mkdir -p "$deps/source" "$deps/origin" || return 1
    for version in $(known_versions "$name"); do
        if private_apt "$deps/apt" apt-get source --download-only "$name=$version"; then
            known_files "$name" "$version" | grep -v '\.asc$' >"$name.sums"
            sha256sum --check --quiet "$name.sums" && unpack "$name" && keep_origin "$name" "$version"
            return
        fi
    done
    # Debian's part of none is on the mirror: the original archive alone, by the sum of the newest.
    version=$(known_versions "$name" | head -n 1)
    known_files "$name" "$version" | grep -E '\.orig\.tar\.[a-z0-9]+$' >"$name.sums"
    if [ -n "$version" ] && sha256sum --check --quiet --status "$name.sums"; then
        unpack_original "$name"
    else
        version=$(awk -v name="$name" '$1 == name { print $2; exit }' "$locked")
        fetch_locked "$name" && unpack "$name"
    fi && keep_origin "$name" "$version"
)

# unpack NAME: what NAME.sums lists, with Debian's patches where it has them.
unpack() {
    local description
    description=$(awk '/\.dsc$/ { print $2 }' "$1.sums")
    if [ -n "$description" ]; then
        dpkg-source --no-check -x "$description" "$deps/source/$1"
    else
        unpack_original "$1"
    fi
}

unpack_original() {
    mkdir -p "$deps/source/$1" && tar --strip-components=1 -C "$deps/source/$1" -xf "$(awk '{ print $2 }' "$1.sums")"
}

# fetch_locked NAME: the files of sources.lock. A mirror's lists may be ahead of its files, and mirrors keep older ones for
# a while; the security archive has a pool of its own.
fetch_locked() {
    local name=$1 mirror letter=${1:0:1} sum file pool
    mirror=$(debian_mirror)
    [ "${name:0:3}" != lib ] || letter=${name:0:4}
    awk -v name="$name" '$1 == name { print $3 "  " $4 }' "$locked" >"$name.sums"
    while read -r sum file; do
        for pool in "$mirror/pool/main" "${mirror%/}-security/pool/updates/main"; do
            /usr/lib/apt/apt-helper -o Acquire::Retries=5 -qq download-file "$pool/$letter/$name/$file" "$file" "SHA256:$sum" && break
        done
    done <"$name.sums"
    sha256sum --check --quiet "$name.sums"
}

# Says of what was fetched which is not the newest that the lists name.
tell_older_sources() {
    local name newest
    for name in "${source_packages[@]}"; do
        newest=$(known_versions "$name" | head -n 1)
        [ "$(head -n 1 "$deps/origin/$name")" = "$newest" ] ||
            echo "note: $name $(head -n 1 "$deps/origin/$name") is linked in, since the mirror has not the files of ${newest:-any that it lists}"
    done
}

# The file appears when the source is whole.
keep_origin() {
    { echo "$2" && sort -k 2 "$1.sums"; } >"$deps/origin/$1.new" && mv "$deps/origin/$1.new" "$deps/origin/$1"
}

fetch_sources() {
    local name
    update_sources || echo "the package lists of $suite could not be fetched whole" >&2
    for name in "${source_packages[@]}"; do
        [ -f "$deps/origin/$name" ] || fetch_source "$name" || return 1
    done
}

have_sources() {
    local name
    for name in "${source_packages[@]}"; do
        [ -f "$deps/origin/$name" ] || return 1
    done
}
