/* handed.c, handed_read.c, handed_file.c: what a process tells the next one
 * comes back as it was, or not at all. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "handed.h"


#define LONGEST 2000             /* bytes: more than any text may have */

static struct handed full, back;
static struct mbuf *mb;


static struct addr addr(const char *ip, uint16_t port)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	ck_assert(addr_parse(&a, ip, strlen(ip), port));

	return a;
}


static void fill_flow(struct handover_flow *f)
{
	f->proven = f->promised = f->options_silent = f->stun_allowed = true;
	f->up_at = 10000001;
	f->life_at = 10000002;
	f->ping_at = 10000006;
	f->next_ping = NEVER;
	f->server_interval = 10000003;
	f->survived = 10000004;
	f->rtt = 105;
	f->rtt_usec = 104999;
	f->pongs = UINT32_MAX;
}


static void fill_reg(struct handover_reg *r)
{
	r->cseq = INT32_MAX;
	r->expires = 3600;
	r->granted = 300;
	r->sent_at = 20000001;
	r->answer_at = 20000002;
	r->lease_end = 20000003;
	r->refresh_at = INT64_MAX;
	r->plain = r->token = true;
	r->match = CONTACT_BY_TOKEN;
	r->contact = addr("2001:db8::1", 5061);
}


static void fill_nat(struct handover_nat *n)
{
	n->saidv[WITNESS_VIA].addr = addr("203.0.113.7", 40112);
	n->saidv[WITNESS_VIA].at = 30000001;
	n->saidv[WITNESS_STUN].addr = addr("203.0.113.8", 40113);
	n->saidv[WITNESS_STUN].at = 30000002;
	n->mapped = addr("203.0.113.9", 1);
	n->offered = addr("203.0.113.10", 65535);
	n->heard_at = 30000003;
	n->moved_at = 30000004;
	n->inbound = true;
	n->interval = (struct interval){30000005, 30000006, 30000007, 8,
		30000008};
	n->probe = PROBE_NOT_LOOPED;
	n->probe_loops = true;
	n->probe_proven_at = NEVER;
	n->probe_at = 30000009;
	n->listed = true;
	n->own = 1;
	n->ghosts = 2;
	n->foreign = 3;
}


static void setup(void)
{
	static char account[] = "alice.1@home+x-y_z";
	static char callid[] = "f3a1c09bd2e84f6a@host", token[] = "p8wz4n6r1cd";
	static char uri[] = "sip:alice%20b@203.0.113.9:40112;transport=tcp;ob";
	static char path[] = "<sip:edge.example.com;lr;ob>, <sip:\xc3\xa9;lr>";
	static char route[] = "<sip:route.example.com;lr>";
	static char associated[] = "\"Alice \\\"A\\\"\" <sip:a@example.com>";
	static char pub[] = "sip:alice@example.com;gr=urn:uuid:1";
	static char temp[] = "sip:tgruu.7hs@example.com;gr";

	memset(&back, 0, sizeof(back));
	memset(&full, 0, sizeof(full));
	full.account = account;
	full.reg_id = ACCOUNT_FLOWS_MAX;
	full.conf = UINT64_C(0xfedcba9876543210);
	full.cookie = 1;
	full.transport = TRANSPORT_TCP;
	full.uri = 3;
	full.callid = callid;
	full.token = token;
	full.contact_uri = uri;
	full.path = path;
	full.service_route = route;
	full.associated = associated;
	full.pub_gruu = pub;
	full.temp_gruu = temp;
	full.core.local = addr("10.0.0.2", 41822);
	full.core.edge = addr("2001:db8::5060", 5060);
	full.core.stream = true;
	fill_flow(&full.core.flow);
	fill_reg(&full.core.reg);
	fill_nat(&full.core.nat);
	full.core.verdict = (struct verdict){true, REACHABLE_YES,
					     EVIDENCE_INBOUND,
					     REASON_RETRY_AFTER};
	full.core.registered_since = 40000001;
	full.core.reachable_since = 40000002;

	mb = mbuf_alloc(64);
	ck_assert_ptr_nonnull(mb);
}


static void teardown(void)
{
	handed_reset(&back);
	mem_deref(mb);
}


/* Its line, with a zero in the place of the newline. */
static char *line(void)
{
	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, handed_encode(mb, &full));
	ck_assert_int_eq('\n', mb->buf[mb->end - 1]);
	mb->buf[mb->end - 1] = '\0';

	return (char *)mb->buf;
}


static int decode(const char *text)
{
	return handed_decode(&back, text, strlen(text));
}


static void is_refused(const char *text)
{
	static const struct handed zero;

	ck_assert_msg(decode(text) == EBADMSG, "%s", text);
	ck_assert(!memcmp(&zero, &back, sizeof(zero)));
}


START_TEST(everything_comes_back_as_it_was)
{
	struct handed h;

	ck_assert_int_eq(0, decode(line()));
	ck_assert_str_eq(full.account, back.account);
	ck_assert_str_eq(full.callid, back.callid);
	ck_assert_str_eq(full.token, back.token);
	ck_assert_str_eq(full.contact_uri, back.contact_uri);
	ck_assert_str_eq(full.path, back.path);
	ck_assert_str_eq(full.service_route, back.service_route);
	ck_assert_str_eq(full.associated, back.associated);
	ck_assert_str_eq(full.pub_gruu, back.pub_gruu);
	ck_assert_str_eq(full.temp_gruu, back.temp_gruu);

	/* and all else; both were zero before */
	h = full;
	h.account = back.account;
	h.callid = back.callid;
	h.token = back.token;
	h.contact_uri = back.contact_uri;
	h.path = back.path;
	h.service_route = back.service_route;
	h.associated = back.associated;
	h.pub_gruu = back.pub_gruu;
	h.temp_gruu = back.temp_gruu;
	ck_assert(!memcmp(&h, &back, sizeof(h)));
}
END_TEST


#define FLAG(f) offsetof(struct handed, core.f)

/* With but one of them set it is that one, so none is another's. */
START_TEST(every_flag_is_its_own)
{
	static const size_t flagv[] = {
		FLAG(flow.proven), FLAG(flow.ponged), FLAG(flow.promised),
		FLAG(flow.answers_options), FLAG(flow.options_silent),
		FLAG(flow.answers_stun), FLAG(flow.stun_allowed),
		FLAG(flow.stun_silent), FLAG(reg.plain), FLAG(reg.outbound),
		FLAG(reg.token), FLAG(reg.alone), FLAG(reg.worked),
		FLAG(nat.inbound),
		FLAG(nat.probe_on_flow), FLAG(nat.probe_loops),
		FLAG(nat.listed), FLAG(verdict.registered),
	};

	for (size_t i = 0; i < ARRAY_SIZE(flagv); i++)
		*(bool *)((char *)&full + flagv[i]) = false;

	for (size_t i = 0; i < ARRAY_SIZE(flagv); i++) {
		*(bool *)((char *)&full + flagv[i]) = true;
		ck_assert_int_eq(0, decode(line()));
		ck_assert(!memcmp(&full.core, &back.core, sizeof(full.core)));
		*(bool *)((char *)&full + flagv[i]) = false;
	}
}
END_TEST


START_TEST(what_is_not_known_comes_back_as_not_known)
{
	struct handover *c = &full.core;

	full.path = full.service_route = full.associated = NULL;
	full.pub_gruu = full.temp_gruu = NULL;
	memset(&c->reg.contact, 0, sizeof(c->reg.contact));
	memset(&c->nat, 0, sizeof(c->nat));
	memset(&c->flow, 0, sizeof(c->flow));
	ck_assert_int_eq(0, decode(line()));
	ck_assert(!back.path && !back.service_route && !back.associated);
	ck_assert(!back.pub_gruu && !back.temp_gruu);
	ck_assert(!memcmp(&full.core, &back.core, sizeof(full.core)));
}
END_TEST


START_TEST(udp_is_no_stream)
{
	full.transport = TRANSPORT_UDP;
	mb->pos = mb->end = 0;
	full.core.stream = true;
	is_refused(line());
	full.core.stream = false;
	ck_assert_int_eq(0, decode(line()));
	ck_assert_int_eq(TRANSPORT_UDP, back.transport);
}
END_TEST


/* Does the next process understand what this one writes? If not, it is another
 * HANDED_VERSION. */
START_TEST(the_format_does_not_change_by_accident)
{
	static const char expected[] = "{\"version\":2,"
		"\"account\":\"alice.1@home+x-y_z\",\"registration\":4,"
		"\"configuration\":\"fedcba9876543210\","
		"\"socket\":\"0000000000000001\",\"transport\":\"tcp\","
		"\"uri\":3,\"stream\":true,\"local\":\"10.0.0.2:41822\","
		"\"edge\":\"[2001:db8::5060]:5060\","
		"\"call_id\":\"f3a1c09bd2e84f6a@host\","
		"\"token\":\"p8wz4n6r1cd\",\"contact_uri\":"
		"\"sip:alice%20b@203.0.113.9:40112;transport=tcp;ob\","
		"\"path\":\"<sip:edge.example.com;lr;ob>, <sip:\xc3\xa9;lr>\","
		"\"service_route\":\"<sip:route.example.com;lr>\","
		"\"associated_uri\":\"\\\"Alice \\\\\\\"A\\\\\\\"\\\" "
		"<sip:a@example.com>\","
		"\"pub_gruu\":\"sip:alice@example.com;gr=urn:uuid:1\","
		"\"temp_gruu\":\"sip:tgruu.7hs@example.com;gr\","
		"\"registered_since\":40000001,\"reachable_since\":40000002,"
		"\"flow\":{\"proven\":true,\"ponged\":false,"
		"\"promised\":true,\"answers_options\":false,"
		"\"options_silent\":true,\"answers_stun\":false,"
		"\"stun_allowed\":true,\"stun_silent\":false,"
		"\"up_at\":10000001,\"life_at\":10000002,"
		"\"ping_at\":10000006,\"next_ping\":\"never\","
		"\"server_interval\":10000003,"
		"\"survived\":10000004,\"rtt\":105,\"rtt_usec\":104999,"
		"\"pongs\":4294967295},"
		"\"register\":{\"cseq\":2147483647,\"expires\":3600,"
		"\"granted\":300,\"sent_at\":20000001,"
		"\"answer_at\":20000002,\"lease_end\":20000003,"
		"\"refresh_at\":9223372036854775807,\"plain\":true,"
		"\"outbound\":false,\"token\":true,\"alone\":false,"
		"\"worked\":false,\"matched_by\":\"token\","
		"\"contact\":\"[2001:db8::1]:5061\"},"
		"\"nat\":{\"via\":\"203.0.113.7:40112\",\"via_at\":30000001,"
		"\"stun\":\"203.0.113.8:40113\",\"stun_at\":30000002,"
		"\"mapped\":\"203.0.113.9:1\","
		"\"offered\":\"203.0.113.10:65535\",\"heard_at\":30000003,"
		"\"moved_at\":30000004,\"inbound\":true,"
		"\"interval_learned\":30000005,\"interval_idle\":30000006,"
		"\"interval_since\":30000007,\"interval_deaths\":8,"
		"\"interval_aged\":30000008,"
		"\"probe\":\"not-looped\",\"probe_on_flow\":false,"
		"\"probe_loops\":true,\"probe_proven_at\":\"never\","
		"\"probe_at\":30000009,\"listed\":true,\"own\":1,"
		"\"ghosts\":2,\"foreign\":3},"
		"\"verdict\":{\"registered\":true,\"reachable\":\"yes\","
		"\"evidence\":\"inbound\",\"reason\":\"retry-after\"}}";

	ck_assert_str_eq(expected, line());
}
END_TEST


/* --- what is refused --- */

/* The length of the value at `p`: a text, an object, or a word. */
static size_t value_length(const char *p)
{
	size_t n = 1;

	if (*p == '{')
		return (size_t)(strchr(p, '}') - p) + 1;
	if (*p != '"')
		return strcspn(p, ",}");

	while (p[n] != '"')
		n += p[n] == '\\' ? 2 : 1;

	return n + 1;
}


/* The line with the i-th member's value, and its key, replaced: `value` NULL
 * cuts both out. *keyp: where it stood in the whole line. False: there is no
 * such member. */
static bool variant(char *dst, const char **keyp, const char *text,
		    unsigned i, const char *value)
{
	const char *p = text, *colon;
	size_t key, end;

	do {
		p = strstr(p + 1, "\":");
		if (!p)
			return false;
	} while (i--);

	colon = p + 1;
	while (*--p != '"')
		;

	*keyp = p;
	key = (size_t)(p - text);
	end = (size_t)(colon + 1 - text) + value_length(colon + 1);
	if (value)
		return sprintf(dst, "%.*s%s%s", (int)(colon + 1 - text), text,
			       value, text + end);

	/* with the comma before or behind it */
	if (text[key - 1] == ',')
		--key;
	else if (text[end] == ',')
		++end;

	return sprintf(dst, "%.*s%s", (int)key, text, text + end);
}


static bool is_optional(const char *key)
{
	static const char *const optionalv[] = {
		"\"path\"", "\"service_route\"", "\"associated_uri\"",
		"\"pub_gruu\"", "\"temp_gruu\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(optionalv); i++) {
		if (!strncmp(key, optionalv[i], strlen(optionalv[i])))
			return true;
	}

	return false;
}


START_TEST(without_any_one_member_it_is_refused)
{
	static char text[HANDED_LINE_MAX], part[HANDED_LINE_MAX];
	const char *key;
	unsigned i, optional = 0;

	strcpy(text, line());
	for (i = 0; variant(part, &key, text, i, NULL); i++) {
		if (is_optional(key)) {
			ck_assert_msg(!decode(part), "%s", part);
			++optional;
		}
		else {
			is_refused(part);
		}
	}

	ck_assert_uint_eq(5, optional);
	ck_assert_uint_gt(i, 70);
}
END_TEST


START_TEST(a_member_that_is_something_else_is_refused)
{
	static const char *const valuev[] = {
		"[]", "{}", "-1", "1.0", "1e3", "\"\"", "\"no such word\"",
		"9223372036854775808", "18446744073709551615",
	};
	static char text[HANDED_LINE_MAX], part[HANDED_LINE_MAX];
	const char *key;

	strcpy(text, line());
	for (size_t v = 0; v < ARRAY_SIZE(valuev); v++) {
		for (unsigned i = 0; variant(part, &key, text, i, valuev[v]);
		     i++) {

			/* any text is one */
			if (is_optional(key) && strchr(valuev[v], ' '))
				continue;

			is_refused(part);
		}
	}
}
END_TEST


/* `key` with another value is refused, and with `good`, if given, not. */
static void wants(const char *name, const char *bad, const char *good)
{
	static char text[HANDED_LINE_MAX], part[HANDED_LINE_MAX];
	const size_t len = strlen(name);
	const char *key;
	unsigned i, n = 0;

	strcpy(text, line());
	for (i = 0; variant(part, &key, text, i, bad); i++) {
		if (strncmp(key + 1, name, len) || key[1 + len] != '"')
			continue;

		is_refused(part);
		++n;
		if (good) {
			ck_assert(variant(part, &key, text, i, good));
			ck_assert_msg(!decode(part), "%s", part);
		}
	}

	ck_assert_uint_ge(n, 1);
}


START_TEST(what_cannot_be_is_refused)
{
	wants("version", "1", "2");
	wants("version", "0", NULL);
	wants("registration", "0", "1");
	wants("registration", "5", NULL);
	wants("configuration", "\"fedcba987654321\"",
	      "\"0000000000000000\"");
	wants("socket", "\"FEDCBA9876543210\"", "\"ffffffffffffffff\"");
	wants("socket", "\"0xdcba9876543210\"", NULL);
	wants("socket", "\"00000000000000001\"", NULL);
	wants("transport", "\"tls\"", "\"tcp\"");
	wants("transport", "\"auto\"", NULL);
	wants("cseq", "2147483648", "2147483647");
	wants("cseq", "0", "1");
	wants("pongs", "4294967296", "4294967295");
	wants("next_ping", "\"soon\"", "\"never\"");
	wants("next_ping", "null", "9223372036854775807");
	wants("reason", "\"?\"", "\"ok\"");
	wants("reachable", "true", "\"unknown\"");
	wants("matched_by", "1", "\"none\"");
	wants("probe", "\"PROVEN\"", "\"proven\"");
	wants("proven", "1", "true");
	wants("proven", "null", NULL);
	wants("flow", "null", NULL);
}
END_TEST


START_TEST(an_address_is_one)
{
	wants("local", "null", "\"192.0.2.1:1\"");
	wants("edge", "null", "\"192.0.2.1\"");
	wants("edge", "\"example.com:5060\"", "\"[::1]\"");
	wants("via", "\"192.0.2.1:65536\"", "null");
	wants("via", "\"192.0.2.1:0\"", "\"192.0.2.1:65535\"");
	wants("via", "\"192.0.2.1:\"", "\"[2001:db8::1]:1\"");
	wants("via", "\"192.0.2.1:x\"", "\"[2001:db8::1]\"");
	wants("via", "\"[2001:db8::1:5060\"", NULL);
	wants("via", "\"2001:db8::1:\"", NULL);
	wants("via", "\"]:1\"", NULL);
	wants("via", "\":1\"", NULL);
	wants("via", "\"[]:1\"", NULL);
	wants("via", "\"192.0.2.300:1\"", NULL);
}
END_TEST


START_TEST(a_text_that_would_spoil_a_header_is_refused)
{
	wants("account", "\"a b\"", "\"a\"");
	wants("call_id", "\"a\\r\\nEvil: 1\"", "\"a\"");
	wants("call_id", "\"a b\"", NULL);
	wants("call_id", "\"a\\u007f\"", NULL);
	wants("contact_uri", "\"sip:a@h>\"", "\"sip:a@h\"");
	wants("path", "\"<sip:a;lr>\\n\"", "\"<sip:a;lr>\"");
	wants("path", "null", NULL);
}
END_TEST


/* `n` characters in quotes. */
static const char *quoted(size_t n)
{
	static char text[2][LONGEST + 3];
	static unsigned turn;
	char *p = text[turn++ % 2];

	memset(p + 1, 'a', n);
	p[0] = p[n + 1] = '"';
	p[n + 2] = '\0';

	return p;
}


START_TEST(a_text_that_is_too_long_is_refused)
{
	wants("account", quoted(65), quoted(64));
	wants("call_id", quoted(48), quoted(47));
	wants("contact_uri", quoted(512), quoted(511));
	wants("service_route", quoted(1025), quoted(1024));
	wants("temp_gruu", quoted(1025), quoted(1024));
	/* that of a registration is a flag */
	wants("token", quoted(12), NULL);
}
END_TEST


START_TEST(what_is_no_line_is_refused)
{
	static char text[HANDED_LINE_MAX + 2];
	size_t len;

	is_refused("");
	is_refused("{}");
	is_refused("[]");
	is_refused("{\"version\":1}");

	strcpy(text, line());
	len = strlen(text);
	ck_assert_int_eq(EBADMSG, handed_decode(&back, text, len - 1));

	/* white space is no harm, until it is too much */
	memset(text + len, ' ', sizeof(text) - len);
	ck_assert_int_eq(0, handed_decode(&back, text, HANDED_LINE_MAX));
	ck_assert_int_eq(EBADMSG, handed_decode(&back, text,
						HANDED_LINE_MAX + 1));

	/* a name that stands there twice */
	text[len - 1] = '\0';
	strcat(text, ",\"registration\":1}");
	is_refused(text);
}
END_TEST


/* --- writing --- */

static void is_not_written(int err)
{
	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, mbuf_write_str(mb, "before"));
	ck_assert_int_eq(err, handed_encode(mb, &full));
	ck_assert_uint_eq(6, mb->end);
	ck_assert_uint_eq(6, mb->pos);
}


/* One thing is wrong, then nothing is. */
#define NOT_WRITTEN(field, value)                                             \
	do {                                                                  \
		const struct handed was = full;                               \
		(field) = (value);                                            \
		is_not_written(EINVAL);                                       \
		full = was;                                                   \
		(void)line();                                                 \
	} while (0)

START_TEST(what_would_be_refused_is_not_written)
{
	static char spoilt[] = "a\nb", none[] = "", latin[] = "caf\xe9";

	NOT_WRITTEN(full.account, NULL);
	NOT_WRITTEN(full.callid, NULL);
	NOT_WRITTEN(full.token, none);
	NOT_WRITTEN(full.contact_uri, latin);
	NOT_WRITTEN(full.contact_uri, spoilt);
	NOT_WRITTEN(full.path, spoilt);
	NOT_WRITTEN(full.reg_id, 0);
	NOT_WRITTEN(full.reg_id, ACCOUNT_FLOWS_MAX + 1);
	NOT_WRITTEN(full.transport, TRANSPORT_TLS);
	NOT_WRITTEN(full.core.edge.family, ADDR_NONE);
	NOT_WRITTEN(full.core.reg.cseq, 0);
	NOT_WRITTEN(full.core.reg.lease_end, (msec_t)INT64_MAX + 1);
	NOT_WRITTEN(full.core.verdict.reason, (enum reason)REASON_COUNT);
}
END_TEST


START_TEST(what_is_not_utf8_is_left_out)
{
	static char latin[] = "<sip:caf\xe9;lr>", none[] = "";

	full.path = latin;
	full.service_route = none;
	ck_assert_int_eq(0, decode(line()));
	ck_assert_ptr_null(back.path);
	ck_assert_ptr_null(back.service_route);
	ck_assert_str_eq(full.associated, back.associated);
}
END_TEST


/* Every text at its limit, and each of its bytes escaped as two or more. */
START_TEST(with_everything_at_its_limit_it_is_still_a_line)
{
	static char extra[1025], uri[512];

	memset(extra, '"', sizeof(extra) - 1);
	memset(uri, '\\', sizeof(uri) - 1);
	full.path = full.service_route = full.associated = extra;
	full.pub_gruu = full.temp_gruu = extra;
	full.contact_uri = uri;
	ck_assert_int_eq(0, decode(line()));
	ck_assert_str_eq(extra, back.temp_gruu);
}
END_TEST


/* --- the file --- */

#define MANY 300                 /* registrations: some slices */

static struct handed_file file;
static unsigned reads;
static int fd = -1;


static void make(unsigned n)
{
	ck_assert_int_eq(0, handed_file_begin(&file));
	for (unsigned i = 0; i < n; i++) {
		full.core.reg.cseq = i + 1;
		ck_assert_int_eq(0, handed_file_add(&file, &full));
	}
	ck_assert_int_eq(0, handed_file_make(&fd, &file));
}


static void count_handler(struct handed *h, void *arg)
{
	(void)arg;
	ck_assert_str_eq(full.account, h->account);
	ck_assert_uint_eq(++reads, h->core.reg.cseq);
}


static void is_read(unsigned n)
{
	reads = 0;
	ck_assert_int_eq(0, handed_file_read(fd, count_handler, NULL));
	ck_assert_uint_eq(n, reads);
}


START_TEST(a_file_of_many_comes_back_in_order)
{
	make(MANY);
	is_read(MANY);
	/* its offset is where it was written */
	is_read(MANY);
	(void)close(fd);

	make(0);
	is_read(0);
	(void)close(fd);
}
END_TEST


START_TEST(a_file_that_is_made_cannot_be_changed)
{
	make(1);
	ck_assert(write(fd, "x", 1) < 0 && errno == EPERM);
	ck_assert(pwrite(fd, "x", 1, 0) < 0 && errno == EPERM);
	ck_assert(ftruncate(fd, 0) < 0 && errno == EPERM);
	ck_assert(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	is_read(1);
	(void)close(fd);
}
END_TEST


static void take_handler(struct handed *h, void *arg)
{
	char **textp = arg;

	*textp = h->callid;
	h->callid = NULL;
}


START_TEST(a_text_may_be_taken_out)
{
	char *text = NULL;

	make(1);
	ck_assert_int_eq(0, handed_file_read(fd, take_handler, &text));
	ck_assert_str_eq(full.callid, text);
	mem_deref(text);
	(void)close(fd);
}
END_TEST


START_TEST(one_that_cannot_be_written_is_left_out)
{
	char *callid = full.callid;

	ck_assert_int_eq(0, handed_file_begin(&file));
	full.core.reg.cseq = 1;
	ck_assert_int_eq(0, handed_file_add(&file, &full));
	full.callid = NULL;
	ck_assert_int_eq(EINVAL, handed_file_add(&file, &full));
	full.callid = callid;
	full.core.reg.cseq = 2;
	ck_assert_int_eq(0, handed_file_add(&file, &full));
	ck_assert_int_eq(0, handed_file_make(&fd, &file));
	is_read(2);
	(void)close(fd);
}
END_TEST


START_TEST(a_file_has_its_limit_and_is_good_up_to_there)
{
	ck_assert_int_eq(0, handed_file_begin(&file));
	full.core.reg.cseq = 1;
	ck_assert_int_eq(0, handed_file_add(&file, &full));

	/* as if there were much more before it; the next would be longer */
	file.size = HANDED_MAX - file.size;
	full.core.reg.cseq = 10;
	ck_assert_int_eq(EFBIG, handed_file_add(&file, &full));
	full.core.reg.cseq = 2;
	ck_assert_int_eq(0, handed_file_add(&file, &full));
	full.core.reg.cseq = 3;
	ck_assert_int_eq(EFBIG, handed_file_add(&file, &full));

	ck_assert_int_eq(0, handed_file_make(&fd, &file));
	is_read(2);
	(void)close(fd);
}
END_TEST


START_TEST(a_file_that_is_not_wanted_after_all_goes)
{
	ck_assert_int_eq(0, handed_file_begin(&file));
	ck_assert_int_eq(0, handed_file_add(&file, &full));
	ck_assert_int_eq(0, handed_file_make(NULL, &file));
	ck_assert(fcntl(file.fd, F_GETFD) < 0);
}
END_TEST


static void put(const void *text, size_t len)
{
	ck_assert_int_eq((int)len, (int)write(fd, text, len));
}


static void put_line(unsigned cseq)
{
	const char *text;

	full.core.reg.cseq = cseq;
	text = line();
	put(text, strlen(text));
	put("\n", 1);
}


/* What stderr says. */
static void is_said(int said, const char *expected)
{
	char text[512];
	const ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_msg(strstr(text, expected), "%s", text);
	ck_assert_ptr_eq(strchr(text, '\n'), text + n - 1);
}


START_TEST(lines_that_are_of_no_use_are_said_once_and_the_others_read)
{
	static char longer[200000];
	const int said = memfd_create("said", MFD_CLOEXEC);
	const int was = dup(STDERR_FILENO);

	memset(longer, 'x', sizeof(longer));
	fd = memfd_create("spoilt", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	put("\n", 1);
	put_line(1);
	put("{\"version\":2}\n", 14);
	put(longer, sizeof(longer));
	put("\n", 1);
	put_line(2);
	put(longer, HANDED_LINE_MAX + 1);
	put("\n", 1);
	put_line(3);
	put(line(), 100);

	ck_assert_int_ge(dup2(said, STDERR_FILENO), 0);
	is_read(3);
	ck_assert_int_ge(dup2(was, STDERR_FILENO), 0);
	is_said(said, "5 of 8 registrations");
	(void)close(fd);
	(void)close(was);
	(void)close(said);
}
END_TEST


START_TEST(what_is_no_file_or_too_large_is_not_read)
{
	int pipev[2];

	ck_assert_int_eq(0, pipe(pipev));
	ck_assert_int_eq(EINVAL, handed_file_read(pipev[0], count_handler,
						  NULL));
	ck_assert_int_eq(EBADF, handed_file_read(-1, count_handler, NULL));

	fd = memfd_create("large", MFD_CLOEXEC);
	ck_assert_int_eq(0, ftruncate(fd, (off_t)HANDED_MAX + 1));
	ck_assert_int_eq(EFBIG, handed_file_read(fd, count_handler, NULL));
	(void)close(fd);
	(void)close(pipev[0]);
	(void)close(pipev[1]);
}
END_TEST


Suite *suite_handed(void);
Suite *suite_handed(void)
{
	Suite *s = suite_create("handed");
	TCase *tc = tcase_create("handed");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, everything_comes_back_as_it_was);
	tcase_add_test(tc, every_flag_is_its_own);
	tcase_add_test(tc, what_is_not_known_comes_back_as_not_known);
	tcase_add_test(tc, udp_is_no_stream);
	tcase_add_test(tc, the_format_does_not_change_by_accident);
	tcase_add_test(tc, without_any_one_member_it_is_refused);
	tcase_add_test(tc, a_member_that_is_something_else_is_refused);
	tcase_add_test(tc, what_cannot_be_is_refused);
	tcase_add_test(tc, an_address_is_one);
	tcase_add_test(tc, a_text_that_would_spoil_a_header_is_refused);
	tcase_add_test(tc, a_text_that_is_too_long_is_refused);
	tcase_add_test(tc, what_is_no_line_is_refused);
	tcase_add_test(tc, what_would_be_refused_is_not_written);
	tcase_add_test(tc, what_is_not_utf8_is_left_out);
	tcase_add_test(tc, with_everything_at_its_limit_it_is_still_a_line);
	tcase_add_test(tc, a_file_of_many_comes_back_in_order);
	tcase_add_test(tc, a_file_that_is_made_cannot_be_changed);
	tcase_add_test(tc, a_text_may_be_taken_out);
	tcase_add_test(tc, one_that_cannot_be_written_is_left_out);
	tcase_add_test(tc, a_file_has_its_limit_and_is_good_up_to_there);
	tcase_add_test(tc, a_file_that_is_not_wanted_after_all_goes);
	tcase_add_test(tc,
		lines_that_are_of_no_use_are_said_once_and_the_others_read);
	tcase_add_test(tc, what_is_no_file_or_too_large_is_not_read);
	suite_add_tcase(s, tc);

	return s;
}
