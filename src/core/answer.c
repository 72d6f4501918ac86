/* What an answer to a REGISTER means: the table of failure classes. */

#include <stddef.h>
#include "answer.h"


struct row {
	uint16_t code;           /* 0 is "no answer at all" */
	enum answer_class class;
	enum reason reason;
};

/* Codes that differ from their hundred. RFC 3261 §21 unless said. */
static const struct row table[] = {
	{   0, ANSWER_AGAIN,     REASON_NO_ANSWER          }, /* Timer F */
	{ 401, ANSWER_CHALLENGE, REASON_REJECTED           },
	{ 403, ANSWER_DENIED,    REASON_FORBIDDEN          },
	{ 407, ANSWER_CHALLENGE, REASON_REJECTED           },
	{ 408, ANSWER_AGAIN,     REASON_NO_ANSWER          },
	{ 420, ANSWER_ADJUST,    REASON_REJECTED           },
	{ 423, ANSWER_ADJUST,    REASON_INTERVAL_TOO_BRIEF },
	{ 439, ANSWER_ADJUST,    REASON_REJECTED           }, /* RFC 5626 */
	{ 504, ANSWER_AGAIN,     REASON_NO_ANSWER          },
};

static const struct row hundreds[] = {
	{ ANSWER_OK, ANSWER_GOOD,      REASON_OK       },
	{ 300, ANSWER_ELSEWHERE, REASON_REJECTED },
	{ 400, ANSWER_AGAIN,     REASON_REJECTED },
	{ 500, ANSWER_AGAIN,     REASON_REJECTED },
	{ 600, ANSWER_AGAIN,     REASON_REJECTED },
};


static const struct row *row_of(uint16_t code)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == code)
			return &table[i];

	for (i = 0; i < sizeof(hundreds) / sizeof(hundreds[0]); i++)
		if (hundreds[i].code == code / 100 * 100)
			return &hundreds[i];

	return &hundreds[2];     /* no SIP status: rejected, again later */
}


bool answer_is_good(uint16_t code)
{
	return row_of(code)->class == ANSWER_GOOD;
}


bool answer_is_challenge(uint16_t code)
{
	return row_of(code)->class == ANSWER_CHALLENGE;
}


/* RFC 3263 §4.3: these send us to the next element of the list. */
static bool moves_on(uint16_t code)
{
	return code == 0 || code == 503;
}


/* RFC 3261 §21.3: 305 and 380 name something else than another registrar. */
static bool sends_us_on(const struct answer *a)
{
	return a->redirect && a->code >= 300 && a->code <= 302;
}


enum answer_class answer_class(const struct answer *a, bool others)
{
	const struct row *row = row_of(a->code);

	if (sends_us_on(a))
		return ANSWER_ADJUST;

	switch (row->class) {

	case ANSWER_GOOD:
	case ANSWER_CHALLENGE:
	case ANSWER_ADJUST:
	case ANSWER_AFTER:
		return row->class;

	case ANSWER_AGAIN:
	case ANSWER_DENIED:
	case ANSWER_ELSEWHERE:
		break;
	}

	if (others && (moves_on(a->code) || row->class == ANSWER_ELSEWHERE))
		return ANSWER_ELSEWHERE;

	if (a->retry_after)
		return ANSWER_AFTER;

	return row->class == ANSWER_ELSEWHERE ? ANSWER_AGAIN : row->class;
}


enum reason answer_reason(const struct answer *a)
{
	const struct row *row = row_of(a->code);

	if (row->class == ANSWER_GOOD)
		return a->bound ? REASON_OK : REASON_BINDING_ABSENT;

	if (row->class == ANSWER_CHALLENGE)
		return a->challenge == CHALLENGE_REFUSED ? REASON_CREDENTIALS
							 : REASON_REJECTED;

	if (a->retry_after && row->class != ANSWER_ADJUST)
		return REASON_RETRY_AFTER;

	return row->reason;
}
