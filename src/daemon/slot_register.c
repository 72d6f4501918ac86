/* The REGISTERs of a registration, and what their answers leave behind: own
 * and old Contacts, the redirect, texts for status. */

#include <errno.h>
#include <string.h>
#include "config_uri.h"
#include "log.h"
#include "mask.h"
#include "slot_parts.h"


enum {
	REGISTER_ROOM = 1400,    /* bytes that a REGISTER mostly needs */
	KEPT_LEASES = 4,         /* leases that the state file is ahead: a
				    refresh alone need not be written */
};


/* --- the text --- */

struct addr slot_contact_addr(const struct slot *s)
{
	const struct account_conf *conf = s->owner->conf;
	struct addr local, contact;

	addr_from_sa(&local, link_local(link_of(s)));
	if (conf->contact_policy != CONTACT_STATIC)
		return account_contact(s->owner->account, s->i, &local,
				       loop_now());

	contact = conf->contact_address;
	if (addr_isset(&contact) && !contact.port)
		contact.port = local.port;

	return contact;
}


/* Over the link of this attempt, which need not be the present one. */
static void fill_request(struct register_request *r, const struct attempt *t,
			 const struct addr *contact, const char *branch)
{
	const struct slot *s = t->slot;
	const struct reg *reg = reg_of(s);

	memset(r, 0, sizeof(*r));
	r->id = &s->id;
	r->branch = branch;
	r->transport = t->transport;
	addr_from_sa(&r->local, link_local(t->link));
	r->contact = *contact;
	r->cseq = reg->cseq;
	r->expires = reg->expires;
	r->plain = reg->plain;
	r->proxy = name_proxy(t);
	r->redirect = reg->redirected ? s->redirect : NULL;
}


int slot_options_handler(struct mbuf *mb, const char *branch, void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct register_request r;

	fill_request(&r, t, &s->contact, branch);
	r.cseq = ++s->options_cseq;

	return options_print(mb, &r);
}


/* --- old bindings --- */

/* The last one that was accepted is to be replaced. */
static void retire_bound(struct slot *s, const char *uri)
{
	const struct reg *r = reg_of(s);

	if (!s->bound_uri || !strcmp(s->bound_uri, uri))
		return;

	if (reg_leaves_old(r, olds_same_place(s->bound_uri, uri)))
		olds_add(s, s->bound_uri, s->bound_until);

	s->bound_uri = mem_deref(s->bound_uri);
}


/* A REGISTER that had no answer may have been taken all the same. */
static void retire_doubtful(struct slot *s, const char *uri)
{
	if (s->contact_uri && s->doubt_until > loop_now() &&
	    strcmp(s->contact_uri, uri) &&
	    reg_leaves_old(reg_of(s), olds_same_place(s->contact_uri, uri)))
		olds_add(s, s->contact_uri, s->doubt_until);

	s->doubt_until = 0;
}


static int set_contact(struct slot *s, struct register_request *r)
{
	char uri[REGISTER_URI_SIZE];
	int err;

	err = register_contact_uri(uri, sizeof(uri), r);
	if (err && err != EOVERFLOW)
		return err;

	s->contact = r->contact;
	retire_bound(s, err ? "" : uri);
	if (!err && s->contact_uri && !strcmp(s->contact_uri, uri))
		return 0;

	retire_doubtful(s, err ? "" : uri);
	s->contact_uri = mem_deref(s->contact_uri);
	slot_changed(s);

	/* One that is too long is not kept. */
	return err ? 0 : str_dup(&s->contact_uri, uri);
}


static void name_olds(struct register_request *r, struct slot *s)
{
	const struct reg *reg = reg_of(s);
	struct old_contact *old;
	unsigned i = 0;

	if (!slot_purges(s) || !s->contact_uri)
		return;

	olds_expire(s, loop_now());
	while (r->oldc < REGISTER_OLD_MAX && (old = olds_next(s, &i))) {

		if (!reg_names_old(reg, olds_same_place(old->uri,
							s->contact_uri)))
			break;

		r->oldv[r->oldc++] = old->uri;
	}
}


/* To leave is to remove what is bound, whatever the Contact would be now, and
 * whoever removes ghosts. */
static bool name_bound(struct register_request *r, const char *bound)
{
	unsigned i;

	for (i = 0; i < r->oldc; i++)
		if (!strcmp(r->oldv[i], bound))
			return false;

	if (r->oldc == REGISTER_OLD_MAX)
		--r->oldc;
	memmove(&r->oldv[1], &r->oldv[0], r->oldc * sizeof(*r->oldv));
	r->oldv[0] = bound;
	++r->oldc;

	return true;
}


/* Those that found their place in it. */
static void mark_named(struct slot *s, unsigned named)
{
	struct old_contact *old;
	unsigned i;

	for (i = 0; i < s->oldc; i++)
		s->oldv[i].named = false;

	i = 0;
	while (named-- && (old = olds_next(s, &i)))
		old->named = true;
}


/* --- what is kept --- */

/* After a 2xx, before the core may send again. What is kept of the lease is
 * ahead of what is true, so that refreshes need no write. */
static void note_bindings(struct slot *s, const struct answer *a, bool leaving)
{
	const struct reg *r = reg_of(s);
	const msec_t lease = SECONDS(a->contacts.lease);
	bool news = r->named > 0 || !s->bound_uri || !s->contact_uri ||
		strcmp(s->bound_uri, s->contact_uri);

	mem_deref(s->bound_uri);
	s->bound_uri = NULL;

	if (a->bound && !leaving && s->contact_uri) {
		s->bound_uri = mem_ref(s->contact_uri);
		s->bound_until = r->sent_at + lease;
		if (!a->contacts.token)
			olds_replaced(s, s->contact_uri);
	}
	else {
		s->bound_until = 0;
	}

	if (s->bound_until > s->bound_kept || !s->bound_until)
		news = true;

	if (!news)
		return;

	s->bound_kept = s->bound_until ? s->bound_until + KEPT_LEASES * lease
				       : 0;
	slot_changed(s);
}


static void note_cseq(struct slot *s)
{
	const struct state_node *node = &s->owner->node;

	if (!state_reserved(node, s->i, reg_of(s)->cseq))
		slot_changed(s);
}


void slot_renew_call(struct slot *s)
{
	register_identity_new_call(&s->id);
	slot_changed(s);
}


/* --- answers --- */

/* Where a 3xx leads; it counts if the core follows it. */
struct redirect {
	char uri[REGISTER_URI_SIZE];
};


static bool read_redirect(struct redirect *to, const struct slot *s,
			  const struct sip_msg *msg)
{
	return msg->scode / 100 == 3 &&
		register_redirect(to->uri, sizeof(to->uri), msg,
				  s->owner->conf,
				  s->attemptv[s->present].transport);
}


static void follow_redirect(struct slot *s, const struct redirect *to)
{
	const struct slot_edge *home = name_home(slot_present(s));
	struct uri_parts u;
	struct pl host;

	s->redirect = mem_deref(s->redirect);
	s->away.host = mem_deref(s->away.host);
	if (uri_parts_decode(&u, to->uri) || str_dup(&s->redirect, to->uri))
		return;

	host = u.host;
	if (host.l > 1 && host.p[0] == '[') {
		++host.p;
		host.l -= 2;
	}

	s->away.port = u.port;
	s->away.transport = u.sips ? TRANSPORT_TLS
		: u.transport != TRANSPORT_AUTO ? u.transport
						: home->transport;

	/* without memory home is asked again */
	(void)pl_strdup(&s->away.host, &host);
}


static void read_answer(struct slot *s, struct register_facts *f,
			struct redirect *to, const struct sip_msg *msg)
{
	struct slot_owner *o = s->owner;
	struct reg *r = reg_of(s);
	const char *knownv[SLOT_OLDS];
	struct register_sent sent = {
		.id = &s->id,
		.transport = slot_present(s)->transport,
		.contact = s->contact,
		.requested = r->expires,
		.knownv = knownv,
		.knownc = s->oldc,
	};
	unsigned i;

	for (i = 0; i < s->oldc; i++)
		knownv[i] = s->oldv[i].uri;

	addr_from_sa(&sent.local, link_local(link_of(s)));
	register_read(f, msg, &sent);
	f->answer.redirect = read_redirect(to, s, msg);

	if (answer_is_challenge(msg->scode))
		f->answer.challenge =
			digest_on_challenge(s->digest, &r->challenge, msg,
					    o->conf->realm, loop_now());

	if (answer_is_good(msg->scode)) {
		digest_on_accepted(s->digest, msg);
		register_extras_read(&s->extras, msg, &s->id);
	}

	(void)mask_copy_pl(s->phrase, sizeof(s->phrase), &msg->reason);
	s->detail[0] = '\0';
}


/* What a 2xx says beside the core's part of it. The flow first: its ping
 * belongs to this 200, whatever the registration makes of it. */
static void note_good(struct slot *s, struct register_facts *f)
{
	const struct reg *r = reg_of(s);

	audit_note(s, f);
	if (r->fetching)
		return;

	note_bindings(s, &f->answer, r->state == REG_LEAVING);
	if (f->answer.bound)
		link_on_registered(link_of(s), f->promised, f->flow_timer,
				   f->stun_allowed);
}


static void answer_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			   void *arg)
{
	struct slot *s = arg;
	struct slot_owner *o = s->owner;
	struct reg *r = reg_of(s);
	struct register_facts facts;
	struct redirect to;
	unsigned acts;

	tally_add(&o->tally, TALLY_RESPONSE, msg->scode);
	if (o->env->durations)
		histogram_add(o->env->durations, rtt_usec);

	if (!r->fetching)
		s->doubt_until = 0;
	read_answer(s, &facts, &to, msg);

	mem_ref(o->arg);
	if (facts.rewritten)
		account_on_rewritten(o->account, s->i, loop_now());
	if (answer_is_good(facts.answer.code))
		note_good(s, &facts);

	acts = account_on_answer(o->account, s->i, &facts.answer,
				 &facts.mapped, loop_now());

	slot_learn(s);
	if (facts.answer.redirect && r->redirected && acts & REG_DO_RESOLVE)
		follow_redirect(s, &to);

	slot_perform(s, acts);
	mem_deref(o->arg);
}


/* --- sending --- */

/* RFC 3261 §18.1.1 wants TCP for these; that is the operator's to choose. */
static void warn_of_length(struct slot *s, size_t len)
{
	if (slot_present(s)->transport != TRANSPORT_UDP ||
	    len <= REGISTER_UDP_MAX || s->warned)
		return;

	s->warned = true;
	log_warning(s->owner->conf->name, "a REGISTER of %zu bytes may not "
		    "pass over UDP: use TCP or TLS, or fewer headers", len);
}


/* The Contact, and the old ones to go with it. */
static int add_contacts(struct slot *s, struct register_request *r)
{
	int err = set_contact(s, r);

	if (!err)
		name_olds(r, s);

	return err;
}


static int send_text(struct slot *s, struct mbuf *mb, enum register_kind kind)
{
	const bool fetch = kind == REGISTER_FETCH;
	struct slot_owner *o = s->owner;
	const bool leave = kind == REGISTER_LEAVE;
	const struct addr contact = slot_contact_addr(s);
	const msec_t now = loop_now();
	struct register_request r;
	enum challenge_sent sent;
	bool extra = false;
	char *bound;
	struct addr none = {.family = ADDR_NONE};
	unsigned named = 0;
	int err = 0;

	transaction_cancel(&s->transaction);
	transaction_branch(s->transaction.branch,
			   sizeof(s->transaction.branch));

	fill_request(&r, slot_present(s), &contact, s->transaction.branch);
	r.fetch = fetch;
	if (leave)
		r.expires = 0;

	sent = reg_credentials(reg_of(s), digest_ready(s->digest), now);
	if (sent != CHALLENGE_SENT_NONE)
		r.digest = s->digest;

	bound = leave ? mem_ref(s->bound_uri) : NULL;
	if (!fetch)
		err = add_contacts(s, &r);
	if (!err && bound)
		extra = name_bound(&r, bound);
	if (!err)
		err = register_print(mb, &r, &named);
	mem_deref(bound);
	if (err)
		return err;

	mb->pos = 0;
	warn_of_length(s, mb->end);
	mark_named(s, named && extra ? named - 1 : named);
	account_on_sent(o->account, s->i, sent, named,
			fetch ? &none : &r.contact, now);
	if (!fetch)
		s->doubt_until = now + SECONDS(r.expires);
	note_cseq(s);

	/* Whatever goes wrong here is the end of the link and told there. */
	(void)link_request(link_of(s), &s->transaction, "REGISTER", mb,
			   answer_handler, s);

	return 0;
}


void slot_register(struct slot *s, enum register_kind kind)
{
	struct mbuf *mb = mbuf_alloc(REGISTER_ROOM);
	int err = mb ? send_text(s, mb, kind) : ENOMEM;

	mem_deref(mb);
	if (!err)
		return;

	/* Nothing was sent: as if the flow had broken, it waits and retries. */
	log_error(s->owner->conf->name, "cannot write a REGISTER: %s",
		  strerror(err));
	connect_drop(s);
	slot_perform(s, account_on_flow_lost(s->owner->account, s->i, NULL,
					     link_send_reason(err),
					     loop_now()));
}
