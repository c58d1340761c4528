# Links the program for the target that use_target set, and checks what came of it. Sourced by release.
# shellcheck shell=bash disable=SC2154 # out, prefix, target and the helpers are release's and libraries.sh's

# program_name: tilth, tilth-musl, tilth-arm64 or tilth-musl-arm64, for the target in use.
program_name() {
    local name=tilth
    [ "$libc" = glibc ] || name=$name-$libc
    [ "$arch" = amd64 ] || name=$name-$arch
    echo "$name"
}

# No build-id: it is a sum over debug information too, which names the folders of the build.
configure_program() {
    local lib=$prefix/lib
    "$source_dir/configure" -q "${host[@]}" --disable-shared --prefix=/usr CC="$cc" CFLAGS="-O2 $flags" \
        CPPFLAGS="-I$prefix/include" LDFLAGS="-Wl,--gc-sections,--as-needed,--build-id=none" \
        LUA_CFLAGS=' ' LUA_LIBS="$lib/liblua5.4.a -lm -ldl" \
        LIBPQ_CFLAGS=' ' LIBPQ_LIBS="$lib/libpq.a $lib/libpgcommon_shlib.a $lib/libpgport_shlib.a" \
        CRYPTO_CFLAGS=' ' CRYPTO_LIBS="$lib/libssl.a $lib/libcrypto.a" \
        JANSSON_CFLAGS=' ' JANSSON_LIBS="$lib/libjansson.a" PG_QUERY_LIBS="$lib/pg_query.o" \
        LIBEDIT_CFLAGS=' ' LIBEDIT_LIBS="$lib/libedit.a $lib/libtinfo.a"
}

# The modules are compiled by a program of the target. One for another processor can't run here: its modules are those
# of this machine's program, of the same Lua and the same sizes of numbers.
take_modules() {
    local native
    native=$out/build/$(dpkg --print-architecture)-$libc/src/embedded.c
    [ -f "$native" ] || fail "build the program for this machine first: $native is missing"
    make -s src/embed-lua && cp "$native" src/embedded.c
}

build_program() (
    local name
    name=$(program_name)
    rm -rf "$out/build/$target" && mkdir -p "$out/build/$target" && cd "$out/build/$target" && configure_program || return 1
    [ -z "$tool" ] || take_modules || return 1
    make -s -j "$jobs" tilth && "${tool}strip" -o "$out/$name.new" tilth && mv "$out/$name.new" "$out/$name"
)

# The newest version of a glibc symbol that a program needs, "none" for a static one. readelf reads those of any
# processor, which objdump does not.
newest_symbol() {
    readelf --version-info "$1" 2>/dev/null | grep -oE 'GLIBC_[0-9.]+' | sort -V | tail -n 1 | grep . || echo none
}

# Fails when the program would not run on the machines it is for.
check_program() {
    local program needed newest size version
    program=$out/$(program_name)
    [ -x "$program" ] || fail "there is no $program to check"
    needed=$(readelf -d "$program" | awk '/NEEDED/ { gsub(/[][]/, "", $NF); print $NF }')
    newest=$(newest_symbol "$program")
    if [ "$libc" = musl ]; then
        [ -z "$needed" ] || fail "$program is not static: it needs $needed"
        ! readelf -l "$program" | grep -q INTERP || fail "$program wants a dynamic loader"
    else
        needed=$(echo "$needed" | grep -vE '^(libc|libm|libdl|libpthread|ld-linux-.*)\.so' || true)
        [ -z "$needed" ] || fail "$program needs more than glibc: $needed"
        [ "$(printf 'GLIBC_%s\n%s\n' "$newest_glibc" "$newest" | sort -V | tail -n 1)" = "GLIBC_$newest_glibc" ] ||
            fail "$program needs $newest, newer than GLIBC_$newest_glibc"
    fi
    # With the folder below: a clone may lie at /app or /build, which are words of the program's own.
    ! grep -qaF -e "$source_dir/src/" -e "$source_dir/lua/" -e "$source_dir/build/" -e "$out/" "$program" || fail "$program names this machine's folders: $source_dir or $out"
    size=$(stat -c %s "$program")
    [ "$size" -le "$most_bytes" ] || fail "$program has $size bytes, more than $most_bytes"
    version=built
    [ -n "$tool" ] || version=$("$program" --version) || fail "$program --version failed"
    echo "$(basename "$program"): $size bytes, newest symbol $newest, $version"
}
