/* Writes messages as packets, see pcap.h. The format of the file is
 * draft-ietf-opsawg-pcap, with link type RAW: each packet begins with its IP
 * header. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "pcap.h"


#define MAGIC       0xa1b2c3d4   /* in our byte order, with microseconds */
#define SNAPLEN     262144       /* bytes; no packet of ours is longer */
#define LINK_RAW    101          /* https://www.tcpdump.org/linktypes.html */
#define HOP_LIMIT   64
#define SEGMENT_MAX 65000        /* bytes of payload: an IP packet has 65535 */
#define CONNS       64           /* whose sequence numbers are known */
#define CSUM_NONE   0xffff       /* nobody can check what is cut off */

enum {
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	TCP_SIZE = 20,
	HEADERS_MAX = IPV6_SIZE + TCP_SIZE,
	TCP_PSH_ACK = 0x18,
};

/* The two directions of a TCP connection. */
struct conn {
	struct sa addrv[2];
	uint32_t seqv[2];        /* of the next byte */
};

struct pcap {
	FILE *f;
	struct conn connv[CONNS];
	unsigned connc;          /* ever; the oldest is forgotten */
};

/* One on its way into the file. */
struct packet {
	uint8_t head[HEADERS_MAX];
	size_t ip_size;          /* of the head, the rest is TCP's or UDP's */
	size_t size;
	const uint8_t *p;
	size_t len;              /* bytes at p */
	size_t length;           /* of the payload */
	bool v6;
};


static void destructor(void *data)
{
	struct pcap *p = data;

	if (p->f && p->f != stdout)
		(void)fclose(p->f);
}


static int flush(struct pcap *p)
{
	return fflush(p->f) || ferror(p->f) ? errno ? errno : EIO : 0;
}


static int file_open(FILE **fp, const char *path)
{
	struct stat st;
	int err = 0, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;

	/* one that was there; a pipe to Wireshark stays what it is */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && fchmod(fd, 0600))
		err = errno;

	if (!err) {
		*fp = fdopen(fd, "w");
		err = *fp ? 0 : errno;
	}
	if (err)
		(void)close(fd);

	return err;
}


int pcap_open(struct pcap **pp, const char *path)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, sigfigs, snaplen, link;
	} head = {MAGIC, 2, 4, 0, 0, SNAPLEN, LINK_RAW};
	struct pcap *p = mem_zalloc(sizeof(*p), destructor);
	int err = 0;

	if (!p)
		return ENOMEM;

	if (strcmp(path, "-"))
		err = file_open(&p->f, path);
	else
		p->f = stdout;
	if (err)
		goto out;

	(void)fwrite(&head, sizeof(head), 1, p->f);
	err = flush(p);

 out:
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}


/* --- headers --- */

static void put16(uint8_t *p, size_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}


static void put32(uint8_t *p, uint32_t n)
{
	put16(p, n >> 16);
	put16(p + 2, n & 0xffff);
}


static uint32_t sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (; len > 1; len -= 2, p += 2)
		s += (uint32_t)(p[0] << 8 | p[1]);

	return len ? s + (uint32_t)(p[0] << 8) : s;
}


/* RFC 1071 */
static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);

	return (uint16_t)~s;
}


static void put_ip(uint8_t *p, const struct sa *sa)
{
	if (sa_af(sa) == AF_INET6)
		memcpy(p, &sa->u.in6.sin6_addr, 16);
	else
		memcpy(p, &sa->u.in.sin_addr, 4);
}


/* RFC 791 §3.1 */
static void head_ipv4(struct packet *k, const struct pcap_message *m,
		      uint8_t proto)
{
	k->head[0] = 0x45;
	put16(k->head + 2, k->size + k->length);
	k->head[6] = 0x40;               /* it is not to be fragmented */
	k->head[8] = HOP_LIMIT;
	k->head[9] = proto;
	put_ip(k->head + 12, &m->src);
	put_ip(k->head + 16, &m->dst);
	put16(k->head + 10, fold(sum(0, k->head, IPV4_SIZE)));
}


/* RFC 8200 §3 */
static void head_ipv6(struct packet *k, const struct pcap_message *m,
		      uint8_t proto)
{
	k->head[0] = 0x60;
	put16(k->head + 4, k->size - IPV6_SIZE + k->length);
	k->head[6] = proto;
	k->head[7] = HOP_LIMIT;
	put_ip(k->head + 8, &m->src);
	put_ip(k->head + 24, &m->dst);
}


/* RFC 9293 §3.1, RFC 8200 §8.1: addresses, length and protocol are in it. */
static uint16_t checksum(const struct packet *k, uint8_t proto)
{
	const size_t upper = k->size - k->ip_size + k->length;
	const uint8_t *addrs = k->head + (k->v6 ? 8 : 12);
	uint32_t s;
	uint16_t c;

	if (k->len < k->length)
		return CSUM_NONE;

	s = sum((uint32_t)upper + proto, addrs, k->v6 ? 32 : 8);
	s = sum(s, k->head + k->ip_size, k->size - k->ip_size);
	c = fold(sum(s, k->p, k->len));

	return c || proto == PROTO_TCP ? c : 0xffff;     /* RFC 768 */
}


static void head_udp(struct packet *k, const struct pcap_message *m)
{
	uint8_t *p = k->head + k->ip_size;

	put16(p, sa_port(&m->src));
	put16(p + 2, sa_port(&m->dst));
	put16(p + 4, UDP_SIZE + k->length);
	put16(p + 6, checksum(k, PROTO_UDP));
}


static void head_tcp(struct packet *k, const struct pcap_message *m,
		     uint32_t seq, uint32_t ack)
{
	uint8_t *p = k->head + k->ip_size;

	put16(p, sa_port(&m->src));
	put16(p + 2, sa_port(&m->dst));
	put32(p + 4, seq);
	put32(p + 8, ack);
	p[12] = TCP_SIZE / 4 << 4;
	p[13] = TCP_PSH_ACK;
	put16(p + 14, 0xffff);           /* the window */
	put16(p + 16, checksum(k, PROTO_TCP));
}


/* --- packets --- */

/* Of which *srcp is the sending side. */
static struct conn *conn_find(struct pcap *p, const struct pcap_message *m,
			      unsigned *srcp)
{
	const unsigned n = p->connc < CONNS ? p->connc : CONNS;
	struct conn *c;

	for (unsigned i = 0; i < n; i++) {
		c = &p->connv[i];
		for (unsigned src = 0; src < 2; src++) {
			if (!sa_cmp(&c->addrv[src], &m->src, SA_ALL) ||
			    !sa_cmp(&c->addrv[!src], &m->dst, SA_ALL))
				continue;
			*srcp = src;
			return c;
		}
	}

	c = &p->connv[p->connc++ % CONNS];
	*c = (struct conn){{m->src, m->dst}, {1, 1}};
	*srcp = 0;

	return c;
}


static int write_packet(struct pcap *p, const struct packet *k, int64_t usec)
{
	const uint32_t head[4] = {
		(uint32_t)(usec / 1000000), (uint32_t)(usec % 1000000),
		(uint32_t)(k->size + k->len), (uint32_t)(k->size + k->length),
	};

	(void)fwrite(head, sizeof(head), 1, p->f);
	(void)fwrite(k->head, k->size, 1, p->f);
	if (k->len)
		(void)fwrite(k->p, k->len, 1, p->f);

	return flush(p);
}


/* `at`: what of the message comes first; returns how much came. */
static size_t fill(struct packet *k, const struct pcap_message *m, size_t at)
{
	const uint8_t proto = m->stream ? PROTO_TCP : PROTO_UDP;
	const size_t left = m->length - at;

	*k = (struct packet){.v6 = sa_af(&m->src) == AF_INET6};
	k->ip_size = k->v6 ? IPV6_SIZE : IPV4_SIZE;
	k->size = k->ip_size + (m->stream ? TCP_SIZE : UDP_SIZE);
	k->length = left < SEGMENT_MAX || !m->stream ? left : SEGMENT_MAX;
	k->p = m->p + at;
	k->len = m->len - at < k->length ? m->len - at : k->length;

	if (k->v6)
		head_ipv6(k, m, proto);
	else
		head_ipv4(k, m, proto);

	return k->length;
}


static int write_stream(struct pcap *p, const struct pcap_message *m)
{
	unsigned src;
	struct conn *c = conn_find(p, m, &src);
	struct packet k;
	size_t at = 0;
	int err = 0;

	/* of one that is cut off what comes later is nothing */
	do {
		const size_t n = fill(&k, m, at);

		head_tcp(&k, m, c->seqv[src], c->seqv[!src]);
		err = write_packet(p, &k, m->at_usec);
		c->seqv[src] += (uint32_t)n;
		at += n;
	} while (!err && at < m->len);

	return err;
}


int pcap_write(struct pcap *p, const struct pcap_message *m)
{
	const int af = sa_af(&m->src);
	struct packet k;

	if ((af != AF_INET && af != AF_INET6) || af != sa_af(&m->dst))
		return EAFNOSUPPORT;

	errno = 0;
	if (m->stream)
		return write_stream(p, m);

	(void)fill(&k, m, 0);
	head_udp(&k, m);

	return write_packet(p, &k, m->at_usec);
}
