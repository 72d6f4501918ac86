/* Monitor: events as they happen. */

#include "daemon.h"
#include "methods.h"
#include "monitors.h"
#include "value.h"
#include "wire.h"


/* The account's name, NULL: all accounts are meant. False: the call has
 * ended, there is no such account. */
static bool name_get(const char **namep, struct control_call *call,
		     const struct odict *parameters, const struct daemon *d)
{
	*namep = NULL;
	if (!parameters || !value_has(parameters, "name") ||
	    odict_get_type(parameters, ODICT_NULL, "name"))
		return true;

	*namep = method_string(call, parameters, "name");
	if (!*namep)
		return false;

	if (!daemon_find(d, *namep)) {
		(void)control_error(call, "NoSuchAccount", "name", *namep);
		return false;
	}

	return true;
}


void method_monitor(struct control_call *call, const struct odict *parameters,
		    void *arg)
{
	const struct daemon *d = arg;
	struct mbuf *mb;
	const char *name;

	if (!name_get(&name, call, parameters, d))
		return;

	if (control_more(call)) {
		if (control_stream(call) &&
		    monitors_watch(daemon_monitors(d), call, name) == ENOMEM)
			method_no_memory(call);
		return;
	}

	mb = method_buffer(call);
	if (mb)
		method_reply(call, mb, monitors_print_begin(mb));
}
