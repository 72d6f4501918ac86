#!/usr/bin/python3
"""IPv6 that leads nowhere costs a moment, not the account (SCENARIOS T16).

In a network of its own, for only a packet filter makes a black hole."""

import os
import subprocess
import sys
import time

import lab
import names

HOLE = '2001:db8::1'


def shell(*lines):
    for line in lines:
        subprocess.run(line, shell=True, check=True)


def account(registrar, transport):
    a = registrar.account(transport, transport)
    a['registrar'] = 'sip:both.test:' + a['registrar'].rpartition(':')[2]
    return a


def test(it):
    shell('ip link set lo up', f'ip addr add {HOLE}/128 dev lo nodad',
          'nft add table inet t',
          'nft add chain inet t in "{ type filter hook input priority 0; }"',
          f'nft add rule inet t in ip6 daddr {HOLE} drop')
    server = names.Names(it)
    server.set('both.test', 'A', it.host)
    server.set('both.test', 'AAAA', HOLE)
    registrar = lab.Kamailio(it, grant=60)
    users = ['udp', 'tcp', 'tls']
    began = time.time_ns() // 1000
    daemon = lab.Sipregd(it, [account(registrar, u) for u in users],
                         dns={'servers': [server.address]})
    lab.check_await('registered', lambda: daemon.registered(*users))
    for user in users:
        a = daemon.status(user)
        edge = a['flows'][0]['edge'] or ''
        lab.check(f'{user}: over IPv4', edge.startswith(it.host), a)
        took = ((a['registered_since_usec'] or 0) - began) / 1e6
        # the start of the daemon is part of it
        lab.check(f'{user}: within 1 s', took < 1 + lab.PATIENCE / 15, took)
        print(f'# {user}: {took:.2f} s after the daemon was started')
    lab.check('exit status 0', daemon.stop() == 0)


if '--inside' in sys.argv:
    lab.run(test)
os.execvp('unshare', ['unshare', *(['-n'] if os.geteuid() == 0 else ['-Urn']),
                      sys.executable, __file__, '--inside'])
