/* What the status of an account amounts to: see status_words.h. */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "account.h"
#include "status_words.h"
#include "story.h"
#include "value.h"

#define UNKNOWN     (-1)
#define CLASS_3XX   300          /* below it a SIP answer is no refusal */


static bool is(const struct odict *o, const char *key, const char *value)
{
	return !strcmp(account_string(o, key), value);
}


/* " since 14:02 (3h12m)" */
static void say_since(FILE *f, int64_t usec)
{
	char clock[TEXT_TIME], duration[TEXT_DURATION];

	if (usec >= 0)
		(void)fprintf(f, " since %s (%s)", text_clock(clock, usec),
			      text_duration(duration, text_ago(usec)));
}


static void say_ago(FILE *f, int64_t usec)
{
	char duration[TEXT_DURATION];

	if (usec >= 0)
		(void)fprintf(f, " %s ago",
			      text_duration(duration, text_ago(usec)));
}


/* --- can it be called? --- */

static int64_t probed_at(const struct odict *a)
{
	const struct odict *flows = value_array(a, "flows"), *f, *p;
	int64_t last = UNKNOWN, at;
	size_t i;

	for (i = 0; (f = value_element(flows, i)); i++) {

		p = value_object(f, "probe");
		at = is(p, "result", "proven") ? value_int(p, "at_usec",
							   UNKNOWN) : UNKNOWN;
		if (at > last)
			last = at;
	}

	return last;
}


static void say_evidence(FILE *f, const struct odict *a)
{
	if (is(a, "evidence", "probe")) {
		(void)fputs(": a probe came back", f);
		say_ago(f, probed_at(a));
	}
	else if (is(a, "evidence", "inbound")) {
		(void)fputs(": a request came in over this binding", f);
	}
	else if (value_true(account_flow(a), "outbound")) {
		(void)fputs(": the connection is alive, and the registrar "
			    "confirmed that calls come over it (RFC 5626)", f);
	}
	else if (is(a, "evidence", "flow")) {
		(void)fputs(": the connection is alive, and the registrar's "
			    "binding points to it", f);
	}

	(void)fputc('.', f);
}


static void say_reason(FILE *f, const struct odict *a)
{
	const char *text = odict_string(a, "reason_text");

	if (text)
		(void)fprintf(f, " %s", text);
}


static void say_unwanted(FILE *f, const struct odict *a)
{
	const char *name = account_string(a, "name");

	if (!value_true(a, "enabled"))
		(void)fprintf(f, "%s is disabled in the configuration: nobody "
			      "can call it.", name);
	else
		(void)fprintf(f, "%s is paused until somebody resumes it: "
			      "nobody can call it.", name);
}


static void say_calls(FILE *f, const struct odict *a)
{
	const char *name = account_string(a, "name");
	const int64_t since = value_int(a, "reachable_since_usec", UNKNOWN);

	if (account_unwanted(a)) {
		say_unwanted(f, a);
	}
	else if (is(a, "reachable", "yes")) {
		(void)fprintf(f, "Calls can reach %s", name);
		say_since(f, since);
		say_evidence(f, a);
		if (!is(a, "reason", "ok")) {
			(void)fputs(" But the last attempt failed.", f);
			say_reason(f, a);
		}
	}
	else {
		(void)fprintf(f, is(a, "reachable", "no")
			      ? "Calls cannot reach %s"
			      : "Whether calls can reach %s is not known",
			      name);
		say_since(f, since);
		(void)fputc('.', f);
		say_reason(f, a);
	}
}


/* --- registered, and what next? --- */

static void say_edge(FILE *f, const struct odict *flow)
{
	const char *edge = odict_string(flow, "edge");
	const char *host = odict_string(flow, "edge_host");
	const char *transport = odict_string(flow, "transport");
	const char *p;

	if (transport) {
		(void)fputs(" over ", f);
		for (p = transport; *p; p++)
			(void)fputc(toupper((unsigned char)*p), f);
	}

	if (host && edge && strncmp(edge, host, strlen(host)))
		(void)fprintf(f, " at %s (%s)", host, edge);
	else if (edge || host)
		(void)fprintf(f, " at %s", edge ? edge : host);
}


static void say_flows(FILE *f, const struct odict *a)
{
	const struct odict *flows = value_array(a, "flows"), *flow;
	unsigned registered = 0;
	size_t i;

	for (i = 0; (flow = value_element(flows, i)); i++)
		registered += value_true(flow, "registered");

	if (i > 1)
		(void)fprintf(f, ", %u of %zu flows", registered, i);
}


static void say_last_answer(FILE *f, const struct odict *a)
{
	const struct odict *r = value_object(a, "last_response");
	const int64_t code = value_int(r, "code", 0);
	const char *reason = odict_string(r, "reason");

	if (code < CLASS_3XX)
		return;

	(void)fprintf(f, "; the last answer was %" PRId64 "%s%s,", code,
		      reason ? " " : "", reason ? reason : "");
	say_ago(f, value_int(r, "at_usec", 0));
}


static void say_registration(FILE *f, const struct odict *a)
{
	const int64_t left = value_int(a, "lease_left", UNKNOWN);
	char duration[TEXT_DURATION];

	if (!value_true(a, "registered")) {
		(void)fputs("Not registered", f);
		say_last_answer(f, a);
		return;
	}

	(void)fputs("Registered", f);
	say_edge(f, account_flow(a));
	say_flows(f, a);
	if (left >= 0)
		(void)fprintf(f, ", the lease lasts %s",
			      text_duration(duration, left));
	say_last_answer(f, a);
}


static void say_next(FILE *f, const struct odict *a)
{
	static const struct {
		const char *next;
		const char *timed;       /* "IN" follows */
		const char *text;        /* without a time */
	} nextv[] = {
		{"refresh", "It is refreshed", "It is about to be refreshed"},
		{"retry", "It is tried again", "It is about to be tried "
		 "again"},
		{"held", "It is tried again", "It is not tried again before "
		 "somebody says so"},
		{"resolve", NULL, "DNS is being asked"},
		{"connect", NULL, "A connection is being made"},
		{"knock", NULL, "It waits until the edge answers again"},
		{"register", NULL, "A REGISTER is under way"},
		{"unregister", NULL, "It is being un-registered"},
	};
	const int64_t in = value_int(a, "next_in", UNKNOWN);
	char duration[TEXT_DURATION];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nextv); i++) {

		if (!is(a, "next", nextv[i].next))
			continue;

		if (nextv[i].timed && in >= 0)
			(void)fprintf(f, ". %s in %s", nextv[i].timed,
				      text_duration(duration, in));
		else
			(void)fprintf(f, ". %s", nextv[i].text);
	}

	(void)fputc('.', f);
}


/* --- */

typedef void (say_h)(FILE *f, const struct odict *a);

static void paragraph(say_h *firsth, say_h *secondh, const struct odict *a)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;

	firsth(f, a);
	if (secondh)
		secondh(f, a);
	if (!fclose(f))
		story_text(text);
	free(text);
}


static void say_remedy(FILE *f, const struct odict *a)
{
	(void)fprintf(f, "Remedy: %s", account_string(a, "remedy"));
}


void status_words(const struct odict *a)
{
	paragraph(say_calls, NULL, a);

	if (!account_unwanted(a) || value_true(a, "registered"))
		paragraph(say_registration, say_next, a);

	if (odict_string(a, "remedy"))
		paragraph(say_remedy, NULL, a);
}
