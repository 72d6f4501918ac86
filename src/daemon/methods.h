/* The methods of the control socket's interface io.sipregd. */

#ifndef METHODS_H
#define METHODS_H

#include "control.h"

/* A table for control_alloc(), whose argument is the struct daemon. */
extern const struct control_method methods[];

/* methods_service.c: what varlink asks of every service */
control_method_h method_get_info;
control_method_h method_get_interface_description;

/* methods_account.c: what concerns one account */
control_method_h method_status;
control_method_h method_history;
control_method_h method_register;
control_method_h method_reconnect;
control_method_h method_pause;
control_method_h method_resume;

/* methods_bindings.c: what the registrar is asked for */
control_method_h method_bindings;
control_method_h method_purge_ghosts;
control_method_h method_probe;

/* methods_monitor.c */
control_method_h method_monitor;

/* methods_nat.c */
control_method_h method_nat;

/* methods_diagnose.c */
control_method_h method_diagnose;

/* methods_trace.c */
control_method_h method_trace;

/* methods_metrics.c */
control_method_h method_metrics;

/* methods_reload.c */
control_method_h method_reload;


/* --- what they share --- */

/* For the JSON text of a reply; NULL: the call has ended for want of memory. */
struct mbuf *method_buffer(struct control_call *call);

/* Ends the call with the object in `mb`, and frees that. `err`: what writing
 * it came to. */
void method_reply(struct control_call *call, struct mbuf *mb, int err);

/* A string among the parameters; NULL: the call has ended, it is not there. */
const char *method_string(struct control_call *call,
			  const struct odict *parameters, const char *key);

/* Ends the call. */
void method_no_memory(struct control_call *call);

#endif
