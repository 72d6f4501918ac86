/* The story of one flow: see status_flow.h. */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "status_flow.h"
#include "story.h"
#include "value.h"

#define UNKNOWN (-1)
#define DAY     86400            /* [s] */
#define SOON    14               /* [days] a certificate should be renewed */


/* --- where we are seen --- */

static void print_witness(const struct odict *f, const char *who,
			  const char *by)
{
	const struct odict *all = value_object(f, "witnesses");
	const struct odict *w = value_object(all, who);
	const char *addr = odict_string(w, "addr");
	const char *mapped = odict_string(f, "mapped");
	char buf[ACCOUNT_MOMENT];

	if (addr)
		story_line("Seen", mapped && strcmp(addr, mapped) ?
			   COLOUR_UNSURE : COLOUR_NONE, "%s %s%s", addr, by,
			   account_moment(buf, ", last at", w, "at_usec"));
}


static void print_addresses(const struct odict *f)
{
	const char *mapped = odict_string(f, "mapped");

	story_line("Local", COLOUR_NONE, "%s%s%s", account_string(f, "local"),
		   mapped ? ", seen from outside as " : "",
		   mapped ? mapped : "");
	print_witness(f, "via", "in the answers of the registrar");
	print_witness(f, "stun", "by STUN over this flow");
}


/* Does the URI name this IP address and port? */
static bool points_to(const char *uri, const char *addr)
{
	const char *p = strstr(uri, addr);

	return p && p > uri && (p[-1] == ':' || p[-1] == '@') &&
		!isdigit((unsigned char)p[strlen(addr)]);
}


/* What the registrar makes of the Contact. */
static void print_binding(const struct odict *f)
{
	const char *contact = odict_string(f, "contact");
	const char *mapped = odict_string(f, "mapped");

	if (!value_true(f, "registered"))
		return;

	if (value_true(f, "outbound"))
		story_line("Binding", COLOUR_GOOD, "leads to this flow, "
			   "whatever address it names: the registrar confirmed "
			   "RFC 5626");
	else if (contact && mapped && points_to(contact, mapped))
		story_line("Binding", COLOUR_GOOD, "names the address at "
			   "which the registrar sees this flow");
	else if (contact && mapped)
		story_line("Binding", COLOUR_UNSURE, "names another address "
			   "than the one at which the registrar sees this "
			   "flow, %s", mapped);
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


/* --- keepalive --- */

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


static const char *interval_text(const char *reason)
{
	static const struct {
		const char *name;
		const char *text;
	} textv[] = {
		{"default", "the default"},
		{"configured", "as configured"},
		{"server", "as the registrar asked for"},
		{"learned", "learned"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (!strcmp(textv[i].name, reason))
			return textv[i].text;
	}

	return reason;
}


/* "15s, learned: the network forgot an idle flow after 20s at TIME (3h ago)" */
static void print_interval(const struct odict *f)
{
	const int64_t interval = value_int(f, "keepalive_interval", UNKNOWN);
	const int64_t idle = value_int(f, "idle_death", UNKNOWN);
	const char *reason = odict_string(f, "keepalive_reason");
	const bool learned = reason && !strcmp(reason, "learned");
	char every[TEXT_DURATION], silence[TEXT_DURATION];
	char buf[ACCOUNT_MOMENT], death[ACCOUNT_MOMENT + 64] = "";

	if (interval <= 0 || !reason)
		return;

	if (idle > 0)
		(void)snprintf(death, sizeof(death), "%s the network %sforgot "
			       "an idle flow after %s%s", learned ? ":" : ";",
			       learned ? "" : "once ",
			       text_duration(silence, idle),
			       account_moment(buf, " at", f,
					      "idle_death_usec"));

	story_line("Interval", COLOUR_NONE, "%s, %s%s",
		   text_duration(every, interval), interval_text(reason),
		   death);
}


/* --- the probe, and what is remarkable --- */

static void print_probe(const struct odict *f)
{
	static const struct {
		const char *result;
		enum colour colour;
		const char *text;
	} textv[] = {
		{"proven", COLOUR_GOOD, "a probe came back"},
		{"lost", COLOUR_BAD, "it does not come back any more"},
		{"not-looped", COLOUR_NONE, "the registrar does not send "
		 "probes back to us, which proves nothing"},
		{"refused", COLOUR_NONE, "the registrar refuses probes, none "
		 "is sent any more"},
		{"unknown", COLOUR_NONE, "nothing is proven for this binding"},
	};
	const struct odict *p = value_object(f, "probe");
	const char *result = account_string(p, "result");
	const int64_t code = value_int(p, "code", 0);
	char buf[ACCOUNT_MOMENT], answer[32] = "";
	size_t i;

	if (!p)
		return;

	if (code)
		(void)snprintf(answer, sizeof(answer), ", answer %d",
			       (int)code);

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (!strcmp(textv[i].result, result))
			story_line("Probe", textv[i].colour, "%s: %s%s%s",
				   result, textv[i].text, answer,
				   account_moment(buf, ", last back at", p,
						  "at_usec"));
	}
}


static void print_notes(const struct odict *f)
{
	const struct odict *names = value_array(f, "notes");
	const struct odict *texts = value_array(f, "note_texts");
	const char *name, *text;
	size_t i;

	for (i = 0; names && (name = value_text(names, i)); i++) {
		text = texts ? value_text(texts, i) : NULL;
		story_line("Note", COLOUR_UNSURE, "%s%s%s", name,
			   text ? ": " : "", text ? text : "");
	}
}


/* --- TLS, and what the registrar said beside the binding --- */

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


/* --- state --- */

/* RFC 5626 §4.2.1: without it each call would come once over each flow. */
static bool waits_for_outbound(const struct odict *a, const struct odict *f)
{
	return !strcmp(account_string(f, "state"), "off") &&
		value_int(f, "id", 0) > 1 && value_true(a, "enabled") &&
		!value_true(a, "paused");
}


/* What the account's verdict does not tell, as there is another flow. */
static void print_next(const struct odict *f)
{
	const int64_t in = value_int(f, "next_in", UNKNOWN);
	const char *next = account_string(f, "next");
	const char *reason = odict_string(f, "reason");
	const char *text = odict_string(f, "reason_text");
	const char *remedy = odict_string(f, "remedy");
	char duration[TEXT_DURATION];

	if (reason && strcmp(reason, "ok")) {
		story_line("Reason", COLOUR_BAD, "%s: %s", reason,
			   text ? text : "");
		if (remedy)
			story_line("Remedy", COLOUR_NONE, "%s", remedy);
	}
	if (in >= 0 && in <= INT32_MAX)
		story_line("Next", COLOUR_NONE, "%s in %s", next,
			   text_duration(duration, in));
	else if (strcmp(next, "none"))
		story_line("Next", COLOUR_NONE, "%s", next);
}


static void print_state(const struct odict *a, const struct odict *f)
{
	char buf[ACCOUNT_MOMENT];

	if (waits_for_outbound(a, f)) {
		story_line("State", COLOUR_NONE, "off until the registrar "
			   "confirms RFC 5626 (outbound) to another flow");
		return;
	}

	story_line("State", COLOUR_NONE, "%s%s", account_string(f, "state"),
		   account_moment(buf, " since", f, "up_since_usec"));
	if (value_element(value_array(a, "flows"), 1))
		print_next(f);
}


void status_flow(const struct odict *a, const struct odict *f)
{
	const char *host = odict_string(f, "edge_host");
	const char *detail = odict_string(f, "detail");
	const int64_t failures = value_int(f, "failures", 0);

	(void)putchar('\n');
	story_head("Flow %" PRId64, value_int(f, "id", 0));
	print_state(a, f);
	story_line("Edge", COLOUR_NONE, "%s over %s%s%s%s",
		   account_string(f, "edge"), account_string(f, "transport"),
		   host ? " (" : "", host ? host : "", host ? ")" : "");
	print_addresses(f);
	print_tls(f);
	print_keepalive(f);
	print_interval(f);
	print_registration(f);
	print_binding(f);
	print_probe(f);
	print_extras(f);
	if (failures)
		story_line("Failures", COLOUR_BAD, "%" PRId64 " in a row",
			   failures);
	if (detail)
		story_line("Detail", COLOUR_NONE, "%s", detail);
	print_notes(f);
}
