/* Fuzzes a DNS message as the answer to a question: the first byte says which,
 * the rest is the message. What comes out is bounded, of the kind that was
 * asked for, and the same wherever in a buffer the message lies. */

#include "dns_answer.h"
#include "fuzz.h"


#define PREFIX  2        /* bytes in front: the length, over TCP */
#define TTL_MIN SECONDS(1)
#define TTL_MAX SECONDS(3600)

static const struct {
	uint16_t type;
	const char *name;
} questionv[] = {
	{DNS_TYPE_A, "example.com"},
	{DNS_TYPE_AAAA, "example.com"},
	{DNS_TYPE_SRV, "_sip._udp.example.com"},
	{DNS_TYPE_NAPTR, "example.com"},
};


static bool is_name(const char *text)
{
	char name[DNS_NAME_SIZE];

	return !*text || (!dns_name_parse(name, sizeof(name), text) &&
			  !strcmp(name, text));
}


static void check_record(const struct dns_record *r, uint16_t type)
{
	const struct sa *addr = &r->u.addr;

	if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA) {
		assert(sa_af(addr) == (type == DNS_TYPE_A ? AF_INET
							  : AF_INET6));
		assert(!sa_is_any(addr) && !sa_port(addr) && !r->name);
	}
	else {
		assert(r->name && is_name(r->name));
	}

	if (type == DNS_TYPE_NAPTR)
		assert(memchr(r->u.naptr.service, '\0',
			      sizeof(r->u.naptr.service)));
}


static void check(const struct dns_answer *a, uint16_t type)
{
	assert(a->recordc <= DNS_RECORDS_MAX);
	assert(a->ttl >= TTL_MIN && a->ttl <= TTL_MAX);
	assert(!a->err == (a->recordc > 0) && !a->err == !a->text);
	assert(!a->err || a->err == ENOENT || a->err == EPROTO);
	assert(!a->truncated || a->err != ENOENT ||
	       a->rcode == DNS_RCODE_NAME_ERR);

	for (size_t i = 0; i < a->recordc; i++)
		check_record(&a->recordv[i], type);
}


static void check_same(const struct dns_answer *a, const struct dns_answer *b)
{
	assert(a->err == b->err && a->ttl == b->ttl && a->rcode == b->rcode);
	assert(a->recordc == b->recordc && a->truncated == b->truncated);

	for (size_t i = 0; i < a->recordc; i++) {
		const struct dns_record *x = &a->recordv[i];
		const struct dns_record *y = &b->recordv[i];

		assert(!memcmp(&x->u, &y->u, sizeof(x->u)));
		assert(!x->name == !y->name);
		assert(!x->name || !strcmp(x->name, y->name));
	}
}


static struct dns_answer *read_at(size_t pos, const uint8_t *buf, size_t len,
				  unsigned i)
{
	struct mbuf *mb = mbuf_alloc(pos + len + 1);
	struct dns_answer *a = NULL;
	int err;

	if (!mb)
		abort();

	(void)mbuf_fill(mb, 0xff, pos);
	(void)mbuf_write_mem(mb, buf, len);
	mb->pos = pos;
	err = dns_answer_read(&a, mb, questionv[i].name, questionv[i].type,
			      "192.0.2.53");
	assert(!err == (a != NULL) && (!err || err == EBADMSG));
	mem_deref(mb);

	return a;
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
	const unsigned i = len ? *buf % 4u : 0;
	struct dns_answer *a, *b;

	if (!len)
		return 0;

	a = read_at(0, buf + 1, len - 1, i);
	b = read_at(PREFIX, buf + 1, len - 1, i);
	assert(!a == !b);
	if (a) {
		check(a, questionv[i].type);
		check_same(a, b);
	}
	mem_deref(a);
	mem_deref(b);

	return 0;
}
