#!/usr/bin/python3
"""The NAT forgets every mapping, and gives out other ports (SCENARIOS N3, T6).

usage: test_forget.py [KIND [INTERVAL]]     INTERVAL 0: default settings
"""

import sys

from bench import INTERVAL, SLACK, Bench, lab

KIND = sys.argv[1] if len(sys.argv) > 1 else 'port'
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else INTERVAL


def test(it):
    b = Bench(it, KIND, interval=EVERY)
    b.start()
    bound = b.interval + SLACK
    b.outage('the NAT forgets everything', b.net.nat.forget, bound)
    b.one_binding('the NAT forgot everything')
    b.outage('the NAT gives out other ports', b.net.nat.rebind, bound)
    b.one_binding('the NAT gave out other ports', b.net.nat.address)
    b.end()


lab.run(test)
