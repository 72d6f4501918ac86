/* The next configuration, by difference (SCENARIOS T13).
 *
 * First all that can fail is made beside what runs: the file is read, agents
 * for new and changed accounts are allocated. Then what runs goes over to it,
 * and nothing can go wrong any more. */

#include <string.h>
#include "config_equal.h"
#include "daemon_set.h"
#include "log.h"
#include "loop.h"
#include "message.h"
#include "metrics.h"
#include "resolve.h"
#include "service.h"


struct reload {
	struct daemon *d;
	struct config *config;           /* the next one */
	struct entry **entryv;           /* in its order, owned */
	size_t entryc;
	struct hash *names;
	struct state_account *kept;      /* of the one that is being made */
	struct reload_outcome outcome;
	struct refusal refusal;
	config_message_h *h;             /* NULL: only the log */
	void *arg;
};


static const struct account_conf *conf_of(const struct entry *e)
{
	return agent_conf(e->agent);
}


/* --- made beside what runs --- */

static void message_handler(bool error, const char *text, void *arg)
{
	struct reload *r = arg;

	if (error)
		refusal_add(&r->refusal, text);
	log_line(error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, NULL, "%s",
		 text);
	if (r->h)
		r->h(error, text, r->arg);
}


/* What is known of this account's binding, in r->kept; NULL: nothing. `old`:
 * whose name it has, or NULL. */
static const struct state_account *known(struct reload *r, struct entry *old,
					 const struct account_conf *conf)
{
	struct state_account *kept = r->kept;

	if (!old || !account_conf_same_binding(conf_of(old), conf)) {
		old = leave_find(r->d, conf);
		if (!old || str_cmp(conf_of(old)->name, conf->name))
			return NULL;
	}

	entry_keep(kept, old, r->config, conf);

	return kept;
}


static bool was_paused(const struct entry *e)
{
	return conf_of(e)->enabled && agent_account(e->agent)->paused;
}


static int make_entry(struct reload *r, struct entry *old,
		      const struct account_conf *conf)
{
	struct entry *e;
	int err;

	err = entry_alloc(&e, r->d, r->config, conf, known(r, old, conf));
	if (err)
		return err;

	r->entryv[r->entryc++] = e;
	if (!old) {
		++r->outcome.added;
		return 0;
	}

	++r->outcome.changed;
	old->heir = e;
	log_debug(conf->name, "changed: %s",
		  account_conf_difference(conf_of(old), conf));

	if (conf->enabled && was_paused(old))
		agent_set_paused(e->agent);

	return 0;
}


static int compare(struct reload *r)
{
	const struct config *c = r->config;
	struct daemon *d = r->d;
	int err = 0;

	for (size_t i = 0; i < d->entryc; i++)
		d->entryv[i]->heir = NULL;

	for (size_t i = 0; !err && i < c->accountc; i++) {
		const struct account_conf *conf = c->accountv[i];
		struct entry *old = entry_find(d, conf->name);

		if (!old || account_conf_difference(conf_of(old), conf)) {
			err = make_entry(r, old, conf);
			continue;
		}

		old->heir = r->entryv[r->entryc++] = mem_ref(old);
		++r->outcome.unchanged;
	}

	r->outcome.removed = d->entryc - r->outcome.changed -
		r->outcome.unchanged;

	return err;
}


static int make(struct reload *r)
{
	struct daemon *d = r->d;
	const struct config *c = r->config;
	int err;

	r->kept = mem_alloc(sizeof(*r->kept), NULL);
	r->entryv = mem_zalloc((c->accountc + 1) * sizeof(*r->entryv), NULL);
	if (!r->kept || !r->entryv)
		return ENOMEM;

	err = entry_hash_alloc(&r->names, c->accountc);
	if (err)
		return err;

	d->env.user_agent = c->user_agent;
	err = compare(r);
	if (err)
		return err;

	if (!config_value_equal(d->config, c, "dns.servers"))
		err = resolve_set_servers(d->resolve, c->dnsv, c->dnsc);

	if (!err && !(config_value_equal(d->config, c, "stun.server") &&
		      config_value_equal(d->config, c, "stun.server2") &&
		      config_value_equal(d->config, c, "stun.interval")))
		err = network_set_site(d, c);

	if (!err)
		err = hooks_set_config(d->hooks, r->config);

	return err;
}


/* Nothing has happened. */
static void undo(struct reload *r)
{
	r->d->env.user_agent = r->d->config->user_agent;
	for (size_t i = 0; i < r->entryc; i++)
		mem_deref(r->entryv[i]);

	mem_deref(r->entryv);
	mem_deref(r->names);
}


/* --- what runs goes over to it --- */

static void take_settings(struct reload *r)
{
	struct daemon *d = r->d;
	const struct edges_conf pace = daemon_pace(r->config);
	char text[512];

	if (!d->level_fixed)
		log_set_level(r->config->log_level);

	edges_set_conf(d->edges, &pace);

	for (size_t i = 0; i < FIXED_SETTINGS; i++) {
		if (!str_cmp(d->fixedv[i], daemon_setting(r->config,
							  daemon_fixedv[i])))
			continue;

		(void)re_snprintf(text, sizeof(text), "%s: %s: another value "
				  "counts from the next start on, till then it "
				  "stays \"%s\"", r->config->file,
				  daemon_fixedv[i], d->fixedv[i]);
		message_handler(false, text, r);
	}
}


/* Is there nothing to be un-registered, or will the heir's first REGISTER
 * replace it? */
static bool drops(const struct entry *old)
{
	const struct account *a = agent_account(old->agent);
	const struct entry *heir = old->heir;

	if (account_left(a))
		return true;

	/* a reg-id that the heir does not have it cannot replace */
	return heir && a->started && conf_of(heir)->enabled &&
		(conf_of(heir)->purge_ghosts ||
		 (a->regv[0].reg.outbound &&
		  conf_of(heir)->policy.flows >= a->regc)) &&
		account_conf_same_binding(conf_of(old), conf_of(heir));
}


/* The names are free afterwards. */
static void let_go(struct entry *old)
{
	struct entry *heir = old->heir;

	hash_unlink(&old->he);
	if (!heir)
		hooks_forget(old->daemon->hooks, conf_of(old)->name);
	if (heir && heir != old) {
		agent_take_counts(heir->agent, old->agent);
		agent_tell(heir->agent, EVENT_CONFIG);
	}

	if (heir == old || drops(old))
		mem_deref(old);
	else
		leave_begin(old);
}


/* Whose settings are the same does not notice. */
static void rebase(struct reload *r)
{
	for (size_t i = 0; i < r->entryc; i++) {
		const struct entry *e = r->entryv[i];

		if (e->heir == e)
			agent_rebase(e->agent, r->config,
				     r->config->accountv[i]);
	}
}


/* The new set in place of the old one. */
static void replace(struct reload *r)
{
	struct daemon *d = r->d;
	size_t i;

	for (i = 0; i < d->entryc; i++)
		let_go(d->entryv[i]);

	for (i = 0; i < r->entryc; i++)
		hash_append(r->names,
			    hash_joaat_str(conf_of(r->entryv[i])->name),
			    &r->entryv[i]->he, r->entryv[i]);

	mem_deref(d->entryv);
	mem_deref(d->names);
	mem_deref(d->config);
	d->entryv = r->entryv;
	d->entryc = r->entryc;
	d->names = r->names;
	d->config = mem_ref(r->config);
	++d->generation;
	daemon_note_loaded(d);
}


static void begin(struct daemon *d)
{
	for (size_t i = 0; i < d->entryc; i++) {
		struct entry *e = d->entryv[i];

		if (e->heir != e && conf_of(e)->enabled &&
		    !agent_account(e->agent)->paused)
			leave_start_after(e);
	}
}


/* --- all of it --- */

static int perform(struct reload *r)
{
	struct daemon *d = r->d;
	int err;

	err = config_load(&r->config, d->config->file, message_handler, r);
	if (err)
		return err;

	err = make(r);
	if (err) {
		undo(r);
		return err;
	}

	take_settings(r);
	rebase(r);
	replace(r);
	begin(d);
	first_look_later(d);
	if (d->metrics)
		metrics_set_config(d->metrics, d->config);
	daemon_tell_limit(d);
	daemon_tell_pace(d->config);
	daemon_tell_later(d);

	return 0;
}


static void tell(const struct reload *r, int err)
{
	const struct reload_outcome *o = &r->outcome;

	if (err == EINVAL)
		log_message(LOG_LEVEL_ERROR, NULL, MESSAGE_RELOAD_REFUSED,
			    "reload: %u error%s, the running configuration "
			    "stays", r->refusal.errors,
			    r->refusal.errors == 1 ? "" : "s");
	else if (err)
		log_message(LOG_LEVEL_ERROR, NULL, MESSAGE_RELOAD_REFUSED,
			    "reload: %s, the running configuration stays",
			    strerror(err));
	else
		log_message(LOG_LEVEL_NOTICE, NULL, MESSAGE_RELOADED,
			    "configuration reloaded: %zu added, %zu removed, "
			    "%zu changed, %zu unchanged", o->added,
			    o->removed, o->changed, o->unchanged);
}


int daemon_reload(struct daemon *d, struct reload_outcome *o,
		  config_message_h *h, void *arg)
{
	struct reload r = {.d = d, .h = h, .arg = arg};
	int err;

	if (d->stoppedh || d->restarth)
		return EBUSY;

	service_reloading();
	err = perform(&r);
	tell(&r, err);
	if (!err)
		*o = r.outcome;
	else if (!r.refusal.errors)
		refusal_add(&r.refusal, strerror(err));

	d->refusal = r.refusal;
	daemon_tell_status(d);

	mem_deref(r.kept);
	mem_deref(r.config);
	service_ready();

	return err;
}
