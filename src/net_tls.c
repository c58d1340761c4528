/* Looks at a PostgreSQL server's TLS: whether it offers any, and whose certificates it
 * shows. Sends no name of a user or database. */
#include "net.h"
#include "result.h"
#include "wait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lauxlib.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct look {
    const char *host;  /* the name that the certificate should have */
    const char *roots; /* a file of trusted certificates; NULL: OpenSSL's own place */
    double deadline;
};

static int fail_openssl(lua_State *L, const char *what)
{
    unsigned long error = ERR_get_error();
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;
    return tilth_fail(L, "tls", "%s: %s", what,
                      reason != NULL ? reason : "no reason given");
}

/* Waits for the descriptor: 0, or the values of a failure. */
static int await(lua_State *L, struct tilth_link *link, short events, double deadline)
{
    struct pollfd wait = {link->descriptor, events, 0};
    enum tilth_wait outcome = tilth_wait(L, &wait, 1, deadline);
    if (outcome == TILTH_INTERRUPTED)
        return tilth_raise_interrupt(L);
    if (outcome == TILTH_TIMEOUT)
        return tilth_fail_errno(L, "no answer to a request for TLS", ETIMEDOUT);
    return 0;
}

/* Sends PostgreSQL's SSLRequest and reads the one byte of answer: 0, or a failure. */
static int ask(lua_State *L, struct tilth_link *link, double deadline, char *answer)
{
    static const unsigned char request[] = {0, 0, 0, 8, 4, 210, 22, 47};
    if (send(link->descriptor, request, sizeof request, MSG_NOSIGNAL) !=
        (ssize_t)sizeof request)
        return tilth_fail_errno(L, "cannot ask for TLS", errno);
    for (;;) {
        int failed = await(L, link, POLLIN, deadline);
        if (failed != 0)
            return failed;
        ssize_t count = recv(link->descriptor, answer, 1, 0);
        if (count == 1)
            return 0;
        if (count == 0)
            return tilth_fail(L, "closed", "the connection was closed at once");
        if (errno != EAGAIN && errno != EINTR)
            return tilth_fail_errno(L, "no answer to a request for TLS", errno);
    }
}

/* The session verifies, but goes on whatever it finds: the findings are the purpose. */
static int prepare(lua_State *L, struct tilth_link *link, const struct look *look)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    ERR_clear_error();
    link->context = SSL_CTX_new(TLS_client_method());
    if (link->context == NULL)
        return fail_openssl(L, "cannot set TLS up");
    SSL_CTX_set_min_proto_version(link->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(link->context, SSL_VERIFY_NONE, NULL);
    int loaded = look->roots != NULL
                     ? SSL_CTX_load_verify_locations(link->context, look->roots, NULL)
                     : SSL_CTX_set_default_verify_paths(link->context);
    if (loaded != 1)
        return tilth_fail(L, "roots", "%s holds no certificate that can be read",
                          look->roots != NULL ? look->roots : "OpenSSL's folder");
    link->session = SSL_new(link->context);
    if (link->session == NULL || SSL_set_fd(link->session, link->descriptor) != 1)
        return fail_openssl(L, "cannot set TLS up");
    if (look->host != NULL && inet_pton(AF_INET, look->host, bytes) != 1 &&
        inet_pton(AF_INET6, look->host, bytes) != 1)
        SSL_set_tlsext_host_name(link->session, look->host);
    return 0;
}

static int shake_hands(lua_State *L, struct tilth_link *link, double deadline)
{
    for (;;) {
        ERR_clear_error();
        int done = SSL_connect(link->session);
        int saved_errno = errno;
        if (done == 1)
            return 0;
        int failed = 0;
        switch (SSL_get_error(link->session, done)) {
        case SSL_ERROR_WANT_READ:
            failed = await(L, link, POLLIN, deadline);
            break;
        case SSL_ERROR_WANT_WRITE:
            failed = await(L, link, POLLOUT, deadline);
            break;
        case SSL_ERROR_SYSCALL:
            return saved_errno != 0
                       ? tilth_fail_errno(L, "the TLS handshake broke off", saved_errno)
                       : tilth_fail(L, "tls", "the server ended the TLS handshake");
        default:
            return fail_openssl(L, "the TLS handshake failed");
        }
        if (failed != 0)
            return failed;
    }
}

static void push_time(lua_State *L, const ASN1_TIME *moment)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(moment, &parts) == 1)
        lua_pushinteger(L, (lua_Integer)timegm(&parts));
    else
        lua_pushnil(L);
}

static void push_name(lua_State *L, struct tilth_link *link, const X509_NAME *name)
{
    char *bytes;
    BIO_reset(link->text);
    X509_NAME_print_ex(link->text, name, 0,
                       XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    long length = BIO_get_mem_data(link->text, &bytes);
    lua_pushlstring(L, length > 0 ? bytes : "", length > 0 ? (size_t)length : 0);
}

static void push_address(lua_State *L, const ASN1_OCTET_STRING *octets)
{
    char text[INET6_ADDRSTRLEN];
    int family = ASN1_STRING_length(octets) == 4 ? AF_INET : AF_INET6;
    bool known = ASN1_STRING_length(octets) == 4 || ASN1_STRING_length(octets) == 16;
    if (known && inet_ntop(family, ASN1_STRING_get0_data(octets), text, sizeof text))
        lua_pushstring(L, text);
    else
        lua_pushliteral(L, "?");
}

/* Pushes the list of the names and addresses that a certificate is for. */
static void push_alternatives(lua_State *L, struct tilth_link *link, const X509 *found)
{
    lua_newtable(L);
    link->names = X509_get_ext_d2i(found, NID_subject_alt_name, NULL, NULL);
    lua_Integer index = 0;
    for (int i = 0; link->names != NULL && i < sk_GENERAL_NAME_num(link->names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(link->names, i);
        if (name->type == GEN_DNS)
            lua_pushlstring(L, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                            (size_t)ASN1_STRING_length(name->d.dNSName));
        else if (name->type == GEN_IPADD)
            push_address(L, name->d.iPAddress);
        else
            continue;
        lua_rawseti(L, -2, ++index);
    }
    if (link->names != NULL)
        GENERAL_NAMES_free(link->names);
    link->names = NULL;
}

/* Pushes { subject, issuer, not_before, not_after, names }. */
static void push_certificate(lua_State *L, struct tilth_link *link, X509 *found)
{
    lua_createtable(L, 0, 5);
    push_name(L, link, X509_get_subject_name(found));
    lua_setfield(L, -2, "subject");
    push_name(L, link, X509_get_issuer_name(found));
    lua_setfield(L, -2, "issuer");
    push_time(L, X509_get0_notBefore(found));
    lua_setfield(L, -2, "not_before");
    push_time(L, X509_get0_notAfter(found));
    lua_setfield(L, -2, "not_after");
    push_alternatives(L, link, found);
    lua_setfield(L, -2, "names");
}

static bool name_matches(X509 *found, const char *host)
{
    return X509_check_ip_asc(found, host, 0) == 1 ||
           X509_check_host(found, host, 0, 0, NULL) == 1;
}

/* Adds what the finished handshake showed to the table on top. */
static void add_findings(lua_State *L, struct tilth_link *link, const struct look *look)
{
    long problem = SSL_get_verify_result(link->session);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(link->session);
    lua_pushstring(L, SSL_get_version(link->session));
    lua_setfield(L, -2, "protocol");
    lua_pushstring(L, SSL_get_cipher_name(link->session));
    lua_setfield(L, -2, "cipher");
    lua_pushboolean(L, problem == X509_V_OK && chain != NULL);
    lua_setfield(L, -2, "verified");
    if (problem != X509_V_OK) {
        lua_pushstring(L, X509_verify_cert_error_string(problem));
        lua_setfield(L, -2, "problem");
        lua_pushinteger(L, problem);
        lua_setfield(L, -2, "problem_number");
    }
    lua_newtable(L);
    for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
        push_certificate(L, link, sk_X509_value(chain, i));
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "chain");
    if (look->host != NULL && chain != NULL && sk_X509_num(chain) > 0) {
        lua_pushboolean(L, name_matches(sk_X509_value(chain, 0), look->host));
        lua_setfield(L, -2, "name_matches");
    }
}

/* A text of the options at index 3; it stays on the stack, so that it lives. */
static const char *option(lua_State *L, const char *name)
{
    lua_getfield(L, 3, name);
    return luaL_optstring(L, -1, NULL);
}

/* answer | nil, message, code = net.tls(address, port [, options]): asks for TLS and
 * shakes hands without logging in. Options are host (the name to check), roots (a
 * file) and timeout. The table says answer ("S", "N" or another byte), protocol,
 * cipher, verified, problem, problem_number, name_matches and chain, a list of {
 * subject, issuer, not_before, not_after, names }; the server's own certificate comes
 * first. */
int tilth_net_tls(lua_State *L)
{
    const char *address = luaL_checkstring(L, 1);
    lua_Integer port = luaL_checkinteger(L, 2);
    luaL_argcheck(L, port >= 0 && port <= 65535, 2, "not a port");
    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_newtable(L);
        lua_replace(L, 3);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    struct look look = {.host = option(L, "host"), .roots = option(L, "roots")};
    lua_getfield(L, 3, "timeout");
    look.deadline = tilth_deadline(luaL_optnumber(L, -1, -1));
    char answer;
    struct tilth_link *link = tilth_link_push(L);
    int failed = tilth_link_open(L, link, address, port, look.deadline);
    if (failed == 0)
        failed = ask(L, link, look.deadline, &answer);
    if (failed != 0)
        return failed;
    if (answer == 'S') {
        failed = prepare(L, link, &look);
        if (failed == 0)
            failed = shake_hands(L, link, look.deadline);
        if (failed != 0)
            return failed;
        link->text = BIO_new(BIO_s_mem());
        if (link->text == NULL)
            return fail_openssl(L, "cannot read the certificates");
    }
    lua_newtable(L);
    lua_pushlstring(L, &answer, 1);
    lua_setfield(L, -2, "answer");
    if (answer == 'S')
        add_findings(L, link, &look);
    return 1;
}
