/* The methods of the control socket: see INTERFACE, one function each. */

#include <string.h>
#include "daemon.h"
#include "log.h"
#include "methods.h"
#include "status.h"
#include "wire.h"


enum {
	REPLY_ROOM = 2048,       /* bytes that one account mostly needs */
};

/* One agent_register() that a client waits for. */
struct register_call {
	struct control_call *call;
	char *name;
};


static void no_memory(struct control_call *call)
{
	(void)control_error(call, "OutOfMemory", NULL, NULL);
}


/* --- Ping --- */

static void ping_method(struct control_call *call,
			const struct odict *parameters, void *arg)
{
	struct mbuf *mb = mbuf_alloc(REPLY_ROOM);
	int err = mb ? 0 : ENOMEM;
	(void)parameters;
	(void)arg;

	if (!err) {
		err  = json_open(mb, NULL, '{');
		err |= json_add_string(mb, "version", VERSION);
		err |= json_close(mb, '}');
		mb->pos = 0;
	}

	if (err)
		no_memory(call);
	else
		(void)control_reply(call, mb, false);

	mem_deref(mb);
}


/* --- List --- */

static int list_all(struct control_call *call, struct daemon *d)
{
	const int64_t wall = daemon_wall_usec(d);
	struct mbuf *mb = mbuf_alloc(REPLY_ROOM);
	struct agent *a;
	size_t i;
	int err;

	if (!mb)
		return ENOMEM;

	err  = json_open(mb, NULL, '{');
	err |= json_open(mb, "accounts", '[');
	for (i = 0; !err && (a = daemon_agent(d, i)); i++) {
		err = status_account(mb, NULL, a, wall, false);
		if (mb->end > CONTROL_REPLY_MAX) {
			err = control_error(call, "TooLarge", NULL, NULL);
			goto out;
		}
	}
	err |= json_close(mb, ']');
	err |= json_close(mb, '}');
	mb->pos = 0;

	if (!err)
		err = control_reply(call, mb, false);

 out:
	mem_deref(mb);

	return err;
}


static int list_one(struct control_call *call, const struct agent *a,
		    int64_t wall, bool continues)
{
	struct mbuf *mb = mbuf_alloc(REPLY_ROOM);
	int err;

	if (!mb)
		return ENOMEM;

	err  = json_open(mb, NULL, '{');
	err |= json_open(mb, "accounts", '[');
	if (a)
		err |= status_account(mb, NULL, a, wall, false);
	err |= json_close(mb, ']');
	err |= json_close(mb, '}');
	mb->pos = 0;

	if (!err)
		err = control_reply(call, mb, continues);

	mem_deref(mb);

	return err;
}


static int list_each(struct control_call *call, struct daemon *d)
{
	const int64_t wall = daemon_wall_usec(d);
	struct agent *a;
	size_t i = 0;
	int err;

	do {
		a = daemon_agent(d, i);
		err = list_one(call, a, wall, daemon_agent(d, ++i) != NULL);
	} while (!err && daemon_agent(d, i) && !control_over(call));

	return err;
}


static void list_method(struct control_call *call,
			const struct odict *parameters, void *arg)
{
	int err;
	(void)parameters;

	err = control_more(call) ? list_each(call, arg) : list_all(call, arg);
	if (err == ENOMEM)
		no_memory(call);
}


/* --- methods of one account --- */

static struct agent *find(struct control_call *call,
			  const struct odict *parameters, struct daemon *d)
{
	const char *name = parameters ? odict_string(parameters, "name")
				      : NULL;
	struct agent *a;

	if (!name) {
		(void)control_error(call,
				    "org.varlink.service.InvalidParameter",
				    "parameter", "name");
		return NULL;
	}

	a = daemon_find(d, name);
	if (!a)
		(void)control_error(call, "NoSuchAccount", "name", name);

	return a;
}


static void status_method(struct control_call *call,
			  const struct odict *parameters, void *arg)
{
	struct daemon *d = arg;
	const struct agent *a = find(call, parameters, d);
	struct mbuf *mb;
	int err;

	if (!a)
		return;

	mb = mbuf_alloc(REPLY_ROOM);
	err = mb ? status_account(mb, NULL, a, daemon_wall_usec(d), true)
		 : ENOMEM;
	if (err) {
		no_memory(call);
	}
	else {
		mb->pos = 0;
		(void)control_reply(call, mb, false);
	}

	mem_deref(mb);
}


static void register_call_destructor(void *data)
{
	struct register_call *rc = data;

	mem_deref(rc->call);
	mem_deref(rc->name);
}


static int outcome_print(struct mbuf *mb, const char *name,
			 const struct agent_outcome *o)
{
	const bool ok = o->registered && o->reason == REASON_OK;
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "name", name);
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
	mb->pos = 0;

	return err ? ENOMEM : 0;
}


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	struct register_call *rc = arg;
	struct mbuf *mb = o ? mbuf_alloc(REPLY_ROOM) : NULL;

	if (mb && !outcome_print(mb, rc->name, o))
		(void)control_reply(rc->call, mb, false);
	else if (o)
		no_memory(rc->call);

	/* without an outcome the client is told that it was aborted */
	mem_deref(mb);
	mem_deref(rc);
}


static void register_method(struct control_call *call,
			    const struct odict *parameters, void *arg)
{
	struct agent *a = find(call, parameters, arg);
	struct register_call *rc;
	int err;

	if (!a)
		return;

	rc = mem_zalloc(sizeof(*rc), register_call_destructor);
	if (!rc) {
		no_memory(call);
		return;
	}

	rc->call = mem_ref(call);
	err = str_dup(&rc->name, agent_conf(a)->name);
	if (!err)
		err = agent_register(a, outcome_handler, rc);

	if (!err)
		return;

	if (err == EINVAL)
		(void)control_error(call, "NotRunning", "name", rc->name);
	else if (err == EBUSY)
		(void)control_error(call, "Busy", "name", rc->name);
	else
		no_memory(call);
	mem_deref(rc);
}


const struct control_method methods[] = {
	{"List",     false, list_method},
	{"Status",   false, status_method},
	{"Register", true,  register_method},
	{"Ping",     false, ping_method},
	{NULL,       false, NULL},
};
