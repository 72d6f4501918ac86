/* sipregctl status NAME: the whole story of one account. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "client.h"
#include "event.h"
#include "story.h"
#include "value.h"

#define TIMEOUT 10               /* [s] */
#define MOMENT  80               /* bytes for moment() */
#define UNKNOWN (-1)
#define DAY     86400            /* [s] */
#define SOON    14               /* [days] a certificate should be renewed */


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


/* "PREFIX TIME (23m12s ago)", empty if the time is not known. */
static const char *moment(char buf[MOMENT], const char *prefix,
			  const struct odict *o, const char *key)
{
	const int64_t usec = value_int(o, key, UNKNOWN);
	int64_t seconds = (text_now() - usec) / 1000000;
	char time[TEXT_TIME], duration[TEXT_DURATION];

	buf[0] = '\0';

	if (usec < 0)
		return buf;

	/* the wall clock may have been set back since */
	if (seconds < 0)
		seconds = 0;

	(void)snprintf(buf, MOMENT, "%s %s (%s ago)", prefix,
		       text_time(time, usec), text_duration(duration, seconds));

	return buf;
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
	char buf[MOMENT];

	if (!value_true(a, "enabled"))
		story_line("Enabled", COLOUR_UNSURE, "no");

	if (value_true(a, "paused"))
		story_line("Paused", COLOUR_UNSURE, "yes, until it is told to "
			   "resume");

	story_line("Registered", account_registered_colour(a), "%s%s",
		   account_registered(a),
		   moment(buf, " since", a, "registered_since_usec"));
	print_lease(a);

	story_line("Reachable", account_reachable_colour(a), "%s%s",
		   account_string(a, "reachable"),
		   moment(buf, " since", a, "reachable_since_usec"));
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
	char buf[MOMENT];

	if (!code) {
		story_line("Last answer", COLOUR_NONE, "none");
		return;
	}

	story_line("Last answer", COLOUR_NONE, "%d%s%s%s", (int)code,
		   reason ? " " : "", reason ? reason : "",
		   moment(buf, " at", r, "at_usec"));
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


static void print_keepalive(const struct odict *f)
{
	const int64_t interval = value_int(f, "keepalive_interval", UNKNOWN);
	const int64_t rtt = value_int(f, "pong_rtt_usec", UNKNOWN);
	char every[TEXT_DURATION + 8] = "", trip[48] = "";
	char duration[TEXT_DURATION];

	if (interval > 0)
		(void)snprintf(every, sizeof(every), " every %s",
			       text_duration(duration, interval));
	if (rtt >= 0)
		(void)snprintf(trip, sizeof(trip),
			       ", round trip %" PRId64 ".%" PRId64 " ms",
			       rtt / 1000, rtt % 1000 / 100);

	story_line("Keepalive", COLOUR_NONE, "%s%s, %" PRId64 " pongs%s",
		   account_string(f, "keepalive"), every,
		   value_int(f, "pongs", 0), trip);
}


static void print_registration(const struct odict *f)
{
	const char *contact = odict_string(f, "contact");
	const char *matched = odict_string(f, "matched_by");

	story_line("Registered", account_registered_colour(f), "%s%s%s%s%s%s",
		   account_registered(f),
		   contact ? " as " : "", contact ? contact : "",
		   matched ? ", matched by " : "", matched ? matched : "",
		   value_true(f, "outbound") ? ", outbound confirmed" : "");
}


/* "valid until 2027-01-02 (in 40 days)" */
static void print_certificate(const struct odict *tls)
{
	const int64_t usec = value_int(tls, "not_after_usec", UNKNOWN);
	const int64_t left = (usec - text_now()) / 1000000;
	const int64_t days = left / DAY;
	char time[TEXT_TIME], duration[TEXT_DURATION];

	if (usec < 0)
		return;

	/* its day will do */
	(void)text_time(time, usec);
	time[strcspn(time, "T")] = '\0';

	if (left < 0)
		story_line("Certificate", COLOUR_BAD, "expired %s (%s ago)",
			   time, text_duration(duration, -left));
	else if (days < SOON)
		story_line("Certificate", COLOUR_UNSURE, "valid until %s (in "
			   "%s)", time, text_duration(duration, left));
	else
		story_line("Certificate", COLOUR_NONE, "valid until %s (in %"
			   PRId64 " days)", time, days);
}


static void print_tls(const struct odict *f)
{
	const struct odict *tls = value_object(f, "tls");
	const bool verified = value_true(tls, "verified");

	if (!tls)
		return;

	story_line("TLS", verified ? COLOUR_NONE : COLOUR_BAD, "%s%s, %s%s",
		   verified ? "" : "NOT VERIFIED, ",
		   account_string(tls, "version"),
		   account_string(tls, "cipher"),
		   value_true(tls, "resumed") ? ", resumed" : "");
	print_certificate(tls);
}


/* What the registrar said beside the binding. */
static void print_extras(const struct odict *f)
{
	static const struct {
		const char *key, *label;
	} extrav[] = {
		{"path", "Path"},
		{"service_route", "Service-Route"},
		{"associated_uris", "Also known as"},
		{"pub_gruu", "GRUU"},
		{"temp_gruu", "Temp. GRUU"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(extrav); i++) {

		const char *text = odict_string(f, extrav[i].key);

		if (text && text[0])
			story_line(extrav[i].label, COLOUR_NONE, "%s", text);
	}
}


static void print_flow(const struct odict *f)
{
	const char *host = odict_string(f, "edge_host");
	const char *mapped = odict_string(f, "mapped");
	const char *detail = odict_string(f, "detail");
	const int64_t failures = value_int(f, "failures", 0);
	char buf[MOMENT];

	(void)putchar('\n');
	story_head("Flow %" PRId64, value_int(f, "id", 0));
	story_line("State", COLOUR_NONE, "%s%s", account_string(f, "state"),
		   moment(buf, " since", f, "up_since_usec"));
	story_line("Edge", COLOUR_NONE, "%s over %s%s%s%s",
		   account_string(f, "edge"), account_string(f, "transport"),
		   host ? " (" : "", host ? host : "", host ? ")" : "");
	story_line("Local", COLOUR_NONE, "%s%s%s", account_string(f, "local"),
		   mapped ? ", seen from outside as " : "",
		   mapped ? mapped : "");
	print_tls(f);
	print_keepalive(f);
	print_registration(f);
	print_extras(f);
	if (failures)
		story_line("Failures", COLOUR_BAD, "%" PRId64 " in a row",
			   failures);
	if (detail)
		story_line("Detail", COLOUR_NONE, "%s", detail);
}


static void print_account(const struct odict *a)
{
	const struct odict *flows = value_array(a, "flows");
	const struct odict *events = value_array(a, "events");
	const struct odict *o;
	size_t i;

	story_head("%s  %s", account_string(a, "name"),
		   account_string(a, "aor"));
	print_verdict(a);
	print_numbers(a);

	for (i = 0; (o = value_element(flows, i)); i++)
		print_flow(o);

	if (value_element(events, 0)) {
		(void)putchar('\n');
		story_head("Events");
	}

	for (i = 0; (o = value_element(events, i)); i++)
		event_print(o);
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
