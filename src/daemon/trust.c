/* Trust stores: one per set of CAs, however many contexts use it. */

#include <errno.h>
#include <openssl/err.h>
#include "stamp.h"
#include "trust.h"


struct trust {
	struct le le;
	struct stamp stamp;              /* path "": the system's */
	X509_STORE *x509;
};

static struct list trustl;
static struct trust *system_trust;       /* kept until trust_close() */


static void trust_destructor(void *data)
{
	struct trust *t = data;

	list_unlink(&t->le);
	X509_STORE_free(t->x509);
	stamp_reset(&t->stamp);
}


static struct trust *trust_find(const struct stamp *stamp)
{
	struct le *le;

	for (le = trustl.head; le; le = le->next) {
		struct trust *t = le->data;

		if (stamp_equal(&t->stamp, stamp))
			return t;
	}

	return NULL;
}


static bool store_load(X509_STORE *x509, const char *path)
{
	ERR_clear_error();

	return path[0] ? X509_STORE_load_locations(x509, path, NULL)
		: X509_STORE_set_default_paths(x509);
}


/* Takes over *stamp. */
static int trust_alloc(struct trust **tp, struct stamp *stamp)
{
	struct trust *t;
	int err = 0;

	t = mem_zalloc(sizeof(*t), trust_destructor);
	if (!t)
		return ENOMEM;

	t->stamp = *stamp;
	stamp->path = NULL;

	t->x509 = X509_STORE_new();
	if (!t->x509)
		err = ENOMEM;
	else if (!store_load(t->x509, t->stamp.path))
		err = EBADMSG;

	if (err) {
		mem_deref(t);
		return err;
	}

	list_append(&trustl, &t->le, t);
	if (!t->stamp.path[0])
		system_trust = mem_ref(t);

	*tp = t;

	return 0;
}


int trust_get(struct trust **tp, const char *ca_file, char *text, size_t size)
{
	struct stamp stamp;
	struct trust *t;
	int err;

	err = stamp_take(&stamp, ca_file);
	if (err) {
		(void)re_snprintf(text, size, "%s: %m", ca_file, err);
		return err;
	}

	t = trust_find(&stamp);
	if (t)
		*tp = mem_ref(t);
	else
		err = trust_alloc(tp, &stamp);

	if (err == EBADMSG)
		(void)re_snprintf(text, size, "%s: no certificate in it",
				  ca_file && ca_file[0] ? ca_file
				  : "the system's trust store");
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
