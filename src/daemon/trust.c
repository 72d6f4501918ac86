/* Trust stores: one per set of CAs, however many contexts use it. */

#include <errno.h>
#include <stdlib.h>
#include <openssl/err.h>
#include "stamp.h"
#include "trust.h"


struct trust {
	struct le le;
	struct stamp stamp;              /* of the file; path "": none */
	bool system;                     /* and its directory besides */
	X509_STORE *x509;
};

static struct list trustl;
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


static bool store_load(const struct trust *t)
{
	ERR_clear_error();

	return t->system ? X509_STORE_set_default_paths(t->x509)
		: X509_STORE_load_locations(t->x509, t->stamp.path, NULL);
}


/* Takes over *stamp. */
static int trust_alloc(struct trust **tp, struct stamp *stamp, bool sys)
{
	struct trust *t;
	int err = 0;

	t = mem_zalloc(sizeof(*t), trust_destructor);
	if (!t)
		return ENOMEM;

	t->stamp = *stamp;
	t->system = sys;
	stamp->path = NULL;

	t->x509 = X509_STORE_new();
	if (!t->x509)
		err = ENOMEM;
	else if (!store_load(t))
		err = EBADMSG;

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


void trust_close(void)
{
	system_trust = mem_deref(system_trust);
}
