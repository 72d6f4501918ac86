/* Diagnosis, step 5: the registrar is asked what is bound, which changes
 * nothing; or, where a REGISTER could do harm, only whether it is there. */

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "diagnose_parts.h"
#include "digest_kept.h"
#include "mask.h"
#include "sipmsg.h"
#include "via.h"


#define ASK_ROOM   1400          /* bytes that a request mostly needs */
#define OFFERS_TEXT 160          /* bytes of the algorithms that are offered */


/* --- sending --- */

/* Where a REGISTER more could have somebody banned, or was asked not to come.
 * What a diagnosis has found to be wrong is not tried again by another. */
static enum diagnosis_hold hold_of(const struct diagnosis *d)
{
	const struct reg *r = reg_of(d->slot);
	const msec_t now = loop_now();

	if ((r->state == REG_HELD && r->reason == REASON_CREDENTIALS) ||
	    (d->agent->diagnosis_refused && !reg_bound(r, now)))
		return DIAGNOSIS_HOLD_CREDENTIALS;

	return r->state == REG_WAIT && r->retry_after
		? DIAGNOSIS_HOLD_RETRY_AFTER : DIAGNOSIS_HOLD_NONE;
}


static int request_print(struct mbuf *mb, struct diagnosis *d)
{
	const struct slot *s = d->slot;
	const struct diagnose_try *t = d->chosen;
	struct register_request r = {
		.id = &d->id,
		.branch = d->transaction.branch,
		.transport = t->addr.transport,
		.local = d->local,
		.cseq = ++d->cseq,
		.fetch = true,
		.plain = reg_of(s)->plain,
		.digest = d->digest,
		.redirect = d->redirect,
		.proxy = d->redirect ? NULL
			: account_conf_proxy(diagnose_conf(d), s->i,
					     t->addr.uri),
	};

	/* a reload has replaced these, maybe */
	d->id.conf = s->id.conf;
	d->id.user_agent = s->id.user_agent;
	d->id.instance = s->id.instance;

	return d->options ? options_print(mb, &r)
			  : register_print(mb, &r, NULL);
}


static void answer_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			   void *arg)
{
	struct diagnosis *d = mem_ref(arg);
	(void)rtt_usec;

	diagnose_answered(d, msg);
	mem_deref(d);
}


static void no_answer(struct diagnosis *d, const char *text)
{
	const struct diagnosis_finding f = diagnosis_register(&d->asked);

	transaction_cancel(&d->transaction);
	if (diagnose_say(d, DIAGNOSIS_REGISTER, f, diagnose_took(d),
			 "%J: %s", &d->chosen->addr.addr, text))
		diagnose_skip(d, DIAGNOSIS_MAPPING, "no answer");
}


static void timeout(struct diagnosis *d)
{
	no_answer(d, d->options ? "no answer to an OPTIONS"
				: "no answer to a REGISTER");
}


static int send_request(struct diagnosis *d)
{
	struct mbuf *mb = mbuf_alloc(ASK_ROOM);
	int err;

	if (!mb)
		return ENOMEM;

	transaction_branch(d->transaction.branch,
			   sizeof(d->transaction.branch));
	err = request_print(mb, d);
	mb->pos = 0;
	if (!err)
		err = transaction_start(&d->transaction, &d->transactions,
					d->chosen->conn, d->options
					? "OPTIONS" : "REGISTER", mb,
					answer_handler, d);
	mem_deref(mb);
	if (!err)
		diagnose_wait(d, DIAGNOSE_ANSWER, timeout);

	return err;
}


void diagnose_ask(struct diagnosis *d)
{
	const struct slot *s = d->slot;
	const struct register_identity *id = &s->id;
	int err = 0;

	register_identity_init(&d->id, diagnose_conf(d), id->user_agent,
			       id->instance, id->reg_id);
	addr_from_sa(&d->local, conn_local(d->chosen->conn));
	d->asked.hold = hold_of(d);
	d->asked.password = *diagnose_conf(d)->password != '\0';
	d->options = d->asked.hold != DIAGNOSIS_HOLD_NONE;
	if (reg_of(s)->redirected && s->redirect)
		err = str_dup(&d->redirect, s->redirect);

	if (!err)
		err = send_request(d);
	if (err)
		no_answer(d, strerror(err));
}


/* --- what comes back --- */

void diagnose_received(struct diagnosis *d, struct mbuf *mb)
{
	struct sip_msg *msg = NULL;

	if (sip_msg_decode(&msg, mb))
		return;

	mem_ref(d);
	if (!msg->req && message_complete(msg))
		(void)transaction_receive(&d->transactions, msg);

	mem_deref(msg);
	mem_deref(d);
}


void diagnose_closed(struct diagnosis *d, enum reason reason, const char *text)
{
	mem_ref(d);
	if (transaction_pending(&d->transaction)) {
		diagnose_wait(d, 0, NULL);
		d->asked.refused = reason == REASON_CONNECT_REFUSED;
		no_answer(d, text);
	}
	mem_deref(d);
}


/* --- the answer in words --- */

struct offers {
	char *text;
	size_t size;
	struct pl realm;
};


static bool offer_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			  void *arg)
{
	struct httpauth_digest_chall chall;
	struct offers *o = arg;
	const size_t n = strlen(o->text);
	(void)msg;

	if (httpauth_digest_challenge_decode(&chall, &hdr->val))
		return false;

	if (pl_isset(&chall.algorithm))
		(void)re_snprintf(o->text + n, o->size - n, "%s%r",
				  n ? ", " : "", &chall.algorithm);
	else
		(void)re_snprintf(o->text + n, o->size - n, "%sMD5",
				  n ? ", " : "");
	if (!pl_isset(&o->realm))
		o->realm = chall.realm;

	return false;
}


static void tell_challenge(struct diagnosis *d, const struct sip_msg *msg)
{
	const bool proxy = msg->scode == 407;
	char text[OFFERS_TEXT] = "", phrase[DIAGNOSE_LINE];
	struct offers o = {.text = text, .size = sizeof(text)};
	char realm[DIAGNOSE_LINE];

	(void)sip_msg_hdr_apply(msg, true, proxy ? SIP_HDR_PROXY_AUTHENTICATE
				: SIP_HDR_WWW_AUTHENTICATE, offer_handler, &o);
	diagnose_detail(d, "%s%u %s: realm \"%s\", %s offered",
			d->asked.credentials ? "with credentials: " : "",
			msg->scode,
			mask_copy_pl(phrase, sizeof(phrase), &msg->reason),
			mask_copy_pl(realm, sizeof(realm), &o.realm),
			*text ? text : "nothing");
}


static void tell_header(struct diagnosis *d, const char *name,
			const struct sip_hdr *hdr)
{
	char text[DIAGNOSE_LINE];

	if (hdr)
		diagnose_detail(d, "%s: %s", name, mask_copy_pl(text,
				sizeof(text), &hdr->val));
}


/* RFC 3261 §20.17: always GMT. */
static void read_date(struct diagnosis *d, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_DATE);
	char text[64];
	struct tm tm;

	if (!hdr || pl_strcpy(&hdr->val, text, sizeof(text)))
		return;

	memset(&tm, 0, sizeof(tm));
	if (!strptime(text, "%a, %d %b %Y %H:%M:%S", &tm))
		return;

	d->asked.dated = true;
	d->asked.skew = (int64_t)time(NULL) - (int64_t)timegm(&tm);
	if (d->asked.skew > 1 || d->asked.skew < -1)
		diagnose_detail(d, "its clock says %s: ours is %lld s %s",
				text, d->asked.skew < 0
				? -(long long)d->asked.skew
				: (long long)d->asked.skew,
				d->asked.skew < 0 ? "behind" : "ahead");
}


static void tell_answer(struct diagnosis *d, const struct sip_msg *msg)
{
	tell_header(d, "Server", sip_msg_hdr(msg, SIP_HDR_SERVER));
	tell_header(d, "Warning", sip_msg_xhdr(msg, "Warning"));
	tell_header(d, "Reason", sip_msg_xhdr(msg, "Reason"));
	read_date(d, msg);
	if (d->asked.answer.retry_after)
		diagnose_detail(d, "Retry-After: %u s",
				d->asked.answer.retry_after);
}


/* --- its facts --- */

static void read_facts(struct diagnosis *d, const struct sip_msg *msg)
{
	const struct slot *s = d->slot;
	const char *knownv[SLOT_OLDS];
	struct register_facts f;
	struct register_sent sent = {
		.id = &s->id,
		.transport = d->chosen->addr.transport,
		.local = d->local,
		.contact = s->contact,
		.mapped = d->agent->regv[s->i].flow.mapping.addr,
		.requested = reg_of(s)->expires,
		.knownv = knownv,
		.knownc = s->oldc,
	};
	unsigned i;

	for (i = 0; i < s->oldc; i++)
		knownv[i] = s->oldv[i].uri;

	memset(&f, 0, sizeof(f));
	register_read(&f, msg, &sent);
	d->asked.answer = f.answer;
	d->mapped = f.mapped;
	d->rewritten = f.rewritten;
	if (d->options || !answer_is_good(msg->scode))
		return;

	d->audit = mem_deref(d->audit);
	d->audit = mem_alloc(sizeof(*d->audit), NULL);
	if (d->audit)
		*d->audit = f.audit;
}


static enum asker asker_of(uint16_t code)
{
	return code == 407 ? ASKER_PROXY : ASKER_REGISTRAR;
}


/* Once for each who asks: a second challenge of his is a refusal. */
static bool take_challenge(struct diagnosis *d, const struct sip_msg *msg)
{
	const struct account_conf *conf = diagnose_conf(d);
	const uint8_t asker = (uint8_t)(1u << asker_of(msg->scode));
	struct answer *a = &d->asked.answer;

	if (!answer_is_challenge(msg->scode) || d->options)
		return false;

	tell_challenge(d, msg);
	if (!d->digest && digest_alloc(&d->digest))
		return false;

	if (!d->challenged) {
		challenge_init(&d->challenge, conf->policy.reg.min_digest);
		challenge_on_sent(&d->challenge, CHALLENGE_SENT_NONE);
	}
	else {
		challenge_on_sent(&d->challenge, CHALLENGE_SENT_FRESH);
	}

	a->challenge = digest_on_challenge(d->digest, &d->challenge, msg,
					   conf->realm, loop_now());
	if (a->challenge == CHALLENGE_ANSWER && d->askers & asker)
		a->challenge = CHALLENGE_REFUSED;
	if (a->challenge == CHALLENGE_REFUSED)
		d->agent->diagnosis_refused = true;
	if (a->challenge != CHALLENGE_ANSWER || !d->asked.password)
		return false;

	d->askers |= asker;
	d->challenged = msg->scode;
	d->asked.credentials = true;

	return true;
}


static const char *chosen_name(const struct diagnosis *d)
{
	const struct kept *k = d->digest ? &d->digest->keptv[asker_of(
		d->challenged)] : NULL;

	return k ? digest_algorithm_name(k->algorithm) : "";
}


static void say_answer(struct diagnosis *d, const struct sip_msg *msg)
{
	const struct diagnosis_finding f = diagnosis_register(&d->asked);
	const char *what = d->options ? "OPTIONS" : "REGISTER";
	const char *how = d->asked.credentials ? " with " : "";
	char phrase[DIAGNOSE_LINE];
	const char *held =
		d->asked.hold == DIAGNOSIS_HOLD_CREDENTIALS
		? "the credentials were refused before and are not tried "
		  "again; "
		: d->asked.hold == DIAGNOSIS_HOLD_RETRY_AFTER
		? "the registrar has asked to be left alone (Retry-After); "
		: "";

	if (!diagnose_say(d, DIAGNOSIS_REGISTER, f, diagnose_took(d),
			  "%s%s%s%s was answered %u %s", held, what, how,
			  d->asked.credentials ? chosen_name(d) : "",
			  msg->scode,
			  mask_copy_pl(phrase, sizeof(phrase), &msg->reason)))
		return;

	diagnose_mapping(d);
}


void diagnose_answered(struct diagnosis *d, const struct sip_msg *msg)
{
	int err;

	diagnose_wait(d, 0, NULL);
	read_facts(d, msg);
	if (take_challenge(d, msg)) {
		err = send_request(d);
		if (err)
			no_answer(d, strerror(err));
		return;
	}

	if (answer_is_good(msg->scode))
		d->agent->diagnosis_refused = false;
	tell_answer(d, msg);
	say_answer(d, msg);
}
