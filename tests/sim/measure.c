/* What a scenario cost: time without a binding, tries, and whether the
 * schedule explains each REGISTER. Nothing here is asked of the core. */

#include "sim.h"


static void end_gap(struct sim *s)
{
	if (!s->gap)
		return;

	++s->gaps;
	s->longest = clock_max(s->longest, s->gap);
	s->gap = 0;
}


/* Able: it would have answered well, had it been asked. Of several addresses
 * one always is, and so is one family. */
static bool able(const struct sim *s)
{
	return s->weather == FAIR || s->weather == NO_IPV6 ||
		(s->weather == HOST_DOWN && s->sc->addresses > 1);
}


void measure_time(struct sim *s)
{
	const msec_t now = s->w.now;
	const msec_t served = clock_min(paths_served(s), now);
	const msec_t from = clock_max(s->measured, served);

	if (served > s->measured || !able(s))
		end_gap(s);

	if (able(s) && from < now) {
		s->out += now - from;
		s->gap += now - from;
		s->longest = clock_max(s->longest, s->gap);
	}

	if (now > DAYS(7) && s->sc->idle && s->w.link.there &&
	    flow_interval(&s->w.link.flow) > s->sc->idle)
		s->above += now - s->measured;

	s->measured = now;
}


void measure_weather(struct sim *s)
{
	end_gap(s);
	s->tries = s->guesses = s->waitc = 0;
	s->try_least = s->wait_least = NEVER;
	s->try_most = s->wait_most = 0;
	s->try_at = s->w.now;
}


static void measure_wait(struct sim *s, msec_t since)
{
	if (since < SECONDS(1))
		return;

	if (s->waitc < WAITS_MAX)
		s->waitv[s->waitc] = since;
	++s->waitc;
	s->wait_least = clock_min(s->wait_least, since);
	s->wait_most = clock_max(s->wait_most, since);
}


void measure_try(struct sim *s)
{
	const msec_t since = s->w.now - s->try_at;

	if (s->weather == FAIR)
		return;

	if (s->tries++ && since) {
		s->try_least = clock_min(s->try_least, since);
		s->try_most = clock_max(s->try_most, since);
		measure_wait(s, since);
	}
	s->try_at = s->w.now;
}


/* DESIGN §5: half of a lease, or 600 s before its end, each 5 % less; on UDP
 * after `verify`, a tenth less; never sooner than 5 s after the answer. */
static bool refresh_is_due(const struct sim *s)
{
	const msec_t lease = SECONDS(s->lease);
	msec_t due = s->lease > 1200 ? lease - SECONDS(630) : lease * 45 / 100;

	due += s->sent_at;
	if (s->sc->udp)
		due = clock_min(due, s->code_at + SECONDS(540));

	return s->w.now >= clock_max(due, s->code_at + SECONDS(5));
}


/* UDP: it fell silent, or said something again after a silence. */
static bool in_doubt(const struct sim *s)
{
	return s->sc->udp && (s->w.link.flow.state == FLOW_SUSPECT ||
			      s->w.now - s->w.link.flow.life_at <= 250);
}


static bool explained(const struct sim *s)
{
	if (!s->asked)
		return true;             /* the first over this flow */

	if (s->code == 401 || s->renewed)
		return true;             /* check.c counts these */

	if (!addr_equal(&s->w.contact.addr, &s->offered))
		return true;             /* we appear elsewhere */

	/* once more without the old ones, over the same flow once */
	if (s->code >= 400 && s->named && !s->w.named)
		return true;

	/* another flow could not be had, and the wait for the next try ends */
	if (in_doubt(s) || s->returned)
		return true;

	if (s->code / 100 == 2)
		return refresh_is_due(s);

	/* The shortest wait of our own, or what the registrar named. */
	return s->w.now >= s->code_at + (s->retry_after ?
					 SECONDS(s->retry_after) : SECONDS(4));
}


void measure_register(struct sim *s)
{
	if (!explained(s))
		++s->unexplained;
	if (s->weather != FAIR)
		s->guesses += s->w.credentials != CHALLENGE_SENT_NONE;

	++s->asked;
	s->renewed = s->returned = false;
	s->named = s->w.named;
	s->offered = s->w.contact.addr;
	s->code = 0;
	s->sent_at = s->code_at = s->w.now;
}


void measure_answer(struct sim *s, const struct answer *a)
{
	s->code = a->code;
	s->code_at = s->w.now;
	s->lease = a->contacts.lease;
	s->retry_after = a->retry_after;
}
