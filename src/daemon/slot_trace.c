/* What is secret in the messages of an account, for its trace: mask.h knows
 * secrets by their place, this one knows their letters. */

#include <string.h>
#include "slot_parts.h"


static void add(struct mask *m, const char *value)
{
	mask_add(m, value, strlen(value));
}


/* One that is also the name would take that out of every message, and tell
 * itself by it. */
static void add_password(struct mask *m, const struct account_conf *conf)
{
	if (strcmp(conf->password, conf->auth_user) &&
	    strcmp(conf->password, conf->aor_user))
		add(m, conf->password);
}


static void add_slot(struct mask *m, struct slot *s)
{
	add(m, s->id.token_flow);
	if (slot_elder(s))
		add(m, s->elder_was.token);
	add(m, prober_secret(s->prober));
}


/* Of all slots: what one of them has made known may arrive over another. */
static void secrets_handler(struct mask *m, void *arg)
{
	const struct slot *s = arg;
	const struct slot_owner *o = s->owner;
	const struct account_conf *conf = o->conf;
	unsigned i;

	add_password(m, conf);
	add(m, conf->turn_password);
	for (i = 0; i < o->slotc; i++) {
		add(m, o->slotv[i].id.token_account);
		add_slot(m, &o->slotv[i]);
	}

	for (i = 0; i < conf->headerc; i++)
		mask_add_header(m, conf->headerv[i]);
}


void slot_trace(struct slot *s)
{
	s->tap = (struct tap){
		.trace = s->owner->trace,
		.secretsh = secrets_handler,
		.arg = s,
		.flow = (uint8_t)(s->i + 1),
	};
}
