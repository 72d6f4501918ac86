#!/usr/bin/python3
"""A registrar restarts and remembers no binding (SCENARIOS N9); sipregd is
killed, or hands over, and starts again behind another public address."""

import time

from bench import INTERVAL, SLACK, Bench, lab

STREAM = 5          # [s] after it listens again: issue, "Shown by"
AWAY = 3 * INTERVAL + 4         # [s] that a keepalive notices, tries included
PROBE = 10          # [s] probe.interval, the shortest there is
ARRIVES = 8         # [s] that a probe is waited for at most


def restart(b, away):
    def fault():
        for r in b.registrars.values():
            r.kill()
        time.sleep(away)
        for r in b.registrars.values():
            r.start()
        for r in b.registrars.values():
            r.ready()
    return fault


def bound(udp):
    return lambda transport: udp if transport == 'udp' else STREAM


def test(it):
    b = Bench(it, keys={'probe': {'interval': PROBE}})
    b.start()
    b.outage(f'registrar restarts empty, away for {AWAY} s',
             restart(b, AWAY), bound(INTERVAL + SLACK))
    b.one_binding('registrar restarted empty')
    # Too short for a keepalive to notice: what tells is the probe.
    b.outage('registrar restarts empty at once', restart(b, 0),
             bound(PROBE * 1.1 + ARRIVES))
    b.one_binding('registrar restarted empty at once')
    b.outage('sipregd is killed, starts behind another address',
             lambda: b.again(b.net.nat.new_address), SLACK)
    b.one_binding('sipregd was killed', b.net.nat.address)
    b.outage('sipregd hands over, and its NAT has another address after it',
             lambda: b.handed_over(b.net.nat.new_address), INTERVAL + SLACK)
    b.one_binding('handed over behind another address', b.net.nat.address)
    b.outage('sipregd hands over, and has another address itself after it',
             lambda: b.handed_over(b.net.renumber), SLACK)
    b.one_binding('handed over with another address')
    b.end()


lab.run(test)
