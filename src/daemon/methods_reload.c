/* Reload, and what is wrong with a configuration, for its author's eyes. */

#include "daemon.h"
#include "log.h"
#include "methods.h"
#include "wire.h"

#define MESSAGES_MAX 100         /* of each kind; a reader needs no more */
#define MESSAGE_ROOM 256         /* bytes of a usual one */

/* Errors or warnings, as they come. */
struct messages {
	struct mbuf *mb;         /* a JSON array, not closed yet */
	size_t count;
	int err;
};

struct told {
	struct messages errors, warnings;
};


static int messages_open(struct messages *m)
{
	m->mb = mbuf_alloc(MESSAGE_ROOM);

	return m->mb ? json_open(m->mb, NULL, '[') : ENOMEM;
}


static void message_handler(bool error, const char *text, void *arg)
{
	struct told *t = arg;
	struct messages *m = error ? &t->errors : &t->warnings;

	if (m->count++ < MESSAGES_MAX)
		m->err |= json_add_string(m->mb, NULL, text);
}


/* "KEY":[...],"KEY_omitted":0 */
static int messages_print(struct mbuf *mb, struct messages *m, const char *key,
			  const char *omitted)
{
	int err = m->err;

	err |= json_close(m->mb, ']');
	m->mb->pos = 0;
	err |= json_add_text(mb, key, m->mb);
	err |= json_add_int(mb, omitted, m->count > MESSAGES_MAX ?
			    (int64_t)(m->count - MESSAGES_MAX) : 0);

	return err;
}


static int warnings_print(struct mbuf *mb, struct told *t)
{
	return messages_print(mb, &t->warnings, "warnings",
			      "warnings_omitted");
}


static void reply(struct control_call *call, const struct reload_outcome *o,
		  struct told *t)
{
	struct mbuf *mb = method_buffer(call);
	int err;

	if (!mb)
		return;

	err  = json_open(mb, NULL, '{');
	err |= json_add_int(mb, "added", (int64_t)o->added);
	err |= json_add_int(mb, "removed", (int64_t)o->removed);
	err |= json_add_int(mb, "changed", (int64_t)o->changed);
	err |= json_add_int(mb, "unchanged", (int64_t)o->unchanged);
	err |= warnings_print(mb, t);
	err |= json_close(mb, '}');
	method_reply(call, mb, err);
}


static void refuse(struct control_call *call, struct told *t)
{
	struct mbuf *mb = method_buffer(call);
	int err;

	if (!mb)
		return;

	err  = json_open(mb, NULL, '{');
	err |= messages_print(mb, &t->errors, "errors", "errors_omitted");
	err |= warnings_print(mb, t);
	err |= json_close(mb, '}');
	mb->pos = 0;

	if (err)
		method_no_memory(call);
	else
		(void)control_error_object(call, "BadConfiguration", mb);

	mem_deref(mb);
}


void method_reload(struct control_call *call, const struct odict *parameters,
		   void *arg)
{
	struct reload_outcome outcome = {0};
	struct told t = {0};
	int err;
	(void)parameters;

	err  = messages_open(&t.errors);
	err |= messages_open(&t.warnings);
	if (!err)
		err = daemon_reload(arg, &outcome, message_handler, &t);
	else
		err = ENOMEM;

	switch (err) {

	case 0:
		reply(call, &outcome, &t);
		break;

	case EINVAL:
		refuse(call, &t);
		break;

	case EBUSY:
		(void)control_error(call, "Stopping", NULL, NULL);
		break;

	default:
		method_no_memory(call);
		break;
	}

	mem_deref(t.errors.mb);
	mem_deref(t.warnings.mb);
}
