/* A throw-away certificate authority: EC P-256, in memory, PEM files out. */

#ifndef CA_H
#define CA_H


struct ca;

/* A new authority with a key of its own; its certificate goes to `path`.
 * mem_deref() it. errno values; EPROTO: OpenSSL would not. */
int ca_alloc(struct ca **cap, const char *path);

/* The usual validity; a negative number of days makes an expired one. */
#define CA_DAYS 30

/* Issues a server certificate and writes it, with its key, to `path`. `san`:
 * subjectAltName as OpenSSL writes it, "DNS:sip.example.org,IP:127.0.0.1,
 * URI:sip:example.org". `days` from today. */
int ca_issue(const struct ca *ca, const char *path, const char *san, int days);

#endif
