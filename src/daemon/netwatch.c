/* Watches this machine's network: an rtnetlink socket, told of in bursts, and
 * the two clocks that tell a sleep.
 *
 * At the start, and after the kernel had to drop something, what there is is
 * asked for (a dump of links, then addresses, then routes), so that netnews.c
 * can tell what is news from what is repeated. */

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "log.h"
#include "loop.h"
#include "netnews.h"
#include "netwatch.h"
#include "sock.h"
#include "timer.h"


#define BUF_SIZE      16384      /* [octets] the kernel fills dumps into as much
				    as we read at a time, and needs 8 kB */
#define DATAGRAMS_MAX 64         /* read at a time; others want to live too */

#define GROUP(group) (1u << ((group) - 1))
#define GROUPS (GROUP(RTNLGRP_LINK) | GROUP(RTNLGRP_IPV4_IFADDR) |           \
		GROUP(RTNLGRP_IPV6_IFADDR) | GROUP(RTNLGRP_IPV4_ROUTE) |     \
		GROUP(RTNLGRP_IPV6_ROUTE) | GROUP(RTNLGRP_IPV4_RULE) |       \
		GROUP(RTNLGRP_IPV6_RULE))

static const uint16_t dumpv[] = {RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE};

#define DUMPS (sizeof(dumpv) / sizeof(dumpv[0]))

struct netwatch {
	struct io io;                    /* fd -1: there is no rtnetlink */
	struct netnews news;
	size_t dumps;                    /* ended; DUMPS: all of them */
	bool lost;                       /* something: a dump is due */
	struct timer tell_timer, look_timer;
	msec_t first, last;              /* of what waits to be told; NEVER */
	msec_t told;                     /* CHANGED; 0: not yet */
	msec_t gone_again;               /* may be told at once then */
	bool gone;                       /* waits to be told with the rest */
	netwatch_slept_h *slepth;
	msec_t slept;                    /* at the last look */
	netwatch_h *h;
	void *arg;
	char text[NETNEWS_TEXT_SIZE];    /* "": nothing told yet */
	int64_t at_usec;
	union {
		struct nlmsghdr align;
		char octets[BUF_SIZE];
	} buf;
};


/* --- telling --- */

/* May free it. */
static void tell(struct netwatch *n, unsigned what, const char *text)
{
	(void)snprintf(n->text, sizeof(n->text), "%s", text);
	n->at_usec = loop_wall_usec() + (int64_t)loop_usec();
	n->h(what, n->arg);
}


static void arm(struct netwatch *n)
{
	msec_t at = clock_min(n->last + NETWATCH_QUIET,
			      n->first + NETWATCH_LATEST);

	if (n->first == NEVER)
		at = NEVER;
	else if (n->told)
		at = clock_max(at, n->told + NETWATCH_GAP);

	timer_start(&n->tell_timer, at);
}


static void dump_lost(struct netwatch *n);


static void tell_handler(void *arg)
{
	struct netwatch *n = arg;
	const unsigned what = NETWATCH_CHANGED |
		(n->gone ? NETWATCH_GONE : 0);

	n->first = NEVER;
	n->told = loop_now();
	n->gone = false;
	dump_lost(n);
	netnews_told(&n->news);
	tell(n, what, n->news.text);
}


/* May free it. */
static void on_news(struct netwatch *n, unsigned news)
{
	const msec_t now = loop_now();

	if (!(news & (NETNEWS_GONE | NETNEWS_CHANGED)))
		return;

	if (n->first == NEVER)
		n->first = now;
	n->last = now;
	arm(n);

	if (!(news & NETNEWS_GONE))
		return;

	if (now < n->gone_again) {
		n->gone = true;
		return;
	}

	n->gone_again = now + NETWATCH_GAP;
	tell(n, NETWATCH_GONE, n->news.text);
}


/* --- rtnetlink --- */

static int request(int fd, uint16_t type)
{
	const struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
	} req = {
		.h = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.g.rtgen_family = AF_UNSPEC,
	};

	return send(fd, &req, sizeof(req), 0) < 0 ? errno : 0;
}


/* One after the other: the kernel takes one at a time. What cannot be asked for
 * stays unknown, and is news when it is repeated. */
static void dump(struct netwatch *n)
{
	while (n->io.fd >= 0 && n->dumps < DUMPS &&
	       request(n->io.fd, dumpv[n->dumps]))
		++n->dumps;
}


/* Not while one is under way, nor before what waits is told: a machine that
 * loses messages has enough of them. */
static void dump_lost(struct netwatch *n)
{
	if (!n->lost || n->dumps < DUMPS || n->first != NEVER)
		return;

	n->lost = false;
	n->dumps = 0;
	netnews_reset(&n->news);
	dump(n);
}


static unsigned read_news(struct netwatch *n, const void *buf, size_t len)
{
	const unsigned news = netnews_read(&n->news, buf, len);

	if (news & NETNEWS_DUMPED && n->dumps < DUMPS) {
		++n->dumps;
		dump(n);
		dump_lost(n);
	}

	return news;
}


static unsigned read_lost(struct netwatch *n)
{
	n->lost = true;

	return netnews_lost(&n->news);
}


/* EAGAIN: that was all. */
static int receive(struct netwatch *n, size_t *lenp)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {&n->buf, sizeof(n->buf)};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	const ssize_t len = recvmsg(n->io.fd, &msg, 0);

	if (len < 0)
		return errno;

	/* others than the kernel (0) can send us things as well */
	*lenp = from.nl_pid ? 0 : (size_t)len;

	return 0;
}


static void close_socket(struct netwatch *n)
{
	if (n->io.fd < 0)
		return;

	io_stop(&n->io);
	(void)close(n->io.fd);
	n->io.fd = -1;
}


static void blind(int err)
{
	log_warning(NULL, "the network cannot be watched: %s; its changes are "
		    "noticed when flows fail", strerror(err));
}


static void read_handler(int flags, void *arg)
{
	struct netwatch *n = arg;
	unsigned news = 0;
	size_t len = 0;
	int err = 0;

	(void)flags;

	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		err = receive(n, &len);
		if (err == ENOBUFS)
			news |= read_lost(n);
		else if (err)
			break;
		else
			news |= read_news(n, &n->buf, len);
	}

	if (err && err != ENOBUFS && !sock_would_block(err)) {
		close_socket(n);
		blind(err);
	}

	on_news(n, news);
}


static int open_socket(struct netwatch *n)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = GROUPS,
	};
	socklen_t len = sizeof(addr);

	n->io.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  NETLINK_ROUTE);
	if (n->io.fd < 0 ||
	    bind(n->io.fd, (const struct sockaddr *)&addr, len) ||
	    getsockname(n->io.fd, (struct sockaddr *)&addr, &len))
		return errno;

	n->news.port = addr.nl_pid;

	return io_listen(&n->io, FD_READ);
}


/* --- sleep --- */

static msec_t clock_msec(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);

	return (msec_t)ts.tv_sec * 1000 + (msec_t)ts.tv_nsec / 1000000;
}


/* Only one of the two goes on during a suspend. */
static msec_t slept(void)
{
	const msec_t awake = clock_msec(CLOCK_MONOTONIC);
	const msec_t all = clock_msec(CLOCK_BOOTTIME);

	return all > awake ? all - awake : 0;
}


static void look_handler(void *arg)
{
	struct netwatch *n = arg;
	const msec_t before = n->slept;
	char text[NETNEWS_TEXT_SIZE];

	n->slept = n->slepth();
	timer_start(&n->look_timer, loop_now() + NETWATCH_LOOK);
	if (n->slept < before + NETWATCH_SUSPEND)
		return;

	(void)snprintf(text, sizeof(text), "resumed after %llu s",
		       (unsigned long long)(n->slept - before) / 1000);
	tell(n, NETWATCH_RESUMED, text);
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct netwatch *n = data;

	timer_cancel(&n->tell_timer);
	timer_cancel(&n->look_timer);
	close_socket(n);
	netnews_reset(&n->news);
}


int netwatch_alloc(struct netwatch **np, netwatch_h *h, void *arg)
{
	struct netwatch *n;
	int err;

	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;

	n->io = (struct io){.fd = -1, .h = read_handler, .arg = n};
	n->first = NEVER;
	n->slepth = slept;
	n->slept = slept();
	n->h = h;
	n->arg = arg;
	timer_init(&n->tell_timer, tell_handler, n);
	timer_init(&n->look_timer, look_handler, n);
	timer_start(&n->look_timer, loop_now() + NETWATCH_LOOK);

	err = open_socket(n);
	if (err) {
		close_socket(n);
		blind(err);
	}

	dump(n);
	*np = n;

	return 0;
}


const char *netwatch_last(const struct netwatch *n, int64_t *usecp)
{
	if (!n || !n->text[0])
		return NULL;

	*usecp = n->at_usec;

	return n->text;
}


void netwatch_feed(struct netwatch *n, const void *buf, size_t len)
{
	on_news(n, read_news(n, buf, len));
}


void netwatch_feed_lost(struct netwatch *n)
{
	on_news(n, read_lost(n));
}


void netwatch_set_slept(struct netwatch *n, netwatch_slept_h *h)
{
	n->slepth = h;
	n->slept = h();
	timer_start(&n->look_timer, loop_now());
}
