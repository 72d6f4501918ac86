/* The test registrar's log, and the questions tests ask it. */

#include <errno.h>
#include <string.h>
#include "mock.h"


#define CALL_IDS_MAX 64          /* different ones that are told apart */


static void message_destructor(void *data)
{
	struct registrar_message *m = data;

	list_unlink(&m->le);
	mem_deref(m->text);
}


static void fill(struct registrar_message *m, const struct sip_msg *msg)
{
	m->cseq = msg->cseq.num;
	(void)pl_strcpy(&msg->cseq.met, m->method, sizeof(m->method));
	(void)pl_strcpy(&msg->to.uri.user, m->user, sizeof(m->user));
	(void)pl_strcpy(&msg->callid, m->call_id, sizeof(m->call_id));
	if (msg->req && m->in)
		m->authorized = mock_authorized(msg);
}


/* "SIP/2.0 200 OK": its code; 0 for a request. */
static uint16_t code_of(const uint8_t *p, size_t len)
{
	struct pl code;

	if (re_regex((const char *)p, len < 16 ? len : 16,
		     "SIP/2.0 [0-9]3", &code))
		return 0;

	return (uint16_t)pl_u32(&code);
}


static const char *prefix(char *buf, size_t size, const struct mock_conn *conn)
{
	const msec_t now = loop_now();

	(void)re_snprintf(buf, size, "%llu.%03llu #%u %s %J",
			  now / SECONDS(1), now % SECONDS(1), conn->id,
			  transport_name(conn->transport), &conn->peer);

	return buf;
}


void mock_trace(const struct mock_conn *conn, const char *what)
{
	FILE *f = conn->r->conf.trace;
	char buf[128];

	if (!f)
		return;

	(void)fprintf(f, "%s %s\n", prefix(buf, sizeof(buf), conn),
		      what ? what : "failed");
	(void)fflush(f);
}


/* Each line of the message with a bar, so that none passes for another. */
static void trace_message(const struct mock_conn *conn, bool in,
			  const uint8_t *p, size_t len)
{
	FILE *f = conn->r->conf.trace;
	bool start = true;

	if (!f)
		return;

	mock_trace(conn, in ? "in" : "out");

	for (size_t i = 0; i < len; i++) {
		if (start)
			(void)fputs("  | ", f);
		start = p[i] == '\n';
		if (p[i] != '\r')
			(void)fputc(p[i] < ' ' && !start ? '?' : p[i], f);
	}
	if (!start)
		(void)fputc('\n', f);
	(void)fflush(f);
}


static void log_trim(struct registrar *r)
{
	if (r->logc < MOCK_LOG_MAX) {
		++r->logc;
		return;
	}

	mem_deref(r->log.head->data);
}


struct registrar_message *mock_record(struct mock_conn *conn, bool in,
				      const struct sip_msg *msg,
				      const uint8_t *p, size_t len)
{
	struct registrar_message *m;
	struct registrar *r = conn->r;

	if (!r)
		return NULL;

	trace_message(conn, in, p, len);

	m = mem_zalloc(sizeof(*m), message_destructor);
	if (!m)
		return NULL;

	m->text = mem_zalloc(len + 1, NULL);
	if (!m->text) {
		mem_deref(m);
		return NULL;
	}

	memcpy(m->text, p, len);
	m->len = len;
	m->at = loop_now();
	m->conn = conn->id;
	m->transport = conn->transport;
	m->in = in;
	m->code = code_of(p, len);
	if (msg)
		fill(m, msg);

	log_trim(r);
	list_append(&r->log, &m->le, m);

	return m;
}


const struct list *registrar_log(const struct registrar *r)
{
	return &r->log;
}


static bool fits(const struct registrar_message *m, const char *user,
		 const char *method)
{
	return m->in && !m->code && !m->repeated && m->method[0] &&
	       (!user || !strcmp(user, m->user)) &&
	       (!method || !strcmp(method, m->method));
}


const struct registrar_message *
registrar_received(const struct registrar *r, const char *user,
		   const char *method, int n)
{
	const struct registrar_message *last = NULL;
	struct le *le;

	LIST_FOREACH(&r->log, le) {
		const struct registrar_message *m = le->data;

		if (!fits(m, user, method))
			continue;

		if (!n--)
			return m;
		last = m;
	}

	return n < 0 ? last : NULL;
}


struct count {
	enum rule_credentials credentials;
	unsigned n;
};


static unsigned registers_of(const struct mock_account *acc,
			     enum rule_credentials credentials)
{
	switch (credentials) {

	case RULE_ANY:
		return acc->registers;

	case RULE_WITH:
		return acc->authorized;

	case RULE_WITHOUT:
		return acc->registers - acc->authorized;
	}

	return 0;
}


static bool count_handler(struct le *le, void *arg)
{
	struct count *count = arg;

	count->n += registers_of(le->data, count->credentials);

	return false;
}


unsigned registrar_registers(const struct registrar *r, const char *user,
			     enum rule_credentials credentials)
{
	struct count count = {credentials, 0};
	const struct mock_account *acc;
	struct pl pl;

	if (!user) {
		(void)hash_apply(r->accounts, count_handler, &count);
		return count.n;
	}

	pl_set_str(&pl, user);
	acc = mock_account_find(r, &pl);

	return acc ? registers_of(acc, credentials) : 0;
}


size_t registrar_cseqs(const struct registrar *r, const char *user,
		       uint32_t *v, size_t max)
{
	struct le *le;
	size_t n = 0;

	LIST_FOREACH(&r->log, le) {
		const struct registrar_message *m = le->data;

		if (!fits(m, user, "REGISTER"))
			continue;

		if (n < max)
			v[n] = m->cseq;
		++n;
	}

	return n;
}


unsigned registrar_call_ids(const struct registrar *r, const char *user)
{
	const char *seenv[CALL_IDS_MAX];
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&r->log, le) {
		const struct registrar_message *m = le->data;
		unsigned i = 0;

		if (!fits(m, user, "REGISTER"))
			continue;

		while (i < n && strcmp(seenv[i], m->call_id))
			++i;
		if (i == n && n < CALL_IDS_MAX)
			seenv[n++] = m->call_id;
	}

	return n;
}


unsigned registrar_accepted(const struct registrar *r, enum transport t)
{
	return r->acceptedv[t];
}


unsigned registrar_connections(const struct registrar *r, enum transport t)
{
	return r->openv[t];
}


const struct registrar_counters *
registrar_counters(const struct registrar *r)
{
	return &r->counters;
}


const char *registrar_last_sni(const struct registrar *r)
{
	return r->sni;
}
