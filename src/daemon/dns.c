/* A DNS client: its servers, and whose turn it is. */

#include <errno.h>
#include "dns_question.h"


#define QUESTION_SIZE 280        /* header, name, type and class */


/* Never asks from here: its end would come before its beginning returned. */
static void question_begin(struct dns_question *q)
{
	list_append(&q->d->activel, &q->le, q);
	++q->d->activec;
	timer_start(&q->timer, loop_now());
}


static void turn_handler(void *arg)
{
	struct dns *d = arg;
	struct le *le;

	while (d->activec < DNS_ACTIVE_MAX && (le = d->waitingl.head)) {
		list_unlink(le);
		question_begin(le->data);
	}
}


static int encode(struct dns_question *q)
{
	const struct dnshdr hdr = {.id = q->id, .rd = true, .nq = 1};
	int err;

	q->mb = mbuf_alloc(QUESTION_SIZE);
	if (!q->mb)
		return ENOMEM;

	err = dns_hdr_encode(q->mb, &hdr);
	err |= dns_dname_encode(q->mb, q->name, NULL, 0, false);
	err |= mbuf_write_u16(q->mb, htons(q->type));
	err |= mbuf_write_u16(q->mb, htons(DNS_CLASS_IN));

	return err ? EINVAL : 0;
}


static void question_destructor(void *arg)
{
	struct dns_question *q = arg;

	dns_question_detach(q);
	dns_question_reset(q);
	mem_deref(q->mb);
}


int dns_ask(struct dns_question **qp, struct dns *d, const char *name,
	    uint16_t type, dns_h *h, void *arg)
{
	struct dns_question *q;
	int err;

	q = mem_zalloc(sizeof(*q), question_destructor);
	if (!q)
		return ENOMEM;

	timer_init(&q->timer, dns_question_handler, q);
	q->d = d;
	q->type = type;
	q->id = rand_u16();
	q->deadline = loop_now() + d->timeout;
	q->h = h;
	q->arg = arg;
	str_ncpy(q->name, name, sizeof(q->name));

	err = encode(q);
	if (err)
		goto out;

	if (d->activec < DNS_ACTIVE_MAX) {
		question_begin(q);
	}
	else {
		list_append(&d->waitingl, &q->le, q);
		timer_start(&q->timer, q->deadline);
	}

 out:
	if (err)
		mem_deref(q);
	else
		*qp = q;

	return err;
}


static void name_servers(struct dns *d)
{
	size_t len = 0;

	d->from[0] = '\0';
	for (size_t i = 0; i < d->serverc; i++) {
		int n = re_snprintf(d->from + len, sizeof(d->from) - len,
				    "%s%j", i ? ", " : "",
				    &d->serverv[i].addr);
		if (n < 0)
			break;

		len += (size_t)n;
	}
}


void dns_set_servers(struct dns *d, const struct sa *serverv, size_t serverc)
{
	struct le *le;

	d->serverc = serverc < DNS_SERVERS_MAX ? serverc : DNS_SERVERS_MAX;
	for (size_t i = 0; i < d->serverc; i++) {
		d->serverv[i].addr = serverv[i];
		d->serverv[i].last_until = 0;
	}

	name_servers(d);

	for (le = d->activel.head; le; le = le->next) {
		struct dns_question *q = le->data;

		dns_question_reset(q);
		q->deadline = loop_now() + d->timeout;
		timer_start(&q->timer, loop_now());
	}
}


const char *dns_servers(const struct dns *d)
{
	return d->from;
}


static void dns_destructor(void *arg)
{
	struct dns *d = arg;

	timer_cancel(&d->timer);
}


int dns_alloc(struct dns **dp, const struct sa *serverv, size_t serverc)
{
	struct dns *d;

	d = mem_zalloc(sizeof(*d), dns_destructor);
	if (!d)
		return ENOMEM;

	timer_init(&d->timer, turn_handler, d);
	d->timeout = DNS_TIMEOUT;
	dns_set_servers(d, serverv, serverc);
	*dp = d;

	return 0;
}


void dns_set_timeout(struct dns *d, msec_t timeout)
{
	d->timeout = timeout;
}
