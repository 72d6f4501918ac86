/* A DNS client: its servers, and whose turn it is. */

#include <errno.h>
#include "dns_question.h"


#define QUESTION_SIZE 280        /* header, name, type and class */


/* Never asks from here: its end would come before its beginning returned. */
static void question_begin(struct dns_question *q)
{
	struct dns *d = q->d;
	const msec_t now = loop_now();

	q->late = q->queue == &d->doubtful;
	q->queue = NULL;
	q->begun = clock_min(q->begun, now);
	q->deadline = now + d->timeout;

	list_append(&d->activel, &q->le, q);
	++d->activec;
	d->latec += q->late;
	timer_start(&q->timer, now);
}


static void question_wait(struct dns_question *q, struct pace *queue)
{
	q->queue = queue;
	pace_ask(queue, &q->node, PACE_NEW);
	timer_start(&q->d->timer, loop_now());
}


/* The one that began last has got the least out of its place. */
static void put_back_late(struct dns *d)
{
	struct le *le = d->activel.tail;
	struct dns_question *q;

	while (!(q = le->data)->late)
		le = le->prev;

	dns_question_detach(q);
	dns_question_reset(q);
	question_wait(q, &d->doubtful);
}


static bool may_begin(const struct dns *d, const struct pace *queue)
{
	const bool room = d->activec < DNS_ACTIVE_MAX;

	return queue == &d->fresh ? room || d->latec > DNS_LATE_MAX
				  : room && d->latec < DNS_LATE_MAX;
}


static struct pace_node *take(struct dns *d, struct pace *queue)
{
	return may_begin(d, queue) ? pace_next(queue, loop_now()) : NULL;
}


/* Whose turn it is; NULL: nobody's. */
static struct dns_question *next(struct dns *d)
{
	/* so that new names for ever do not keep the others from theirs */
	const bool fair = d->turns + 1 >= PACE_FAIR;
	struct pace *first = fair ? &d->doubtful : &d->fresh;
	struct pace *second = fair ? &d->fresh : &d->doubtful;
	struct pace_node *node;

	node = take(d, first);
	if (!node)
		node = take(d, second);
	if (!node)
		return NULL;

	d->turns = (d->turns + 1) % PACE_FAIR;

	return node->owner;
}


/* Until there is a token again. Without a place nobody needs one. */
static msec_t next_at(const struct dns *d)
{
	const msec_t now = loop_now();
	msec_t at = NEVER;

	if (may_begin(d, &d->fresh))
		at = pace_deadline(&d->fresh, now);
	if (may_begin(d, &d->doubtful))
		at = clock_min(at, pace_deadline(&d->doubtful, now));

	return at;
}


static void turn_handler(void *arg)
{
	struct dns *d = arg;
	struct dns_question *q;

	while ((q = next(d))) {
		if (d->activec >= DNS_ACTIVE_MAX)
			put_back_late(d);

		question_begin(q);
	}

	timer_start(&d->timer, next_at(d));
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
	    uint16_t type, bool doubtful, dns_h *h, void *arg)
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
	q->begun = doubtful ? loop_now() : NEVER;
	q->node.owner = q;
	q->h = h;
	q->arg = arg;
	str_ncpy(q->name, name, sizeof(q->name));

	err = encode(q);
	if (err) {
		mem_deref(q);
		return err;
	}

	question_wait(q, doubtful ? &d->doubtful : &d->fresh);
	*qp = q;

	return 0;
}


msec_t dns_begun(const struct dns_question *q)
{
	return q->begun;
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
	bucket_init(&d->bucket, DNS_RATE, loop_now());
	pace_init(&d->fresh, 0, &d->bucket, loop_now());
	pace_init(&d->doubtful, 0, &d->bucket, loop_now());
	d->timeout = DNS_TIMEOUT;
	dns_set_servers(d, serverv, serverc);
	*dp = d;

	return 0;
}


void dns_set_timeout(struct dns *d, msec_t timeout)
{
	d->timeout = timeout;
}


void dns_set_rate(struct dns *d, uint32_t rate)
{
	bucket_init(&d->bucket, rate, loop_now());
}
