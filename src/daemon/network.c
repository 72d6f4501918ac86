/* What becomes of the set of accounts when the network around the machine
 * changes: addresses, routes, links, a sleep, the site's public address.
 *
 * Each flow is asked whether it still lives. That is a packet per account, and
 * all of them at once would be a burst that a NAT in trouble does not need:
 * they go in portions. An address that is gone is acted on at once, nothing is
 * sent for that. */

#include "daemon_set.h"
#include "log.h"
#include "loop.h"


enum {
	PORTION = 50,            /* accounts ... */
	PORTION_EVERY = 20,      /* [ms] ... in so long: 2,500 per second */
};


/* Round and round the set, so that on a restless machine all have their turn: a
 * pass that begins anew goes on from where the last one was. */
void network_pass_handler(void *arg)
{
	struct daemon *d = arg;
	struct net_pass pass = {0};
	size_t n = PORTION;

	for (; d->pass_left && d->entryc && n; n--, d->pass_left--) {
		struct agent *a = d->entryv[d->passed++ % d->entryc]->agent;

		if (d->address_left) {
			--d->address_left;
			agent_on_address(a, &d->address);
		}
		agent_on_network(a, &pass);
		agent_on_local_event(a);
	}

	if (d->pass_left)
		timer_start(&d->pass_timer, loop_now() + PORTION_EVERY);
}


static void begin_pass(struct daemon *d)
{
	const bool running = d->pass_left > 0;

	d->pass_left = d->entryc;
	if (!running)
		network_pass_handler(d);
}


static void gone(struct daemon *d)
{
	struct net_pass pass = {0};

	for (size_t i = 0; i < d->entryc; i++)
		agent_on_address_gone(d->entryv[i]->agent, &pass);
}


static void netwatch_handler(unsigned what, void *arg)
{
	struct daemon *d = arg;
	int64_t usec;
	const char *text = netwatch_last(d->env.netwatch, &usec);

	if (d->stoppedh)
		return;

	log_notice(NULL, "network: %s", text ? text : "changed");
	if (what & NETWATCH_GONE)
		gone(d);

	if (what & (NETWATCH_CHANGED | NETWATCH_RESUMED)) {
		site_on_network(d->env.site);
		nat_on_change(d->env.nat);
		begin_pass(d);
	}
}


static void site_handler(const struct addr *addr, void *arg)
{
	struct daemon *d = arg;
	char text[ADDR_STRLEN];

	if (d->stoppedh)
		return;

	log_notice(NULL, "network: the public address is %s now",
		   addr_print_ip(addr, text, sizeof(text)));
	d->address = *addr;
	d->address_left = d->entryc;
	nat_on_change(d->env.nat);
	begin_pass(d);
}


int network_init(struct daemon *d)
{
	int err;

	err = netwatch_alloc(&d->env.netwatch, netwatch_handler, d);
	if (err)
		return err;

	return network_set_site(d, d->config);
}


int network_set_site(struct daemon *d, const struct config *config)
{
	const struct site_conf conf = {
		.server = config->stun_server,
		.server2 = config->stun_server2,
		.interval = SECONDS(config->stun_interval),
	};
	struct nat *nat = NULL, *before = d->env.nat;
	struct site *site = NULL;
	int err;

	err = site_alloc(&site, d->resolve, &conf, site_handler, d);
	if (!err)
		err = nat_alloc(&nat, d->resolve, conf.server, conf.server2);
	if (err) {
		mem_deref(site);
		return err;
	}

	mem_deref(d->env.site);
	d->env.site = site;
	d->env.nat = nat;
	nat_abandon(before);
	mem_deref(before);

	return 0;
}


void network_close(struct daemon *d)
{
	timer_cancel(&d->pass_timer);
	d->env.site = mem_deref(d->env.site);
	d->env.nat = mem_deref(d->env.nat);
	d->env.netwatch = mem_deref(d->env.netwatch);
}
