/* Trust stores: one per set of CAs, however many contexts use it. */

#include <errno.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "loop.h"
#include "stamp.h"
#include "tls.h"
#include "trust.h"


struct trust {
	struct le le;
	struct stamp stamp;              /* of the file; path "": none */
	bool system;                     /* and its directory besides */
	X509_STORE *x509;
};

#define DOUBT_EACH HOURS(1)      /* to read one anew costs time, and 0.9 MB */

static struct list trustl;
static msec_t doubt_from;                /* not before that time */
static struct trust *system_trust;       /* kept while it is the newest */


static void trust_destructor(void *data)
{
	struct trust *t = data;

	list_unlink(&t->le);
	X509_STORE_free(t->x509);
	stamp_reset(&t->stamp);
}


static struct trust *trust_find(const struct stamp *stamp, bool sys)
{
	struct le *le;

	for (le = trustl.head; le; le = le->next) {
		struct trust *t = le->data;

		if (t->system == sys && stamp_equal(&t->stamp, stamp))
			return t;
	}

	return NULL;
}


/* As X509_STORE_set_default_paths() does, which says nothing when it could not
 * read the file. */
static bool load_system(X509_STORE *x509, const char *file)
{
	X509_LOOKUP *dir = X509_STORE_add_lookup(x509,
						 X509_LOOKUP_hash_dir());

	if (file[0])
		(void)X509_STORE_load_locations(x509, file, NULL);

	return dir && X509_LOOKUP_add_dir(dir, NULL, X509_FILETYPE_DEFAULT);
}


/* A store that is not whole would be kept and refuse peers for ever. */
static int store_load(const struct trust *t)
{
	bool ok;
	int err;

	ERR_clear_error();
	ok = t->system ? load_system(t->x509, t->stamp.path)
		: X509_STORE_load_locations(t->x509, t->stamp.path, NULL);
	err = tls_shortage();
	if (err)
		return err;

	return ok ? 0 : EBADMSG;
}


/* When memory runs out while OpenSSL looks at the key or the extensions of a
 * certificate, it takes that in silence for the certificate's fault. */
static bool has_spoilt(X509_STORE *x509)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(x509);

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *x = X509_OBJECT_get0_X509(
			sk_X509_OBJECT_value(objects, i));

		if (x && (!X509_get0_pubkey(x) ||
			  X509_get_extension_flags(x) & EXFLAG_INVALID))
			return true;
	}

	return false;
}


static int store_make(struct trust *t)
{
	X509_STORE_free(t->x509);
	t->x509 = X509_STORE_new();

	return t->x509 ? store_load(t) : ENOMEM;
}


/* Takes over *stamp. */
static int trust_alloc(struct trust **tp, struct stamp *stamp, bool sys)
{
	struct trust *t;
	int err;

	t = mem_zalloc(sizeof(*t), trust_destructor);
	if (!t)
		return ENOMEM;

	t->stamp = *stamp;
	t->system = sys;
	stamp->path = NULL;

	err = store_make(t);
	if (!err && has_spoilt(t->x509))
		err = store_make(t);     /* if it is so, it stays so */
	if (err) {
		mem_deref(t);
		return err;
	}

	list_append(&trustl, &t->le, t);
	if (sys) {
		mem_deref(system_trust);
		system_trust = mem_ref(t);
	}

	*tp = t;

	return 0;
}


/* Where X509_STORE_set_default_paths() looks. Without such a file there may
 * still be the directory, which OpenSSL reads as it needs it. */
static int system_stamp(struct stamp *stamp)
{
	const char *file = secure_getenv(X509_get_default_cert_file_env());

	return stamp_take(stamp, file ? file : X509_get_default_cert_file())
		? stamp_take(stamp, "") : 0;
}


int trust_get(struct trust **tp, const char *ca_file, char *text, size_t size)
{
	const bool sys = !ca_file || !ca_file[0];
	struct stamp stamp;
	struct trust *t;
	int err;

	err = sys ? system_stamp(&stamp) : stamp_take(&stamp, ca_file);
	if (err) {
		(void)re_snprintf(text, size, "%s: %m", ca_file, err);
		return err;
	}

	t = trust_find(&stamp, sys);
	if (t)
		*tp = mem_ref(t);
	else
		err = trust_alloc(tp, &stamp, sys);

	if (err == EBADMSG)
		(void)re_snprintf(text, size, "%s: no certificate in it",
				  sys ? "the system's trust store" : ca_file);
	stamp_reset(&stamp);

	return err;
}


X509_STORE *trust_store(const struct trust *t)
{
	return t->x509;
}


const struct stamp *trust_stamp(bool *sysp, const struct trust *t)
{
	*sysp = t->system;

	return &t->stamp;
}


void trust_doubt(struct trust *t)
{
	const msec_t now = loop_now();

	if (now < doubt_from)
		return;

	doubt_from = now + DOUBT_EACH;
	list_unlink(&t->le);
}


void trust_close(void)
{
	system_trust = mem_deref(system_trust);
}
