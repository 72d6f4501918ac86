#!/usr/bin/python3
"""A name whose addresses change all the time (SCENARIOS T21): who is connected
stays where he is, who connects anew asks anew."""

import time
import types

import lab
import names
import peers

GRANT = 10          # [s]
TTL = 60            # [s] as such names have it
SHORT = 2           # [s] that are waited for
HOST = 'rotating.test'


def proxies(it, registrar):
    """The registrar at three other addresses, one port."""
    port = it.port()
    prefix, _, last = it.host.rpartition('.')
    hosts = [f'{prefix}.{(int(last) + i) % 254 + 1}' for i in range(3)]
    return {h: peers.Proxy(types.SimpleNamespace(host=h, port=lambda: port),
                           (it.host, registrar.port)) for h in hosts}, port


def edge(daemon):
    return (daemon.status('tcp')['flows'][0]['edge'] or '').rpartition(':')[0]


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    server = names.Names(it, ttl=SHORT)
    there, port = proxies(it, registrar)
    first, second, third = there
    server.set(HOST, 'A', first)
    a = registrar.account('tcp', 'tcp', keepalive={'interval': 2})
    a['registrar'] = f'sip:{HOST}:{port}'
    daemon = lab.Sipregd(it, [a], dns={'servers': [server.address]})
    lab.check_await('registered at the first address', daemon.registered)
    lab.check('at that one indeed', edge(daemon) == first, edge(daemon))

    # The name has other addresses from now on, another order each time.
    server.ttl = SHORT
    for turn in range(4):
        server.set(HOST, 'A', *((second, third) if turn % 2
                                else (third, second)))
        time.sleep(SHORT + 0.5)
    lab.check('it stays where it is while the addresses change: one '
              'connection, refreshed', there[first].accepted == 1
              and not there[second].accepted and not there[third].accepted
              and daemon.registered()
              and len(registrar.registers('tcp')) > 2,
              registrar.registers('tcp'))

    server.ttl = TTL
    server.set(HOST, 'A', second)
    asked = server.asked[HOST, 'A']
    there[first].cut()
    began = time.monotonic()
    lab.check_await('cut, it is back at the address of now', lambda:
                    daemon.registered() and edge(daemon) == second)
    lab.check('within seconds', time.monotonic() - began < 5,
              time.monotonic() - began)
    lab.check('the name was asked again',
              server.asked[HOST, 'A'] > asked, server.asked)

    # Within its TTL the answer is not asked for again, and is good.
    server.set(HOST, 'A', third)
    asked = server.asked[HOST, 'A']
    lab.await_that('proven', lambda: daemon.status('tcp')['flows'][0][
        'state'] == 'proven')
    there[second].cut()
    lab.check_await('cut again within the TTL: back', lambda:
                    there[second].accepted > 1 and daemon.registered())
    lab.check('at what was said before, nobody was asked', edge(daemon)
              == second and server.asked[HOST, 'A'] == asked, server.asked)
    lab.check('no other connection was made for all that',
              [p.accepted for p in there.values()] == [1, 2, 0],
              {h: p.accepted for h, p in there.items()})
    lab.check('exit status 0', daemon.stop() == 0)


lab.run(test)
