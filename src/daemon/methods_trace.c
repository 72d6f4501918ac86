/* Trace: the SIP messages of one account, to whoever asks to see them.
 *
 * A client that does not read holds up nobody: with more than BACKLOG_MAX bytes
 * waiting for it, it is told how many messages it has missed, and that is the
 * end of it. */

#include <errno.h>
#include <string.h>
#include "daemon.h"
#include "methods.h"
#include "status_part.h"
#include "trace.h"
#include "utf8.h"
#include "value.h"
#include "wire.h"


enum {
	BACKLOG_MAX = 1 << 20,   /* bytes */
	MESSAGE_ROOM = 2048,     /* bytes that one mostly needs */
};

/* One client. */
struct watcher {
	struct trace_watch watch;
	struct control_call *call;
	char *name;
	bool ended;
};


/* --- the text of a reply --- */

/* JSON is UTF-8, and without zeros where strings end with one. */
static bool is_plain(const char *text, size_t len)
{
	size_t n;

	for (; len; text += n, len -= n) {
		n = *text ? utf8_char(text, len) : 0;
		if (!n)
			return false;
	}

	return true;
}


static int add_base64(struct mbuf *mb, const char *text, size_t len)
{
	size_t size = len / 3 * 4 + 5;   /* 4 of each 3; a rest, a zero */
	char *p = mem_alloc(size, NULL);
	int err;

	if (!p)
		return ENOMEM;

	err = base64_encode((const uint8_t *)text, len, p, &size);
	if (!err) {
		p[size] = '\0';
		err = json_add_string(mb, "base64", p);
	}
	mem_deref(p);

	return err;
}


/* What stands in for a zero is no UTF-8, and so is told as U+FFFD. */
static int add_unclean(struct mbuf *mb, const char *text, size_t len)
{
	char *p = mem_alloc(len + 1, NULL);
	int err;

	if (!p)
		return ENOMEM;

	for (size_t i = 0; i < len; i++)
		p[i] = text[i] ? text[i] : '\xff';
	p[len] = '\0';
	err = json_add_string(mb, "text", p);
	mem_deref(p);

	return err ? err : add_base64(mb, text, len);
}


static int add_text(struct mbuf *mb, const char *text, size_t len)
{
	int err;

	if (!is_plain(text, len))
		return add_unclean(mb, text, len);

	err = json_add_string(mb, "text", text);

	return err ? err : json_add_null(mb, "base64");
}


/* The MESSAGE object. */
static int add_message(struct mbuf *mb, const char *name,
		       const struct trace_message *m, const char *text)
{
	int err;

	err  = json_open(mb, "message", '{');
	err |= json_add_int(mb, "at_usec", m->at_usec);
	err |= json_add_string(mb, "account", name);
	err |= json_add_string(mb, "direction", m->sent ? "sent" : "received");
	err |= json_add_string(mb, "transport", transport_name(
			(enum transport)m->transport));
	err |= status_add_addr(mb, "local", &m->local);
	err |= status_add_addr(mb, "remote", &m->remote);
	err |= json_add_int(mb, "flow", m->flow);
	err |= json_add_bool(mb, "stranger", m->stranger);
	err |= json_add_int(mb, "length", m->length);
	err |= json_add_bool(mb, "truncated", m->textc < m->length);
	err |= add_text(mb, text, m->textc);
	err |= json_close(mb, '}');

	return err;
}


/* m NULL: what there is from here on is live. */
static int print(struct mbuf *mb, const struct watcher *w, bool keeps,
		 const struct trace_message *m, const char *text)
{
	int err;

	err  = json_open(mb, NULL, '{');
	err |= m ? add_message(mb, w->name, m, text)
		 : json_add_null(mb, "message");
	err |= json_add_bool(mb, "keeps", keeps);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}


/* --- one client --- */

static void destructor(void *data)
{
	struct watcher *w = data;

	trace_watch_stop(&w->watch);
	mem_deref(w->call);
	mem_deref(w->name);
}


/* Its call is over, whoever has ended it; it owns itself until then. */
static void end_handler(void *arg)
{
	struct watcher *w = arg;

	if (w->ended)
		return;

	w->ended = true;
	mem_deref(w);
}


static void reply(struct watcher *w, bool keeps, const struct trace_message *m,
		  const char *text)
{
	struct mbuf *mb;

	if (w->ended)
		return;

	mb = mbuf_alloc(MESSAGE_ROOM);
	if (!mb || print(mb, w, keeps, m, text)) {
		method_no_memory(w->call);
		end_handler(w);
	}
	else {
		mb->pos = 0;
		(void)control_reply(w->call, mb, true);
	}

	mem_deref(mb);
}


static void overrun(struct watcher *w)
{
	struct mbuf *mb = mbuf_alloc(MESSAGE_ROOM);
	int err = mb ? 0 : ENOMEM;

	if (!err) {
		err  = json_open(mb, NULL, '{');
		err |= json_add_int(mb, "lost", 1);
		err |= json_close(mb, '}');
		mb->pos = 0;
	}

	if (err)
		method_no_memory(w->call);
	else
		(void)control_error_object(w->call, "Overrun", mb);

	mem_deref(mb);
	end_handler(w);
}


static void stopping(struct watcher *w)
{
	(void)control_error(w->call, "Stopping", NULL, NULL);
	end_handler(w);
}


static void past_handler(const struct trace_message *m, const char *text,
			 void *arg)
{
	reply(arg, true, m, text);
}


static void live_handler(const struct trace_message *m, const char *text,
			 void *arg)
{
	struct watcher *w = mem_ref(arg);

	if (!m)
		stopping(w);
	else if (control_backlog(w->call) > BACKLOG_MAX)
		overrun(w);
	else
		reply(w, trace_keeps(w->watch.trace), m, text);

	mem_deref(w);
}


static int watcher_alloc(struct watcher **wp, struct control_call *call,
			 const char *name)
{
	struct watcher *w = mem_zalloc(sizeof(*w), destructor);
	int err;

	if (!w)
		return ENOMEM;

	w->call = mem_ref(call);
	err = str_dup(&w->name, name);
	if (err)
		mem_deref(w);
	else
		*wp = w;

	return err;
}


/* --- the method --- */

/* An optional parameter that is there and is something else. */
static bool is_wrong(struct control_call *call, const struct odict *parameters,
		     const char *key, enum odict_type type)
{
	if (!value_has(parameters, key) ||
	    odict_get_type(parameters, ODICT_NULL, key) ||
	    odict_get_type(parameters, type, key))
		return false;

	(void)control_error(call, "org.varlink.service.InvalidParameter",
			    "parameter", key);

	return true;
}


/* What was, then a null, then what comes. */
static void watch(struct control_call *call, struct trace *t, const char *name,
		  const struct odict *parameters)
{
	const int64_t last = value_int(parameters, "last", 0);
	struct watcher *w;

	if (watcher_alloc(&w, call, name)) {
		method_no_memory(call);
		return;
	}

	mem_ref(w);
	control_on_gone(call, end_handler, w);
	if (value_true(parameters, "past"))
		trace_past(t, last > 0 ? (size_t)last : 0, past_handler, w);
	reply(w, trace_keeps(t), NULL, NULL);

	if (!w->ended && trace_watch_start(&w->watch, t, name, live_handler,
					   w)) {
		method_no_memory(call);
		end_handler(w);
	}

	mem_deref(w);
}


static void say_whether_kept(struct control_call *call, const struct trace *t)
{
	struct mbuf *mb = method_buffer(call);

	if (mb)
		method_reply(call, mb, print(mb, NULL, trace_keeps(t), NULL,
					     NULL));
}


void method_trace(struct control_call *call, const struct odict *parameters,
		  void *arg)
{
	const char *name = method_string(call, parameters, "name");
	const struct daemon *d = arg;
	const struct agent *a;

	if (!name || is_wrong(call, parameters, "past", ODICT_BOOL) ||
	    is_wrong(call, parameters, "last", ODICT_INT))
		return;

	a = daemon_find(d, name);
	if (!a)
		(void)control_error(call, "NoSuchAccount", "name", name);
	else if (!control_more(call))
		say_whether_kept(call, agent_trace(a));
	else if (control_stream(call))
		watch(call, agent_trace(a), name, parameters);
}
