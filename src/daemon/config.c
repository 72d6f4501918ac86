/* The configuration: loads the files in their order, finishes what is global,
 * and answers where an account goes.
 *
 * The parts: config_source.c reads and parses a file, config_scan.c takes the
 * secrets out of it before libconfig sees it, config_table.c has a row
 * for each key, config_value.c turns settings into values by those rows,
 * config_check.c and config_uri.c know what strings must look like,
 * config_account.c merges and multiplies accounts, config_preset.c finds
 * presets, config_derive.c finishes accounts, config_secret.c reads passwords,
 * config_text.c prints it all. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "config_load.h"
#include "config_uri.h"
#include "contact_uri.h"


#define REG_IDS_SPREAD 1000000   /* a reg-id is below 2^31 (RFC 5626 §11) */


#define PORT_DNS 53
#define SUFFIX   ".conf"


static void destructor(void *arg)
{
	struct config *c = arg;

	for (size_t i = 0; i < c->accountc; i++)
		mem_deref(c->accountv[i]);

	mem_deref(c->accountv);
	hooks_free(c);
	values_deref(&keys_global, c);
	mem_deref(c->file);
	mem_deref(c->accounts_dir);
	mem_deref(c->dnsv);
}


/* Absolute, because the values of the keys that are files outlive the start
 * directory. */
static int dir_of(char **dirp, const char *file)
{
	const char *slash = strrchr(file, '/');
	char *dir = NULL, *real;
	int err;

	if (slash)
		err = re_sdprintf(&dir, "%b", file, (size_t)(slash - file));
	else
		err = str_dup(&dir, ".");
	if (err)
		return err;

	real = realpath(*dir ? dir : "/", NULL);
	mem_deref(dir);
	if (!real)
		return errno;

	err = str_dup(dirp, real);
	free(real);

	return err;
}


static void read_accounts(struct load *l, config_setting_t *list)
{
	int n;

	if (!list)
		return;

	if (!config_setting_is_list(list) && !config_setting_is_array(list)) {
		say_error(&l->y, list, "accounts: wants a list ( { ... } ), "
			  "not %s", setting_kind(list));
		return;
	}

	n = config_setting_length(list);
	for (int i = 0; i < n && !l->y.no_memory; i++)
		account_read(l, config_setting_get_elem(list, (unsigned)i));
}


static void include_file(struct load *l, const char *path)
{
	config_setting_t *setv[1], *root;
	bool toldv[1];
	struct reader r = {&l->y, &keys_included, NULL, setv, toldv};
	struct source *s;

	if (source_load(&s, &l->y, path))
		return;

	list_append(&l->sourcel, &s->le, s);
	root = config_root_setting(&s->cfg);
	values_read(&r, root);
	read_accounts(l, config_setting_get_member(root, "accounts"));
}


static int wanted(const struct dirent *d)
{
	const size_t len = strlen(d->d_name), tail = strlen(SUFFIX);

	return d->d_name[0] != '.' && len > tail &&
	       !strcmp(d->d_name + len - tail, SUFFIX);
}


/* Not alphasort(), which is another order in another locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}


static void include_dir(struct load *l, const char *dir)
{
	struct dirent **namev;
	char *path;
	int n;

	n = scandir(dir, &namev, wanted, by_name);
	if (n < 0) {
		if (errno == ENOMEM)
			say_no_memory(&l->y);
		else if (errno != ENOENT)
			say_error_at(&l->y, dir, 0, "cannot be read: %s",
				     strerror(errno));
		return;
	}

	for (int i = 0; i < n; i++) {
		if (re_sdprintf(&path, "%s/%s", dir, namev[i]->d_name)) {
			say_no_memory(&l->y);
		}
		else {
			include_file(l, path);
			mem_deref(path);
		}
		free(namev[i]);
	}

	free(namev);
}


/* Beside the main file, named in messages as the main file is. */
static void include(struct load *l)
{
	const char *dir = l->c->include_dir, *file = l->c->file;
	const char *slash = strrchr(file, '/');
	char **pathp = &l->c->accounts_dir;
	int err;

	if (!*dir)
		return;

	if (*dir == '/' || !slash)
		err = str_dup(pathp, dir);
	else
		err = re_sdprintf(pathp, "%b%s", file,
				  (size_t)(slash + 1 - file), dir);
	if (err)
		say_no_memory(&l->y);
	else
		include_dir(l, *pathp);
}


/* From the file, else the first of systemd's, else the built-in one. */
static int set_state_dir(struct config *c)
{
	const char *env = getenv("STATE_DIRECTORY");
	size_t len = env ? strcspn(env, ":") : 0;

	if (*c->state_dir)
		return 0;

	if (!len || *env != '/') {
		env = CONFIG_STATE_DIR;
		len = strlen(env);
	}

	mem_deref(c->state_dir);

	return re_sdprintf(&c->state_dir, "%b", env, len);
}


/* check_ip_port() has passed it. */
static void parse_ip_port(struct sa *sa, const char *text,
			  uint16_t default_port)
{
	struct addr addr;
	struct pl host;
	uint16_t port = 0;

	pl_set_str(&host, text);
	if (!addr_parse(&addr, host.p, host.l, default_port)) {
		(void)host_port_parse(text, &host, &port);
		(void)addr_parse(&addr, host.p, host.l,
				 port ? port : default_port);
	}

	sa_from_addr(sa, &addr);
}


/* Whoever can connect there learns who has accounts where. */
static void set_metrics(struct load *l, config_setting_t *const *setv)
{
	struct config *c = l->c;
	struct addr addr;

	if (!*c->metrics_listen)
		return;

	parse_ip_port(&c->metrics_addr, c->metrics_listen,
		      CONFIG_METRICS_PORT);
	addr_from_sa(&addr, &c->metrics_addr);
	if (addr_scope(&addr) != ADDR_LOOPBACK)
		say_warning(&l->y, setv[key_index_of(&keys_global,
						     "metrics.listen")],
			    "metrics.listen: %s is not a loopback address: "
			    "others can read the names, addresses and states "
			    "of all accounts", c->metrics_listen);
}


static int set_dns(struct config *c)
{
	c->dnsv = mem_zalloc((c->dns_textc + 1) * sizeof(*c->dnsv), NULL);
	if (!c->dnsv)
		return ENOMEM;

	for (size_t i = 0; i < c->dns_textc; i++)
		parse_ip_port(&c->dnsv[c->dnsc++], c->dns_textv[i], PORT_DNS);

	return 0;
}


static void read_global(struct load *l, config_setting_t *root)
{
	config_setting_t *setv[GLOBAL_KEYS_MAX] = {NULL};
	struct reader r = {&l->y, &keys_global, l->c, setv, l->told_global};

	values_read(&r, root);
	if (l->y.no_memory || !values_check(&r, NULL, NULL))
		return;

	if (set_state_dir(l->c) || set_dns(l->c))
		say_no_memory(&l->y);
	else
		set_metrics(l, setv);
}


static int compare(const void *a, const void *b)
{
	const struct account_conf *const *x = a, *const *y = b;
	const int d = strcmp((*x)->name, (*y)->name);

	return d ? d : (*x)->order < (*y)->order ? -1 : 1;
}


/* Of an account that was refused there may be nothing. */
static const char *text_or_none(const char *s)
{
	return s ? s : "";
}


/* As registrars see them: without port and parameters. */
static int compare_aor(const struct account_conf *x,
		       const struct account_conf *y)
{
	const int d = strcasecmp(text_or_none(x->aor_host),
				 text_or_none(y->aor_host));
	struct pl a, b;

	pl_set_str(&a, text_or_none(x->aor_user));
	pl_set_str(&b, text_or_none(y->aor_user));

	return d ? d : contact_user_compare(a, b);
}


/* Those of an AOR, the first one of the file first, then by their numbers. */
static int compare_binding(const void *a, const void *b)
{
	const struct account_conf *const *x = a, *const *y = b;
	int d = compare_aor(*x, *y);

	if (!d && (*x)->reg_ids != (*y)->reg_ids)
		return (*x)->reg_ids < (*y)->reg_ids ? -1 : 1;

	return d ? d : (*x)->order < (*y)->order ? -1 : 1;
}


/* RFC 5626 §4.2.1: reg-ids of one AOR and instance are distinct, and the same
 * after a restart. The first account has 1 ..., the others what their names
 * say: so they mostly keep them when one comes or goes. */
static void give_reg_ids(struct account_conf **v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_binding);

	for (size_t i = 1; i < n; i++) {
		const uint32_t hash = hash_joaat_str(v[i]->name);

		if (!compare_aor(v[i], v[i - 1]))
			v[i]->reg_ids = ACCOUNT_FLOWS_MAX *
				(1 + hash % REG_IDS_SPREAD);
	}

	/* whose names say the same */
	qsort(v, n, sizeof(*v), compare_binding);
	for (size_t i = 1; i < n; i++) {
		struct account_conf *a = v[i];
		const unsigned least = v[i - 1]->reg_ids + ACCOUNT_FLOWS_MAX;

		if (!compare_aor(a, v[i - 1]) && a->reg_ids < least)
			a->reg_ids = least;
	}
}


static void check_names(struct load *l)
{
	const struct config *c = l->c;
	const size_t size = (c->accountc + 1) * sizeof(*c->accountv);
	struct account_conf **v = mem_alloc(size, NULL);

	if (!v) {
		say_no_memory(&l->y);
		return;
	}

	for (size_t i = 0; i < c->accountc; i++) {
		v[i] = c->accountv[i];
		v[i]->order = i;
	}

	qsort(v, c->accountc, sizeof(*v), compare);
	for (size_t i = 1; i < c->accountc; i++) {
		const struct account_conf *a = v[i - 1], *b = v[i];

		if (*b->name && !strcmp(a->name, b->name))
			say_error_at(&l->y, b->file, b->line,
				     "name: \"%s\" is that of the account at "
				     "%s:%u too", b->name, a->file, a->line);
	}

	give_reg_ids(v, c->accountc);
	mem_deref(v);
}


static void load_main(struct load *l, const char *file)
{
	config_setting_t *root;
	struct source *s;

	if (source_load(&s, &l->y, file))
		return;

	list_append(&l->sourcel, &s->le, s);
	root = config_root_setting(&s->cfg);

	read_global(l, root);
	if (l->y.no_memory ||
	    defaults_read(l, config_setting_get_member(root, "defaults"))) {
		say_no_memory(&l->y);
		return;
	}

	hooks_read(l, config_setting_get_member(root, "hooks"));
	read_accounts(l, config_setting_get_member(root, "accounts"));
	include(l);
	if (!l->y.no_memory)
		check_names(l);
	if (!l->y.no_memory)
		hooks_check(l);
}


static int load(struct config **cp, const char *file, const char *presets,
		bool check, config_message_h *h, void *arg)
{
	struct load l = {
		.y = {.h = h, .arg = arg},
		.presets = presets,
		.check = check,
	};
	int err = 0;

	if (!cp || !file || !presets)
		return EINVAL;

	l.c = mem_zalloc(sizeof(*l.c), destructor);
	if (!l.c)
		return ENOMEM;

	err = values_init(&keys_global, l.c);
	if (!err)
		err = str_dup(&l.c->file, file);
	if (err)
		goto out;

	err = dir_of(&l.dir, file);
	if (err == ENOMEM)
		say_no_memory(&l.y);
	else if (err)
		say_error_at(&l.y, file, 0, "cannot be read: %s",
			     strerror(err));
	else
		load_main(&l, file);

	if (l.y.no_memory)
		err = ENOMEM;
	else if (l.y.errors)
		err = EINVAL;

 out:
	list_flush(&l.sourcel);
	list_flush(&l.presetl);
	mem_deref(l.defaults);
	mem_deref(l.dir);
	mem_deref(l.tls);
	mem_deref(l.trust);
	if (err)
		mem_deref(l.c);
	else
		*cp = l.c;

	return err;
}


int config_load(struct config **cp, const char *file, config_message_h *h,
		void *arg)
{
	return load(cp, file, CONFIG_PRESETS, false, h, arg);
}


int config_check(struct config **cp, const char *file, config_message_h *h,
		 void *arg)
{
	return load(cp, file, CONFIG_PRESETS, true, h, arg);
}


int config_load_presets(struct config **cp, const char *file,
			const char *presets, config_message_h *h, void *arg)
{
	return load(cp, file, presets, false, h, arg);
}


size_t account_conf_edges(const struct account_conf *a)
{
	return a->proxyc ? a->proxyc : 1;
}


const char *account_conf_proxy(const struct account_conf *a, size_t i,
			       size_t k)
{
	return a->proxyc ? a->proxyv[(i + k) % a->proxyc] : NULL;
}


void account_conf_edge(const struct account_conf *a, size_t i, size_t k,
		       struct pl *host, uint16_t *port,
		       enum transport *transport)
{
	const char *proxy = account_conf_proxy(a, i, k);
	struct uri_parts u;

	(void)uri_parts_decode(&u, proxy ? proxy : a->registrar);
	if (u.host.l && u.host.p[0] == '[') {
		pl_advance(&u.host, 1);
		u.host.l -= 1;
	}

	*host = u.host;
	*port = u.port;

	if (a->transport != TRANSPORT_AUTO)
		*transport = a->transport;
	else if (a->sips)
		*transport = TRANSPORT_TLS;
	else if (u.transport != TRANSPORT_AUTO)
		*transport = u.transport;
	else if (u.port == transport_port(TRANSPORT_TLS))
		*transport = TRANSPORT_TLS;
	else
		*transport = TRANSPORT_AUTO;
}
