/* The test registrar's bindings: RFC 3261 §10.3, RFC 5626 §6. */

#include <errno.h>
#include <string.h>
#include "mock.h"


/* One Contact of a REGISTER, checked. */
struct wanted {
	struct sip_addr addr;
	struct pl instance;
	uint32_t reg_id;
	uint32_t expires;
	struct mock_binding *old;
};

struct update {
	struct mock_account *acc;
	struct mock_conn *conn;
	const struct sip_msg *msg;
	uint32_t grant;
	struct wanted v[MOCK_CONTACTS_MAX];
	size_t c;
	bool star;
	uint16_t code;           /* 200 as long as nothing is wrong */
	const char *why;
};


static void refuse(struct update *u, uint16_t code, const char *why)
{
	if (u->code != 200)
		return;

	u->code = code;
	u->why = why;
}


static void binding_destructor(void *data)
{
	struct mock_binding *b = data;

	list_unlink(&b->le);
	mem_deref(b->uri);
	mem_deref(b->params);
	mem_deref(b->instance);
	mem_deref(b->call_id);
	mem_deref(b->conn);
}


void mock_bindings_expire(struct mock_account *acc)
{
	const msec_t now = loop_now();
	struct le *le = acc->bindings.head;

	while (le) {
		struct mock_binding *b = le->data;

		le = le->next;
		if (b->until <= now)
			mem_deref(b);
	}
}


static int param_handler(const struct pl *name, const struct pl *val, void *arg)
{
	const struct pl *other = arg;
	struct pl theirs;

	if (!uri_param_get(other, name, &theirs))
		return pl_casecmp(val, &theirs) ? EINVAL : 0;

	/* These count even where only one of the URIs has them. */
	return !pl_strcasecmp(name, "transport") ||
	       !pl_strcasecmp(name, "user") || !pl_strcasecmp(name, "ttl") ||
	       !pl_strcasecmp(name, "method") || !pl_strcasecmp(name, "maddr")
		? EINVAL : 0;
}


/* RFC 3261 §19.1.4, but for escapes. */
static bool uri_equal(const struct uri *a, const struct uri *b)
{
	return !pl_casecmp(&a->scheme, &b->scheme) &&
	       !pl_cmp(&a->user, &b->user) &&
	       !pl_casecmp(&a->host, &b->host) && a->port == b->port &&
	       !uri_params_apply(&a->params, param_handler,
				 (void *)(uintptr_t)&b->params) &&
	       !uri_params_apply(&b->params, param_handler,
				 (void *)(uintptr_t)&a->params);
}


static bool binding_is(const struct mock_binding *b, const struct wanted *w)
{
	struct uri uri;
	struct pl pl;

	/* RFC 5626 §6: instance and reg-id are the key where both are there */
	if (w->reg_id && b->reg_id)
		return w->reg_id == b->reg_id &&
		       !pl_strcasecmp(&w->instance, b->instance);

	pl_set_str(&pl, b->uri);

	return !uri_decode(&uri, &pl) && uri_equal(&uri, &w->addr.uri);
}


static struct mock_binding *binding_find(const struct mock_account *acc,
					 const struct wanted *w)
{
	struct le *le;

	LIST_FOREACH(&acc->bindings, le) {
		if (binding_is(le->data, w))
			return le->data;
	}

	return NULL;
}


/* §10.3 step 7: within one Call-ID only a larger CSeq may change a binding. */
static bool out_of_order(const struct mock_binding *b,
			 const struct sip_msg *msg)
{
	return !pl_strcmp(&msg->callid, b->call_id) &&
	       msg->cseq.num <= b->cseq;
}


static void read_expires(struct update *u, struct wanted *w)
{
	const uint32_t min = u->conn->r->conf.min_expires;
	struct pl val;

	/* a malformed value is one hour (§10.2.1.1), here the usual grant */
	w->expires = u->grant;
	if (!msg_param_decode(&w->addr.params, "expires", &val) ||
	    (val = u->msg->expires, pl_isset(&val)))
		(void)number_parse(&w->expires, &val);

	if (w->expires && w->expires < min)
		refuse(u, 423, NULL);

	if (w->expires > u->grant)
		w->expires = u->grant;
}


static void read_outbound(const struct update *u, struct wanted *w)
{
	struct pl val;

	if (!u->conn->r->conf.outbound || !mock_supported(u->msg, "outbound"))
		return;

	if (msg_param_decode(&w->addr.params, "+sip.instance", &w->instance) ||
	    msg_param_decode(&w->addr.params, "reg-id", &val)) {
		w->instance = pl_null;
		return;
	}

	(void)number_parse(&w->reg_id, &val);
}


static bool contact_handler(const struct sip_hdr *hdr,
			    const struct sip_msg *msg, void *arg)
{
	struct update *u = arg;
	struct wanted *w = &u->v[u->c];

	(void)msg;

	if (!pl_strcmp(&hdr->val, "*")) {
		u->star = true;
		return false;
	}

	if (u->c >= MOCK_CONTACTS_MAX) {
		refuse(u, 400, "Too Many Contacts");
		return true;
	}

	if (sip_addr_decode(&w->addr, &hdr->val)) {
		refuse(u, 400, "Bad Contact");
		return true;
	}

	read_expires(u, w);
	read_outbound(u, w);

	w->old = binding_find(u->acc, w);
	if (w->old && out_of_order(w->old, u->msg))
		refuse(u, 500, "CSeq Out Of Order");

	++u->c;

	return false;
}


/* §10.3 step 6 */
static void read_star(struct update *u)
{
	struct le *le;
	uint32_t expires;

	if (!u->star)
		return;

	if (u->c || !number_parse(&expires, &u->msg->expires) || expires)
		refuse(u, 400, "Bad Contact: *");

	LIST_FOREACH(&u->acc->bindings, le) {
		if (out_of_order(le->data, u->msg))
			refuse(u, 500, "CSeq Out Of Order");
	}
}


static void read_room(struct update *u)
{
	const struct registrar_conf *conf = &u->conn->r->conf;
	unsigned n = list_count(&u->acc->bindings);

	for (size_t i = 0; i < u->c; i++) {
		if (u->v[i].old && !u->v[i].expires)
			--n;
		else if (!u->v[i].old && u->v[i].expires)
			++n;
	}

	if (conf->max_bindings && n > conf->max_bindings)
		refuse(u, conf->full_code, "Too Many Contacts");
}


static bool is_expires(const struct pl *param)
{
	return param->l >= 7 && !strncasecmp(param->p, "expires", 7) &&
	       (param->l == 7 || param->p[7] == '=' || param->p[7] == ' ');
}


/* The parameters without expires, which the registrar writes itself. */
static int params_dup(char **sp, const struct pl *params)
{
	struct pl rest = *params;
	struct mbuf *mb = mbuf_alloc(params->l + 1);
	int err = 0;

	if (!mb)
		return ENOMEM;

	while (rest.l && !err) {
		struct pl param = {rest.p, 0};
		bool quoted = false;

		pl_advance(&rest, 1);
		while (rest.l && (quoted || *rest.p != ';')) {
			quoted ^= *rest.p == '"';
			pl_advance(&rest, 1);
		}

		param.p += 1;
		param.l = (size_t)(rest.p - param.p);
		if (!is_expires(&param))
			err = mbuf_printf(mb, ";%r", &param);
	}

	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, sp, mb->end);
	mem_deref(mb);

	return err;
}


static int binding_alloc(struct mock_binding **bp, const struct update *u,
			 const struct wanted *w)
{
	struct mock_binding *b = mem_zalloc(sizeof(*b), binding_destructor);
	int err;

	if (!b)
		return ENOMEM;

	err = pl_strdup(&b->uri, &w->addr.auri);
	err |= params_dup(&b->params, &w->addr.params);
	err |= pl_strdup(&b->call_id, &u->msg->callid);
	if (w->reg_id)
		err |= pl_strdup(&b->instance, &w->instance);
	if (err) {
		mem_deref(b);
		return err;
	}

	b->reg_id = w->reg_id;
	b->cseq = u->msg->cseq.num;
	b->until = loop_now() + SECONDS(w->expires);
	b->conn = mem_ref(u->conn);
	*bp = b;

	return 0;
}


static void apply(struct update *u)
{
	for (size_t i = 0; i < u->c; i++) {
		struct wanted *w = &u->v[i];
		struct mock_binding *b = NULL;

		/* looked up again: one Contact may come twice */
		w->old = binding_find(u->acc, w);

		if (w->expires && binding_alloc(&b, u, w)) {
			refuse(u, 500, NULL);
			return;
		}

		mem_deref(w->old);
		if (b)
			list_append(&u->acc->bindings, &b->le, b);
	}

	if (u->star)
		list_flush(&u->acc->bindings);
}


uint16_t mock_bindings_update(struct mock_account *acc, struct mock_conn *conn,
			      const struct sip_msg *msg, uint32_t grant,
			      const char **why)
{
	struct update u = {acc, conn, msg, grant, .code = 200};

	mock_bindings_expire(acc);
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, contact_handler,
				&u);
	read_star(&u);
	read_room(&u);

	/* all or nothing */
	if (u.code == 200)
		apply(&u);

	*why = u.why;

	return u.code;
}


int mock_bindings_print(struct mbuf *mb, struct mock_account *acc)
{
	const msec_t now = loop_now();
	const char *separator = "Contact: ";
	struct le *le;
	int err = 0;

	mock_bindings_expire(acc);

	LIST_FOREACH(&acc->bindings, le) {
		const struct mock_binding *b = le->data;
		const msec_t left = clock_left(b->until, now) + SECONDS(1) - 1;

		err |= mbuf_printf(mb, "%s<%s>%s;expires=%u", separator,
				   b->uri, b->params,
				   (uint32_t)(left / SECONDS(1)));
		separator = ", ";
	}

	if (acc->bindings.head)
		err |= mbuf_write_str(mb, "\r\n");

	return err;
}


/* RFC 5626 §6: was the newest binding made by outbound, on this flow? */
bool mock_binding_outbound(const struct mock_account *acc,
			   const struct mock_conn *conn)
{
	const struct mock_binding *b = list_ledata(acc->bindings.tail);

	return b && b->reg_id && b->conn == conn;
}


static bool first_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			  void *arg)
{
	struct pl *val = arg;

	(void)msg;
	*val = hdr->val;

	return true;
}


bool mock_first_contact(struct pl *val, struct pl *uri,
			const struct sip_msg *msg)
{
	struct sip_addr addr;

	if (!sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, first_handler,
			       val) || sip_addr_decode(&addr, val))
		return false;

	*uri = addr.auri;

	return true;
}


static struct mock_account *account_get(struct registrar *r, const char *user)
{
	struct mock_account *acc;
	struct pl pl;

	pl_set_str(&pl, user);
	acc = mock_account_find(r, &pl);
	if (acc)
		mock_bindings_expire(acc);

	return acc;
}


static bool count_handler(struct le *le, void *arg)
{
	struct mock_account *acc = le->data;
	unsigned *n = arg;

	mock_bindings_expire(acc);
	*n += list_count(&acc->bindings);

	return false;
}


unsigned registrar_bindings(struct registrar *r, const char *user)
{
	const struct mock_account *acc;
	unsigned n = 0;

	if (!user) {
		(void)hash_apply(r->accounts, count_handler, &n);
		return n;
	}

	acc = account_get(r, user);

	return acc ? list_count(&acc->bindings) : 0;
}


bool registrar_binding(struct registrar *r, const char *user, unsigned i,
		       struct registrar_binding *out)
{
	struct mock_account *acc = account_get(r, user);
	struct le *le = acc ? acc->bindings.head : NULL;
	const struct mock_binding *b;

	while (le && i--)
		le = le->next;
	if (!le)
		return false;

	b = le->data;
	out->uri = b->uri;
	out->params = b->params;
	out->call_id = b->call_id;
	out->cseq = b->cseq;
	out->expires = (uint32_t)(clock_left(b->until, loop_now()) /
				  SECONDS(1));
	out->conn = b->conn->id;
	out->flow_open = b->conn->r != NULL;

	return true;
}
