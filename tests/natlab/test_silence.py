#!/usr/bin/python3
"""After a silence of several NAT timeouts the first request arrives: SCENARIOS
N1, N2. Nobody asks meanwhile, for that would keep the mapping.

usage: test_silence.py [KIND [INTERVAL]]    INTERVAL 0: default settings
"""

import random
import sys
import time

import prober
from bench import INTERVAL, NAT_TIMEOUT, SCALE, Bench, lab, record

KIND = sys.argv[1] if len(sys.argv) > 1 else 'port'
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else INTERVAL
TIMEOUT = NAT_TIMEOUT if EVERY == INTERVAL else 30      # [s]
TIMES = 10 if SCALE == 'long' else 3
SHORT, LONG = 2, 5          # NAT timeouts


def test(it):
    b = Bench(it, KIND, interval=EVERY)
    b.net.nat.timeouts(TIMEOUT)
    b.start()
    b.unwatch()

    # Each account has a rhythm of its own.
    plan = []
    for user, (registrar, _) in b.home.items():
        at = time.monotonic()
        for _ in range(TIMES):
            silence = random.uniform(SHORT, LONG) * TIMEOUT
            at += silence
            plan.append((at, silence, user, registrar))
    asked = []
    for at, silence, user, registrar in sorted(plan, key=lambda p: p[0]):
        time.sleep(max(0, at - time.monotonic()))
        asked.append((user, silence, b.prober.once(registrar, user)))
    time.sleep(2 * prober.PATIENCE)

    for user, (registrar, transport) in b.home.items():
        lost = [f'{silence:.1f} s' for u, silence, entry in asked
                if u == user and not entry[1]]
        record(f'{TIMES} random silences, requests lost', KIND, b.interval,
               registrar.name, transport, len(lost), 0)
        lab.check(f'NAT timeout {TIMEOUT} s, {KIND} NAT: {user} gets the one '
                  f'request after each of {TIMES} random silences',
                  not lost, b.why(user, f'lost after {lost}'))
    b.end()


lab.run(test)
