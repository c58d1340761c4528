/* tilth.core.hash: SHA-256 and random bytes, from libcrypto. */
#define OPENSSL_API_COMPAT                                                               \
    0x10101000L /* SHA256_Init and its kin are deprecated since 3.0 */
#include "core.h"
#include "hash.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <unistd.h>

#define MOST_RANDOM_BYTES (1 << 20)

void tilth_hash_write_hex(char *to, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void tilth_hash_push_hex(lua_State *L, const unsigned char *bytes, size_t count)
{
    char text[2 * SHA256_DIGEST_LENGTH];
    tilth_hash_write_hex(text, bytes, count);
    lua_pushlstring(L, text, 2 * count);
}

/* text = hash.sha256(text): 64 hexadecimal digits */
static int hash_sha256(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    /* EVP_Digest would load OpenSSL's configuration and providers first: a millisecond.
     */
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, text, length);
    SHA256_Final(digest, &context);
    tilth_hash_push_hex(L, digest, sizeof digest);
    return 1;
}

bool tilth_hash_file(int folder, const char *path, struct tilth_hash_file *file)
{
    int descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return false;
    unsigned char bytes[16384];
    SHA256_CTX context;
    SHA256_Init(&context);
    *file = (struct tilth_hash_file){.plain = true};
    ssize_t count;
    do {
        count = read(descriptor, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            continue;
        for (ssize_t i = 0; i < count && file->plain; i++)
            file->plain = bytes[i] != 0 && bytes[i] < 128;
        if (count > 0) {
            SHA256_Update(&context, bytes, (size_t)count);
            file->size += count;
        }
    } while (count > 0 || (count < 0 && errno == EINTR));
    close(descriptor);
    SHA256_Final(file->digest, &context);
    return count == 0;
}

/* bytes | nil, message, "failed" = hash.random(count): good enough for secrets */
static int hash_random(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count >= 0 && count <= MOST_RANDOM_BYTES, 1, "not a count of bytes");
    luaL_Buffer buffer;
    char *bytes = luaL_buffinitsize(L, &buffer, (size_t)count);
    if (RAND_bytes((unsigned char *)bytes, (int)count) != 1)
        return tilth_fail(L, "failed", "libcrypto has no random bytes");
    luaL_pushresultsize(&buffer, (size_t)count);
    return 1;
}

/* text | nil, message, "failed" = hash.uuid(): a random UUID (version 4) */
static int hash_uuid(lua_State *L)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return tilth_fail(L, "failed", "libcrypto has no random bytes");
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    char text[36];
    size_t length = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[length++] = '-';
        text[length++] = digits[bytes[i] >> 4];
        text[length++] = digits[bytes[i] & 15];
    }
    lua_pushlstring(L, text, length);
    return 1;
}

int luaopen_tilth_core_hash(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"folder", tilth_hash_folder}, {"sha256", hash_sha256}, {"random", hash_random},
        {"stream", tilth_hash_stream}, {"uuid", hash_uuid},     {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
