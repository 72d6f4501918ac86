#!/usr/bin/python3
"""A connection that dies is noticed and replaced (SCENARIOS T6)."""

import time

import lab
import peers

INTERVAL = 2        # [s] between pings
TIMEOUT = 13        # [s] a pong's 10, the way, and a look that takes long


def flow_failures(daemon, user):
    return daemon.status(user)['counters']['flow_failures']


def lose(daemon, registrar, user, how, within):
    """Loses the user's connection; it must be back, over another one."""
    before = registrar.registers(user)
    failures = flow_failures(daemon, user)
    how()
    began = time.monotonic()

    def back():
        seen = registrar.registers(user)
        held = registrar.bindings().get(user, [])
        # Not before the new binding is there: a request to the old one
        # would be waited for until it times out.
        return (len(seen) > len(before)
                and seen[-1]['port'] != before[-1]['port']
                and daemon.registered(user)
                and len(held) == 1 and held[0] in seen[-1]['contact']
                and held[0] not in before[-1]['contact']
                and registrar.reaches(user))

    if not lab.check_await(f'{user}: back over a new flow within {within} s',
                           back, within):
        print('#', registrar.registers(user)[len(before):])
        return
    print(f'# {user}: {time.monotonic() - began:.1f} s')
    lab.check(f'{user}: the failure is counted',
              flow_failures(daemon, user) == failures + 1)
    seen = registrar.registers(user)
    lab.check(f'{user}: Call-ID kept, CSeq grown',
              seen[-1]['callid'] == before[-1]['callid']
              and seen[-1]['cseq'] > before[-1]['cseq'], seen)
    lab.check(f'{user}: no storm of connections or REGISTERs',
              len(seen) - len(before) <= 4, seen)


def test(it):
    registrar = lab.Kamailio(it, grant=60, lenient=True)
    proxies = {'tcp': peers.Proxy(it, (it.host, registrar.port)),
               'tls': peers.Proxy(it, (it.host, registrar.tls_port))}
    daemon = lab.Sipregd(it, [
        registrar.account(t, t, port=p.port, expires=60,
                          keepalive={'interval': INTERVAL})
        for t, p in proxies.items()])
    if not lab.check_await('registered through the proxy', daemon.registered):
        return
    for user in proxies:
        lab.check_await(f'{user}: reached through the flow', lambda:
                        registrar.reaches(user), 30)
        lab.check_await(f'{user}: pings are answered', lambda:
                        daemon.status(user)['flows'][0]['pongs'] >= 2)

    for user, proxy in proxies.items():
        lose(daemon, registrar, user, proxy.cut, 5)
    for user, proxy in proxies.items():
        # It must have ponged to be judged by a missing pong.
        lab.check_await(f'{user}: pongs on the new flow', lambda:
                        daemon.status(user)['flows'][0]['pongs'] >= 1)
    for user, proxy in proxies.items():
        lose(daemon, registrar, user, proxy.swallow, INTERVAL + TIMEOUT)

    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)
    lab.check('no binding is left behind', not registrar.bindings(),
              registrar.bindings())


lab.run(test)
