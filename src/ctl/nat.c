/* sipregctl nat: how the NAT before this site behaves, and what to do about
 * it. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "client.h"
#include "story.h"
#include "value.h"

#define TIMEOUT 20               /* [s]: a measurement has 15 s */
#define UNKNOWN (-1)

struct word {
	const char *name;
	enum colour colour;
	const char *text;
};

static const struct word mappingv[] = {
	{"none", COLOUR_GOOD, "no NAT translates us"},
	{"endpoint-independent", COLOUR_GOOD, "all destinations see the same "
	 "address and port of ours"},
	{"address-dependent", COLOUR_BAD, "symmetric, another IP address sees "
	 "another port of ours"},
	{"address-and-port-dependent", COLOUR_BAD, "symmetric, each "
	 "destination sees another port of ours"},
	{"destination-dependent", COLOUR_BAD, "symmetric, another server sees "
	 "another port of ours"},
	{NULL},
};

static const struct word filteringv[] = {
	{"endpoint-independent", COLOUR_NONE, "anybody can send to a port of "
	 "ours that is in use"},
	{"address-dependent", COLOUR_NONE, "only IP addresses that we sent to "
	 "get in"},
	{"address-and-port-dependent", COLOUR_NONE, "only addresses and ports "
	 "that we sent to get in"},
	{NULL},
};


static void print_word(const char *label, const struct word *w,
		       const char *name, const char *more)
{
	if (!name) {
		story_line(label, COLOUR_NONE, "unknown");
		return;
	}

	while (w->name && strcmp(w->name, name))
		++w;

	story_line(label, w->colour, "%s%s%s%s", name, w->name ? ": " : "",
		   w->name ? w->text : "", more);
}


/* Is the member true, false or neither? */
static const char *choose(const struct odict *o, const char *key,
			  const char *yes, const char *no,
			  const char *unknown)
{
	bool b;

	if (!odict_get_boolean(o, &b, key))
		return unknown;

	return b ? yes : no;
}


/* --- the address --- */

static void print_site(const struct odict *o)
{
	const struct odict *site = value_object(o, "site");
	const char *addr = odict_string(site, "addr");
	const char *error = odict_string(site, "error");
	char buf[ACCOUNT_MOMENT];

	if (!site) {
		story_line("Address", COLOUR_UNSURE, "unknown, as no STUN "
			   "server is configured");
		return;
	}

	if (addr)
		story_line("Address", COLOUR_NONE, "%s, says %s%s", addr,
			   account_string(site, "server"),
			   account_moment(buf, " at", site, "at_usec"));
	if (error || !addr)
		story_line(addr ? "" : "Address", COLOUR_UNSURE, "%s: %s",
			   account_string(site, "server"),
			   error ? error : "no answer yet");
}


/* "tls: 3 flows at 203.0.113.7, 3 with the port that they have here" */
static void print_seen(const struct odict *o)
{
	const struct odict *all = value_array(o, "seen"), *s;
	const int64_t omitted = value_int(o, "seen_omitted", 0);
	size_t i;

	for (i = 0; (s = value_element(all, i)); i++) {

		const int64_t flows = value_int(s, "flows", 0);

		story_line(i ? "" : "Seen", COLOUR_NONE, "%s by registrars "
			   "over %s: %" PRId64 " flow%s, %" PRId64 " with the "
			   "port that %s here", account_string(s, "addr"),
			   account_string(s, "transport"), flows,
			   flows == 1 ? "" : "s", value_int(s, "ports_kept", 0),
			   flows == 1 ? "it has" : "they have");
	}

	if (omitted)
		story_line("", COLOUR_NONE, "and %" PRId64 " more flows",
			   omitted);
}


/* --- what was measured --- */

static const char *by_text(const char *by)
{
	static const struct {
		const char *name, *text;
	} textv[] = {
		{"rfc5780", "by RFC 5780"},
		{"two-servers", "by two servers: filtering cannot be told"},
		{"one-server", "by one server with one address, which tells "
		 "little"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (!strcmp(textv[i].name, by))
			return textv[i].text;
	}

	return by;
}


static void print_measured(const struct odict *o)
{
	const char *server = odict_string(o, "server");
	const char *error = odict_string(o, "error");
	char buf[ACCOUNT_MOMENT];

	if (server) {
		story_line("Measured", COLOUR_NONE, "with %s%s, %s", server,
			   account_moment(buf, " at", o, "measured_usec"),
			   by_text(account_string(o, "by")));
		story_line("From", COLOUR_NONE, "%s, seen as %s",
			   account_string(o, "local"),
			   account_string(o, "mapped"));
	}
	if (error)
		story_line(server ? "" : "Measured", COLOUR_BAD, "failed: %s",
			   error);
}


static void print_kind(const struct odict *o)
{
	const char *mapping = odict_string(o, "mapping");
	const bool nat = !mapping || strcmp(mapping, "none");

	print_word("Mapping", mappingv, mapping, nat ?
		   choose(o, "port_kept", "; our own port is kept",
			  "; our own port is not kept", "") : "");
	print_word("Filtering", filteringv, odict_string(o, "filtering"), "");
	story_line("Hairpinning", COLOUR_NONE, "%s",
		   choose(o, "hairpin", "yes: who is behind this NAT reaches "
			  "others there by the public address",
			  "no: who is behind this NAT does not reach others "
			  "there by the public address",
			  nat ? "unknown" : "none, as there is no NAT"));
}


static void print_lifetime(const struct odict *o)
{
	const int64_t death = value_int(o, "idle_death", UNKNOWN);
	const int64_t survived = value_int(o, "idle_survived", UNKNOWN);
	char buf[2][TEXT_DURATION];

	if (death > 0)
		story_line("Lifetime", COLOUR_UNSURE, "an idle UDP flow was "
			   "forgotten after %s", text_duration(buf[0], death));
	if (survived > 0)
		story_line(death > 0 ? "" : "Lifetime", COLOUR_NONE,
			   "idle UDP flows survived %s of silence",
			   text_duration(buf[1], survived));
	if (death <= 0 && survived <= 0)
		story_line("Lifetime", COLOUR_NONE, "nothing learned yet: no "
			   "UDP flow was idle");
}


static void print_advice(const struct odict *o)
{
	const struct odict *all = value_array(o, "advice"), *a;
	size_t i;

	for (i = 0; (a = value_element(all, i)); i++)
		story_line("Advice", COLOUR_UNSURE, "%s: %s",
			   account_string(a, "name"),
			   account_string(a, "text"));
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const struct odict *o = r->o;

	if (opt->json) {
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	}
	else {
		story_head("NAT");
		print_site(o);
		print_seen(o);
		print_measured(o);
		print_kind(o);
		print_lifetime(o);
		print_advice(o);
	}

	return value_true(o, "learned") ? RESULT_OK : RESULT_FAILED;
}


enum result verb_nat(const struct options *opt, int argc, char **argv)
{
	(void)argc;
	(void)argv;

	return client_call(opt, TIMEOUT, "Nat", NULL, false, reply_handler,
			   (void *)opt);
}
