#!/usr/bin/python3
"""One round of REGISTER is enough, in every kind of NAT; what others use to
place a call finds the account.

usage: test_first.py [KIND]
"""

import subprocess
import sys

import nets
from bench import Bench, lab

ROUND = {'lenient': 2, 'edge': 2,       # a challenge and its answer
         'strict': 4}                   # and the same again after a 423
INVITE = '''<?xml version="1.0"?>
<scenario name="call">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:caller@[local_ip]>;tag=[call_number]
To: <sip:[service]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
<recv response="100" optional="true"/>
<recv response="480"/>
<send><![CDATA[
ACK sip:[service]@[remote_ip] SIP/2.0
[last_Via:]
Max-Forwards: 70
From: <sip:caller@[local_ip]>;tag=[call_number]
To: <sip:[service]@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>
</scenario>
'''


def invited(b, registrar, user):
    """Does an INVITE of sipp get the account's own 480?"""
    scenario = b.it.write('invite.xml', INVITE)
    r = subprocess.run(b.net.wan.argv(
        'sipp', f'{registrar.host}:{registrar.port}', '-sf', scenario, '-s',
        user, '-m', '1', '-i', nets.WAN, '-p', '5099', '-timeout', '5',
        '-timeout_error', '-nostdin'), cwd=b.it.dir,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return r.returncode == 0


def sipsak(b, registrar, user):
    r = subprocess.run(b.net.wan.argv(
        'sipsak', '-H', nets.WAN, '-s',
        f'sip:{user}@{registrar.host}:{registrar.port}'),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    return r.returncode == 0


def first_round(b):
    kind = b.kind
    for user, (registrar, _) in b.home.items():
        seen = registrar.registers(user)
        lab.check(f'{kind} NAT: {user} is registered after one round',
                  len(seen) == ROUND[registrar.name], seen)
        held = registrar.contacts(user)
        port = int(seen[-1]['port']) if seen else 0
        lab.check(f'{kind} NAT: the registrar holds the address at which it '
                  f'sees {user}', held == [(b.net.edge.address, port)],
                  b.why(user, held))
        lab.check(f'{kind} NAT: sipsak reaches {user}',
                  sipsak(b, registrar, user), b.why(user))
        lab.check(f'{kind} NAT: a call of sipp reaches {user}',
                  invited(b, registrar, user), b.why(user))


def test(it):
    b = Bench(it, sys.argv[1] if len(sys.argv) > 1 else 'port')
    b.start()
    first_round(b)
    b.end()


lab.run(test)
