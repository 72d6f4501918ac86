/* What a varlink request and a varlink error are made of. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "value.h"
#include "varlink.h"
#include "wire.h"

#define DEPTH_MAX 8              /* of a request's JSON */
#define NAME_SIZE 128            /* of an error's full name */


/* False: there, but not a boolean. */
static bool flag_get(const struct odict *o, const char *key, bool *flag,
		     unsigned *known)
{
	if (!value_has(o, key))
		return true;

	++*known;

	return odict_get_boolean(o, flag, key);
}


const char *varlink_request_decode(struct varlink_request *r,
				   const char *text, size_t len)
{
	unsigned known = 1;

	if (wire_decode(&r->o, text, len, DEPTH_MAX))
		return "not a JSON object";

	r->method = odict_string(r->o, "method");
	if (!r->method)
		return "no method";

	if (value_has(r->o, "parameters")) {
		++known;
		r->parameters = value_object(r->o, "parameters");
		if (!r->parameters)
			return "parameters is not an object";
	}

	if (!flag_get(r->o, "more", &r->more, &known))
		return "more is not a boolean";
	if (!flag_get(r->o, "oneway", &r->oneway, &known))
		return "oneway is not a boolean";
	if (!flag_get(r->o, "upgrade", &r->upgrade, &known))
		return "upgrade is not a boolean";
	if (r->upgrade)
		return "there is nothing to upgrade to";

	return odict_count(r->o, false) > known ? "unknown member" : NULL;
}


static int error_open(struct mbuf *mb, const char *interface,
		      const char *name)
{
	char full[NAME_SIZE];
	const bool whole = strchr(name, '.') != NULL;
	int err;

	(void)snprintf(full, sizeof(full), "%s%s%s", whole ? "" : interface,
		       whole ? "" : ".", name);

	err = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "error", full);

	return err;
}


int varlink_error_encode(struct mbuf *mb, const char *interface,
			 const char *name, const char *key, const char *value)
{
	int err;

	err = error_open(mb, interface, name);
	err |= json_open(mb, "parameters", '{');
	if (key)
		err |= json_add_string(mb, key, value);
	err |= json_close(mb, '}');
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}


int varlink_error_object(struct mbuf *mb, const char *interface,
			 const char *name, const struct mbuf *parameters)
{
	int err;

	err = error_open(mb, interface, name);
	err |= json_add_text(mb, "parameters", parameters);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}
