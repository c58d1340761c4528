# Builds the static libraries that are linked in, each from its source, for one target. Sourced by release.
# shellcheck shell=bash disable=SC2154 # deps, target and the helpers are release's

# A program at a fixed address saves every start 29,000 relocations and 160 pages.
fixed_address=(-fno-pie -no-pie)
# Every function and variable in a section of its own: the linker leaves out what nothing uses.
sections=(-ffunction-sections -fdata-sections)

# use_target ARCHITECTURE LIBC: sets what the builds below read.
use_target() {
    arch=$1
    libc=$2
    target=$arch-$libc
    prefix=$deps/$target
    case $arch in
    amd64) triplet=x86_64-linux-gnu openssl_target=linux-x86_64 ;;
    arm64) triplet=aarch64-linux-gnu openssl_target=linux-aarch64 ;;
    *) fail "no recipe for the architecture $arch: amd64 and arm64 have one" ;;
    esac
    tool=
    host=()
    if [ "$arch" != "$(dpkg --print-architecture)" ]; then
        tool=$triplet-
        host=(--host="$triplet")
    fi
    cc="${tool}gcc ${fixed_address[*]}"
    if [ "$libc" = musl ]; then
        # By its name alone, since OpenSSL keeps the command that compiled it.
        cc="musl-gcc -static ${fixed_address[*]}"
        PATH=$prefix/bin:$PATH
    fi
    # Messages and assertions name files as they stand in the sources, without a path of this machine.
    flags="${sections[*]} -ffile-prefix-map=$prefix=. -ffile-prefix-map=$source_dir=."
}

# What was built is built again when its source, the recipe or the compiler is another.
recipe_stamp() {
    cat "$deps/origin/$1"
    declare -f "$2"
    echo "$cc $flags"
    "${tool}gcc" --version | head -n 1
}

# library NAME: builds it with build_NAME in a copy of its source.
library() (
    name=$1 function=build_${1//[-.]/_}
    recipe_stamp "$name" "$function" >"$prefix/stamp.new"
    if cmp -s "$prefix/stamp.new" "$prefix/stamps/$name"; then
        return 0
    fi
    rm -rf "$prefix/work" && mkdir -p "$prefix/work"
    cp -a "$deps/source/$name" "$prefix/work/$name"
    quietly "built $name for $target" build_in "$prefix/work/$name" "$function"
    rm -rf "$prefix/work"
    recipe_stamp "$name" "$function" >"$prefix/stamps/$name"
)

# build_in FOLDER FUNCTION. OpenSSL keeps a date: that of its source, so that a change of tilth makes no other library.
build_in() (
    cd "$1" || return 1
    date=$(dpkg-parsechangelog -S Timestamp 2>/dev/null || echo 0)
    SOURCE_DATE_EPOCH=$date "$2"
)

build_libraries() {
    mkdir -p "$prefix/include" "$prefix/lib" "$prefix/stamps"
    if [ "$libc" = musl ]; then
        library musl
    fi
    library lua5.4
    library jansson
    library openssl
    library postgresql-17
    library libpg-query
    library ncurses
    library libedit
}

# The C library itself, and the kernel's headers, which it has not.
build_musl() {
    local headers=/usr/include folder
    [ -z "$tool" ] || headers=/usr/$triplet/include
    CC=${tool}gcc AR=${tool}ar RANLIB=${tool}ranlib CFLAGS="-ffile-prefix-map=$PWD=." ./configure --prefix="$prefix" \
        --syslibdir="$prefix/lib" --disable-shared --enable-wrapper=gcc --target="$triplet" &&
        make -s -j "$jobs" && make -s install || return 1
    for folder in linux asm-generic asm; do
        if [ -d "$headers/$folder" ]; then
            ln -sfn "$headers/$folder" "$prefix/include/$folder"
        else
            ln -sfn "$headers/$triplet/$folder" "$prefix/include/$folder"
        fi
    done
}

# Debian's makefile wants libtool; the library is every file but those of the two programs.
build_lua5_4() {
    local name
    cd src && rm lua.c luac.c || return 1
    echo "#define DEB_HOST_MULTIARCH \"$triplet\"" >lua5.4-deb-multiarch.h
    # shellcheck disable=SC2086 # the compiler and the flags are words
    $cc -O3 -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX $flags -c ./*.c && "${tool}ar" rcs liblua5.4.a ./*.o || return 1
    cp liblua5.4.a "$prefix/lib"
    for name in lua luaconf lualib lauxlib lua5.4-deb-multiarch; do
        cp "$name.h" "$prefix/include" || return 1
    done
}

build_jansson() {
    autoreconf -fi && CC=$cc CFLAGS="-O2 $flags" ./configure -q "${host[@]}" --disable-shared --prefix=/usr &&
        make -s -j "$jobs" -C src && cp src/.libs/libjansson.a "$prefix/lib" &&
        cp src/jansson.h src/jansson_config.h "$prefix/include"
}

# Without what neither libpq nor tilth asks for. Certificates and openssl.cnf are looked for where Debian, Ubuntu and
# Alpine have them; src/roots.c knows the other places. The flags are kept in the library: no path may be among them.
build_openssl() {
    CC="$cc" AR=${tool}ar RANLIB=${tool}ranlib ./Configure "$openssl_target" no-shared no-tests no-apps no-docs no-engine \
        no-dso no-module no-legacy no-afalgeng no-ktls no-async no-secure-memory no-comp no-cms no-cmp no-ts no-srp \
        no-quic no-dtls no-weak-ssl-ciphers no-ssl3 no-idea no-seed no-camellia no-aria no-sm2 no-sm3 no-sm4 no-bf \
        no-cast no-rc2 no-rc4 no-mdc2 no-md4 no-whirlpool no-rmd160 no-siphash no-gost no-ml-dsa no-slh-dsa no-ssl-trace \
        --prefix=/usr --openssldir=/etc/ssl --libdir=lib "${sections[@]}" -Os &&
        make -s build_generated && make -s -j "$jobs" libcrypto.a libssl.a &&
        cp libcrypto.a libssl.a "$prefix/lib" && cp -r include/openssl "$prefix/include"
}

# Only the client library; the file of services is looked for where Debian's libpq looks.
build_postgresql_17() {
    CC=$cc AR=${tool}ar CFLAGS="-O2 $flags" CPPFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib" ./configure -q "${host[@]}" \
        --prefix=/usr --sysconfdir=/etc/postgresql-common --without-readline --without-zlib --without-gssapi \
        --without-ldap --without-icu --without-llvm --with-openssl &&
        make -s -C src/backend generated-headers &&
        make -s -j "$jobs" -C src/common libpgcommon_shlib.a && make -s -j "$jobs" -C src/port libpgport_shlib.a &&
        make -s -j "$jobs" -C src/interfaces/libpq libpq.a &&
        cp src/interfaces/libpq/libpq-fe.h src/interfaces/libpq/libpq-events.h src/include/postgres_ext.h \
            src/include/pg_config_ext.h "$prefix/include" &&
        cp src/common/libpgcommon_shlib.a src/port/libpgport_shlib.a src/interfaces/libpq/libpq.a "$prefix/lib"
}

# Only the parser with its JSON. libpg_query and libpq both hold parts of PostgreSQL, of different versions: nothing but
# pg_query_* may be seen of the first.
build_libpg_query() {
    local wanted=() name
    rm src/*deparse*.c src/pg_query_{fingerprint,normalize,split}.c src/pg_query_*plpgsql.c
    make -s -j "$jobs" libpg_query.a CC="$cc $flags" AR="${tool}ar rcs" CFLAGS_OPT_LEVEL=-O2 &&
        cp pg_query.h "$prefix/include" || return 1
    for name in $(grep -ohE 'pg_query_[a-z_]+\(' "$source_dir"/src/sql*.c | tr -d '(' | sort -u); do
        wanted+=(-u "$name")
    done
    "${tool}ld" -r -o pg_query.o "${wanted[@]}" libpg_query.a &&
        "${tool}objcopy" --wildcard --keep-global-symbol='pg_query_*' pg_query.o && cp pg_query.o "$prefix/lib"
}

# Only libtinfo, with the commonest terminals inside for machines without a terminfo folder.
build_ncurses() {
    CC=$cc AR=${tool}ar CFLAGS="-O2 $flags" BUILD_CC='gcc -no-pie' ./configure -q "${host[@]}" --prefix=/usr --with-termlib=tinfo --without-shared \
        --without-debug --without-ada --without-cxx --without-cxx-binding --without-manpages --without-progs --without-tests \
        --disable-db-install --enable-widec --disable-stripping \
        --with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo \
        --with-default-terminfo-dir=/usr/share/terminfo --with-tic-path=/usr/bin/tic --with-infocmp-path=/usr/bin/infocmp \
        --with-fallbacks=linux,vt100,xterm,xterm-256color,screen,screen-256color,tmux-256color &&
        make -s -C include && make -s -C ncurses ../lib/libtinfo.a &&
        cp lib/libtinfo.a "$prefix/lib" &&
        cp include/curses.h include/term.h include/ncurses_dll.h include/unctrl.h "$prefix/include"
}

# musl does not say that its wide characters are Unicode's, which they are.
build_libedit() {
    local unicode=
    [ "$libc" != musl ] || unicode=-D__STDC_ISO_10646__=201103L
    CC=$cc AR=${tool}ar CFLAGS="-O2 $flags $unicode -I$prefix/include" LDFLAGS="-L$prefix/lib" \
        ./configure -q "${host[@]}" --disable-shared --disable-examples --prefix=/usr &&
        make -s -j "$jobs" -C src && cp src/.libs/libedit.a "$prefix/lib" && cp src/histedit.h "$prefix/include"
}
