/* What must be true of a SIP message before anything else looks at it. */

#include "sipmsg.h"


/* RFC 3261 §7.3.1: these cannot be combined. libre reads the last one, an
 * answer would copy another. */
static bool each_once(const struct sip_msg *msg)
{
	unsigned from = 0, to = 0, callid = 0, cseq = 0;
	const struct le *le;

	LIST_FOREACH(&msg->hdrl, le) {
		const enum sip_hdrid id = ((struct sip_hdr *)le->data)->id;

		from += id == SIP_HDR_FROM;
		to += id == SIP_HDR_TO;
		callid += id == SIP_HDR_CALL_ID;
		cseq += id == SIP_HDR_CSEQ;
	}

	return from == 1 && to == 1 && callid == 1 && cseq == 1;
}


bool message_complete(const struct sip_msg *msg)
{
	return each_once(msg) && pl_isset(&msg->via.sentby) &&
		pl_isset(&msg->via.branch) &&
		pl_isset(&msg->from.auri) && pl_isset(&msg->to.auri) &&
		pl_isset(&msg->callid) && pl_isset(&msg->cseq.met) &&
		(!msg->req || !pl_cmp(&msg->met, &msg->cseq.met));
}
