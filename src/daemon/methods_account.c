/* The methods that concern one account: what is asked of its agent, and how
 * the outcome is told. */

#include "methods_ask.h"
#include "status.h"
#include "wire.h"


static struct agent *find(struct control_call *call,
			  const struct odict *parameters, struct daemon *d)
{
	const char *name = method_string(call, parameters, "name");
	struct agent *a = name ? daemon_find(d, name) : NULL;

	if (name && !a)
		(void)control_error(call, "NoSuchAccount", "name", name);

	return a;
}


void method_status(struct control_call *call, const struct odict *parameters,
		   void *arg)
{
	struct daemon *d = arg;
	const struct agent *a = find(call, parameters, d);
	struct mbuf *mb = a ? method_buffer(call) : NULL;

	if (mb)
		method_reply(call, mb, status_account(
			     mb, NULL, a, daemon_wall_usec(d), true));
}


void method_history(struct control_call *call, const struct odict *parameters,
		    void *arg)
{
	const struct agent *a = find(call, parameters, arg);
	struct mbuf *mb = a ? method_buffer(call) : NULL;

	if (mb)
		method_reply(call, mb, status_history(mb, NULL, a));
}


/* --- what has an outcome --- */

static void asked_destructor(void *data)
{
	struct asked *q = data;

	mem_deref(q->call);
	mem_deref(q->name);
}


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	struct asked *q = arg;
	struct mbuf *mb = o ? method_buffer(q->call) : NULL;

	if (mb)
		method_reply(q->call, mb, q->printh(mb, q, o));

	/* without an outcome the client is told that it was aborted */
	mem_deref(q);
}


static void refuse(const struct asked *q, int err)
{
	const char *error;

	switch (err) {

	case EINVAL:   error = "NotRunning";    break;
	case EALREADY: error = "NotPaused";     break;
	case ENOTCONN: error = "NotConnected";  break;
	case EBUSY:    error = "Busy";          break;
	default:       method_no_memory(q->call);  return;
	}

	(void)control_error(q->call, error, "name", q->name);
}


void method_ask(struct control_call *call, const struct odict *parameters,
		struct daemon *d, agent_ask_h *askh, outcome_print_h *printh)
{
	struct agent *a = find(call, parameters, d);
	struct asked *q;
	int err;

	if (!a)
		return;

	q = mem_zalloc(sizeof(*q), asked_destructor);
	if (!q) {
		method_no_memory(call);
		return;
	}

	q->call = mem_ref(call);
	q->printh = printh;
	q->agent = a;
	q->unregister = agent_conf(a)->policy.reg.unregister;
	err = str_dup(&q->name, agent_conf(a)->name);
	if (!err)
		err = askh(a, outcome_handler, q);

	/* else it belongs to the outcome, which may have come */
	if (err) {
		refuse(q, err);
		mem_deref(q);
	}
}


/* --- Register, Reconnect, Resume --- */

static int registered_print(struct mbuf *mb, const struct asked *q,
			  const struct agent_outcome *o)
{
	const bool ok = o->registered && o->reason == REASON_OK;
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "name", q->name);
	err |= json_add_bool(mb, "ok", ok);
	err |= json_add_bool(mb, "registered", o->registered);
	err |= o->code ? json_add_int(mb, "code", o->code)
		       : json_add_null(mb, "code");
	err |= json_add_string(mb, "reason", reason_name(o->reason));
	err |= json_add_string(mb, "ended", o->ended == REASON_OK ? NULL
			       : reason_name(o->ended));
	err |= json_add_string(mb, "text", ok ? ""
					      : reason_text(o->reason));
	err |= json_close(mb, '}');

	return err;
}


void method_register(struct control_call *call,
		     const struct odict *parameters, void *arg)
{
	method_ask(call, parameters, arg, agent_register, registered_print);
}


void method_reconnect(struct control_call *call,
		      const struct odict *parameters, void *arg)
{
	method_ask(call, parameters, arg, agent_reconnect, registered_print);
}


void method_resume(struct control_call *call,
		   const struct odict *parameters, void *arg)
{
	method_ask(call, parameters, arg, agent_resume, registered_print);
}


/* --- Pause --- */

static int paused_print(struct mbuf *mb, const struct asked *q,
		       const struct agent_outcome *o)
{
	const bool ok = !o->left_behind || !q->unregister;
	const char *text = "";
	int err;

	if (!ok)
		text = "The binding could not be removed: it may stay until "
		       "its lease ends.";
	else if (o->left_behind)
		text = "The binding was left in place, as configured.";

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "name", q->name);
	err |= json_add_bool(mb, "ok", ok);
	err |= json_add_bool(mb, "registered", o->registered);
	err |= json_add_bool(mb, "left_behind", o->left_behind);
	err |= json_add_string(mb, "text", text);
	err |= json_close(mb, '}');

	return err;
}


void method_pause(struct control_call *call, const struct odict *parameters,
		  void *arg)
{
	method_ask(call, parameters, arg, agent_pause, paused_print);
}
