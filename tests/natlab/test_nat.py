#!/usr/bin/python3
"""What `sipregctl nat` says of each kind of NAT (RFC 5780), measured with
coturn on two addresses, and compared with coturn's own client; with lesser
servers, and with none. A symmetric NAT is named for an account over UDP, and
the account is reached (SCENARIOS N2).

usage: test_nat.py [symmetric]      symmetric: the account's part alone
"""

import json
import re
import shlex
import subprocess
import sys
import time

import nets
from bench import Bench, lab
from mock import Mock
from registrars import stun_server

STUN = nets.SERVERS[8], nets.SERVERS[9]         # two addresses of one server
ENDPOINT, ADDRESS, PORT = ('endpoint-independent', 'address-dependent',
                           'address-and-port-dependent')
HAIRPIN = {'cone': True, 'direct': None}
LIMIT = 15          # [s] that a measurement may take


class Site:
    """A NAT, a STUN server, and sipregd with an account over UDP."""

    def __init__(self, it, name, kind='port', servers=(STUN,), host=None,
                 **net):
        self.name = name
        self.net = nets.Net(kind, **net)
        self.host = getattr(self.net, host or 'lan')
        mock = Mock(self.net, nets.SERVERS[0])
        stun = [stun_server(it, self.net, hosts, f'{name}-stun{i}')
                for i, hosts in enumerate(servers)]
        for i in range(len(stun)):
            lab.await_that(f'{name}: its STUN servers are there', lambda:
                           'Total General servers' in
                           it.log(f'{name}-stun{i}'))
        self.server = stun[0] if stun else ''
        settings = {'stun': {'server': self.server, 'interval': 5,
                             'server2': stun[1] if stun[1:] else ''}}
        self.daemon = lab.Sipregd(it, [mock.account('alice')], name,
                                  wrap=shlex.join(self.host.argv()),
                                  ready=False, **settings)

    def ready(self):
        lab.await_that(f'{self.name}: sipregd answers', self.daemon.alive)
        lab.await_that(f'{self.name}: registered', self.daemon.registered)

    def nat(self):
        """(exit status, what is said, the text of it)"""
        status, out, err = self.daemon.ctl('--json', 'nat')
        _, text, _ = self.daemon.ctl('nat')
        return status, json.loads(out or '{}'), text + err

    def measured(self):
        """As nat(), once the server is there; and the time it took."""
        began = [0]

        def good():
            began[0] = time.monotonic()
            self.said = self.nat()
            return self.said[1].get('server')

        lab.await_that(f'{self.name}: measured', good, 60, 1)
        return *self.said, time.monotonic() - began[0]

    def reference(self):
        """What coturn's own client says: (mapping, filtering)."""
        r = subprocess.run(self.host.argv(
            'turnutils_natdiscovery', '-m', '-f', STUN[0]),
            capture_output=True, text=True, timeout=60)
        found = [re.findall(rf'NAT with (.*?) {what}', r.stdout, re.I)
                 for what in ('mapping', 'filtering')]
        return tuple(f[-1].lower().replace(' ', '-') if f else None
                     for f in found), r.stdout

    def end(self):
        lab.check(f'{self.name}: sipregd ends with exit status 0',
                  self.daemon.stop() == 0)
        self.net.close()


def named(said):
    return [a['name'] for a in said['advice']]


def check_kind(site, mapping, filtering, advice, local=nets.LAN):
    status, said, text, seconds = site.measured()
    lab.check(f'{site.name}: the mapping is {mapping}, the filtering '
              f'{filtering}', (said['mapping'], said['filtering']) ==
              (mapping, filtering), said)
    lab.check(f'{site.name}: the address is told, ours and the public one',
              said['local'].startswith(local + ':')
              and said['mapped'].startswith(
                  local if mapping == 'none' else site.net.edge.address)
              and said['site']['addr'].split(':')[0]
              == said['mapped'].split(':')[0], said)
    lab.check(f'{site.name}: the advice is {", ".join(advice)}',
              named(said) == advice, said['advice'])
    lab.check(f'{site.name}: exit status 0, within {LIMIT} s, and the text '
              'has the words', status == 0 and seconds < LIMIT
              and mapping in text and filtering in text
              and all(a in text for a in advice), (seconds, text))
    lab.check(f'{site.name}: hairpinning is told',
              said['hairpin'] is HAIRPIN.get(site.name, False), said)
    lab.check(f'{site.name}: the registrar\'s word is told too',
              any(s['transport'] == 'udp' and s['flows'] == 1
                  for s in said['seen']), said['seen'])
    return said


def kinds(it):
    """name: (site, mapping, filtering, advice)"""
    return [
        (Site(it, 'port'), ENDPOINT, PORT, ['filtered']),
        (Site(it, 'symmetric', 'symmetric'), PORT, PORT, ['symmetric']),
        (Site(it, 'address', 'address'), ADDRESS, PORT, ['symmetric']),
        (Site(it, 'cone', 'cone'), ENDPOINT, ENDPOINT, ['open']),
        (Site(it, 'restricted', 'restricted'), ENDPOINT, ADDRESS,
         ['filtered']),
        (Site(it, 'double', cgnat=True), ENDPOINT, PORT,
         ['double-nat', 'filtered']),
        (Site(it, 'direct', host='wan'), 'none', ENDPOINT, ['no-nat']),
    ]


def lesser(it, plain, alone, none):
    """Servers that allow less."""
    _, said, text, _ = plain.measured()
    lab.check('two plain servers: the mapping half',
              said['by'] == 'two-servers' and said['mapping'] == ENDPOINT
              and said['filtering'] is None, said)
    lab.check('two plain servers: what would tell more is said',
              'ask-more' in named(said) and 'filtering cannot' in text, text)
    _, said, text, _ = alone.measured()
    lab.check('one plain server: the address, and whether the port is kept',
              said['by'] == 'one-server' and said['mapping'] is None
              and said['port_kept'] is True
              and said['mapped'].startswith(alone.net.edge.address), said)
    status, said, text = none.nat()
    lab.check('no server: what the registrar sees, and how to configure one',
              status == 0 and said['by'] == 'witnesses'
              and said['site'] is None
              and said['seen'][0]['addr'] == none.net.edge.address
              and named(said) == ['no-server']
              and 'stun = { server' in text, (status, text))


def moved(site):
    """Another public address, of a NAT that is symmetric: nobody asks."""
    site.net.nat.kind = 'symmetric'
    site.net.nat.new_address()
    lab.check_await(
        'another public address: measured by itself, and noted', lambda:
        'symmetric' in site.daemon.status('alice')['flows'][0]['notes'], 90)
    _, said, _ = site.nat()
    lab.check('another public address: told', said['mapping'] == PORT
              and said['mapped'].startswith(site.net.nat.address + ':'), said)


def all_kinds(it):
    table = kinds(it)
    plain = Site(it, 'plain', servers=(STUN[:1], STUN[1:]))
    alone = Site(it, 'alone', servers=(STUN[:1],))
    none = Site(it, 'none', servers=())
    for site in [row[0] for row in table] + [plain, alone, none]:
        site.ready()
    for site, mapping, filtering, advice in table:
        local = {'direct': STUN[0]}.get(site.name, nets.LAN)
        check_kind(site, mapping, filtering, advice, local)
        if site.name != 'direct':
            reference, out = site.reference()
            lab.check(f'{site.name}: turnutils_natdiscovery says the same',
                      reference == (mapping, filtering), out)
    lesser(it, plain, alone, none)
    moved(table[0][0])
    for site in [row[0] for row in table] + [plain, alone, none]:
        site.end()


def symmetric(it):
    """Accounts over all transports behind a symmetric NAT."""
    b = Bench(it, 'symmetric', manners=('lenient', 'strict'))
    b.start(stun={'server': stun_server(it, b.net, STUN)})

    def notes(user):
        return [n for f in b.daemon.status(user)['flows'] for n in f['notes']]

    for user, (_, transport) in b.home.items():
        if transport == 'udp':
            lab.check_await(f'{user}: the symmetric NAT is named',
                            lambda: 'symmetric' in notes(user), 40)
            lab.check(f'{user}: and the way out suggested', re.search(
                r'Note +symmetric: .*TCP or TLS',
                b.daemon.ctl('status', user)[1]), b.why(user))
    for user, (_, transport) in b.home.items():
        if transport != 'udp':
            lab.check(f'{user}: nothing is named, its NAT does no harm',
                      'symmetric' not in notes(user), b.why(user))
    b.end()


def test(it):
    if 'symmetric' in sys.argv:
        symmetric(it)
    else:
        all_kinds(it)


lab.run(test)
