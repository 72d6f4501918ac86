/* An IP address and port as a plain value, and what kind of address it is. */

#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


enum addr_family {
	ADDR_NONE = 0,  /* not known */
	ADDR_IPV4 = 4,
	ADDR_IPV6 = 6,
};

struct addr {
	uint8_t ip[16];          /* network order; IPv4 uses the first four */
	uint16_t port;           /* host order; 0: none */
	uint8_t family;          /* enum addr_family */
};

/* Where an address can be reached from. */
enum addr_scope {
	ADDR_UNKNOWN,            /* no address */
	ADDR_UNSPECIFIED,        /* 0.0.0.0, :: */
	ADDR_LOOPBACK,           /* 127/8, ::1 */
	ADDR_LINKLOCAL,          /* 169.254/16, fe80::/10 */
	ADDR_PRIVATE,            /* RFC 1918; RFC 4193 fc00::/7 */
	ADDR_CGNAT,              /* RFC 6598 100.64/10 */
	ADDR_PUBLIC,
};

/* Room for "[ipv6]:port" and the terminating zero. */
#define ADDR_STRLEN 56

/* Parses `len` characters of an IP literal, "[v6]" too, without a port.
 * An IPv4-mapped IPv6 address becomes IPv4. False: not an IP literal, and
 * *a is untouched. */
bool addr_parse(struct addr *a, const char *s, size_t len, uint16_t port);

/* "192.0.2.1:5060" or "[2001:db8::1]:5060", RFC 5952 form; "" if not known.
 * Port 0 is left out. Writes at most `size` bytes with the zero, returns
 * buf. */
char *addr_print(const struct addr *a, char *buf, size_t size);

/* The address alone, without port and brackets. */
char *addr_print_ip(const struct addr *a, char *buf, size_t size);

bool addr_isset(const struct addr *a);

/* Two that are not known are equal; addr_ip_equal() leaves the port out. */
bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_ip_equal(const struct addr *a, const struct addr *b);
enum addr_scope addr_scope(const struct addr *a);

#endif
