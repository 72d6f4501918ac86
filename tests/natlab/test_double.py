#!/usr/bin/python3
"""Two NATs in a row, the outer one a provider's (SCENARIOS N5).

usage: test_double.py [direct]      direct: no router of our own before it
"""

import sys

from bench import INTERVAL, SLACK, Bench, lab

OURS = '100.64.0.33'        # a client's that only the provider translates
BOUND = INTERVAL + SLACK


def direct(it):
    b = Bench(it, manners=('lenient', 'strict'), lan=OURS)
    b.start()
    for user in b.home:
        status = b.daemon.status(user)
        lab.check(f'{user}: the provider\'s NAT is named',
                  any('cgnat' in (flow.get('notes') or [])
                      for flow in status['flows']), b.why(user))
    b.end()


def double(it):
    b = Bench(it, cgnat=True)
    b.start()
    b.outage('double NAT: the inner one forgets', b.net.nat.forget, BOUND)
    b.outage('double NAT: the outer one forgets', b.net.cgnat.forget, BOUND)
    b.outage('double NAT: new address between them', b.net.nat.new_address,
             BOUND)
    b.outage('double NAT: new public address', b.net.cgnat.new_address, BOUND)
    b.one_binding('double NAT', b.net.cgnat.address)
    b.end()


lab.run(direct if 'direct' in sys.argv else double)
