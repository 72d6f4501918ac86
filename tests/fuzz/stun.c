/* Fuzzes a datagram as the answer to a STUN Binding question whose id it has.
 * An address that is believed could be somebody's, and what is read does not
 * depend on where in a buffer it lies. */

#include <errno.h>
#include "fuzz.h"
#include "stun.h"


#define PREFIX  7        /* octets in front */
#define TID_POS 8        /* RFC 8489 §5 */


static void check_mapped(const struct sa *mapped)
{
	struct addr a;

	addr_from_sa(&a, mapped);
	assert(addr_isset(&a) && a.port);
	assert(addr_scope(&a) != ADDR_UNSPECIFIED);
	assert(a.family == ADDR_IPV4 ? a.ip[0] && a.ip[0] < 224
				     : a.ip[0] != 0xff);
}


static int read_at(struct sa *mapped, size_t pos, const uint8_t *buf,
		   size_t len, const uint8_t *tid)
{
	struct mbuf *mb = mbuf_alloc(pos + len + 1);
	int err;

	if (!mb)
		abort();

	(void)mbuf_fill(mb, 0xff, pos);
	(void)mbuf_write_mem(mb, buf, len);
	mb->pos = pos;
	sa_init(mapped, AF_UNSPEC);
	err = stun_answer_read(mapped, mb, tid);
	assert(!err || err == EPROTO || err == EBADMSG);
	assert(mb->pos == pos && mb->end == pos + len);
	mem_deref(mb);

	return err;
}


/* The other address of a server is believed by the same rules. */
static void read_other(const uint8_t *buf, size_t len, const uint8_t *tid)
{
	struct stun_question q = {.tries = 1};
	struct mbuf *mb = mbuf_alloc(len + 1);
	struct sa other;

	if (!mb)
		abort();

	(void)mbuf_write_mem(mb, buf, len);
	mb->pos = 0;
	if (stun_other_read(&other, mb))
		check_mapped(&other);
	assert(!mb->pos && mb->end == len);

	memcpy(q.tid, tid, sizeof(q.tid));
	assert(!stun_question_echoed(&q, mb) || len >= STUN_HEADER_SIZE);
	mem_deref(mb);
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
	uint8_t tid[STUN_TID_SIZE] = {0};
	struct sa a, b;
	int err;

	if (len >= STUN_HEADER_SIZE)
		memcpy(tid, buf + TID_POS, sizeof(tid));

	read_other(buf, len, tid);
	err = read_at(&a, 0, buf, len, tid);
	assert(err == read_at(&b, PREFIX, buf, len, tid));
	assert(err != EPROTO || len >= STUN_HEADER_SIZE);
	if (!err) {
		check_mapped(&a);
		assert(sa_cmp(&a, &b, SA_ALL));
	}

	tid[0] ^= 1;
	assert(read_at(&a, 0, buf, len, tid) == EBADMSG);

	return 0;
}
