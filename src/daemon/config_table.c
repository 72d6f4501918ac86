/* The tables: every key that there is, its default and what it may be. */

#include "config_check.h"
#include "config_key.h"


#define SEC 1000                 /* core counts in milliseconds */
#define DAY 86400                /* [s] */

#define OFFSET(type, f) \
	.offset = offsetof(struct type, f), \
	.size = sizeof(((struct type *)NULL)->f)
#define VECTOR(type, v, c) \
	.offset = offsetof(struct type, v), .count = offsetof(struct type, c)

#define STRING(f)  KEY_STRING, OFFSET(account_conf, f)
#define NUMBER(f)  KEY_NUMBER, OFFSET(account_conf, f)
#define BOOL(f)    KEY_BOOL, OFFSET(account_conf, f)
#define WORD(f, w) KEY_WORD, OFFSET(account_conf, f), .wordv = (w)
#define STRINGS(v, c) KEY_STRINGS, VECTOR(account_conf, v, c)


static const struct word transportv[] = {
	{"auto", TRANSPORT_AUTO}, {"udp", TRANSPORT_UDP},
	{"tcp", TRANSPORT_TCP}, {"tls", TRANSPORT_TLS}, {NULL},
};

static const struct word digestv[] = {
	{"md5", DIGEST_MD5}, {"sha-256", DIGEST_SHA256},
	{"sha-512-256", DIGEST_SHA512_256}, {NULL},
};

static const struct word connectionv[] = {
	{"dedicated", false}, {"shared", true, .later = true}, {NULL},
};

static const struct word familyv[] = {
	{"any", RESOLVE_ANY}, {"ipv4", RESOLVE_IPV4}, {"ipv6", RESOLVE_IPV6},
	{NULL},
};

static const struct word keepalivev[] = {
	{"auto", KEEPALIVE_AUTO}, {"crlf", KEEPALIVE_CRLF},
	{"options", KEEPALIVE_OPTIONS},
	{"stun", KEEPALIVE_STUN},
	{"register", KEEPALIVE_REGISTER}, {NULL},
};

static const struct word contactv[] = {
	{"auto", CONTACT_AUTO}, {"mapped", CONTACT_MAPPED},
	{"local", CONTACT_LOCAL}, {"static", CONTACT_STATIC}, {NULL},
};

static const struct word verifyv[] = {
	{"strict", TLS_VERIFY_STRICT}, {"wildcard", TLS_VERIFY_WILDCARD},
	{"none", TLS_VERIFY_NONE}, {NULL},
};

static const struct word versionv[] = {
	{"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}, {NULL},
};

static const struct word probev[] = {
	{"auto", true}, {"off", false}, {NULL},
};

static const struct word inboundv[] = {
	{"reject", INBOUND_REJECT},
	{"redirect", INBOUND_REDIRECT, .later = true},
	{"relay", INBOUND_RELAY, .later = true}, {NULL},
};

static const struct word levelv[] = {
	{"error", LOG_LEVEL_ERROR}, {"warning", LOG_LEVEL_WARNING},
	{"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
	{"debug", LOG_LEVEL_DEBUG}, {NULL},
};


/* In the order in which they are explained and printed. */
static const struct key accountv[] = {
	{"name", STRING(name), .check = check_name, .flags = KEY_REQUIRED},
	{"aor", STRING(aor), .check = check_aor, .flags = KEY_REQUIRED},
	{"preset", STRING(preset), .check = check_preset},
	{"enabled", BOOL(enabled), .def = true},
	{"count", KEY_NUMBER, OFFSET(account_raw, count), .min = 1,
	 .max = CONFIG_ACCOUNTS_MAX, .flags = KEY_INPUT},
	{"first", KEY_NUMBER, OFFSET(account_raw, first), .def = 1,
	 .max = 1000000000, .flags = KEY_INPUT},

	{"auth_user", STRING(auth_user)},
	{"realm", STRING(realm)},
	{"password", STRING(password), .flags = KEY_SECRET | KEY_SOURCE},
	{"password_file", STRING(password_file),
	 .flags = KEY_SOURCE | KEY_FILE},
	{"credential", STRING(credential), .check = check_file_name,
	 .flags = KEY_SOURCE},
	{"min_digest", WORD(policy.reg.min_digest, digestv),
	 .def = DIGEST_MD5},

	{"registrar", STRING(registrar), .check = check_registrar},
	{"outbound_proxy", STRINGS(proxyv, proxyc), .max = 16,
	 .check = check_proxy},
	{"redirect_hosts", STRINGS(redirectv, redirectc), .max = 16,
	 .check = check_redirect_host},
	{"transport", WORD(transport, transportv), .def = TRANSPORT_AUTO},
	{"flows", NUMBER(policy.flows), .def = 1, .min = 1,
	 .max = ACCOUNT_FLOWS_MAX},
	{"connection", WORD(shared, connectionv), .def = false},
	{"shared_connections", NUMBER(shared_connections), .def = 4, .min = 1,
	 .max = 64, .flags = KEY_LATER},
	{"source", STRING(source_text), .check = check_ip},
	{"interface", STRING(interface), .check = check_interface},
	/* CS3 (RFC 2474 §4.2.2.1), what SIP phones use for signalling */
	{"dscp", NUMBER(dscp), .def = 24, .max = 63},
	{"family", WORD(family, familyv), .def = RESOLVE_ANY},

	{"expires", NUMBER(policy.reg.expires), .def = 3600, .min = 5,
	 .max = REG_EXPIRES_MAX},
	{"keepalive.method", WORD(policy.flow.method, keepalivev),
	 .def = KEEPALIVE_AUTO},
	{"keepalive.interval", NUMBER(policy.flow.interval), .min = 1,
	 .max = 3600, .zero = true, .scale = SEC},
	{"keepalive.pong_timeout", NUMBER(policy.flow.pong_timeout),
	 .def = FLOW_PONG_TIMEOUT / SEC, .min = 1, .max = 60, .scale = SEC},
	{"verify", NUMBER(policy.reg.verify), .def = 600, .min = 10,
	 .max = DAY, .zero = true, .scale = SEC},
	{"contact.policy", WORD(contact_policy, contactv),
	 .def = CONTACT_AUTO},
	{"contact.address", STRING(contact_host), .check = check_host_port},
	{"contact.user", STRING(contact_user), .check = check_user},
	{"purge_ghosts", BOOL(purge_ghosts), .def = true},
	{"unregister_on_stop", BOOL(policy.reg.unregister), .def = true},

	{"tls.ca_file", STRING(tls.ca_file), .flags = KEY_FILE},
	{"tls.verify", WORD(tls.verify, verifyv), .def = TLS_VERIFY_WILDCARD},
	{"tls.name", STRING(tls.name), .check = check_host},
	{"tls.pins", STRINGS(tls.pins, tls.pinc), .max = 16,
	 .check = check_pin},
	{"tls.certificate", STRING(tls.certificate), .flags = KEY_FILE},
	{"tls.key", STRING(tls.key), .flags = KEY_FILE},
	{"tls.min_version", WORD(tls.min_version, versionv),
	 .def = TLS1_2_VERSION},

	{"probe.mode", WORD(probe, probev), .def = true},
	{"probe.interval", NUMBER(probe_interval), .def = 300, .min = 10,
	 .max = DAY},
	{"turn.server", STRING(turn_server), .check = check_host_port,
	 .flags = KEY_LATER},
	{"turn.user", STRING(turn_user), .flags = KEY_LATER},
	{"turn.password_file", STRING(turn_password_file),
	 .flags = KEY_FILE | KEY_LATER},
	{"inbound.policy", WORD(inbound, inboundv), .def = INBOUND_REJECT},
	/* never 6xx: it would stop the caller's other branches
	 * (RFC 3261 §21.6) */
	{"inbound.code", NUMBER(inbound_code), .def = 480, .min = 400,
	 .max = 599},
	{"inbound.target", STRING(inbound_target), .check = check_target,
	 .flags = KEY_LATER},
	{"inbound.allow", STRINGS(allowv, allowc), .max = 256,
	 .check = check_prefix},
	{"headers", STRINGS(headerv, headerc), .max = 16,
	 .check = check_header, .flags = KEY_MASK},
};
_Static_assert(ARRAY_SIZE(accountv) <= ACCOUNT_KEYS_MAX, "ACCOUNT_KEYS_MAX");

#undef STRING
#undef NUMBER
#undef BOOL
#undef WORD
#undef STRINGS
#define STRING(f)  KEY_STRING, OFFSET(config, f)
#define NUMBER(f)  KEY_NUMBER, OFFSET(config, f)
#define WORD(f, w) KEY_WORD, OFFSET(config, f), .wordv = (w)
#define STRINGS(v, c) KEY_STRINGS, VECTOR(config, v, c)

#define RATE_MAX 1000000         /* messages per second */


static const struct key globalv[] = {
	{"control_socket", STRING(control_socket), .text = CONFIG_SOCKET,
	 .check = check_socket},
	{"state_dir", STRING(state_dir), .check = check_absolute},
	{"include_dir", STRING(include_dir), .text = "accounts.d",
	 .flags = KEY_INPUT},
	{"instance_id", STRING(instance_id), .check = check_urn},
	{"user_agent", STRING(user_agent), .text = "sipregd/" VERSION},
	{"log_level", WORD(log_level, levelv), .def = LOG_LEVEL_INFO},

	{"dns.servers", STRINGS(dns_textv, dns_textc), .max = 8,
	 .check = check_ip_port},
	{"stun.server", STRING(stun_server), .check = check_host_port},
	{"stun.server2", STRING(stun_server2), .check = check_host_port},
	{"stun.interval", NUMBER(stun_interval), .def = 30, .min = 5,
	 .max = 3600},
	{"pace.edge_registers", NUMBER(pace.edge_registers), .def = 40,
	 .max = RATE_MAX},
	{"pace.registers", NUMBER(pace.registers), .def = 400,
	 .max = RATE_MAX},
	{"pace.edge_connects", NUMBER(pace.edge_connects), .def = 40,
	 .max = RATE_MAX},
	{"pace.connects", NUMBER(pace.connects), .def = 400,
	 .max = RATE_MAX},
	{"metrics.listen", STRING(metrics_listen), .check = check_ip_port},
	{"metrics.textfile", STRING(metrics_textfile),
	 .check = check_absolute},

	{"hooks", KEY_SECTION},
	{"defaults", KEY_SECTION},
	{"accounts", KEY_SECTION},
};
_Static_assert(ARRAY_SIZE(globalv) <= GLOBAL_KEYS_MAX, "GLOBAL_KEYS_MAX");

#undef NUMBER
#undef STRINGS
#define NUMBER(f)  KEY_NUMBER, OFFSET(hook_conf, f)
#define STRINGS(v, c) KEY_STRINGS, VECTOR(hook_conf, v, c)


static const struct key hookv[] = {
	{"on", STRINGS(onv, onc), .max = 16, .check = check_hook_word,
	 .flags = KEY_REQUIRED},
	{"exec", STRINGS(execv, execc), .max = 32, .flags = KEY_REQUIRED},
	{"accounts", STRINGS(accountv, accountc), .max = 1000,
	 .check = check_pattern},
	{"after", NUMBER(after), .def = 5, .min = 1, .max = 3600, .scale = SEC},
	{"timeout", NUMBER(timeout), .def = 30, .min = 1, .max = 3600,
	 .scale = SEC},
};
_Static_assert(ARRAY_SIZE(hookv) <= HOOK_KEYS_MAX, "HOOK_KEYS_MAX");

static const struct key includedv[] = {
	{"accounts", KEY_SECTION},
};


const struct keys keys_account = {
	"an account", accountv, ARRAY_SIZE(accountv),
};
const struct keys keys_global = {
	"the main file", globalv, ARRAY_SIZE(globalv),
};
const struct keys keys_included = {
	"an included file", includedv, ARRAY_SIZE(includedv),
};
const struct keys keys_hook = {
	"a hook", hookv, ARRAY_SIZE(hookv),
};
