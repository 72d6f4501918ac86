/* The journal's MESSAGE_IDs: what systemd/sipregd.catalog explains. */

#ifndef MESSAGE_H
#define MESSAGE_H

#include "journal.h"
#include "log.h"


#define MESSAGE_ID_SIZE 33       /* bytes: 128 bits in hex, and a zero */

/* What is no event of an account. */
enum message {
	MESSAGE_RELOADED,                /* the configuration */
	MESSAGE_RELOAD_REFUSED,          /* it is bad, the running one stays */
	MESSAGE_LEFT_BEHIND,             /* a binding that could not be removed */
	MESSAGE_HOOK_FAILED,
	MESSAGE_DESCRIPTORS,             /* are too few for the flows */
};
#define MESSAGE_COUNT (MESSAGE_DESCRIPTORS + 1)

const char *message_id(char buf[MESSAGE_ID_SIZE], enum message m);

/* A line of the log that is one of them. */
#define log_message(level, who, m, ...)                                       \
	do {                                                                  \
		char id_[MESSAGE_ID_SIZE];                                    \
		const struct log_fields fields_ = {.id = message_id(id_, m)}; \
									      \
		log_event((level), (who), &fields_, __VA_ARGS__);             \
	} while (0)

/* Of a verdict its reason tells the message, of any other event its type. */
const char *message_event_id(char buf[MESSAGE_ID_SIZE],
			     const struct event *e);

#endif
