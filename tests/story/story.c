/* Plays stories: text files in which an account lives through hours in
 * microseconds, against what the file says that the network does.
 *
 *   account [tcp|udp] [expires S] [verify S] [interval S] [method WORD]
 *           [keep-on-stop] [min-digest-sha-256] [probe S]
 *           [policy auto|mapped|local|static]   local, unless said
 *           [local ADDRESS]             of the flows; the port grows by one
 *           [registrar ADDRESS]         with each
 *           [token]                     the registrar keeps that of Contacts
 *           [ponging]                   pings are answered by themselves
 *           [wait-replace]              the turn to replace a flow: by a line
 *                      a new account begins a new story in the same file
 *   at TIME | pass TIME                 time goes on; deeds must be expected
 *   suspend TIME                        time goes on, the machine sleeps
 *   start stop pause kick reconnect fetch probe purge local-event   orders
 *   restored CSEQ [worked]              the process is killed and begins anew
 *                      with what it had kept (not the account: start)
 *   hand-over          the process ends and another one goes on with the flow
 *   learned N          ... and finds that its registrar has so many addresses
 *   old N              bindings that we made before and may still be there;
 *                      their keys are 1 to N
 *   resolved N [down MASK] [families] [ranked] [stream MASK]   addresses;
 *                      `families`: each host has two, IPv6 first; `stream`:
 *                      TCP, others UDP
 *   dns-away TIME      every question fails; each is asked within 30 s
 *   resolve-failed · knock · connected · rival-connected · replace-turn
 *   refused REASON [down MASK] · rival-refused REASON [down MASK]
 *   lost REASON · elder-lost REASON · pong · elder-pong · ponging yes|no
 *   options-answer · stun-answer · elder-answer (to an OPTIONS)
 *   seen via|stun ADDRESS               as those two, and where we appear
 *   partial · traffic · inbound · promise S
 *   verify             the network changed, but the flow may live
 *   moved              ... and its packets would leave from elsewhere now
 *   local ADDRESS · site ADDRESS        of the next flow; as STUN sees the site
 *   rewritten          an answer shows that somebody rewrites SIP
 *   probe-arrived · probe-answer CODE
 *   reply 200 lease S [behind S] [foreign N] [ghost KEY] [outbound]
 *             [stun-allowed] [contact ADDRESS] [mapped ADDRESS]
 *   reply 200 absent [...]
 *   reply CODE [retry-after S] [min-expires S] [redirect] [mapped ADDRESS]
 *                      `redirect`: a 3xx to a host that is allowed
 *   reply 401|407 [stale] [weak] [other-realm] [mapped ADDRESS]
 *   expect DEED [none|fresh|reused] [within TIME..TIME]
 *   expect nothing for TIME
 *   expect state WORD · registered yes|no · reachable WORD · reason WORD
 *   expect evidence WORD · proof WORD (what the probe says) · note WORD|none
 *   expect next WORD · cseq N · registers N · granted S · asked-expires S
 *   expect foreign N · ghosts N · named N (old ones in the last REGISTER)
 *   expect contact ADDRESS (in the last REGISTER) · mapping ADDRESS
 *   expect transport tcp|udp · address N (of the flow)
 *   expect flow WORD · elder WORD · method WORD
 *   expect interval TIME..TIME · interval-reason WORD
 *   come-up TIME [mapped ADDRESS]       resolve, connect, challenge, 200 with
 *                      this lease, pong
 *
 * Deeds: resolve redirect park open race open-rival register fetch leave renew
 * aside take-back retire probe probe-on-flow left, and those that go by unless
 * they are asked for: crlf options stun close hold replace elder-gone
 * probe-close.
 * Times: 250ms 4s 10m 2h 3d. Addresses: 192.0.2.1, port 5060, or
 * 192.0.2.1:40000. Every line is a fact or an expectation; the first that does
 * not hold ends the story with file and line. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "story.h"


static void play_words(struct story *s)
{
	const char *verb = word(s);

	if (!strcmp(verb, "account")) {
		account(s);
		return;
	}

	if (!s->there) {
		fail(s, "a story begins with its account");
		return;
	}

	if (!play_fact(s, verb))
		fail(s, "'%s' is no word of a story", verb);
	else if (s->word < s->wordc)
		fail(s, "'%s' is too much", s->wordv[s->word]);
}


static void play_line(struct story *s, char *line)
{
	char *save, *comment = strchr(line, '#');

	if (comment)
		*comment = '\0';

	s->wordc = s->word = 0;
	for (char *w = strtok_r(line, " \t\n", &save);
	     w && s->wordc < WORDS_MAX; w = strtok_r(NULL, " \t\n", &save))
		s->wordv[s->wordc++] = w;

	if (s->wordc)
		play_words(s);
}


/* Several stories may stand in one file: each "account" begins a new one. */
static bool play(const char *file)
{
	static struct story s;
	char line[LINE_MAX_];
	FILE *f = fopen(file, "r");

	memset(&s, 0, sizeof(s));
	s.file = file;
	if (!f) {
		perror(file);
		return false;
	}

	while (!s.failed && fgets(line, sizeof(line), f)) {
		++s.line;
		play_line(&s, line);
	}

	if (!s.failed && !s.there)
		fail(&s, "an empty story");
	if (!s.failed)
		none_left(&s);
	(void)fclose(f);

	return !s.failed;
}


int main(int argc, char *argv[])
{
	unsigned passed = 0, failed = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (play(argv[i]))
			++passed;
		else
			++failed;
	}

	printf("%u passed, %u failed\n", passed, failed);

	return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}
