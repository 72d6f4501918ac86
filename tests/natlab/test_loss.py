#!/usr/bin/python3
"""A fifth of all packets is lost for a minute (SCENARIOS N8): what TCP and
retransmissions make good is no reason to change anything."""

import time

from bench import Bench, lab

MINUTE = 60         # [s]
LOST = 20           # [%] each way
INTERVAL = 10       # [s] between keepalives: six of them in that minute
REGISTERS = 6       # in it that are no churn: two losses, each of a flow
VERDICTS = 4        # "no" and back, twice


def test(it):
    b = Bench(it, interval=INTERVAL)
    b.start()
    users = list(b.home)
    before = {u: b.daemon.status(u) for u in users}
    seen = {u: [s['reachable']] for u, s in before.items()}

    b.net.nat.loss(LOST)
    end = time.monotonic() + MINUTE
    while time.monotonic() < end:
        for u in users:
            word = b.daemon.status(u)['reachable']
            if word != seen[u][-1]:
                seen[u].append(word)
        time.sleep(1)
    after = {u: b.daemon.status(u) for u in users}
    b.net.nat.loss(0)

    def grown(u, counter):
        return after[u]['counters'][counter] - before[u]['counters'][counter]

    for u in users:
        lab.check(f'{LOST} % loss: the verdict about {u} does not flap',
                  len(seen[u]) - 1 <= VERDICTS, b.why(u, seen[u]))
        lab.check(f'{LOST} % loss: {u} sends no more REGISTERs than needed',
                  grown(u, 'registers_sent') <= REGISTERS, b.why(u))
    lost = sum(grown(u, 'flow_failures') for u in users)
    print(f'# flows replaced: {lost} of {len(users)}')
    lab.check(f'{LOST} % loss: most flows live through it',
              lost <= len(users) // 2, {u: seen[u] for u in users})
    b.outage(f'{LOST} % loss is over', lambda: None, INTERVAL + 5)
    b.one_binding('after the loss')
    b.end()


lab.run(test)
