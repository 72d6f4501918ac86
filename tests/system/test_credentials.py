#!/usr/bin/python3
"""A wrong password is tried twice and then no more: providers ban for less
(SCENARIOS T10)."""

import time

import lab

SILENCE = 20        # [s] that must pass without another attempt


def test(it):
    registrars = [lab.Kamailio(it, 'kamailio-' + a.lower(), a)
                  for a in ('MD5', 'SHA-256')]
    users = {f'{t}-{r.name[9:]}': r for r in registrars
             for t in ('udp', 'tcp')}
    daemon = lab.Sipregd(it, [
        r.account(u, u[:3], password='wrong', keepalive={'interval': 5})
        for u, r in users.items()])

    for u, r in users.items():
        lab.check_await(f'{u}: held, reason credentials', lambda:
                        daemon.status(u)['reason'] == 'credentials')
        lab.check(f'{u}: what comes next is `held`',
                  daemon.status(u)['next'] == 'held', daemon.status(u))
    time.sleep(SILENCE)
    for u, r in users.items():
        seen = r.registers(u)
        lab.check(f'{u}: exactly two REGISTERs with credentials, then silence',
                  [x['auth'] for x in seen] == [False, True, True], seen)
        lab.check(f'{u}: not registered and not reachable', (lambda a:
                  not a['registered'] and a['reachable'] != 'yes')(
                  daemon.status(u)))

    first = next(iter(users))
    status, out, _ = daemon.ctl('register', first)
    lab.check('the operator ends the hold: one more attempt is made',
              len([x for x in users[first].registers(first)
                   if x['auth']]) > 2)
    lab.check('and its failure is told', status == 1 and
              'credentials' in out + _, (status, out, _))
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
