/* Whom a certificate is for (RFC 5922 §7.1, §7.2). */

#include <string.h>
#include <strings.h>
#include <openssl/x509v3.h>
#include "addr.h"
#include "identity.h"


/* The host of "sip:host[:port][;...]"; false for any other scheme and for the
 * identity of a user (RFC 5922 §7.1). */
static bool sip_identity(struct pl *host, const ASN1_IA5STRING *uri)
{
	static const char scheme[] = "sip:";
	struct pl pl;
	size_t n = 0;

	pl.p = (const char *)ASN1_STRING_get0_data(uri);
	pl.l = (size_t)ASN1_STRING_length(uri);

	if (pl.l < sizeof(scheme) ||
	    strncasecmp(pl.p, scheme, sizeof(scheme) - 1) ||
	    memchr(pl.p, '@', pl.l))
		return false;

	pl_advance(&pl, sizeof(scheme) - 1);
	/* a zero ends nothing: with it the name equals no other */
	while (n < pl.l && (!pl.p[n] || !strchr(":;?", pl.p[n])))
		++n;

	host->p = pl.p;
	host->l = n;

	return n > 0;
}


/* Does one of the URIs name the host? *anyp: is there a SIP identity? */
static bool match_uri(X509 *cert, const char *host, bool *anyp)
{
	GENERAL_NAMES *names;
	bool match = false;
	struct pl pl;
	int i;

	*anyp = false;

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {

		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);

		if (gn->type != GEN_URI ||
		    !sip_identity(&pl, gn->d.uniformResourceIdentifier))
			continue;

		*anyp = true;
		if (!pl_strcasecmp(&pl, host))
			match = true;
	}

	GENERAL_NAMES_free(names);

	return match;
}


bool identity_match_host(X509 *cert, const char *host, bool strict)
{
	unsigned flags = strict ? X509_CHECK_FLAG_NO_WILDCARDS
		: X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	bool uris;

	if (match_uri(cert, host, &uris))
		return true;
	if (strict && uris)
		return false;

	if (X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) >= 0)
		flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

	return X509_check_host(cert, host, strlen(host), flags, NULL) == 1;
}


bool identity_match_ip(X509 *cert, const char *ip)
{
	return X509_check_ip_asc(cert, ip, 0) == 1;
}


struct words {
	char *buf;
	size_t size;
	size_t len;
};


static void add_text(struct words *w, const char *p, size_t n)
{
	static const char cut[] = "...";
	size_t i;

	for (i = 0; i < n; i++) {
		if (w->len + sizeof(cut) >= w->size) {
			memcpy(w->buf + w->size - sizeof(cut), cut,
			       sizeof(cut));
			w->len = w->size;
			return;
		}
		w->buf[w->len++] = p[i] > ' ' && p[i] < 0x7f ? p[i] : '?';
		w->buf[w->len] = '\0';
	}
}


static void add_name(struct words *w, const char *p, size_t n)
{
	if (w->len && w->len < w->size - 2) {
		w->buf[w->len++] = ',';
		w->buf[w->len++] = ' ';
		w->buf[w->len] = '\0';
	}

	add_text(w, p, n);
}


static void add_string(struct words *w, const ASN1_STRING *s)
{
	if (s)
		add_name(w, (const char *)ASN1_STRING_get0_data(s),
			 (size_t)ASN1_STRING_length(s));
}


static void add_ip(struct words *w, const ASN1_OCTET_STRING *ip)
{
	const uint8_t *p = ASN1_STRING_get0_data(ip);
	struct addr a = {.family = ADDR_NONE};
	char buf[ADDR_STRLEN];
	int len = ASN1_STRING_length(ip);

	if (len != 4 && len != 16)
		return;

	a.family = len == 4 ? ADDR_IPV4 : ADDR_IPV6;
	memcpy(a.ip, p, (size_t)len);
	(void)addr_print_ip(&a, buf, sizeof(buf));
	add_name(w, buf, strlen(buf));
}


static void add_subject(struct words *w, X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);
	int i = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

	if (i >= 0)
		add_string(w, X509_NAME_ENTRY_get_data(
				   X509_NAME_get_entry(name, i)));
}


void identity_print(char *buf, size_t size, X509 *cert)
{
	struct words w = {buf, size, 0};
	GENERAL_NAMES *names;
	int i;

	buf[0] = '\0';

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {

		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);

		if (gn->type == GEN_DNS)
			add_string(&w, gn->d.dNSName);
		else if (gn->type == GEN_URI)
			add_string(&w, gn->d.uniformResourceIdentifier);
		else if (gn->type == GEN_IPADD)
			add_ip(&w, gn->d.iPAddress);
	}

	if (!names)
		add_subject(&w, cert);
	GENERAL_NAMES_free(names);

	if (!buf[0])
		add_text(&w, "nobody", strlen("nobody"));
}
