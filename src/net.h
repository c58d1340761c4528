/* What the parts of tilth.core.net share: a link to a server, closed in every way out. */
#ifndef TILTH_NET_H
#define TILTH_NET_H

#include <lua.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* A connection below PostgreSQL's protocol and all that a look at its TLS allocates.
 * Lives in a userdata that is marked to be closed. */
struct tilth_link {
    int descriptor;
    SSL_CTX *context;
    SSL *session;
    BIO *text;            /* for names of certificates */
    GENERAL_NAMES *names; /* of the certificate looked at */
};

/* Pushes a closed link, to be closed when the calling function returns or raises. */
struct tilth_link *tilth_link_push(lua_State *L);

/* Connects: a numeric address and a port, or the path of a Unix socket. Returns 0, or
 * the number of values of a failure that it has pushed. Raises an interruption. */
int tilth_link_open(lua_State *L, struct tilth_link *link, const char *address,
                    lua_Integer port, double deadline);

/* true, seconds | nil, message, errno = net.probe(address, port [, timeout]) */
int tilth_net_probe(lua_State *L);

/* answer | nil, message, errno or word = net.tls(address, port [, options]) */
int tilth_net_tls(lua_State *L);

#endif
