#!/usr/bin/python3
"""Names lead to the registrar, in good order and in bad (RFC 3263, SCENARIOS
T16, T21)."""

import time

import lab
import names
import peers

DOMAIN = lab.NAME           # so that the certificate fits
DNS_RETRY = 35              # [s] REG_WAIT_DNS_MAX, and a moment


def account(registrar, user, host, transport='auto', **keys):
    """One whose registrar is a name without a port."""
    a = registrar.account(user, transport, **keys)
    a['tls'] = {'ca_file': registrar.lab.path('ca.pem')}
    a['registrar'] = 'sip:' + host
    return a


def srv(server, host, *values, kind='udp'):
    service = '_sips._tcp' if kind == 'tls' else '_sip._' + kind
    server.set(f'{service}.{host}', 'SRV', *values)


def flow(daemon, user):
    return daemon.status(user)['flows'][0]


def order(it, registrar, server, dead):
    """What the records say is what is done."""
    srv(server, 'srv.test', (1, 1, registrar.port, 'edge.test'))
    server.set('edge.test', 'A', it.host)
    srv(server, 'two.test', (1, 1, dead, 'edge.test'),
        (2, 1, registrar.port, 'edge.test'), kind='tcp')
    server.set(DOMAIN, 'NAPTR',
               (10, 1, 's', 'SIP+D2U', '_sip._udp.' + DOMAIN),
               (20, 1, 's', 'SIPS+D2T', '_sips._tcp.' + DOMAIN))
    srv(server, DOMAIN, (1, 1, registrar.port, 'edge.test'))
    srv(server, DOMAIN, (1, 1, registrar.tls_port, 'edge.test'), kind='tls')
    srv(server, 'cut.test', (1, 1, registrar.port, 'edge.test'), kind='tcp')
    server.faults['cut.test'] = 'truncate'
    server.faults['_sip._tcp.cut.test'] = 'truncate'

    began = time.monotonic()
    daemon = lab.Sipregd(it, [
        account(registrar, 'srv', 'srv.test'),
        account(registrar, 'two', 'two.test', 'tcp'),
        account(registrar, 'naptr', DOMAIN),
        account(registrar, 'cut', 'cut.test', 'tcp'),
    ], name='order', dns={'servers': [server.address]})

    lab.check_await('SRV only, no address at the domain: registered',
                    lambda: daemon.registered('srv'))
    lab.check_await('the first of two SRV targets is dead: registered at the '
                    'second', lambda: daemon.registered('two'))
    lab.check('within seconds', time.monotonic() - began < 5,
              time.monotonic() - began)
    lab.check_await('NAPTR offers UDP and TLS: registered',
                    lambda: daemon.registered('naptr'))
    lab.check('over TLS', flow(daemon, 'naptr')['transport'] == 'tls',
              flow(daemon, 'naptr'))
    lab.check_await('truncated answers are asked for again over TCP: '
                    'registered', lambda: daemon.registered('cut'))
    lab.check('over TCP indeed', server.over_tcp > 0)
    lab.check('exit status 0', daemon.stop() == 0)


def downgrade(it, registrar, server, dead):
    """Whoever can answer in place of DNS must not get at the traffic."""
    server.set('weak.test', 'NAPTR',
               (10, 1, 's', 'SIPS+D2T', '_sips._tcp.weak.test'),
               (20, 1, 's', 'SIP+D2U', '_sip._udp.weak.test'))
    srv(server, 'weak.test', (1, 1, dead, 'edge.test'), kind='tls')
    srv(server, 'weak.test', (1, 1, registrar.port, 'edge.test'))
    server.ttl = 1
    daemon = lab.Sipregd(it, [account(registrar, 'weak', 'weak.test')],
                         name='weak', dns={'servers': [server.address]})
    lab.check_await('TLS was offered and is refused: not registered', lambda:
                    daemon.status('weak')['reason'] == 'connect-refused')

    # now the records are gone that offered it
    server.set('weak.test', 'NAPTR',
               (20, 1, 's', 'SIP+D2U', '_sip._udp.weak.test'))
    srv(server, 'weak.test', kind='tls')
    time.sleep(1.1)             # the TTL
    daemon.ctl('reconnect', 'weak', '--timeout', '10')
    daemon.stop()
    daemon = lab.Sipregd(it, [account(registrar, 'weak', 'weak.test')],
                         name='weak', dns={'servers': [server.address]})
    lab.check_await('asked again after a restart', lambda:
                    daemon.status('weak')['reason'] not in
                    ('starting', 'resolving', 'connecting'))
    lab.check('nothing weaker than TLS, not even in the next run',
              not registrar.registers('weak'), registrar.registers('weak'))
    lab.check('exit status 0', daemon.stop() == 0)


def faults(it, registrar, server):
    """DNS fails while accounts are up, and before they are."""
    server.ttl = 1
    proxy = peers.Proxy(it, (it.host, registrar.port))
    for name in 'last', 'never', 'well':
        srv(server, name + '.test', (1, 1, proxy.port, 'edge.test'),
            kind='tcp')
    server.faults['_sip._tcp.never.test'] = 'drop'
    daemon = lab.Sipregd(it, [
        account(registrar, u, u + '.test', 'tcp')
        for u in ('last', 'never', 'well')
    ], name='faults', dns={'servers': [server.address]})

    lab.check_await('a name that DNS is silent about delays no other', lambda:
                    daemon.registered('last', 'well'), 8)
    for fault in 'servfail', 'refused', 'drop':
        time.sleep(1.1)         # the TTL
        server.faults['_sip._tcp.last.test'] = fault
        server.faults['edge.test'] = fault
        seen = len(registrar.registers('last'))
        lab.check_await(
            f'{fault}: waits until it was proven', lambda:
            flow(daemon, 'last')['state'] == 'proven' or
            flow(daemon, 'last')['pongs'] > 0, 30)
        proxy.cut()
        lab.check_await(
            f'{fault}: back with the last good answer', lambda:
            len(registrar.registers('last')) > seen and
            daemon.registered('last') and
            flow(daemon, 'last')['state'] != 'down', 20)

    lab.check('the other one has no address yet',
              daemon.status('never')['reason'] == 'dns-failure')
    server.faults.clear()
    lab.check_await('DNS answers: registered by itself', lambda:
                    daemon.registered('never'), DNS_RETRY)
    lab.check('exit status 0', daemon.stop() == 0)


def test(it):
    server = names.Names(it)
    registrar = lab.Kamailio(it, grant=60)
    dead = it.port()
    order(it, registrar, server, dead)
    downgrade(it, registrar, server, dead)
    faults(it, registrar, server)


lab.run(test)
