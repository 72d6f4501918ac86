/* Fuzzes rtnetlink messages. The kernel is no enemy, but its next version may
 * say things that this one does not. What is remembered is bounded, what is
 * said is text, and what was learned is no news when it is said again. */

#include <linux/rtnetlink.h>
#include "fuzz.h"
#include "netnews.h"


#define LEN_MAX   16384
#define FACTS_MAX 2048           /* as in netfacts.c */
#define LINKS_MAX 1024

static union {
	struct nlmsghdr align;
	uint8_t octets[LEN_MAX];
} u;


static void check(const struct netnews *n, unsigned news)
{
	const char *end = memchr(n->text, '\0', sizeof(n->text));

	assert(!(news & NETNEWS_GONE) || news & NETNEWS_CHANGED);
	assert(!(news & NETNEWS_CHANGED) || n->text[0]);
	assert(end);
	for (const char *p = n->text; p < end; p++)
		assert(*p >= ' ' && *p <= '~');

	assert(n->facts.factc <= FACTS_MAX && n->facts.linkc <= LINKS_MAX);
	assert(n->facts.routec <= n->facts.factc);
	assert(n->facts.factc <= n->facts.fact_size);
	assert(n->facts.linkc <= n->facts.link_size);
}


/* One message alone, twice. */
static void check_again(const struct nlmsghdr *h)
{
	struct netnews n = {0};
	unsigned news;

	(void)netnews_read(&n, h, h->nlmsg_len);
	netnews_told(&n);
	news = netnews_read(&n, h, h->nlmsg_len);
	assert(!news || h->nlmsg_type == RTM_DELADDR ||
	       h->nlmsg_type == RTM_DELROUTE ||
	       h->nlmsg_type == RTM_NEWRULE || h->nlmsg_type == RTM_DELRULE);
	netnews_reset(&n);
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
	struct netnews n = {0};
	unsigned news;

	if (len < sizeof(struct nlmsghdr) || len > LEN_MAX)
		return 0;

	memcpy(u.octets, buf, len);
	news = netnews_read(&n, &u, len);
	check(&n, news);
	netnews_told(&n);
	check(&n, news | netnews_read(&n, &u, len));
	netnews_reset(&n);

	if (u.align.nlmsg_len <= len &&
	    u.align.nlmsg_len >= sizeof(struct nlmsghdr))
		check_again(&u.align);

	return 0;
}
