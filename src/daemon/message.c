/* MESSAGE_IDs for the journal: one random beginning, and a number behind it
 * which never changes its meaning: new reasons, events and messages come last
 * in their enums. */

#include <stdio.h>
#include "message.h"

#define BEGINNING "3d4a1343877f4bfab67d11c5c7e7ac"       /* sd-id128(3) */

enum {
	BASE_REASON  = 0x00,
	BASE_EVENT   = 0x80,
	BASE_MESSAGE = 0xc0,
};
_Static_assert(BASE_REASON + REASON_COUNT <= BASE_EVENT, "too many reasons");
_Static_assert(BASE_EVENT + EVENT_COUNT <= BASE_MESSAGE, "too many events");


static const char *print(char buf[MESSAGE_ID_SIZE], unsigned n)
{
	(void)snprintf(buf, MESSAGE_ID_SIZE, BEGINNING "%02x", n & 0xff);

	return buf;
}


const char *message_id(char buf[MESSAGE_ID_SIZE], enum message m)
{
	return print(buf, BASE_MESSAGE + (unsigned)m);
}


const char *message_event_id(char buf[MESSAGE_ID_SIZE], const struct event *e)
{
	return print(buf, e->type == EVENT_VERDICT
		     ? BASE_REASON + (unsigned)e->reason
		     : BASE_EVENT + (unsigned)e->type);
}
