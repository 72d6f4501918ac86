/* The test registrar as a whole: accounts, listeners, outages. */

#include <string.h>
#include "mock.h"


#define ACCOUNTS_BUCKETS 4096    /* powers of two, for thousands of each */
#define PEERS_BUCKETS    4096
#define CALLS_BUCKETS    256
#define ANSWERS_BUCKETS  1024

#define GRANT_DEFAULT    3600    /* [s] RFC 3261 §10.2 */
#define BINDINGS_DEFAULT 10
#define REQUEST_TIMEOUT  SECONDS(5)


static void registrar_destructor(void *data)
{
	struct registrar *r = data;

	mock_calls_flush(r);
	mock_replies_flush(r);
	while (r->conns.head)
		mock_conn_close(r->conns.head->data, CUT_RST);
	list_flush(&r->listeners);
	list_flush(&r->identities);
	list_flush(&r->rules);
	list_flush(&r->log);
	hash_flush(r->accounts);
	mem_deref(r->accounts);
	mem_deref(r->peers);
	mem_deref(r->calls);
	mem_deref(r->answers);
}


static void conf_defaults(struct registrar_conf *conf)
{
	conf->algv[0] = REGISTRAR_MD5;
	conf->algc = 1;
	conf->refusal = 401;
	conf->grant = GRANT_DEFAULT;
	conf->max_bindings = BINDINGS_DEFAULT;
	conf->full_code = 403;
	conf->pong = true;
	conf->options = 200;
	conf->received = true;
	conf->request_timeout = REQUEST_TIMEOUT;
}


int registrar_alloc(struct registrar **rp)
{
	struct registrar *r;
	int err;

	if (!rp)
		return EINVAL;

	r = mem_zalloc(sizeof(*r), registrar_destructor);
	if (!r)
		return ENOMEM;

	conf_defaults(&r->conf);

	err = hash_alloc(&r->accounts, ACCOUNTS_BUCKETS);
	err |= hash_alloc(&r->peers, PEERS_BUCKETS);
	err |= hash_alloc(&r->calls, CALLS_BUCKETS);
	err |= hash_alloc(&r->answers, ANSWERS_BUCKETS);
	if (err) {
		mem_deref(r);
		return ENOMEM;
	}

	*rp = r;

	return 0;
}


struct registrar_conf *registrar_conf(struct registrar *r)
{
	return &r->conf;
}


const char *mock_realm(const struct registrar *r)
{
	if (r->conf.realm)
		return r->conf.realm;

	return r->conf.domain ? r->conf.domain : "registrar";
}


static void account_destructor(void *data)
{
	struct mock_account *acc = data;

	hash_unlink(&acc->he);
	list_flush(&acc->bindings);
	mem_deref(acc->conn);
	mem_deref(acc->user);
	mem_deref(acc->auth_user);
	mem_deref(acc->password);
}


static bool account_is(struct le *le, void *arg)
{
	const struct mock_account *acc = le->data;

	return !pl_strcmp(arg, acc->user);
}


struct mock_account *mock_account_find(const struct registrar *r,
				       const struct pl *user)
{
	struct pl key = *user;

	return list_ledata(hash_lookup(r->accounts, hash_joaat_pl(user),
				       account_is, &key));
}


static int account_alloc(struct mock_account **accp, struct registrar *r,
			 const char *user)
{
	struct mock_account *acc;
	int err;

	acc = mem_zalloc(sizeof(*acc), account_destructor);
	if (!acc)
		return ENOMEM;

	err = str_dup(&acc->user, user);
	if (err) {
		mem_deref(acc);
		return err;
	}

	hash_append(r->accounts, hash_joaat_str(user), &acc->he, acc);
	*accp = acc;

	return 0;
}


static int string_set(char **sp, const char *s)
{
	char *copy;
	int err = str_dup(&copy, s);

	if (err)
		return err;

	mem_deref(*sp);
	*sp = copy;

	return 0;
}


int registrar_account(struct registrar *r, const char *user,
		      const char *auth_user, const char *password)
{
	struct mock_account *acc;
	struct pl pl;
	int err = 0;

	if (!r || !user || !password)
		return EINVAL;

	pl_set_str(&pl, user);
	acc = mock_account_find(r, &pl);
	if (!acc)
		err = account_alloc(&acc, r, user);
	if (err)
		return err;

	err = string_set(&acc->auth_user, auth_user ? auth_user : user);

	return err ? err : string_set(&acc->password, password);
}


static void listener_destructor(void *data)
{
	struct mock_listener *lst = data;

	mock_listener_close(lst);
	list_unlink(&lst->le);
	SSL_CTX_free(lst->ctx);
}


int registrar_listen(struct registrar *r, enum transport transport,
		     const char *addr, const char *pem)
{
	struct mock_listener *lst;
	int err;

	if (!r || !addr || transport == TRANSPORT_AUTO ||
	    (transport == TRANSPORT_TLS && !pem))
		return EINVAL;

	lst = mem_zalloc(sizeof(*lst), listener_destructor);
	if (!lst)
		return ENOMEM;

	lst->r = r;
	lst->io.fd = -1;
	lst->transport = transport;

	err = sa_decode(&lst->addr, addr, strlen(addr));
	if (!err && transport == TRANSPORT_TLS)
		err = mock_ctx_alloc(&lst->ctx, r, pem);
	if (!err)
		err = mock_listener_open(lst);
	if (err) {
		mem_deref(lst);
		return err;
	}

	list_append(&r->listeners, &lst->le, lst);

	return 0;
}


static void identity_destructor(void *data)
{
	struct mock_identity *id = data;

	list_unlink(&id->le);
	mem_deref(id->name);
	SSL_CTX_free(id->ctx);
}


int registrar_identity(struct registrar *r, const char *name, const char *pem)
{
	struct mock_identity *id;
	int err;

	if (!r || !name || !pem)
		return EINVAL;

	id = mem_zalloc(sizeof(*id), identity_destructor);
	if (!id)
		return ENOMEM;

	err = str_dup(&id->name, name);
	if (!err)
		err = mock_ctx_alloc(&id->ctx, r, pem);
	if (err) {
		mem_deref(id);
		return err;
	}

	list_append(&r->identities, &id->le, id);

	return 0;
}


const struct sa *registrar_addr(const struct registrar *r,
				enum transport transport)
{
	struct le *le;

	LIST_FOREACH(&r->listeners, le) {
		const struct mock_listener *lst = le->data;

		if (lst->transport == transport)
			return &lst->addr;
	}

	return NULL;
}


unsigned registrar_cut(struct registrar *r, enum transport transport,
		       enum registrar_cut how)
{
	struct le *le = r->conns.head;
	unsigned n = 0;

	while (le) {
		struct mock_conn *conn = le->data;

		le = le->next;

		if (!transport_stream(conn->transport) ||
		    (transport != TRANSPORT_AUTO &&
		     transport != conn->transport))
			continue;

		mock_conn_close(conn, how);
		++n;
	}

	return n;
}


/* Every open flow of a user, each once: those of the bindings and the one of
 * the last REGISTER. */
typedef void (flow_h)(struct mock_conn *conn, const void *arg);

static bool is_flow(const struct mock_account *acc,
		    const struct mock_conn *conn)
{
	struct le *le;

	if (acc->conn == conn)
		return true;

	LIST_FOREACH(&acc->bindings, le) {
		const struct mock_binding *b = le->data;

		if (b->conn == conn)
			return true;
	}

	return false;
}


static unsigned flows_apply(struct registrar *r, const char *user, flow_h *h,
			    const void *arg)
{
	const struct mock_account *acc = NULL;
	struct le *le = r->conns.head;
	unsigned n = 0;

	if (user) {
		struct pl pl;

		pl_set_str(&pl, user);
		acc = mock_account_find(r, &pl);
		if (!acc)
			return 0;
	}

	while (le) {
		struct mock_conn *conn = le->data;

		le = le->next;

		if (acc && !is_flow(acc, conn))
			continue;

		h(conn, arg);
		++n;
	}

	return n;
}


static void cut_flow(struct mock_conn *conn, const void *arg)
{
	const enum registrar_cut *how = arg;

	mock_conn_close(conn, *how);
}


unsigned registrar_cut_user(struct registrar *r, const char *user,
			    enum registrar_cut how)
{
	return flows_apply(r, user, cut_flow, &how);
}


static void deafen_flow(struct mock_conn *conn, const void *arg)
{
	const bool *on = arg;

	conn->deaf = *on;
	mock_trace(conn, conn->deaf ? "swallowed from now on" : "heard again");
}


unsigned registrar_blackhole(struct registrar *r, const char *user, bool on)
{
	return flows_apply(r, user, deafen_flow, &on);
}


static void send_flow(struct mock_conn *conn, const void *arg)
{
	const struct pl *pl = arg;

	(void)mock_conn_send(conn, (const uint8_t *)pl->p, pl->l);
}


unsigned registrar_send(struct registrar *r, const char *user,
			const char *data, size_t len)
{
	struct pl pl = {data, len};

	return flows_apply(r, user, send_flow, &pl);
}


static void ping_flow(struct mock_conn *conn, const void *arg)
{
	(void)arg;

	++conn->pings;
	(void)mock_conn_send(conn, (const uint8_t *)"\r\n\r\n", 4);
}


unsigned registrar_ping(struct registrar *r, const char *user)
{
	return flows_apply(r, user, ping_flow, NULL);
}


void registrar_stop(struct registrar *r)
{
	struct le *le;

	LIST_FOREACH(&r->listeners, le)
		mock_listener_close(le->data);

	mock_replies_flush(r);
	(void)registrar_cut(r, TRANSPORT_AUTO, CUT_RST);
}


int registrar_start(struct registrar *r)
{
	struct le *le;

	LIST_FOREACH(&r->listeners, le) {
		int err = mock_listener_open(le->data);

		if (err)
			return err;
	}

	return 0;
}


static bool account_forget(struct le *le, void *arg)
{
	struct mock_account *acc = le->data;

	(void)arg;

	list_flush(&acc->bindings);
	memset(acc->noncev, 0, sizeof(acc->noncev));

	return false;
}


void registrar_forget(struct registrar *r)
{
	struct le *le = r->conns.head;

	(void)hash_apply(r->accounts, account_forget, NULL);

	while (le) {
		struct mock_conn *conn = le->data;

		le = le->next;
		if (conn->transport == TRANSPORT_UDP)
			mock_conn_close(conn, CUT_FIN);
	}
}
