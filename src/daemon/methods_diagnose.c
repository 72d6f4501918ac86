/* The method Diagnose: the steps of a diagnosis, as they come or all at once. */

#include <errno.h>
#include "diagnose.h"
#include "methods_ask.h"
#include "wire.h"


/* A client that waits for a diagnosis. */
struct patient {
	struct control_call *call;
	struct diagnosis *diagnosis;
	struct mbuf *all;                /* steps so far; NULL: told one by
					    one */
	bool gone;                       /* the client */
};


static void destructor(void *data)
{
	struct patient *p = data;

	diagnose_stop(p->diagnosis);
	control_on_gone(p->call, NULL, NULL);
	mem_deref(p->all);
	mem_deref(p->call);
}


/* --- JSON --- */

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}


static int add_step(struct mbuf *mb, const struct diagnose_step *s)
{
	const struct diagnosis_finding *f = &s->finding;
	unsigned i;
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "step", s->name);
	err |= json_add_string(mb, "result", diagnosis_result_name(f->result));
	err |= json_add_int(mb, "took_usec", (int64_t)s->took_usec);
	err |= json_add_string(mb, "finding", s->text);
	err |= json_open(mb, "details", '[');
	for (i = 0; !err && i < s->detailc; i++)
		err = json_add_string(mb, NULL, s->detailv[i]);
	err |= json_close(mb, ']');
	err |= json_add_string(mb, "reason", f->reason == REASON_OK ? NULL
			       : reason_name(f->reason));
	err |= json_add_string(mb, "remedy", or_null(s->remedy));
	err |= json_close(mb, '}');

	return err;
}


static int open_steps(struct mbuf *mb)
{
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_open(mb, "steps", '[');

	return err;
}


static int close_steps(struct mbuf *mb)
{
	int err;

	err  = json_close(mb, ']');
	err |= json_close(mb, '}');

	return err;
}


/* --- telling --- */

static int tell_one(struct patient *p, const struct diagnose_step *s,
		    bool last)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err = mb ? open_steps(mb) : ENOMEM;

	if (!err)
		err = add_step(mb, s);
	if (!err)
		err = close_steps(mb);
	if (!err) {
		mb->pos = 0;
		err = control_reply(p->call, mb, !last);
	}
	mem_deref(mb);

	return err;
}


static int tell_all(struct patient *p, const struct diagnose_step *s,
		    bool last)
{
	int err = add_step(p->all, s);

	if (!err && last)
		err = close_steps(p->all);
	if (!err && last) {
		p->all->pos = 0;
		err = control_reply(p->call, p->all, false);
	}

	return err;
}


static void step_handler(const struct diagnose_step *s, bool last, void *arg)
{
	struct patient *p = mem_ref(arg);
	int err = 0;

	if (s)
		err = p->all ? tell_all(p, s, last) : tell_one(p, s, last);

	if (err == ENOMEM)
		method_no_memory(p->call);

	if ((last || err == ENOMEM) && !p->gone)
		mem_deref(p);
	mem_deref(p);
}


static void gone_handler(void *arg)
{
	struct patient *p = arg;

	p->gone = true;
	diagnose_stop(p->diagnosis);
	p->diagnosis = NULL;
	mem_deref(p);
}


static void refuse(struct control_call *call, int err, const char *name)
{
	if (err == EBUSY)
		(void)control_error(call, "Busy", "name", name);
	else
		method_no_memory(call);
}


void method_diagnose(struct control_call *call,
		     const struct odict *parameters, void *arg)
{
	const char *name = method_string(call, parameters, "name");
	struct agent *a = name ? daemon_find(arg, name) : NULL;
	struct patient *p;
	int err = 0;

	if (name && !a)
		(void)control_error(call, "NoSuchAccount", "name", name);
	if (!a)
		return;

	p = mem_zalloc(sizeof(*p), destructor);
	if (!p) {
		method_no_memory(call);
		return;
	}

	p->call = mem_ref(call);
	if (!control_more(call)) {
		p->all = mbuf_alloc(4096);
		err = p->all ? open_steps(p->all) : ENOMEM;
	}
	if (!err)
		err = diagnose_start(&p->diagnosis, a, step_handler, p);
	if (err) {
		refuse(call, err, name);
		mem_deref(p);
		return;
	}

	control_on_gone(call, gone_handler, p);
}
