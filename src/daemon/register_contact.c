/* The Contacts of a REGISTER: the one of now, and those of earlier that it
 * removes (RFC 3261 §10.2.2). */

#include <string.h>
#include "config_uri.h"
#include "param.h"
#include "register.h"
#include "register_contact.h"


#define HOST_SIZE 320            /* a DNS name of 255, ":65535" */
#define OLD_SIZE  (REGISTER_URI_SIZE + 32)       /* "Contact: <...>..." */


/* Host and port of the Contact. */
static int contact_host(char *host, size_t size,
			const struct register_request *r)
{
	const struct account_conf *conf = r->id->conf;

	if (addr_isset(&r->contact)) {
		addr_print(&r->contact, host, size);
		return 0;
	}

	if (conf->contact_policy != CONTACT_STATIC ||
	    !uri_usable(conf->contact_host) ||
	    strpbrk(conf->contact_host, "@;?"))
		return EBADMSG;

	return re_snprintf(host, size, "%s", conf->contact_host) < 0 ? EBADMSG
								     : 0;
}


static const char *contact_transport(const struct register_request *r)
{
	/* RFC 5630 §3.1.4: "sips:" says it, transport=tls is deprecated. */
	if (r->id->conf->sips)
		return "";

	switch (r->transport) {

	case TRANSPORT_TLS:  return ";transport=tls";
	case TRANSPORT_TCP:  return ";transport=tcp";
	case TRANSPORT_UDP:
	case TRANSPORT_AUTO: break;
	}

	return "";
}


/* Without the "ob" of RFC 5626 §4.3: it asks that further requests of a dialog
 * stay on the flow, and belongs into the Contact of requests and answers that
 * form one. A REGISTER and an OPTIONS form none, and what a registrar makes of
 * a REGISTER's flow it reads from reg-id and Path. */
static int uri_print(struct mbuf *mb, const struct register_request *r)
{
	const struct register_identity *id = r->id;
	const char *user = *id->conf->contact_user ? id->conf->contact_user
						   : id->conf->aor_user;
	char host[HOST_SIZE];
	struct pl pl;
	int err;

	pl_set_str(&pl, user);
	if (pl.l && !user_valid(&pl))
		return EBADMSG;

	err = contact_host(host, sizeof(host), r);
	if (err)
		return err;

	return mbuf_printf(mb, "%s:%s%s%s%s;" REGISTER_TOKEN "=%s.%s",
			   id->conf->sips ? "sips" : "sip", user,
			   *user ? "@" : "", host, contact_transport(r),
			   id->token_account, id->token_flow);
}


int contact_print(struct mbuf *mb, const struct register_request *r)
{
	const struct register_identity *id = r->id;
	int err;

	err = mbuf_write_str(mb, "Contact: <");
	if (err)
		return err;

	err = uri_print(mb, r);
	if (err)
		return err;

	err = mbuf_write_str(mb, ">");
	if (!r->plain)
		err |= mbuf_printf(mb, ";+sip.instance=\"<%s>\";reg-id=%u",
				   id->instance, id->reg_id);

	err |= mbuf_printf(mb, ";expires=%u\r\n", r->expires);

	return err;
}


int register_contact_uri(char *uri, size_t size,
			 const struct register_request *r)
{
	struct mbuf *mb = mbuf_alloc(REGISTER_URI_SIZE);
	int err;

	if (!mb)
		return ENOMEM;

	err = uri_print(mb, r);
	if (!err && mb->end >= size)
		err = EOVERFLOW;
	if (err)
		goto out;

	memcpy(uri, mb->buf, mb->end);
	uri[mb->end] = '\0';

 out:
	mem_deref(mb);

	return err;
}


/* It comes from our own state file or from a registrar; what is spoilt there
 * must not spoil a REGISTER, and our own binding must not be removed by it: to
 * a registrar one of another spelling, or without our token, is the same. */
static bool old_usable(const char *old, const char *own)
{
	struct pl a, b;
	struct uri uri;

	pl_set_str(&a, old);
	pl_set_str(&b, own);

	return strlen(old) < REGISTER_URI_SIZE && !sip_uri_read(&uri, old) &&
		!pl_isset(&uri.headers) && !contact_uri_equal(&a, &b);
}


int contact_print_old(struct mbuf *mb, const struct register_request *r,
		      size_t start, size_t tail, unsigned *namedp)
{
	const bool bounded = r->transport == TRANSPORT_UDP;
	char own[REGISTER_URI_SIZE] = "", line[OLD_SIZE];
	unsigned i;
	int err = 0;

	/* Too long for it: it equals none of these then. */
	(void)register_contact_uri(own, sizeof(own), r);

	for (i = 0; i < r->oldc && i < REGISTER_OLD_MAX && !err; i++) {

		int len;

		if (!old_usable(r->oldv[i], own))
			continue;

		/* Without +sip.instance and reg-id, by which it would be the
		 * new one (RFC 5626 §4.2.1). */
		len = re_snprintf(line, sizeof(line),
				  "Contact: <%s>;expires=0\r\n",
				  r->oldv[i]);
		if (len < 0)
			return EBADMSG;

		if (bounded && mb->pos - start + (size_t)len + tail >=
		    REGISTER_UDP_MAX)
			break;

		err = mbuf_write_mem(mb, (uint8_t *)line, (size_t)len);
	}

	*namedp = i;

	return err;
}
