#!/usr/bin/python3
"""The public address is another one (SCENARIOS N4).

usage: test_address.py [KIND [INTERVAL]]    INTERVAL 0: default settings
"""

import sys

import nets
import registrars
from bench import INTERVAL, SLACK, Bench, lab

KIND = sys.argv[1] if len(sys.argv) > 1 else 'port'
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else INTERVAL

STUN = 3478         # its port, RFC 8489 §18.4
OFTEN = 5           # [s] stun.interval, the shortest there is


def test(it):
    b = Bench(it, KIND, interval=EVERY)
    stun = registrars.stun_server(it, b.net, nets.SERVERS[8:10])
    b.start(stun={'server': stun, 'interval': OFTEN})
    bound = b.interval + SLACK

    def seen():
        """STUN beside the flows sees the address that there is."""
        at = b.net.nat.address + ':'
        return all((b.daemon.status(u)['site']['addr'] or '').startswith(at)
                   for u in b.home)

    lab.check_await(f'{KIND} NAT: STUN beside the flows sees the address',
                    seen)
    b.outage('new public address', b.net.nat.new_address,
             min(bound, OFTEN + SLACK))
    b.one_binding('new public address', b.net.nat.address)
    for user in b.home:
        _, told, _ = b.daemon.ctl('history', user)
        lab.check(f'{KIND} NAT: the history of {user} names the new address',
                  b.net.nat.address in told, told)

    def only_stun():
        b.net.nat.new_address(forget=False)
        b.net.nat.forget(STUN)

    sent = {u: len(r.registers(u)) for u, (r, _) in b.home.items()}
    b.outage('new public address, what is mapped stays so', only_stun, bound)
    lab.check_await(f'{KIND} NAT: STUN beside the flows sees the new address',
                    seen)
    again = [u for u, (r, _) in b.home.items()
             if len(r.registers(u)) > sent[u]]
    lab.check(f'{KIND} NAT: flows that have not moved are asked, not '
              'registered anew', not again,
              '\n'.join(str(b.why(u)) for u in again))
    b.outage('the NAT forgets what was still mapped', b.net.nat.forget, bound)
    b.one_binding('the NAT forgot what was still mapped', b.net.nat.address)
    b.end()


lab.run(test)
