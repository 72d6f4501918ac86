/* What varlink asks of every service: who it is, and what it can do
 * (https://varlink.org/Service, interface org.varlink.service). */

#include <string.h>
#include "methods.h"
#include "wire.h"

/* The text of each file as a string literal, see the Makefile. */
static const struct {
	const char *name, *text;
} interfacev[] = {
	{"org.varlink.service",
#include "org.varlink.service.inc"
	},
	{CONTROL_INTERFACE,
#include "io.sipregd.inc"
	},
};


void method_get_info(struct control_call *call,
		     const struct odict *parameters, void *arg)
{
	struct mbuf *mb = method_buffer(call);
	size_t i;
	int err;
	(void)parameters;
	(void)arg;

	if (!mb)
		return;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "vendor", "The sipregd authors");
	err |= json_add_string(mb, "product", "sipregd");
	err |= json_add_string(mb, "version", VERSION);
	err |= json_add_string(mb, "url", "");
	err |= json_open(mb, "interfaces", '[');
	for (i = 0; i < ARRAY_SIZE(interfacev); i++)
		err |= json_add_string(mb, NULL, interfacev[i].name);
	err |= json_close(mb, ']');
	err |= json_close(mb, '}');
	method_reply(call, mb, err);
}


static const char *description(const char *interface)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(interfacev); i++) {
		if (!strcmp(interfacev[i].name, interface))
			return interfacev[i].text;
	}

	return NULL;
}


void method_get_interface_description(struct control_call *call,
				      const struct odict *parameters,
				      void *arg)
{
	const char *name = method_string(call, parameters, "interface");
	const char *text = name ? description(name) : NULL;
	struct mbuf *mb;
	int err;
	(void)arg;

	if (!name)
		return;

	if (!text) {
		(void)control_error(call,
				    "org.varlink.service.InterfaceNotFound",
				    "interface", name);
		return;
	}

	mb = method_buffer(call);
	if (!mb)
		return;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "description", text);
	err |= json_close(mb, '}');
	method_reply(call, mb, err);
}
