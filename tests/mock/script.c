/* The test registrar's rules, and texts with placeholders. */

#include <errno.h>
#include <string.h>
#include "mock.h"


static void rule_destructor(void *data)
{
	struct mock_rule *rule = data;

	list_unlink(&rule->le);
	mem_deref((void *)rule->conf.user);
	mem_deref((void *)rule->conf.method);
	mem_deref((void *)rule->conf.phrase);
	mem_deref((void *)rule->conf.headers);
	mem_deref((void *)rule->conf.text);
	mem_deref((void *)rule->conf.contacts);
}


static const char *copy(const char *s, int *err)
{
	char *dup = NULL;

	if (s)
		*err |= str_dup(&dup, s);

	return dup;
}


int registrar_rule(struct registrar *r, const struct registrar_rule *conf)
{
	struct mock_rule *rule;
	int err = 0;

	if (!r || !conf || (conf->kind == RULE_VERBATIM && !conf->text) ||
	    (conf->kind == RULE_ANSWER && !conf->code))
		return EINVAL;

	if (list_count(&r->rules) >= MOCK_RULES_MAX)
		return EOVERFLOW;

	rule = mem_zalloc(sizeof(*rule), rule_destructor);
	if (!rule)
		return ENOMEM;

	rule->conf = *conf;
	rule->left = conf->count;
	rule->skip = conf->skip;
	rule->conf.user = copy(conf->user, &err);
	rule->conf.method = copy(conf->method ? conf->method : "REGISTER",
				 &err);
	rule->conf.phrase = copy(conf->phrase, &err);
	rule->conf.headers = copy(conf->headers, &err);
	rule->conf.text = copy(conf->text, &err);
	rule->conf.contacts = copy(conf->contacts, &err);
	if (err) {
		mem_deref(rule);
		return ENOMEM;
	}

	list_append(&r->rules, &rule->le, rule);

	return 0;
}


void registrar_rules_clear(struct registrar *r)
{
	list_flush(&r->rules);
}


static bool rule_fits(const struct mock_rule *rule, const struct pl *user,
		      const struct pl *method, bool authorized, bool accepted)
{
	const struct registrar_rule *conf = &rule->conf;

	if ((conf->kind == RULE_ACCEPTED) != accepted)
		return false;

	if ((conf->credentials == RULE_WITH && !authorized) ||
	    (conf->credentials == RULE_WITHOUT && authorized))
		return false;

	return (!conf->user || !pl_strcmp(user, conf->user)) &&
	       !pl_strcmp(method, conf->method);
}


struct mock_rule *mock_rule_take(struct registrar *r, const struct pl *user,
				 const struct pl *method, bool authorized,
				 bool accepted)
{
	struct le *le;

	LIST_FOREACH(&r->rules, le) {
		struct mock_rule *rule = le->data;

		if (!rule_fits(rule, user, method, authorized, accepted))
			continue;

		if (rule->skip) {
			--rule->skip;
			continue;
		}

		if (rule->left && !--rule->left)
			list_unlink(&rule->le);
		else
			mem_ref(rule);

		return rule;
	}

	return NULL;
}


struct values {
	struct mock_conn *conn;
	const struct sip_msg *msg;
	struct mbuf *mb;
};

typedef int (placeholder_h)(struct values *v);


static int put_via(struct values *v)
{
	return mock_print_vias(v->mb, v->conn, v->msg, ", ");
}


static int put_from(struct values *v)
{
	return mbuf_write_pl(v->mb, &v->msg->from.val);
}


static int put_to(struct values *v)
{
	int err = mbuf_write_pl(v->mb, &v->msg->to.val);

	if (!err && !pl_isset(&v->msg->to.tag))
		err = mbuf_printf(v->mb, ";tag=%016llx", rand_u64());

	return err;
}


static int put_call_id(struct values *v)
{
	return mbuf_write_pl(v->mb, &v->msg->callid);
}


static int put_cseq(struct values *v)
{
	return mbuf_printf(v->mb, "%u %r", v->msg->cseq.num,
			   &v->msg->cseq.met);
}


static int put_contact(struct values *v)
{
	struct pl val, uri;

	return mock_first_contact(&val, &uri, v->msg)
		? mbuf_write_pl(v->mb, &val) : 0;
}


static int put_uri(struct values *v)
{
	struct pl val, uri;

	return mock_first_contact(&val, &uri, v->msg)
		? mbuf_write_pl(v->mb, &uri) : 0;
}


static const struct {
	const char *name;
	placeholder_h *h;
} placeholderv[] = {
	{"{via}", put_via},
	{"{from}", put_from},
	{"{to}", put_to},
	{"{call-id}", put_call_id},
	{"{cseq}", put_cseq},
	{"{contact}", put_contact},
	{"{uri}", put_uri},
};

#define PLACEHOLDERS (sizeof(placeholderv) / sizeof(placeholderv[0]))


int mock_template(struct mbuf *mb, const char *text, struct mock_conn *conn,
		  const struct sip_msg *msg)
{
	struct values v = {conn, msg, mb};
	int err = 0;

	while (*text && !err) {
		size_t plain = strcspn(text, "{"), i;

		err = mbuf_write_mem(mb, (const uint8_t *)text, plain);
		text += plain;

		for (i = 0; *text && i < PLACEHOLDERS; i++) {
			const size_t len = strlen(placeholderv[i].name);

			if (strncmp(text, placeholderv[i].name, len))
				continue;

			err |= placeholderv[i].h(&v);
			text += len;
			break;
		}

		/* an ordinary brace */
		if (*text && i == PLACEHOLDERS)
			err |= mbuf_write_u8(mb, (uint8_t)*text++);
	}

	return err;
}
