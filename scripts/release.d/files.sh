# The files of a release beside the programs, and the comparison of two builds. Sourced by release.
# shellcheck shell=bash disable=SC2154 # out, deps, version and the helpers are release's

# The time of the last commit; in an unpacked tarball, whose files all have that time, the time of its files.
source_date() {
    # The folder may lie in somebody else's repository.
    { [ -e .git ] && git log -1 --format=%ct 2>/dev/null; } || stat -c %Y configure.ac
}

# make dist, with nothing in it of the time, the user and the order in which a folder is read.
make_tarball() (
    cd "$out/build/$(dpkg --print-architecture)-glibc" || return 1
    rm -rf "tilth-$version" &&
        make -s distdir &&
        tar --create --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
            --mode='u=rwX,go=rX' "tilth-$version" | xz -T1 -6 >"$out/tilth-$version.tar.xz.new" &&
        mv "$out/tilth-$version.tar.xz.new" "$out/tilth-$version.tar.xz"
    rm -rf "tilth-$version"
)

# The texts of the licences of all that is in a program: Debian's account of each source where it came along, and what
# the source itself has.
licence_files() {
    local name
    for name in "${source_packages[@]}"; do
        find "$deps/source/$name" -maxdepth 1 -type f \( -name 'LICENSE*' -o -name 'COPY*' \) | sort
        find "$deps/source/$name/debian" -maxdepth 1 -name copyright 2>/dev/null || true
    done
    # Lua's is in its header and libpg_query's vendored parts have theirs in the files.
    echo "$deps/source/lua5.4/src/lua.h"
    find "$deps/source/libpg-query/vendor" -type f | sort
    echo /usr/share/doc/lua-argparse/copyright
}

# Prints the comments of a C file's head and tail that speak of a licence, or the whole of any other file.
licence_text() {
    case $1 in
    *.[ch]) awk '/\/\*/ { text = ""; inside = 1 } inside { text = text $0 "\n" } /\*\// { inside = 0
        if (tolower(text) ~ /permission is hereby|redistribution and use/) printf "%s", text }' "$1" ;;
    *) cat "$1" ;;
    esac
}

make_licences() {
    local file text
    {
        echo "tilth $version"
        echo
        cat LICENSE
        for file in $(licence_files); do
            text=$(licence_text "$file")
            [ -z "$text" ] || printf '\n\n======== %s\n\n%s\n' "${file#"$deps/source/"}" "$text"
        done
    } >"$out/LICENSES.txt"
}

# The list of all that is linked in, written by the program itself.
make_sbom() {
    "$out/tilth" run scripts/release.d/sbom.lua "$out" "$version" "${source_packages[@]}"
}

make_sums() (
    cd "$out" || return 1
    find . -maxdepth 2 -type f \( -name tilth -o -name 'tilth-*' -o -name LICENSES.txt -o -path './deb/*.deb' -o -path './npm/*.tgz' \) \
        -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS
)

make_files() {
    quietly "made the tarball" make_tarball
    quietly "collected the licences" make_licences
    quietly "wrote the SBOM" make_sbom
    quietly "packed for npm" scripts/release.d/npm "$out"
    quietly "built the Debian packages" scripts/release.d/deb "$out"
    quietly "wrote the sums" make_sums
    cat "$out/SHA256SUMS"
}

# Builds from the tarball, elsewhere, with the same sources of the libraries, and compares the sums of all files.
compare_twice() {
    local again=$source_dir/build/release-again
    rm -rf "$again" && mkdir -p "$again/out/deps"
    tar -C "$again" -xf "$out/tilth-$version.tar.xz"
    cp -a "$deps/origin" "$deps/source" "$again/out/deps/"
    (unset SOURCE_DATE_EPOCH && "$again/tilth-$version/scripts/release" --out "$again/out") || fail "the second build failed"
    diff "$out/SHA256SUMS" "$again/out/SHA256SUMS" || fail "two builds of the same sources differ; the second is in $again"
    rm -rf "$again"
    echo "two builds of the same sources in two folders: every byte is the same"
}
