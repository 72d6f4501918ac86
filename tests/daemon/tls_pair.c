/* A client of tls.h and an OpenSSL server, over a socket pair. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <openssl/err.h>
#include "tls_pair.h"


#define ROUNDS_MAX 100           /* turns of both sides until it is decided */

struct tls_pair pair;

/* One connection; its client end is the SSL's. */
struct link {
	SSL *client, *server;
	int fdv[2];
};


static void path(char *buf, size_t size, const char *name)
{
	(void)snprintf(buf, size, "%s/%s", pair.dir, name);
}


void pair_issue(struct ca *by, const char *san, int days)
{
	ck_assert_int_eq(0, ca_issue(by, pair.cert_path, san, days));
}


static int sni_handler(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	(void)alert;
	(void)arg;

	(void)snprintf(pair.sni, sizeof(pair.sni), "%s", name ? name : "");

	return SSL_TLSEXT_ERR_OK;
}


void pair_setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);

	memset(&pair, 0, sizeof(pair));
	strcpy(pair.dir, "/tmp/sipregd-tls.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(pair.dir));
	path(pair.ca_path, sizeof(pair.ca_path), "ca.pem");
	path(pair.other_path, sizeof(pair.other_path), "other.pem");
	path(pair.cert_path, sizeof(pair.cert_path), "server.pem");
	path(pair.key_path, sizeof(pair.key_path), "key.pem");

	ck_assert_int_eq(0, ca_alloc(&pair.ca, pair.ca_path));
	ck_assert_int_eq(0, ca_alloc(&pair.other, pair.other_path));

	pair.conf.ca_file = pair.ca_path;
	pair.conf.verify = TLS_VERIFY_WILDCARD;
	pair.conf.name = pair.conf.certificate = pair.conf.key = "";
	pair.conf.min_version = TLS1_2_VERSION;

	pair.server = SSL_CTX_new(TLS_server_method());
	ck_assert_ptr_nonnull(pair.server);
	SSL_CTX_set_tlsext_servername_callback(pair.server, sni_handler);
}


void pair_teardown(void)
{
	SSL_CTX_free(pair.server);
	tls_close();
	mem_deref(pair.ca);
	mem_deref(pair.other);
	(void)unlink(pair.ca_path);
	(void)unlink(pair.other_path);
	(void)unlink(pair.cert_path);
	(void)unlink(pair.key_path);
	ck_assert_int_eq(0, rmdir(pair.dir));
}


static void set_nonblock(int fd)
{
	ck_assert_int_eq(0, fcntl(fd, F_SETFL, O_NONBLOCK));
}


static SSL *server_open(int fd)
{
	SSL *ssl;

	ck_assert_int_eq(1, SSL_CTX_use_certificate_chain_file(
				    pair.server, pair.cert_path));
	ck_assert_int_eq(1, SSL_CTX_use_PrivateKey_file(pair.server,
							pair.cert_path,
							SSL_FILETYPE_PEM));
	ssl = SSL_new(pair.server);
	ck_assert_ptr_nonnull(ssl);
	ck_assert_int_eq(1, SSL_set_fd(ssl, fd));
	SSL_set_accept_state(ssl);

	return ssl;
}


static void forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}


static void link_open(struct link *l, const char *host)
{
	struct tls_ctx *ctx;

	ck_assert_int_eq(0, tls_ctx_get(&ctx, &pair.conf, pair.text,
					sizeof(pair.text)));
	ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM, 0, l->fdv));
	set_nonblock(l->fdv[0]);
	set_nonblock(l->fdv[1]);

	l->server = server_open(l->fdv[1]);
	ck_assert_int_eq(0, tls_open(&l->client, ctx, l->fdv[0], host));
	mem_deref(ctx);          /* the connection has its own reference */
}


static void link_close(struct link *l)
{
	SSL_free(l->client);
	SSL_free(l->server);
	(void)close(l->fdv[0]);
	(void)close(l->fdv[1]);
}


/* The client's turn: the handshake, and then one byte to read. */
static int client_turn(SSL *ssl)
{
	char byte;
	int rv;

	rv = SSL_do_handshake(ssl);

	return rv == 1 ? SSL_read(ssl, &byte, 1) : rv;
}


static void server_turn(SSL *ssl)
{
	forget_errors();
	if (SSL_do_handshake(ssl) == 1)
		(void)SSL_write(ssl, "x", 1);
}


static enum reason shake(struct link *l)
{
	int i, rv, e;

	for (i = 0; i < ROUNDS_MAX; i++) {
		forget_errors();
		rv = client_turn(l->client);
		if (rv == 1) {
			tls_info(&pair.info, l->client);
			return REASON_OK;
		}

		e = SSL_get_error(l->client, rv);
		if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
			return tls_reason(l->client, rv, pair.text,
					  sizeof(pair.text));

		server_turn(l->server);
	}

	ck_abort_msg("handshake without an end");
	return REASON_OK;
}


enum reason pair_connect(const char *host)
{
	enum reason reason;
	struct link l;

	link_open(&l, host);
	reason = shake(&l);
	link_close(&l);

	return reason;
}


void pair_expect(const char *host, enum reason reason, const char *words)
{
	enum reason r;

	pair.text[0] = '\0';
	r = pair_connect(host);
	ck_assert_msg(r == reason, "%s: %d, not %d: %s", host, r, reason,
		      pair.text);
	if (words)
		ck_assert_str_eq(words, pair.text);
}


bool pair_resumed(const char *host)
{
	pair_expect(host, REASON_OK, NULL);

	return pair.info.resumed;
}


SSL *pair_open(const char *host)
{
	enum reason r;
	struct link l;

	link_open(&l, host);
	r = shake(&l);
	ck_assert_msg(r == REASON_OK, "%s: %s", host, pair.text);
	SSL_free(l.server);
	(void)close(l.fdv[1]);

	return l.client;
}


void pair_close(SSL *client)
{
	const int fd = SSL_get_fd(client);

	SSL_free(client);
	(void)close(fd);
}
