/* An IP address and port as a value: text to value and back, by hand, because
 * libc's converters would bring more of libc into core. */

#include <string.h>
#include "addr.h"


#define IPV4_BYTES 4
#define IPV6_BYTES 16
#define GROUPS     8      /* of 16 bits in an IPv6 address */
#define NOWHERE    SIZE_MAX

/* Where the text goes: never past `size`, always with room for the zero. */
struct out {
	char *buf;
	size_t size;
	size_t pos;
};


static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}


static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;

	return -1;
}


/* Four decimal numbers without leading zeros: "010" is octal to some. */
static bool parse_ipv4(uint8_t *ip, const char *s, size_t len)
{
	uint8_t tmp[IPV4_BYTES];
	size_t i = 0;

	for (unsigned n = 0; n < IPV4_BYTES; n++) {
		unsigned v = 0;
		size_t start;

		if (n && (i == len || s[i++] != '.'))
			return false;

		for (start = i; i < len && is_digit(s[i]); i++) {
			if (i > start && !v)
				return false;
			v = 10 * v + (unsigned)(s[i] - '0');
			if (v > UINT8_MAX)
				return false;
		}
		if (i == start)
			return false;

		tmp[n] = (uint8_t)v;
	}

	if (i != len)
		return false;

	memcpy(ip, tmp, sizeof(tmp));
	return true;
}


/* One group of up to four hex digits; returns how many there were. */
static size_t parse_group(uint16_t *groupp, const char *s, size_t len)
{
	unsigned v = 0;
	size_t i;

	for (i = 0; i < len && i < 4; i++) {
		int h = hex_value(s[i]);

		if (h < 0)
			break;
		v = v << 4 | (unsigned)h;
	}

	*groupp = (uint16_t)v;
	return i;
}


/* RFC 4291 §2.2, all three forms. */
static bool parse_ipv6(uint8_t *ip, const char *s, size_t len)
{
	uint8_t tmp[IPV6_BYTES] = {0};
	size_t gap = NOWHERE;            /* the byte where "::" stands */
	size_t n = 0, i = 0;

	if (len >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 0;
		i = 2;
	}

	while (i < len) {
		uint16_t group;
		size_t digits = parse_group(&group, s + i, len - i);

		if (i + digits < len && s[i + digits] == '.') {
			if (n > IPV6_BYTES - IPV4_BYTES ||
			    !parse_ipv4(tmp + n, s + i, len - i))
				return false;
			n += IPV4_BYTES;
			break;
		}

		if (!digits || n == IPV6_BYTES)
			return false;
		tmp[n++] = (uint8_t)(group >> 8);
		tmp[n++] = (uint8_t)group;

		i += digits;
		if (i == len)
			break;
		if (s[i++] != ':' || i == len)
			return false;
		if (s[i] == ':') {
			if (gap != NOWHERE)
				return false;
			gap = n;
			++i;
		}
	}

	if (gap != NOWHERE) {
		/* "::" stands for at least one group */
		if (n == IPV6_BYTES)
			return false;
		memmove(tmp + IPV6_BYTES - (n - gap), tmp + gap, n - gap);
		memset(tmp + gap, 0, IPV6_BYTES - n);
	}
	else if (n != IPV6_BYTES) {
		return false;
	}

	memcpy(ip, tmp, sizeof(tmp));
	return true;
}


static bool is_mapped_ipv4(const uint8_t *ip)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(ip, prefix, sizeof(prefix));
}


bool addr_parse(struct addr *a, const char *s, size_t len, uint16_t port)
{
	struct addr tmp = { .port = port };

	if (parse_ipv4(tmp.ip, s, len)) {
		tmp.family = ADDR_IPV4;
		*a = tmp;
		return true;
	}

	if (len >= 2 && s[0] == '[' && s[len - 1] == ']') {
		++s;
		len -= 2;
	}

	if (!parse_ipv6(tmp.ip, s, len))
		return false;

	if (is_mapped_ipv4(tmp.ip)) {
		memmove(tmp.ip, tmp.ip + 12, IPV4_BYTES);
		memset(tmp.ip + IPV4_BYTES, 0, IPV6_BYTES - IPV4_BYTES);
		tmp.family = ADDR_IPV4;
	}
	else {
		tmp.family = ADDR_IPV6;
	}

	*a = tmp;
	return true;
}


static void put(struct out *o, char c)
{
	if (o->pos + 1 < o->size)
		o->buf[o->pos++] = c;
}


static void put_number(struct out *o, unsigned v, unsigned base)
{
	char digits[5];                  /* 65535 */
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);

	while (n)
		put(o, digits[--n]);
}


static void put_ipv4(struct out *o, const uint8_t *ip)
{
	for (unsigned i = 0; i < IPV4_BYTES; i++) {
		if (i)
			put(o, '.');
		put_number(o, ip[i], 10);
	}
}


static unsigned group_of(const uint8_t *ip, unsigned i)
{
	return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}


/* The longest run of two or more zero groups, the first of equals
 * (RFC 5952 §4.2); returns its length, 0: there is none. */
static unsigned longest_run(unsigned *startp, const uint8_t *ip)
{
	unsigned best = 1, n = 0;

	for (unsigned i = 0; i < GROUPS; i++) {
		n = group_of(ip, i) ? 0 : n + 1;
		if (n > best) {
			best = n;
			*startp = i + 1 - n;
		}
	}

	return best > 1 ? best : 0;
}


static void put_ipv6(struct out *o, const uint8_t *ip)
{
	unsigned start = GROUPS;
	unsigned run = longest_run(&start, ip);

	for (unsigned i = 0; i < GROUPS; i++) {
		if (i == start) {
			put(o, ':');
			put(o, ':');
			i += run - 1;
			continue;
		}
		if (i && i != start + run)
			put(o, ':');
		put_number(o, group_of(ip, i), 16);
	}
}


static void put_ip(struct out *o, const struct addr *a)
{
	if (a->family == ADDR_IPV4)
		put_ipv4(o, a->ip);
	else if (a->family == ADDR_IPV6)
		put_ipv6(o, a->ip);
}


static char *finish(struct out *o)
{
	if (o->size)
		o->buf[o->pos] = '\0';

	return o->buf;
}


char *addr_print(const struct addr *a, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	bool brackets = a->family == ADDR_IPV6;

	if (brackets)
		put(&o, '[');
	put_ip(&o, a);
	if (brackets)
		put(&o, ']');

	if (addr_isset(a) && a->port) {
		put(&o, ':');
		put_number(&o, a->port, 10);
	}

	return finish(&o);
}


char *addr_print_ip(const struct addr *a, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	put_ip(&o, a);

	return finish(&o);
}


bool addr_isset(const struct addr *a)
{
	return a->family == ADDR_IPV4 || a->family == ADDR_IPV6;
}


bool addr_equal(const struct addr *a, const struct addr *b)
{
	if (!addr_ip_equal(a, b))
		return false;

	return !addr_isset(a) || a->port == b->port;
}


bool addr_ip_equal(const struct addr *a, const struct addr *b)
{
	if (!addr_isset(a) || !addr_isset(b))
		return addr_isset(a) == addr_isset(b);

	return a->family == b->family &&
		!memcmp(a->ip, b->ip, a->family == ADDR_IPV4 ? IPV4_BYTES
							     : IPV6_BYTES);
}


static enum addr_scope scope_ipv4(const uint8_t *ip)
{
	static const uint8_t zero[IPV4_BYTES];

	if (!memcmp(ip, zero, sizeof(zero)))
		return ADDR_UNSPECIFIED;
	if (ip[0] == 127)
		return ADDR_LOOPBACK;
	if (ip[0] == 169 && ip[1] == 254)                /* RFC 3927 */
		return ADDR_LINKLOCAL;
	if (ip[0] == 100 && (ip[1] & 0xc0) == 64)        /* RFC 6598 */
		return ADDR_CGNAT;
	if (ip[0] == 10 ||                               /* RFC 1918 */
	    (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
	    (ip[0] == 192 && ip[1] == 168))
		return ADDR_PRIVATE;

	return ADDR_PUBLIC;
}


static enum addr_scope scope_ipv6(const uint8_t *ip)
{
	static const uint8_t zero[IPV6_BYTES];

	if (!memcmp(ip, zero, IPV6_BYTES - 1)) {
		if (ip[15] == 0)
			return ADDR_UNSPECIFIED;
		if (ip[15] == 1)
			return ADDR_LOOPBACK;
	}
	if (is_mapped_ipv4(ip))
		return scope_ipv4(ip + 12);
	if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)     /* RFC 4291 §2.5.6 */
		return ADDR_LINKLOCAL;
	if ((ip[0] & 0xfe) == 0xfc)                      /* RFC 4193 */
		return ADDR_PRIVATE;

	return ADDR_PUBLIC;
}


enum addr_scope addr_scope(const struct addr *a)
{
	if (a->family == ADDR_IPV4)
		return scope_ipv4(a->ip);
	if (a->family == ADDR_IPV6)
		return scope_ipv6(a->ip);

	return ADDR_UNKNOWN;
}
