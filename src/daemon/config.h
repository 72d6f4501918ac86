/* The configuration: libconfig files to values, every error with file and
 * line. A config never changes once it is loaded; agents hold a reference. */

#ifndef CONFIG_H
#define CONFIG_H

#include "account.h"
#include "compat.h"
#include "log.h"
#include "net.h"
#include "resolve.h"
#include "tls.h"


#ifndef CONFIG_DIR               /* else from the Makefile, as CONFIG_PRESETS */
#define CONFIG_DIR       "/etc/sipregd"
#endif
#define CONFIG_FILE      CONFIG_DIR "/sipregd.conf"
#define CONFIG_SOCKET    "/run/sipregd/control"
#define CONFIG_STATE_DIR "/var/lib/sipregd"
#ifndef CONFIG_PRESETS
#define CONFIG_PRESETS   "/usr/share/sipregd/presets"
#endif

#define CONFIG_METRICS_PORT 9474         /* where metrics.listen names none */
#define CONFIG_ACCOUNTS_MAX 200000       /* twice of what it is built for */

enum inbound_policy {
	INBOUND_REJECT,
	INBOUND_REDIRECT,
	INBOUND_RELAY,
};

/* One account, all defaults and presets applied. Strings are never NULL; ""
 * means that nothing is configured. */
struct account_conf {
	char *file;                      /* where it stands, for messages */
	unsigned line;
	size_t order;                    /* its index in the configuration */
	unsigned reg_ids;                /* added to 1 ... for reg-id: accounts
					    of one AOR share the instance */

	char *name;
	char *aor;                       /* as written */
	char *aor_user;                  /* still escaped, as in the URI */
	char *aor_host;                  /* a literal IPv6 keeps its [] */
	uint16_t aor_port;               /* 0: none */
	bool sips;                       /* AOR, registrar or proxy is sips: */
	char *preset;
	bool enabled;

	char *auth_user;                 /* default: the AOR's user */
	char *realm;                     /* "": any */
	char *password;                  /* whatever its source was */
	char *password_file;             /* the source, or "" */
	char *credential;

	char *registrar;                 /* URI; default "sip:" AOR's host */
	char **proxyv;                   /* outbound_proxy, URIs */
	size_t proxyc;
	char **redirectv;                /* "host" or "*.domain" */
	size_t redirectc;
	enum transport transport;        /* as configured, maybe AUTO */
	bool shared;                     /* connection = "shared" */
	unsigned shared_connections;
	struct sa source;                /* unset: any */
	char *source_text;               /* as written */
	char *interface;
	uint8_t dscp;
	enum resolve_family family;

	enum contact_policy contact_policy;
	struct addr contact_address;     /* static: unset if it is a name */
	char *contact_host;              /* static: "host" or "host:port" */
	char *contact_user;              /* default: the AOR's user */
	bool purge_ghosts;

	struct tls_conf tls;

	bool probe;                      /* mode auto */
	unsigned probe_interval;         /* [s] */
	char *turn_server, *turn_user, *turn_password_file;
	char *turn_password;             /* what the file holds */

	enum inbound_policy inbound;
	unsigned inbound_code;           /* 400..599 of `reject`, never 6xx */
	char *inbound_target;            /* URI */
	char **allowv;                   /* "ADDR" or "ADDR/BITS" */
	size_t allowc;

	char **headerv;                  /* "Name: value" without CRLF */
	size_t headerc;

	struct account_policy policy;    /* what the core decides by */
};

/* A program of the operator's that is told what happens, see core/hook.h. */
struct hook_conf {
	char *file;                      /* where it stands, for messages */
	unsigned line;

	char **onv;                      /* as written, for -n */
	size_t onc;
	uint32_t on;                     /* the same: HOOK_* */
	char **execv;                    /* the program, absolute, and its
					    arguments; ends with NULL */
	size_t execc;
	char **accountv;                 /* names or patterns of fnmatch(3);
					    none: all accounts */
	size_t accountc;
	uint32_t after;                  /* [ms] what is told has lasted */
	uint32_t timeout;                /* [ms] it is ended after */
};

struct config {
	char *file;
	char *control_socket;
	char *state_dir;
	char *include_dir;               /* as written */
	char *accounts_dir;              /* its path; NULL: there is none */
	char *instance_id;               /* "": made once, kept in state_dir */
	char *user_agent;
	enum log_level log_level;

	struct sa *dnsv;                 /* none: /etc/resolv.conf */
	size_t dnsc;
	char **dns_textv;                /* the same, as written */
	size_t dns_textc;
	char *stun_server, *stun_server2;
	unsigned stun_interval;          /* [s] */
	struct {
		uint32_t edge_registers, registers;
		uint32_t edge_connects, connects;
	} pace;                          /* per second; 0: off */
	char *metrics_listen, *metrics_textfile;
	struct sa metrics_addr;          /* the first; unset: "" */

	struct hook_conf **hookv;        /* in the order of the file */
	size_t hookc;

	struct account_conf **accountv;  /* in order of the files */
	size_t accountc;
};

/* One thing that is wrong or dubious, as "file:line: message". */
typedef void (config_message_h)(bool error, const char *text, void *arg);

/* Loads `file` and what it includes. Every error is told to `h`, warnings
 * too; EINVAL if there was an error, and then *cp is untouched. mem_deref()
 * wipes the secrets. */
int config_load(struct config **cp, const char *file, config_message_h *h,
		void *arg);

/* The same to look at it only (-t, -n), outside of the service, which alone is
 * given credentials: where there is no $CREDENTIALS_DIRECTORY, one that is not
 * in /etc/sipregd/credentials or cannot be read there is a warning. */
int config_check(struct config **cp, const char *file, config_message_h *h,
		 void *arg);

/* The same with presets from another directory than CONFIG_PRESETS. */
int config_load_presets(struct config **cp, const char *file,
			const char *presets, config_message_h *h, void *arg);

/* The effective configuration in libconfig's syntax, secrets masked. It loads
 * again; `count` and included files have become plain accounts. */
int config_print(struct re_printf *pf, const struct config *c);

/* Tells whether the credentials may be others than when it was last asked:
 * made of times and sizes of the files that they come from, and of no secret.
 * 0: it cannot be told (systemd makes its credentials anew at each start). */
int64_t account_conf_stamp(const struct config *c,
			   const struct account_conf *a);

/* Is it to be told of the account with this name? */
bool hook_conf_wants(const struct hook_conf *h, const char *account);

/* Where the i-th flow of an account goes: its own outbound proxy, then, should
 * that fail, the others in their order, beginning again at the first one; the
 * registrar if there is none. So many URIs there are, at least one: */
size_t account_conf_edges(const struct account_conf *a);

/* The k-th choice of the i-th flow as host (a literal IPv6 without its []),
 * port (0: none given) and transport: for `auto` TLS with sips:, else what the
 * URI says, TLS for port 5061; AUTO is left to the resolver (RFC 3263 §4.1). */
void account_conf_edge(const struct account_conf *a, size_t i, size_t k,
		       struct pl *host, uint16_t *port,
		       enum transport *transport);

/* The URI of that proxy, for a Route; NULL: it is the registrar itself. */
const char *account_conf_proxy(const struct account_conf *a, size_t i,
			       size_t k);

#endif
