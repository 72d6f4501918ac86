/* What must be true of a SIP message before anything else looks at it. */

#include "sipmsg.h"


bool message_complete(const struct sip_msg *msg)
{
	return pl_isset(&msg->via.sentby) && pl_isset(&msg->via.branch) &&
		pl_isset(&msg->from.auri) && pl_isset(&msg->to.auri) &&
		pl_isset(&msg->callid) && pl_isset(&msg->cseq.met) &&
		(!msg->req || !pl_cmp(&msg->met, &msg->cseq.met));
}
