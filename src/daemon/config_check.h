/* What each string of the configuration has to look like. Every check says
 * what is wrong in words that do not quote the value, or NULL. */

#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#define CHECK_STRING_MAX 1024    /* bytes of any string */
#define CHECK_NAME_MAX   64      /* bytes of an account's name */


/* Of every string, before its own check: length, no control characters. */
const char *check_string(const char *value);

const char *check_name(const char *value);       /* [A-Za-z0-9._@+-]+ */
const char *check_aor(const char *value);        /* SIP URI, user and host */
const char *check_registrar(const char *value);  /* SIP URI without user */
const char *check_proxy(const char *value);      /* SIP URI without user */
const char *check_target(const char *value);     /* SIP URI */
const char *check_preset(const char *value);     /* a file's name */
const char *check_file_name(const char *value);
const char *check_user(const char *value);       /* user part of a URI */
const char *check_host(const char *value);
const char *check_redirect_host(const char *value);  /* host or "*.domain" */
const char *check_host_port(const char *value);  /* "host" or "host:port" */
const char *check_ip(const char *value);
const char *check_ip_port(const char *value);    /* "ip" or "ip:port" */
const char *check_prefix(const char *value);     /* "ip" or "ip/bits" */
const char *check_interface(const char *value);
const char *check_absolute(const char *value);   /* path */
const char *check_socket(const char *value);     /* and fits sun_path */
const char *check_urn(const char *value);        /* RFC 8141, for RFC 5626 */
const char *check_pin(const char *value);        /* "sha256/BASE64" */
const char *check_header(const char *value);     /* "Name: value" */
const char *check_hook_word(const char *value);  /* of core/hook.h */
const char *check_pattern(const char *value);    /* a name, with * and ? */

#endif
