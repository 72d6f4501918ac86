/* sipregctl status NAME: the whole story of one account. What it amounts to is
 * said by status_words.c, its flows are told by status_flow.c. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "client.h"
#include "event.h"
#include "status_flow.h"
#include "status_words.h"
#include "story.h"
#include "value.h"

#define TIMEOUT 10               /* [s] */
#define UNKNOWN (-1)


static const char *evidence_text(const char *evidence)
{
	static const struct {
		const char *name;
		const char *text;
	} textv[] = {
		{"probe", "a probe came back"},
		{"inbound", "a request arrived"},
		{"flow", "the flow is alive and the binding points to it"},
		{"none", "none"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (!strcmp(textv[i].name, evidence))
			return textv[i].text;
	}

	return evidence;
}


static void print_lease(const struct odict *a)
{
	const int64_t left = value_int(a, "lease_left", UNKNOWN);
	const int64_t granted = value_int(a, "expires_granted", UNKNOWN);
	char buf[2][TEXT_DURATION];

	if (left < 0) {
		story_line("Lease", COLOUR_NONE, "none");
		return;
	}

	story_line("Lease", COLOUR_NONE, "%s left of %s granted",
		   text_duration(buf[0], left),
		   text_duration(buf[1], granted));
}


static void print_next(const struct odict *a)
{
	const int64_t in = value_int(a, "next_in", UNKNOWN);
	const char *next = account_string(a, "next");
	char duration[TEXT_DURATION], time[TEXT_TIME];

	if (in < 0 || in > INT32_MAX) {
		story_line("Next", COLOUR_NONE, "%s", next);
		return;
	}

	story_line("Next", COLOUR_NONE, "%s in %s, at %s", next,
		   text_duration(duration, in),
		   text_time(time, text_now() + in * 1000000));
}


static void print_verdict(const struct odict *a)
{
	const char *text = odict_string(a, "reason_text");
	char buf[ACCOUNT_MOMENT];

	if (!value_true(a, "enabled"))
		story_line("Enabled", COLOUR_UNSURE, "no");

	if (value_true(a, "paused"))
		story_line("Paused", COLOUR_UNSURE, "yes, until it is told to "
			   "resume");

	story_line("Registered", account_registered_colour(a), "%s%s",
		   account_registered(a),
		   account_moment(buf, " since", a, "registered_since_usec"));
	print_lease(a);

	story_line("Reachable", account_reachable_colour(a), "%s%s",
		   account_string(a, "reachable"),
		   account_moment(buf, " since", a, "reachable_since_usec"));
	story_line("Evidence", COLOUR_NONE, "%s",
		   evidence_text(account_string(a, "evidence")));
	story_line("Reason", COLOUR_NONE, "%s%s%s",
		   account_string(a, "reason"), text ? ": " : "",
		   text ? text : "");
	print_next(a);
}


static void print_last_response(const struct odict *a)
{
	const struct odict *r = value_object(a, "last_response");
	const int64_t code = value_int(r, "code", 0);
	const char *reason = odict_string(r, "reason");
	char buf[ACCOUNT_MOMENT];

	if (!code) {
		story_line("Last answer", COLOUR_NONE, "none");
		return;
	}

	story_line("Last answer", COLOUR_NONE, "%d%s%s%s", (int)code,
		   reason ? " " : "", reason ? reason : "",
		   account_moment(buf, " at", r, "at_usec"));
}


static void print_numbers(const struct odict *a)
{
	const struct odict *b = value_object(a, "bindings");
	const struct odict *c = value_object(a, "counters");

	if (b && value_int(b, "own", -1) >= 0)
		story_line("Bindings", COLOUR_NONE, "%" PRId64 " own, %" PRId64
			   " ghost, %" PRId64 " foreign",
			   value_int(b, "own", 0), value_int(b, "ghost", 0),
			   value_int(b, "foreign", 0));

	print_last_response(a);

	if (c)
		story_line("Counters", COLOUR_NONE, "%" PRId64
			   " REGISTERs sent, %" PRId64 " answered 2xx, %" PRId64
			   " flow failures, %" PRId64 " mapping changes, %"
			   PRId64 " inbound requests",
			   value_int(c, "registers_sent", 0),
			   value_int(c, "responses_2xx", 0),
			   value_int(c, "flow_failures", 0),
			   value_int(c, "mapping_changes", 0),
			   value_int(c, "inbound_requests", 0));
}


/* Where STUN sees the site, whatever the flows say. */
static void print_site(const struct odict *a)
{
	const struct odict *site = value_object(a, "site");
	const char *addr = odict_string(site, "addr");
	const char *error = odict_string(site, "error");
	char buf[ACCOUNT_MOMENT];

	if (!site)
		return;

	if (addr)
		story_line("Site", COLOUR_NONE, "%s, says %s%s", addr,
			   account_string(site, "server"),
			   account_moment(buf, " at", site, "at_usec"));
	if (error || !addr)
		story_line(addr ? "" : "Site", COLOUR_UNSURE, "%s: %s",
			   account_string(site, "server"),
			   error ? error : "no answer yet");
}


static void print_network(const struct odict *a)
{
	const struct odict *network = value_object(a, "network");
	const char *text = odict_string(network, "text");
	char buf[ACCOUNT_MOMENT];

	if (text)
		story_line("Network", COLOUR_NONE, "%s%s", text,
			   account_moment(buf, " at", network, "at_usec"));
}


static void print_head(const struct odict *a)
{
	if (text_terminal())
		(void)printf("%s%s%s ", text_colour(account_mark_colour(a)),
			     account_mark(a),
			     text_colour_end(account_mark_colour(a)));

	story_head("%s  %s", account_string(a, "name"),
		   account_string(a, "aor"));
}


static void print_account(const struct odict *a)
{
	const struct odict *flows = value_array(a, "flows");
	const struct odict *events = value_array(a, "events");
	const struct odict *o;
	size_t i;

	print_head(a);
	status_words(a);
	(void)putchar('\n');
	print_verdict(a);
	print_numbers(a);
	print_site(a);
	print_network(a);

	for (i = 0; (o = value_element(flows, i)); i++)
		status_flow(a, o);

	if (value_element(events, 0)) {
		(void)putchar('\n');
		story_head("Events");
	}

	for (i = 0; (o = value_element(events, i)); i++)
		event_print(o, 2);
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;

	if (opt->json)
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	else
		print_account(r->o);

	return RESULT_OK;
}


enum result verb_status(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return client_call(opt, TIMEOUT, "Status", argv[1], false,
			   reply_handler, (void *)opt);
}
