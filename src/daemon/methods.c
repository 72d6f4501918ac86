/* The table of the control socket's methods, see INTERFACE; and those that
 * concern all accounts. */

#include "daemon.h"
#include "lister.h"
#include "methods.h"
#include "wire.h"

#define REPLY_ROOM 2048          /* bytes that one account mostly needs */


/* --- what methods share --- */

void method_no_memory(struct control_call *call)
{
	(void)control_error(call, "OutOfMemory", NULL, NULL);
}


struct mbuf *method_buffer(struct control_call *call)
{
	struct mbuf *mb = mbuf_alloc(REPLY_ROOM);

	if (!mb)
		method_no_memory(call);

	return mb;
}


void method_reply(struct control_call *call, struct mbuf *mb, int err)
{
	mb->pos = 0;
	if (err)
		method_no_memory(call);
	else
		(void)control_reply(call, mb, false);

	mem_deref(mb);
}


const char *method_string(struct control_call *call,
			  const struct odict *parameters, const char *key)
{
	const char *value = parameters ? odict_string(parameters, key) : NULL;

	if (!value)
		(void)control_error(call,
				    "org.varlink.service.InvalidParameter",
				    "parameter", key);

	return value;
}


/* --- Ping --- */

static void method_ping(struct control_call *call,
			const struct odict *parameters, void *arg)
{
	struct mbuf *mb = method_buffer(call);
	int err;
	(void)parameters;
	(void)arg;

	if (!mb)
		return;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "version", VERSION);
	err |= json_close(mb, '}');
	method_reply(call, mb, err);
}


/* --- List --- */

static void method_list(struct control_call *call,
			const struct odict *parameters, void *arg)
{
	(void)parameters;

	if (listers_add(daemon_listers(arg), call))
		method_no_memory(call);
}


const struct control_method methods[] = {
	{"List",        false, method_list},
	{"Status",      false, method_status},
	{"History",     false, method_history},
	{"Monitor",     false, method_monitor},
	{"Register",    true,  method_register},
	{"Reconnect",   true,  method_reconnect},
	{"Pause",       true,  method_pause},
	{"Resume",      true,  method_resume},
	{"Bindings",    true,  method_bindings},
	{"PurgeGhosts", true,  method_purge_ghosts},
	{"Probe",       true,  method_probe},
	{"Nat",         false, method_nat},
	{"Diagnose",    true,  method_diagnose},
	{"Trace",       false, method_trace},
	{"Metrics",     false, method_metrics},
	{"Reload",      true,  method_reload},
	{"Ping",        false, method_ping},
	{"org.varlink.service.GetInfo", false, method_get_info},
	{"org.varlink.service.GetInterfaceDescription", false,
	 method_get_interface_description},
	{NULL,          false, NULL},
};
