#!/usr/bin/python3
"""The client's own network changes: another address, another router, a link
that is down for a while (SCENARIOS N6). The kernel tells of each at once."""

import time

import nets
from bench import Bench, lab

BACK = 3            # [s] after the network is back: issue, "Shown by"
AWAY = 8            # [s] without a link: TCP then hardly tries any more
APART = 10          # [s] local events end a back-off only once in it


def test(it):
    # Nothing here may depend on keepalives: they are far apart.
    b = Bench(it, interval=0, second=True)
    b.start()

    def down():
        b.net.down()
        time.sleep(AWAY)
        b.net.up()

    def unplugged():
        b.net.cable(False)
        time.sleep(AWAY)
        b.net.cable(True)

    b.outage('another local address', b.net.renumber, BACK)
    b.one_binding('another local address')
    b.outage('default route over another router',
             lambda: b.net.route(nets.LAN2), BACK)
    b.one_binding('default route over another router', nets.PUBLIC2[0])
    b.outage('and over the first one again', b.net.route, BACK)
    b.one_binding('and over the first one again', nets.PUBLIC[0])
    b.outage(f'interface down for {AWAY} s', down, BACK)
    time.sleep(APART)
    b.outage(f'cable out for {AWAY} s', unplugged, BACK)
    b.one_binding('links were down')
    b.end()


lab.run(test)
