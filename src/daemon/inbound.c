/* What happens to a request that arrives: see inbound.h. */

#include <string.h>
#include "addr.h"
#include "inbound.h"
#include "net.h"


/* Without a dialog of ours a BYE or CANCEL finds nothing (RFC 3261 §12.2.2,
 * §9.2); an INVITE is answered as configured; an ACK never (§17.1.1.3). */
static const struct {
	const char *method;
	struct inbound_answer answer;
} table[] = {
	{"OPTIONS", {200, "OK", INBOUND_ALLOW}},
	{"NOTIFY",  {200, "OK", NULL}},
	{"BYE",     {481, "Call/Transaction Does Not Exist", NULL}},
	{"CANCEL",  {481, "Call/Transaction Does Not Exist", NULL}},
	{"ACK",     {0, NULL, NULL}},
};


static struct inbound_answer rejected(const struct account_conf *conf)
{
	struct inbound_answer a = {
		.code = (uint16_t)conf->inbound_code,
	};

	switch (conf->inbound_code) {

	case 404: a.reason = "Not Found"; break;
	case 480: a.reason = "Temporarily Unavailable"; break;
	case 486: a.reason = "Busy Here"; break;
	case 503: a.reason = "Service Unavailable"; break;
	default:  a.reason = "Not Taken Here"; break;
	}

	return a;
}


struct inbound_answer inbound_answer(const struct account_conf *conf,
				     const struct sip_msg *msg)
{
	static const struct inbound_answer unknown = {
		405, "Method Not Allowed", INBOUND_ALLOW,
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!pl_strcmp(&msg->met, table[i].method))
			return table[i].answer;

	if (!pl_strcmp(&msg->met, "INVITE"))
		return rejected(conf);

	return unknown;
}


/* --- what is counted of them --- */

/* A method of somebody's own invention must not become a label. */
static const char *const methodv[] = {
	"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "NOTIFY", "MESSAGE",
	"SUBSCRIBE", "REFER", "INFO", "PRACK", "UPDATE", "PUBLISH", "REGISTER",
	"other",
};

enum {
	METHODS = sizeof(methodv) / sizeof(methodv[0]),
	KEY_SHIFT = 4,                   /* the method is above the result */
	KEY_RESULT = (1 << KEY_SHIFT) - 1,
};


static enum inbound_result result_of(uint16_t code)
{
	if (!code)
		return INBOUND_IGNORED;

	if (code < 300)
		return INBOUND_ANSWERED;

	return code < 400 ? INBOUND_REDIRECTED : INBOUND_REJECTED;
}


unsigned inbound_key(const struct sip_msg *msg, uint16_t code)
{
	unsigned m = 0;

	while (m < METHODS - 1 && pl_strcmp(&msg->met, methodv[m]))
		++m;

	return m << KEY_SHIFT | result_of(code);
}


unsigned inbound_key_call(const struct account_conf *conf)
{
	switch (conf->inbound) {

	case INBOUND_REDIRECT:
		return INBOUND_REDIRECTED;

	case INBOUND_RELAY:
		return INBOUND_RELAYED;

	case INBOUND_REJECT:
		break;
	}

	return INBOUND_REJECTED;
}


const char *inbound_key_method(unsigned key)
{
	return methodv[key >> KEY_SHIFT < METHODS ? key >> KEY_SHIFT
						  : METHODS - 1];
}


const char *inbound_key_result(unsigned key)
{
	switch ((enum inbound_result)(key & KEY_RESULT)) {

	case INBOUND_IGNORED:    return "ignored";
	case INBOUND_ANSWERED:   return "answered";
	case INBOUND_REDIRECTED: return "redirected";
	case INBOUND_REJECTED:   return "rejected";
	case INBOUND_RELAYED:    return "relayed";
	}

	return "ignored";
}


bool inbound_means_call(const struct sip_msg *msg)
{
	return !pl_strcmp(&msg->met, "INVITE") ||
		!pl_strcmp(&msg->met, "MESSAGE") ||
		!pl_strcmp(&msg->met, "NOTIFY");
}


static bool same_prefix(const struct addr *a, const struct addr *b,
			uint32_t bits)
{
	const uint32_t bytes = bits / 8;
	const uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (a->family != b->family || memcmp(a->ip, b->ip, bytes))
		return false;

	return !mask || !((a->ip[bytes] ^ b->ip[bytes]) & mask);
}


static bool matches(const char *allow, const struct addr *src)
{
	const char *slash = strchr(allow, '/');
	const size_t len = slash ? (size_t)(slash - allow) : strlen(allow);
	uint32_t bits, most;
	struct addr net;
	struct pl pl;

	if (!addr_parse(&net, allow, len, 0))
		return false;

	bits = most = net.family == ADDR_IPV4 ? 32 : 128;
	if (slash) {
		pl_set_str(&pl, slash + 1);
		if (!number_parse(&bits, &pl) || bits > most)
			return false;
	}

	return bits == most ? addr_ip_equal(&net, src)
			    : same_prefix(&net, src, bits);
}


bool inbound_allowed(const struct account_conf *conf, const struct sa *src)
{
	struct addr addr;
	size_t i;

	addr_from_sa(&addr, src);

	for (i = 0; i < conf->allowc; i++)
		if (matches(conf->allowv[i], &addr))
			return true;

	return false;
}
