/* A flow that is replaced beside itself: what becomes of its links, texts and
 * bindings when the successor waits, races, is refused, or the account
 * stops. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent_parts.h"
#include "dns_server.h"
#include "harness.h"
#include "rig.h"


#define FAST "%s", "keepalive = { interval = 1; };"

enum {
	INTERVAL = 1000,         /* [ms] of FAST */
	SUSPECT = 3500,          /* [ms] of silence on UDP */
};


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	(void)o;
	(void)arg;
}


static bool is_aside(void *arg)
{
	return rig_reg(arg)->elder;
}


static bool is_not_aside(void *arg)
{
	return !rig_reg(arg)->elder;
}


static bool is_off(void *arg)
{
	return rig_reg(arg)->state == REG_OFF;
}


static bool races(void *arg)
{
	return rig_reg(arg)->elder && rig_reg(arg)->rival_open;
}


static unsigned links(const char *name)
{
	const struct slot *s = &rig_agent(name)->slotv[0];
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(s->attemptv); i++)
		n += s->attemptv[i].link != NULL;

	return n;
}


/* Its edge is held for everybody, so the successor waits; the elder pings. */
START_TEST(an_elder_pings_while_its_successor_waits)
{
	const struct registrar_rule rule = {
		.user = "bob", .kind = RULE_ANSWER, .code = 503, .count = 1,
		.headers = "Retry-After: 1000\r\n",
	};

	rig_account("alice", TRANSPORT_UDP, FAST);
	rig_account("bob", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_proven("alice");
	rig_expect_proven("bob");
	rig_rule(&rule);
	ck_assert_uint_eq(rig_register("bob").code, 503);
	ck_assert_uint_eq(1, registrar_blackhole(rig.reg, "alice", true));
	ck_assert(harness_wait(is_aside, "alice",
			       INTERVAL + SUSPECT + RIG_WAIT));
	harness_run(2 * INTERVAL);
	ck_assert(rig_reg("alice")->elder);
	ck_assert_uint_eq(1, links("alice"));
}
END_TEST


/* IPv6 connects and says nothing, IPv4 is tried beside it, and then the elder
 * dies: nothing may be left of any of them when the account is paused. */
START_TEST(no_connect_is_forgotten_when_the_elder_dies_in_a_race)
{
	static const struct dns_zone zonev[] = {
		{.name = "dual.test", .v4 = "127.0.0.1", .v6 = "::1",
		 .ttl = 60},
		{.name = NULL},
	};
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	const int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1;
	struct dns_server dns;
	char conf[80];

	rig_tls("DNS:dual.test", CA_DAYS);
	sin6.sin6_port = htons(sa_port(registrar_addr(rig.reg,
						      TRANSPORT_TLS)));
	ck_assert_int_eq(0, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
				       sizeof(one)));
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)));
	ck_assert_int_eq(0, listen(fd, 10));
	ck_assert_int_eq(0, dns_server_start(&dns, zonev));
	(void)re_snprintf(conf, sizeof(conf),
			  "dns = { servers = [ \"%J\" ]; };", &dns.addr);

	rig.host = "dual.test";
	rig_account("alice", TRANSPORT_TLS, FAST);
	rig_start(conf);
	rig_expect_proven("alice");
	rig.conf->deaf = true;
	ck_assert_uint_eq(1, registrar_blackhole(rig.reg, "alice", true));
	ck_assert(harness_wait(races, "alice", 2 * INTERVAL + RIG_WAIT));
	ck_assert_uint_eq(3, links("alice"));
	ck_assert(harness_wait(is_not_aside, "alice", 11000));
	(void)agent_pause(rig_agent("alice"), outcome_handler, NULL);
	ck_assert(harness_wait(is_off, "alice", RIG_WAIT));
	ck_assert_uint_eq(0, links("alice"));

	dns_server_stop(&dns);
	(void)close(fd);
}
END_TEST


/* Whatever the Contact would be by now, and whoever removes ghosts. */
START_TEST(leaving_takes_what_is_bound)
{
	rig.conf->seen_flaps = true;
	ck_assert_int_eq(0, sa_set_str(&rig.conf->seen, "203.0.113.7",
				       40000));
	rig_account("alice", TRANSPORT_UDP, "%s",
		    _i ? "purge_ghosts = false; probe = { mode = \"off\"; };"
		       : "");
	rig_start("");
	rig_expect_registered("alice");
	(void)agent_pause(rig_agent("alice"), outcome_handler, NULL);
	ck_assert(harness_wait(is_off, "alice", RIG_WAIT));
	ck_assert(!agent_left_behind(rig_agent("alice")));
	if (!_i)
		ck_assert_uint_eq(0, registrar_bindings(rig.reg, "alice"));
	else
		ck_assert_uint_le(registrar_bindings(rig.reg, "alice"), 1);
}
END_TEST


static void left_handler(struct agent *a, void *arg)
{
	(void)a;
	(void)arg;
}


/* Or it would never be done. */
START_TEST(who_was_told_to_stop_takes_no_orders)
{
	struct agent *a;

	rig_account("alice", TRANSPORT_UDP, FAST);
	rig_start("");
	rig_expect_proven("alice");
	ck_assert_uint_eq(1, registrar_blackhole(rig.reg, "alice", true));
	a = rig_agent("alice");
	agent_stop(a, left_handler);
	ck_assert_int_eq(EINVAL, agent_pause(a, outcome_handler, NULL));
	ck_assert_int_eq(EINVAL, agent_resume(a, outcome_handler, NULL));
	ck_assert(harness_wait(is_off, "alice", 6000));
}
END_TEST


Suite *suite_agent_replace(void);


Suite *suite_agent_replace(void)
{
	Suite *s = suite_create("agent_replace");
	TCase *tc = tcase_create("replace");

	tcase_add_checked_fixture(tc, rig_setup, rig_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, an_elder_pings_while_its_successor_waits);
	tcase_add_test(tc,
		       no_connect_is_forgotten_when_the_elder_dies_in_a_race);
	tcase_add_loop_test(tc, leaving_takes_what_is_bound, 0, 2);
	tcase_add_test(tc, who_was_told_to_stop_takes_no_orders);
	suite_add_tcase(s, tc);

	return s;
}
