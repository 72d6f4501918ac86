/* What each string of the configuration has to look like. */

#include <ctype.h>
#include <net/if.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include "config_check.h"
#include "config_uri.h"
#include "hook.h"


#define PIN_PREFIX "sha256/"
#define PIN_BASE64 44            /* of the 32 bytes of a SHA-256 */
#define NID_MAX    32            /* RFC 8141 §2: namespace identifier */
#define UUID_LEN   36            /* RFC 4122 §3 */

#define TOKEN_CHARS "-.!%*_+`'~" /* RFC 3261 §25.1, beside alphanumerics */

/* What a REGISTER has already (or means something else to its transport),
 * and the compact forms. */
static const char *const own_headerv[] = {
	"Via", "v", "From", "f", "To", "t", "Call-ID", "i", "CSeq",
	"Contact", "m", "Expires", "Authorization", "Proxy-Authorization",
	"Content-Length", "l", "Route", "Record-Route", "Max-Forwards",
	"Supported", "k", "Require", "Proxy-Require", "User-Agent",
	"Content-Type", "c", "Content-Encoding", "e",
};


/* Only letters, digits and `also`? */
static bool only(const char *s, size_t len, const char *also)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)s[i];

		if (!c || c >= 0x80 || (!isalnum(c) && !strchr(also, c)))
			return false;
	}

	return len > 0;
}


const char *check_string(const char *value)
{
	size_t len = strlen(value);

	if (len > CHECK_STRING_MAX)
		return "is longer than 1024 bytes";

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)value[i];

		if (c < 0x20 || c == 0x7f)
			return "must not hold control characters";
	}

	return NULL;
}


const char *check_name(const char *value)
{
	if (strlen(value) > CHECK_NAME_MAX)
		return "is longer than 64 characters";

	if (!only(value, strlen(value), "._@+-"))
		return "may hold letters, digits and ._@+- only";

	return NULL;
}


const char *check_aor(const char *value)
{
	struct uri_parts u;
	const char *wrong = uri_parts_check(&u, value);

	if (wrong)
		return wrong;

	if (!u.user.l)
		return "needs a user, as in \"sip:alice@example.com\"";

	/* where to send is not part of who it is (RFC 3261 §10.2.1) */
	if (u.transport != TRANSPORT_AUTO)
		return "must not say ;transport=, the key transport does";

	return NULL;
}


const char *check_registrar(const char *value)
{
	struct uri_parts u;
	const char *wrong = uri_parts_check(&u, value);

	/* RFC 3261 §10.2: userinfo and "@" MUST NOT be present */
	return wrong || !u.user.l ? wrong : "must not have a user part";
}


const char *check_proxy(const char *value)
{
	return check_registrar(value);
}


const char *check_target(const char *value)
{
	struct uri_parts u;

	return uri_parts_check(&u, value);
}


const char *check_file_name(const char *value)
{
	if (value[0] == '.' || strchr(value, '/'))
		return "must be the name of a file, without directory";

	return NULL;
}


const char *check_preset(const char *value)
{
	if (value[0] == '.' || !only(value, strlen(value), "._-"))
		return "must be a name of letters, digits and ._-";

	return NULL;
}


const char *check_user(const char *value)
{
	struct pl user;

	pl_set_str(&user, value);

	return user_valid(&user) ? NULL
				 : "has a character that must be written as "
				   "%HH in a URI";
}


const char *check_host(const char *value)
{
	struct addr addr;
	struct pl host;

	pl_set_str(&host, value);
	if (host_valid(&host) || addr_parse(&addr, host.p, host.l, 0))
		return NULL;

	return "must be a host name or an IP address";
}


const char *check_redirect_host(const char *value)
{
	struct addr addr;
	struct pl host;

	if (strncmp(value, "*.", 2))
		return check_host(value);

	pl_set_str(&host, value + 2);
	if (!host_valid(&host) || addr_parse(&addr, host.p, host.l, 0))
		return "must be a host name after \"*.\"";

	return NULL;
}


const char *check_host_port(const char *value)
{
	struct pl host;
	uint16_t port;

	if (!host_port_parse(value, &host, &port))
		return "must be \"host\" or \"host:port\" "
		       "(IPv6: \"[address]:port\")";

	return NULL;
}


const char *check_ip(const char *value)
{
	struct addr addr;

	if (!addr_parse(&addr, value, strlen(value), 0))
		return "must be an IP address";

	return NULL;
}


const char *check_ip_port(const char *value)
{
	struct addr addr;
	struct pl host;
	uint16_t port;

	/* a literal IPv6 without port may stand without its [] */
	if (!check_ip(value))
		return NULL;

	if (!host_port_parse(value, &host, &port) ||
	    !addr_parse(&addr, host.p, host.l, port))
		return "must be an IP address, or \"address:port\" "
		       "(IPv6: \"[address]:port\")";

	return NULL;
}


const char *check_prefix(const char *value)
{
	const size_t len = strcspn(value, "/");
	struct addr addr;
	struct pl bits;
	uint32_t n;

	if (!addr_parse(&addr, value, len, 0))
		return "must be \"address\" or \"address/bits\"";

	if (!value[len])
		return NULL;

	pl_set_str(&bits, value + len + 1);
	if (!number_parse(&n, &bits) ||
	    n > (addr.family == ADDR_IPV4 ? 32u : 128u))
		return "must have at most 32 bits (IPv6: 128) after the \"/\"";

	return NULL;
}


const char *check_interface(const char *value)
{
	if (strlen(value) >= IFNAMSIZ)
		return "is longer than 15 characters";

	if (strpbrk(value, "/ "))
		return "must be the name of a network interface";

	return NULL;
}


const char *check_absolute(const char *value)
{
	return value[0] == '/' ? NULL : "must be an absolute path";
}


const char *check_socket(const char *value)
{
	struct sockaddr_un un;

	if (strlen(value) >= sizeof(un.sun_path))
		return "is longer than the 107 bytes of a socket's path";

	return check_absolute(value);
}


static bool uuid_valid(const char *s)
{
	if (strlen(s) != UUID_LEN)
		return false;

	for (size_t i = 0; i < UUID_LEN; i++) {
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}

	return true;
}


const char *check_urn(const char *value)
{
	const char *nss;
	size_t len;

	if (strncasecmp(value, "urn:", 4))
		return "must be a URN, as in \"urn:uuid:...\"";

	value += 4;
	len = strcspn(value, ":");
	if (len < 2 || len > NID_MAX || !only(value, len, "-") || !value[len])
		return "must be a URN, as in \"urn:uuid:...\"";

	nss = value + len + 1;
	if (len == 4 && !strncasecmp(value, "uuid", 4)) {
		return uuid_valid(nss) ? NULL
				       : "has no valid UUID (8-4-4-4-12 "
					 "hexadecimal digits)";
	}

	/* it goes between <> inside of "" (RFC 5626 §4.1) */
	if (!only(nss, strlen(nss), "-_.~%!$&'()*+,;=:@/"))
		return "must be a URN, as in \"urn:uuid:...\"";

	return NULL;
}


const char *check_pin(const char *value)
{
	const size_t skip = sizeof(PIN_PREFIX) - 1;

	if (strncmp(value, PIN_PREFIX, skip) ||
	    strlen(value + skip) != PIN_BASE64 ||
	    !only(value + skip, PIN_BASE64 - 1, "+/") ||
	    value[skip + PIN_BASE64 - 1] != '=')
		return "must be \"sha256/\" and the base64 of a SHA-256";

	return NULL;
}


const char *check_header(const char *value)
{
	const char *colon = strchr(value, ':');
	struct pl name;

	if (!colon)
		return "must be \"Name: value\"";

	pl_set_str(&name, value);
	name.l = (size_t)(colon - value);
	if (!only(name.p, name.l, TOKEN_CHARS) ||
	    !colon[1 + strspn(colon + 1, " ")])
		return "must be \"Name: value\"";

	for (size_t i = 0; i < ARRAY_SIZE(own_headerv); i++) {
		if (!pl_strcasecmp(&name, own_headerv[i]))
			return "is a header that sipregd writes itself";
	}

	return NULL;
}


const char *check_hook_word(const char *value)
{
	const char *name;
	unsigned i;

	for (i = 0; (name = hook_word(i)); i++) {
		if (!strcmp(name, value))
			return NULL;
	}

	return "wants \"reachable\", \"unreachable\", \"registered\", "
		"\"unregistered\" or the name of an event, see sipregctl(1)";
}


const char *check_pattern(const char *value)
{
	if (strlen(value) > CHECK_NAME_MAX)
		return "is longer than 64 characters";

	if (!only(value, strlen(value), "._@+-*?"))
		return "may hold letters, digits, ._@+- and the wildcards * "
			"and ? only";

	return NULL;
}
