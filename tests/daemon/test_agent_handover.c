/* A flow that goes on in the next daemon: what may go, what is told of it, what
 * does not fit. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "agent_parts.h"
#include "harness.h"
#include "rig.h"


/* No ping, probe or refresh by itself. */
#define QUIET "%s", "keepalive = { interval = 600; }; "                       \
		"probe = { mode = \"off\"; };"

static struct handed handed;     /* as it was read from its line */
static int fd = -1;


static enum handover_ready ready(void)
{
	return agent_handover_ready(rig_agent("alice"), 0);
}


static bool is_now(void *arg)
{
	(void)arg;

	return ready() == HANDOVER_NOW;
}


static bool is_soon(void *arg)
{
	(void)arg;

	return ready() == HANDOVER_SOON;
}


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	(void)o;
	(void)arg;
}


static void line_handler(struct handed *h, void *arg)
{
	(void)arg;
	handed = *h;
	memset(h, 0, sizeof(*h));
}


/* As daemon/restart.c does, and that is the end of this life. */
static void end_life(void)
{
	struct handed_file file;
	struct handed h;
	int mine, note;

	ck_assert_int_eq(0, agent_hand_over(rig_agent("alice"), 0, &h, &mine));
	ck_assert_int_eq(0, handed_file_begin(&file));
	ck_assert_int_eq(0, handed_file_add(&file, &h));
	ck_assert_int_eq(0, handed_file_make(&note, &file));
	fd = dup(mine);
	ck_assert_int_ge(fd, 0);

	rig.daemon = mem_deref(rig.daemon);
	rig.config = mem_deref(rig.config);
	ck_assert_int_eq(0, handed_file_read(note, line_handler, NULL));
	ck_assert_ptr_nonnull(handed.account);
	(void)close(note);
}


/* Another one, in which nothing has begun yet. */
static void begin_life(void)
{
	ck_assert_int_eq(0, config_load(&rig.config, rig_path("sipregd.conf"),
					NULL, NULL));
	ck_assert_int_eq(0, daemon_alloc(&rig.daemon, rig.config));
}


static int take_over(void)
{
	struct net_pass pass = {0};

	return agent_take_over(rig_agent("alice"), handed.reg_id - 1, &handed,
			       fd, &pass);
}


static void teardown(void)
{
	handed_reset(&handed);
	rig_teardown();
}


static void called_handler(int err, uint16_t code, const struct sip_msg *msg,
			   void *arg)
{
	(void)msg;
	ck_assert_int_eq(0, err);
	ck_assert_uint_eq(200, code);
	*(bool *)arg = true;
}


static void start(enum transport t)
{
	rig_account("alice", t, QUIET);
	rig_start("");
	rig_expect_proven("alice");
	ck_assert_int_eq(ready(), HANDOVER_NOW);
}


/* 0: UDP, 1: TCP */
START_TEST(the_next_daemon_goes_on_over_the_same_socket)
{
	struct sa local;
	bool called = false;

	start(_i ? TRANSPORT_TCP : TRANSPORT_UDP);
	local = *rig_flow("alice").local;
	end_life();

	/* it waits in the socket */
	ck_assert_int_eq(0, registrar_request(rig.reg, "alice", "OPTIONS",
					      NULL, called_handler, &called));
	begin_life();
	ck_assert_int_eq(0, take_over());
	daemon_start(rig.daemon);
	ck_assert(harness_wait(harness_flag, &called, RIG_WAIT));

	ck_assert(rig_state("alice")->verdict.registered);
	ck_assert(sa_cmp(&local, rig_flow("alice").local, SA_ALL));
	ck_assert_int_eq(FLOW_PROVEN, rig_flow("alice").flow->state);
	ck_assert_uint_eq(2, rig_registers("alice"));

	ck_assert_uint_eq(200, rig_register("alice").code);
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
	ck_assert(sa_cmp(&local, rig_flow("alice").local, SA_ALL));
	rig_has(rig_text("alice", -1), handed.callid);
	rig_has(rig_text("alice", -1), handed.contact_uri);
}
END_TEST


START_TEST(it_is_lost_like_any_other_and_stopped_like_any_other)
{
	start(TRANSPORT_TCP);
	end_life();
	begin_life();
	ck_assert_int_eq(0, take_over());
	daemon_start(rig.daemon);
	ck_assert_uint_eq(1, registrar_cut(rig.reg, TRANSPORT_TCP, CUT_RST));
	rig_expect_registers("alice", 4, RIG_WAIT);
	rig_expect_proven("alice");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));

	handed_reset(&handed);
	end_life();
	begin_life();
	ck_assert_int_eq(0, take_over());
	daemon_start(rig.daemon);
	(void)rig_stop();
	ck_assert_uint_eq(0, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(an_answer_on_its_way_is_waited_for)
{
	const struct registrar_rule slow = {
		.kind = RULE_NORMAL, .delay = 200, .count = 1,
	};

	start(TRANSPORT_TCP);
	rig_rule(&slow);
	ck_assert_int_eq(0, agent_register(rig_agent("alice"), outcome_handler,
					   NULL));
	ck_assert_int_eq(HANDOVER_SOON, ready());
	ck_assert(harness_wait(is_now, NULL, RIG_WAIT));
}
END_TEST


START_TEST(so_is_the_rest_of_a_message)
{
	static const char half[] = "OPTIONS sip:alice@127.0.0.1 SIP/2.0\r\n";
	static const char rest[] = "Content-Length: 0\r\n\r\n";

	start(TRANSPORT_TCP);
	ck_assert_uint_eq(1, registrar_send(rig.reg, "alice", half,
					    sizeof(half) - 1));
	ck_assert(harness_wait(is_soon, NULL, RIG_WAIT));
	ck_assert_uint_eq(1, registrar_send(rig.reg, "alice", rest,
					    sizeof(rest) - 1));
	ck_assert(harness_wait(is_now, NULL, RIG_WAIT));
}
END_TEST


START_TEST(tls_has_more_than_a_socket)
{
	rig_tls("DNS:example.org, IP:127.0.0.1", CA_DAYS);
	rig_account("alice", TRANSPORT_TLS, QUIET);
	rig_start("");
	rig_expect_proven("alice");
	ck_assert_int_eq(HANDOVER_NEVER, ready());
}
END_TEST


/* Nothing of it is used, and the account starts as ever. */
static void does_not_fit(void)
{
	ck_assert_int_eq(EINVAL, take_over());
	ck_assert_int_eq(0, close(fd));
	daemon_start(rig.daemon);
	rig_expect_registered("alice");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}


START_TEST(other_settings_want_a_flow_of_their_own)
{
	start(TRANSPORT_TCP);
	end_life();
	++handed.conf;
	begin_life();
	does_not_fit();
}
END_TEST


START_TEST(a_lease_that_has_ended_is_no_registration)
{
	start(TRANSPORT_TCP);
	end_life();
	handed.core.reg.lease_end = loop_now();
	begin_life();
	does_not_fit();
}
END_TEST


START_TEST(a_socket_to_somewhere_else_is_not_the_flow)
{
	start(TRANSPORT_TCP);
	end_life();
	++handed.core.edge.port;
	begin_life();
	does_not_fit();
}
END_TEST


START_TEST(a_descriptor_that_is_no_socket_is_not_the_flow)
{
	start(TRANSPORT_TCP);
	end_life();
	begin_life();
	ck_assert_int_eq(0, close(fd));
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(0, take_over());
	ck_assert_int_eq(0, close(fd));
}
END_TEST


START_TEST(nobody_takes_over_twice_or_what_there_is_not)
{
	struct net_pass pass = {0};
	int other;

	start(TRANSPORT_UDP);
	end_life();
	begin_life();
	other = dup(fd);
	ck_assert_int_eq(EINVAL, agent_take_over(rig_agent("alice"), 1,
						 &handed, fd, &pass));
	ck_assert_int_eq(0, take_over());
	fd = other;
	ck_assert_int_eq(EINVAL, take_over());
	ck_assert_int_eq(0, close(fd));
	daemon_start(rig.daemon);
	ck_assert(rig_state("alice")->verdict.registered);
}
END_TEST


Suite *suite_agent_handover(void);


Suite *suite_agent_handover(void)
{
	Suite *s = suite_create("agent_handover");
	TCase *tc = tcase_create("handover");

	tcase_add_checked_fixture(tc, rig_setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, the_next_daemon_goes_on_over_the_same_socket,
			    0, 2);
	tcase_add_test(tc,
		       it_is_lost_like_any_other_and_stopped_like_any_other);
	tcase_add_test(tc, an_answer_on_its_way_is_waited_for);
	tcase_add_test(tc, so_is_the_rest_of_a_message);
	tcase_add_test(tc, tls_has_more_than_a_socket);
	tcase_add_test(tc, other_settings_want_a_flow_of_their_own);
	tcase_add_test(tc, a_lease_that_has_ended_is_no_registration);
	tcase_add_test(tc, a_socket_to_somewhere_else_is_not_the_flow);
	tcase_add_test(tc, a_descriptor_that_is_no_socket_is_not_the_flow);
	tcase_add_test(tc, nobody_takes_over_twice_or_what_there_is_not);
	suite_add_tcase(s, tc);

	return s;
}
