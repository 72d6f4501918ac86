/* The test registrar's listening sockets and TLS contexts. */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include "mock.h"


#define BACKLOG   1024
#define UDP_QUEUE (4 << 20)      /* [bytes] a burst of thousands of REGISTERs */
#define UDP_MAX   65536          /* [bytes] */
#define BATCH     64             /* read at once, then others get their turn */


/* Which certificate for this name; also notes what the client named. */
static int servername_handler(SSL *ssl, int *alert, void *arg)
{
	struct registrar *r = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct le *le;

	(void)re_snprintf(r->sni, sizeof(r->sni), "%s", name ? name : "");

	LIST_FOREACH(&r->identities, le) {
		const struct mock_identity *id = le->data;

		if (name && !str_casecmp(id->name, name)) {
			(void)SSL_set_SSL_CTX(ssl, id->ctx);
			return SSL_TLSEXT_ERR_OK;
		}
	}

	if (r->conf.require_sni) {
		*alert = SSL_AD_UNRECOGNIZED_NAME;
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}

	return name ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}


int mock_ctx_alloc(SSL_CTX **ctxp, struct registrar *r, const char *pem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		return ENOMEM;

	if (SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) != 1) {
		ERR_clear_error();
		SSL_CTX_free(ctx);
		return EBADMSG;
	}

	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			       SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_tlsext_servername_callback(ctx, servername_handler);
	(void)SSL_CTX_set_tlsext_servername_arg(ctx, r);

	*ctxp = ctx;

	return 0;
}


static void accept_one(struct mock_listener *lst, int fd, const struct sa *peer)
{
	struct mock_conn *conn;

	if (mock_conn_alloc(&conn, lst, fd, peer))
		(void)close(fd);
}


static void accept_handler(int flags, void *arg)
{
	struct mock_listener *lst = arg;

	(void)flags;

	for (int i = 0; i < BATCH && lst->io.fd >= 0; i++) {
		struct sa peer;
		int fd;

		sa_init(&peer, AF_UNSPEC);
		peer.len = sizeof(peer.u);

		fd = accept4(lst->io.fd, &peer.u.sa, &peer.len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;

		accept_one(lst, fd, &peer);
	}
}


static bool is_peer(struct le *le, void *arg)
{
	const struct mock_conn *conn = le->data, *key = arg;

	return conn->lst == key->lst && sa_cmp(&conn->peer, &key->peer, SA_ALL);
}


static struct mock_conn *peer_get(struct mock_listener *lst,
				  const struct sa *peer)
{
	struct mock_conn key = {.lst = lst, .peer = *peer}, *conn;

	conn = list_ledata(hash_lookup(lst->r->peers, sa_hash(peer, SA_ALL),
				       is_peer, &key));
	if (!conn && mock_conn_alloc(&conn, lst, -1, peer))
		return NULL;

	return conn;
}


static void datagram_handler(int flags, void *arg)
{
	static uint8_t buf[UDP_MAX];
	struct mock_listener *lst = arg;

	(void)flags;

	for (int i = 0; i < BATCH && lst->io.fd >= 0; i++) {
		struct mock_conn *conn;
		struct sa peer;
		ssize_t n;

		sa_init(&peer, AF_UNSPEC);
		peer.len = sizeof(peer.u);

		n = recvfrom(lst->io.fd, buf, sizeof(buf), 0, &peer.u.sa,
			     &peer.len);
		if (n < 0)
			return;

		conn = peer_get(lst, &peer);
		if (conn)
			mock_on_datagram(conn, buf, (size_t)n);
	}
}


static int listener_bind(struct mock_listener *lst)
{
	const int on = 1, queue = UDP_QUEUE;
	const bool stream = transport_stream(lst->transport);
	const int fd = lst->io.fd;

	if (stream)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue,
				 sizeof(queue));

	if (bind(fd, &lst->addr.u.sa, lst->addr.len) ||
	    (stream && listen(fd, BACKLOG)) ||
	    getsockname(fd, &lst->addr.u.sa, &lst->addr.len))
		return errno;

	return 0;
}


int mock_listener_open(struct mock_listener *lst)
{
	const bool stream = transport_stream(lst->transport);
	int err;

	if (lst->io.fd >= 0)
		return 0;

	lst->io.fd = socket(sa_af(&lst->addr), SOCK_NONBLOCK | SOCK_CLOEXEC |
			    (stream ? SOCK_STREAM : SOCK_DGRAM), 0);
	if (lst->io.fd < 0)
		return errno;

	lst->io.h = stream ? accept_handler : datagram_handler;
	lst->io.arg = lst;

	err = listener_bind(lst);
	if (!err)
		err = io_listen(&lst->io, FD_READ);
	if (err)
		mock_listener_close(lst);

	return err;
}


void mock_listener_close(struct mock_listener *lst)
{
	if (lst->io.fd < 0)
		return;

	io_stop(&lst->io);
	(void)close(lst->io.fd);
	lst->io.fd = -1;
}
