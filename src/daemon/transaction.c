/* Non-INVITE client transactions of one flow (RFC 3261 §17.1.2). */

#include <string.h>
#include "loop.h"
#include "transaction.h"


void transaction_branch(char *branch, size_t size)
{
	/* RFC 3261 §8.1.1.7: the cookie, then whatever nobody can guess */
	(void)re_snprintf(branch, size, "z9hG4bK%016llx%08x", rand_u64(),
			  rand_u32());
}


static void resend_handler(void *arg)
{
	struct transaction *t = arg;

	/* timer F: what comes later is nobody's answer */
	if (loop_usec() - t->sent_usec >= TRANSACTION_F * UINT64_C(1000))
		return;

	/* RFC 3261 §17.1.2.2: doubled up to T2; at T2 once a 1xx has come */
	t->wait = t->provisional ? TRANSACTION_T2
				 : clock_min(2 * t->wait, TRANSACTION_T2);
	timer_start(&t->resend, loop_now() + t->wait);

	/* A lost packet and one that was not sent are the same here. */
	(void)conn_send(t->conn, mbuf_buf(t->mb), mbuf_get_left(t->mb));
}


static int keep(struct transaction *t, const struct mbuf *mb)
{
	const size_t len = mbuf_get_left(mb);

	t->mb = mbuf_alloc(len);
	if (!t->mb)
		return ENOMEM;

	(void)mbuf_write_mem(t->mb, mbuf_buf(mb), len);
	mbuf_set_pos(t->mb, 0);

	timer_init(&t->resend, resend_handler, t);
	t->wait = TRANSACTION_T1;

	timer_start(&t->resend, loop_now() + t->wait);

	return 0;
}


int transaction_start(struct transaction *t, struct list *list,
		      struct conn *conn, const char *method, struct mbuf *mb,
		      transaction_h *h, void *arg)
{
	int err;

	if (!t || !list || !conn || !method || !mb || !h)
		return EINVAL;

	transaction_cancel(t);

	if (!transport_stream(conn_transport(conn))) {
		err = keep(t, mb);
		if (err)
			goto out;
	}

	str_ncpy(t->method, method, sizeof(t->method));
	t->conn = conn;
	t->h = h;
	t->arg = arg;
	t->provisional = false;
	t->sent_usec = loop_usec();

	err = conn_send(conn, mbuf_buf(mb), mbuf_get_left(mb));
	if (err)
		goto out;

	list_append(list, &t->le, t);

 out:
	if (err)
		transaction_cancel(t);

	return err;
}


void transaction_cancel(struct transaction *t)
{
	if (!t)
		return;

	list_unlink(&t->le);

	if (t->mb)
		timer_cancel(&t->resend);

	t->mb = mem_deref(t->mb);
	t->conn = NULL;
}


bool transaction_pending(const struct transaction *t)
{
	return t && t->le.list;
}


static struct transaction *find(const struct list *list,
				const struct sip_msg *msg)
{
	const struct le *le;

	LIST_FOREACH(list, le) {

		struct transaction *t = le->data;

		if (!pl_strcmp(&msg->via.branch, t->branch) &&
		    !pl_strcmp(&msg->cseq.met, t->method))
			return t;
	}

	return NULL;
}


bool transaction_receive(struct list *list, const struct sip_msg *msg)
{
	struct transaction *t;
	transaction_h *h;
	uint64_t rtt;
	void *arg;

	if (!list || !msg || msg->req)
		return false;

	if (msg->scode < 100 || msg->scode > 699)
		return false;

	t = find(list, msg);
	if (!t)
		return false;

	if (msg->scode < 200) {
		t->provisional = true;
		return true;
	}

	h = t->h;
	arg = t->arg;
	rtt = loop_usec() - t->sent_usec;
	transaction_cancel(t);

	h(msg, rtt, arg);

	return true;
}
