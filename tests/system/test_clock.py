#!/usr/bin/python3
"""The wall clock is set, an hour ahead and an hour back (SCENARIOS T12):
leases, refreshes and keepalives go by another clock and do not notice."""

import time

import lab
import wallclock

GRANT = 12          # [s]
HOUR = 3600         # [s]
TRANSPORTS = 'udp', 'tcp', 'tls'
# A refresh comes between 45 and 55 % of the lease.
SOONEST, LATEST = 0.45 * GRANT - 0.5, 0.55 * GRANT + 1.5


class Watch:
    """When each REGISTER was seen, by the clock that nobody sets."""

    def __init__(self, registrar):
        self.registrar, self.seen = registrar, {}

    def look(self):
        for r in self.registrar.registers():
            self.seen.setdefault((r['user'], r['cseq']), time.monotonic())

    def times(self, user):
        return [t for (u, _), t in sorted(self.seen.items(),
                                          key=lambda item: item[1])
                if u == user]


def lasts(daemon, watch, seconds, wrong):
    """So long they must be registered, each time that one looks."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watch.look()
        for a in daemon.list():
            left = a['lease_left'] if a['registered'] else None
            if left is None or not 0 <= left <= GRANT:
                wrong.append((a['name'], a['reason'], left))
        time.sleep(0.2)




def bad_news(daemon, last):
    return [e for e in daemon.status('tcp')['events'] if e['seq'] > last and
            (e['event'] not in ('register-sent', 'response', 'inbound',
                                'probe')
             or e['reachable'] != 'yes')]


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    clock = wallclock.WallClock(it)
    accounts = [registrar.account(t, t, keepalive={'interval': 3})
                for t in TRANSPORTS]
    daemon = lab.Sipregd(it, accounts, wrap=clock.wrap)
    lab.check_await('all are registered', daemon.registered)
    lab.await_that('all are proven', lambda: all(
        daemon.status(t)['flows'][0]['state'] == 'proven'
        for t in TRANSPORTS[1:]))
    watch, wrong = Watch(registrar), []
    watch.look()
    began = time.monotonic()

    for step in HOUR, -HOUR, 0:
        clock.set(step)
        last = daemon.status('tcp')['events'][-1]['seq']
        # long enough for a refresh of each
        lasts(daemon, watch, GRANT * 0.75, wrong)
        lab.check(f'clock at {step:+d} s: nobody was unregistered for a '
                  'moment, each lease is as long as it was granted',
                  not wrong, wrong[:5])
        for t in TRANSPORTS:
            lab.check(f'clock at {step:+d} s: {t} is reached',
                      registrar.reaches(t))
            lab.check(f'clock at {step:+d} s: {t} has had a refresh',
                      watch.times(t)[-1] > began, watch.times(t))
        lab.check(f'clock at {step:+d} s: no event says that anything was '
                  'wrong', not bad_news(daemon, last),
                  bad_news(daemon, last))
        began = time.monotonic()

    for t in TRANSPORTS:
        seen = [x for x in watch.times(t) if x > watch.times(t)[0] + 1]
        gaps = [b - a for a, b in zip(seen, seen[1:])]
        lab.check(f'{t}: refreshes came when they were due, no sooner and no '
                  'later', gaps and SOONEST <= min(gaps)
                  and max(gaps) <= LATEST, gaps)
        status = daemon.status(t)
        lab.check(f'{t}: the same connection all the time',
                  len({r['port'] for r in registrar.registers(t)}) == 1
                  and status['counters']['flow_failures'] == 0, status)
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
