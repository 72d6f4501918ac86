/* A resolver, a DNS server that says what we want, what queries are told. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "log.h"
#include "resolve_rig.h"


struct resolve_rig rrig;


static void better_handler(void *arg)
{
	++*(unsigned *)arg;
}


void rrig_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(0, fclose(f));
}


void rrig_start(const struct dns_zone *zonev)
{
	int fd;

	harness_setup();
	log_set_level(LOG_LEVEL_WARNING);
	memset(&rrig, 0, sizeof(rrig));
	ck_assert_int_eq(0, dns_server_start(&rrig.server, zonev));
	ck_assert_int_eq(0, resolve_alloc(&rrig.resolve, &rrig.server.addr, 1,
					  better_handler, &rrig.better));

	(void)snprintf(rrig.hosts, sizeof(rrig.hosts),
		       "/tmp/sipregd-hosts-XXXXXX");
	fd = mkstemp(rrig.hosts);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(0, resolve_set_hosts(rrig.resolve, rrig.hosts));
}


void rrig_stop(void)
{
	rrig.resolve = mem_deref(rrig.resolve);
	dns_server_stop(&rrig.server);
	(void)unlink(rrig.hosts);
	ck_assert_uint_eq(0, timers_count());
	harness_teardown();
}


void rrig_handler(const struct resolve_result *r, void *arg)
{
	struct told *t = arg;

	++t->calls;
	t->err = r->err;
	t->addrc = r->addrc;
	t->tls_offered = r->tls_offered;
	ck_assert_uint_le(r->addrc, TARGET_MAX);
	ck_assert((r->err == 0) == (r->addrc > 0));
	ck_assert((r->err == 0) == (r->text[0] == '\0'));
	for (size_t i = 0; i < r->addrc; i++)
		t->addrv[i] = r->addrv[i];
	(void)snprintf(t->text, sizeof(t->text), "%s", r->text);
	t->q = mem_deref(t->q);
}


void rrig_ask(struct told *t, const struct resolve_uri *uri)
{
	memset(t, 0, sizeof(*t));
	ck_assert_int_eq(0, resolve_query(&t->q, rrig.resolve, uri,
					  rrig_handler, t));
	ck_assert_uint_eq(0, t->calls);
}


struct told rrig_asked(const struct resolve_uri *uri)
{
	struct told t;

	rrig_ask(&t, uri);
	ck_assert_msg(harness_wait(harness_count, &t.calls, 2 * RIG_WAIT),
		      "%s", uri->host);
	harness_run(2);
	ck_assert_uint_eq(1, t.calls);

	return t;
}


struct told rrig_host(const char *host, enum resolve_family family)
{
	const struct resolve_uri uri = {
		.host = host, .port = 5060, .transport = TRANSPORT_UDP,
		.family = family,
	};

	return rrig_asked(&uri);
}


struct told rrig_domain(const char *domain)
{
	const struct resolve_uri uri = {
		.host = domain, .family = RESOLVE_IPV4,
	};

	return rrig_asked(&uri);
}


void rrig_expect(const struct told *t, const char *addresses)
{
	char text[1024] = "";
	size_t len = 0;

	ck_assert_msg(t->err == 0, "%s", t->text);
	for (size_t i = 0; i < t->addrc; i++) {
		const struct resolve_addr *a = &t->addrv[i];
		int n = re_snprintf(text + len, sizeof(text) - len,
				    "%s%s %J %u", i ? ", " : "",
				    transport_name(a->transport), &a->addr,
				    a->group);

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}

	ck_assert_str_eq(addresses, text);
}


void rrig_expect_failed(const struct told *t, int err, const char *words)
{
	ck_assert_msg(t->err == err, "%d, %s", t->err, t->text);
	ck_assert_msg(strstr(t->text, words) != NULL, "%s", t->text);
}
