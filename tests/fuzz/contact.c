/* Fuzzes the list of Contacts in a 200: one header a line of the input. What
 * has neither our instance, nor our token, nor user and address of ours is
 * never taken for our own binding, and our own is found among all others. What
 * is written down of the list is what was counted, and bounded. */

#include <ctype.h>
#include "fuzz.h"
#include "param.h"


#define REQUESTED 3600   /* [s] */
#define COUNT_MAX 255    /* elements; the reader stops at 256 */
#define TEXT_MAX  16384

static const char start[] =
	"SIP/2.0 200 OK\r\n"
	"Via: SIP/2.0/UDP " FUZZ_SENT ":41822;branch=z9hG4bKf"
	";received=" FUZZ_MAPPED ";rport=40112\r\n"
	"From: <sip:alice@example.com>;tag=a\r\n"
	"To: <sip:alice@example.com>;tag=b\r\n"
	"Call-ID: fuzz@example.com\r\n"
	"CSeq: 1 REGISTER\r\n";

static const char own[] =
	"Contact: <sip:alice@" FUZZ_MAPPED ":40112;" REGISTER_TOKEN "="
	FUZZ_ACCOUNT "." FUZZ_FLOW ">;+sip.instance=\"<" FUZZ_INSTANCE ">\""
	";reg-id=1;expires=300\r\n";


/* A zero in front of a number: "007" is 7 (RFC 3261 §25.1, IPv4address). */
static bool idle_zero(const char *text, size_t n, int c)
{
	return n && text[n - 1] == '0' && isdigit(c) &&
		(n == 1 || !isdigit((unsigned char)text[n - 2]));
}


/* Lower case, escapes resolved. */
static void plain(char *dst, size_t size, struct pl pl)
{
	size_t n = 0;

	while (pl.l && n < size - 1) {
		int c = tolower((unsigned char)*pl.p);

		if (c == '%' && pl.l >= 3 && isxdigit((uint8_t)pl.p[1]) &&
		    isxdigit((uint8_t)pl.p[2])) {
			c = ch_hex(pl.p[1]) << 4 | ch_hex(pl.p[2]);
			pl_advance(&pl, 2);
		}
		n -= idle_zero(dst, n, c);
		dst[n++] = c ? (char)c : '?';
		pl_advance(&pl, 1);
	}
	dst[n] = '\0';
}


/* It stands there, and behind no user other than ours: some drop it, and
 * "sip:@host" or "sip::password@host" has none. */
static bool at_address(const char *text, const char *ip)
{
	const bool user = strstr(text, FUZZ_USER) || strstr(text, ":@") ||
		strstr(text, "::");
	const char *p = text;

	for (; (p = strstr(p, ip)); p++) {
		if (user || p == text || p[-1] != '@')
			return true;
	}

	return false;
}


/* Judged by the letters alone, which is more than the reader may accept. */
static bool may_be_ours(const struct pl *element)
{
	static char text[TEXT_MAX];
	static const char instance[] = FUZZ_INSTANCE;
	char lower[sizeof(instance)];
	struct pl pl;

	pl_set_str(&pl, instance);
	plain(lower, sizeof(lower), pl);
	plain(text, sizeof(text), *element);

	return strstr(text, lower) || strstr(text, FUZZ_ACCOUNT) ||
		at_address(text, FUZZ_SENT) || at_address(text, FUZZ_MAPPED) ||
		at_address(text, "[");
}


/* The element that core/contact.c counts as the index-th. */
static struct pl element_at(const struct sip_msg *msg, int index)
{
	const struct le *le;
	struct pl element = PL_INIT;

	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *hdr = le->data;
		struct pl rest = hdr->val;

		while (hdr->id == SIP_HDR_CONTACT &&
		       element_next(&rest, &element)) {
			if (!index--)
				return element;
		}
	}

	return element;
}


static const char *const knownv[] = {
	"sip:alice@192.0.2.5:5070;transport=tcp;" REGISTER_TOKEN "="
	FUZZ_ACCOUNT ".p8wz4n6r1ce", "sip:192.0.2.6", "nonsense",
};


static void check_entry(const struct audit *a, const struct audit_entry *e)
{
	const char *text = audit_uri(a, e);
	struct pl uri, known;

	assert(e->kind <= AUDIT_FOREIGN && e->key);
	assert(e->kind == AUDIT_OWN || e - a->entryv != a->own);
	assert((e->kind == AUDIT_OWN) == (e->match != CONTACT_NO_MATCH));
	assert(text >= a->text && text < a->text + AUDIT_ROOM);
	assert(!*text || (strlen(text) < REGISTER_URI_SIZE &&
			  text + strlen(text) < a->text + AUDIT_ROOM &&
			  uri_usable(text)));

	if (e->known < 0)
		return;

	assert(e->known < 2);
	pl_set_str(&uri, text);
	pl_set_str(&known, knownv[e->known]);
	assert(!*text || (contact_uri_equal(&uri, &known) &&
			  contact_uri_key(&uri) == e->key));
}


static void check_audit(const struct audit *a, const struct contact_list *l)
{
	unsigned i;

	assert(a->entryc <= AUDIT_MAX);
	assert(audit_count(a, AUDIT_OWN) == l->owns + l->siblings);
	assert(audit_count(a, AUDIT_GHOST) == l->ghosts);
	assert(audit_count(a, AUDIT_FOREIGN) == l->foreign);
	assert((a->own >= 0) == (l->owns == 1));

	for (i = 0; i < a->entryc; i++)
		check_entry(a, &a->entryv[i]);
}


static void read_list(struct register_facts *f, const struct sip_msg *msg,
		      bool past)
{
	const struct addr sent = fuzz_addr(FUZZ_SENT, 41822);
	const struct contact_list *l = &f->answer.contacts;

	memset(f, 0xff, sizeof(*f));
	register_read(f, msg, &(struct register_sent){
		.id = &fuzz_id, .transport = TRANSPORT_UDP, .local = sent,
		.contact = sent, .requested = REQUESTED, .knownv = knownv,
		.knownc = past ? 3 : 0});
	check_audit(&f->audit, l);

	assert((l->own_index >= 0) == (l->match != CONTACT_NO_MATCH));
	assert(f->answer.bound == (l->owns == 1));
	assert(l->owns + l->siblings + l->ghosts + l->foreign <= l->count);
	assert(!f->answer.bound ||
	       (l->lease > 0 && l->lease <= CONTACT_LEASE_MAX));
}


static void check(const struct sip_msg *msg, bool ours)
{
	struct register_facts f;
	const struct contact_list *l = &f.answer.contacts;
	struct pl element;

	read_list(&f, msg, !ours);

	if (l->own_index >= 0) {
		element = element_at(msg, l->own_index);
		assert(may_be_ours(&element));
	}
	if (ours && l->count <= COUNT_MAX)
		assert(l->match == CONTACT_BY_INSTANCE &&
		       (f.answer.bound || !l->lease));
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();

	return 0;
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	for (int ours = 0; ours < 2; ours++) {
		struct sip_msg *msg = fuzz_message(start, "Contact", buf, len,
						   ours ? own : "");

		if (msg)
			check(msg, ours);
		mem_deref(msg);
	}

	return 0;
}
