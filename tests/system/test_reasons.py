#!/usr/bin/python3
"""Each reason code is brought about, and told with its sentence and its remedy:
by status, list and JSON, and in the log.

In a network of its own, where registrars have public addresses."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

import hostile
import lab
import names
import peers
from control import reasons

PUBLIC = '198.51.100.7'     # a registrar's
SEEN = '203.0.113.9'        # where it sees us
PRIVATE = '10.1.2.3'        # our own
PROBES = 10                 # [s] probe.interval, the shortest there is
LEASE = 5                   # [s] the shortest that is worth anything
FLOWS = 60                  # that few descriptors do not suffice for
LIMIT = 64                  # descriptors

# These pass at once: they are looked for in the log.
PASSING = {'flow-lost', 'mapping-moved'}


class Registrar:
    """Accepts every REGISTER over UDP, and lies about it. `seen`: source ->
    where it was seen; `listed`: our Contact -> the Contacts of the 200;
    `loops`: probes are passed on."""

    def __init__(self, it, grant=600):
        self.port, self.grant = it.port(), grant
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((PUBLIC, self.port))
        self.seen = lambda source: source
        self.listed = lambda ours: [ours]
        self.loops = False
        self.silent = False
        self.flow = None            # where the last REGISTER came from
        self.contact = None
        threading.Thread(target=self._run, daemon=True).start()

    def account(self, user, **keys):
        return {'name': user, 'aor': f'sip:{user}@{PUBLIC}', 'password': 'x',
                'transport': 'udp', 'expires': 600,
                'registrar': f'sip:{PUBLIC}:{self.port}', **keys}

    def _run(self):
        while True:
            data, source = self.socket.recvfrom(65536)
            text = data.decode()
            if self.silent or not data.strip() or \
                    text.startswith('SIP/2.0'):
                continue
            if text.startswith('REGISTER '):
                self.flow = source
                self.contact = re.search(r'^Contact: (<[^>]*>)', text,
                                         re.M)[1]
                self._answer(text, source, [
                    f'Contact: {c};expires={self.grant}'
                    for c in self.listed(self.contact)])
                continue
            if self.loops and source != self.flow:
                self._pass_on(text)
            self._answer(text, source, [])

    def _pass_on(self, text):
        head, _, rest = text.partition('\r\n')
        uri = self.contact[1:-1]
        via = f'Via: SIP/2.0/UDP {PUBLIC}:{self.port};branch=z9hG4bKloop'
        self.socket.sendto(f'{head.split()[0]} {uri} SIP/2.0\r\n{via}\r\n'
                           f'{rest}'.encode(), self.flow)

    def _answer(self, text, source, extra):
        host, port = self.seen(source)
        kept = []
        for line in text.split('\r\n'):
            if re.match(r'(Via|From|To|Call-ID|CSeq):', line):
                line = re.sub(r';rport(?=;|$)',
                              f';received={host};rport={port}', line)
                kept.append(line + (';tag=x' if line.startswith('To:')
                                    else ''))
        self.socket.sendto('\r\n'.join([
            'SIP/2.0 200 OK', *kept, *extra, 'Content-Length: 0', '',
            '']).encode(), source)


class Refuser(Registrar):
    """Has one answer for all."""

    def __init__(self, it, status, *headers):
        self.status, self.headers = status, headers
        super().__init__(it)

    def _answer(self, text, source, extra):
        kept = [line for line in text.split('\r\n')
                if re.match(r'(Via|From|To|Call-ID|CSeq):', line)]
        self.socket.sendto('\r\n'.join([
            f'SIP/2.0 {self.status}', *kept, *self.headers,
            'Content-Length: 0', '', '']).encode(), source)


def ghost(ours):
    """The same Contact, but of an earlier flow from elsewhere."""
    return [re.sub(r'@[^;>]+', '@192.0.2.1:1', re.sub(
        r'(sipregd=[0-9a-f]+)\.[0-9a-f]+', r'\1.0123456789', ours))]


def words(text):
    return ' '.join(text.split())


def shown(d, user, code, texts):
    """Does everything that sipregctl says of the account tell that?"""
    text, remedy = texts[code]
    out = words(d.ctl('status', user)[1])
    row = next((line.split('\t') for line in d.ctl('list')[1].splitlines()
                if line.startswith(user + '\t')), [])
    return (d.status(user)['reason'] == code and code in row
            and code in out and words(text) in out
            and (not remedy or words(remedy) in out))


def check(d, user, code, texts, timeout=60):
    lab.check_await(f'{code}: status says it, and what can be done',
                    lambda: shown(d, user, code, texts), timeout)


def passed(it, code, texts):
    """In the log, where each change of the verdict is."""
    text = words(texts[code][0])
    return [line for line in it.log('sipregd').splitlines()
            if code in line and text in words(line)]


def test(it):
    for line in ('ip link set lo up', f'ip addr add {PUBLIC}/32 dev lo',
                 f'ip addr add {PRIVATE}/32 dev lo'):
        subprocess.run(line, shell=True, check=True)
    texts = reasons()
    it.ca()
    registrar = lab.Kamailio(it, grant=600)
    server = names.Names(it)
    server.faults['silent.test'] = 'drop'
    proxy = peers.Proxy(it, (registrar.host, registrar.port))
    hole = hostile.Hole(it)
    expired = it.certificate('expired', days=-1)
    other = it.certificate('other', san='DNS:other.example', days=2)

    mute, brief = Registrar(it), Registrar(it, LEASE)
    mute.silent = True
    absent, private, ghosts, moved, loops = (Registrar(it) for _ in range(5))
    absent.listed = lambda ours: ['<sip:else@192.0.2.7>']
    private.seen = lambda source: (SEEN, 40000)
    ghosts.listed = ghost
    ports = iter(range(20000, 60000))
    moved.seen = lambda source: (SEEN, moved.at)
    moved.at = next(ports)
    loops.loops = True
    unlooped = {'probe': {'mode': 'off'}}
    rejected, forbidden = (Refuser(it, s) for s in (
        '500 Server Internal Error', '403 Forbidden'))
    later = Refuser(it, '503 Service Unavailable', 'Retry-After: 600')
    longer = Refuser(it, '423 Interval Too Brief')

    d = lab.Sipregd(it, [
        registrar.account('ok'),
        {**registrar.account('paused'), 'enabled': False},
        {**registrar.account('resolving'),
         'registrar': 'sip:silent.test:5060'},
        {**registrar.account('dns-failure'),
         'registrar': 'sip:nowhere.test:5060'},
        registrar.account('connecting', 'tcp', hole.port),
        registrar.account('connect-refused', 'tcp', it.port()),
        *(registrar.account(f'tls-{name}', 'tls',
                            peers.TlsServer(it, *pem).port)
          for name, pem in (('untrusted', expired), ('name', other))),
        registrar.account('tls-failure', 'tls', hostile.Resetting(it).port),
        mute.account('no-answer'), rejected.account('rejected'),
        {**registrar.account('credentials'), 'password': 'mistyped'},
        forbidden.account('forbidden'), later.account('retry-after'),
        longer.account('interval-too-brief'),
        registrar.account('flow-lost', 'tcp', proxy.port),
        moved.account('mapping-moved', **unlooped,
                      keepalive={'method': 'options', 'interval': 1}),
        absent.account('binding-absent', **unlooped),
        private.account('binding-private', **unlooped, source=PRIVATE,
                        contact={'policy': 'local'}),
        ghosts.account('binding-ghost-only', **unlooped),
        brief.account('lease-expired', **unlooped),
        loops.account('probe-lost', probe={'interval': PROBES}),
        {**registrar.account('unproven'), **unlooped,
         'contact': {'policy': 'static', 'address': PRIVATE}},
    ], dns={'servers': [server.address]})

    # Before the first outcome: as soon as it can be asked.
    check(d, 'resolving', 'resolving', texts, 5)
    check(d, 'connecting', 'connecting', texts, 9)
    lab.await_that('lease-expired is registered',
                   lambda: d.status('lease-expired')['registered'])
    brief.silent = True
    check(d, 'lease-expired', 'lease-expired', texts, 20)
    lab.await_that('probe-lost was proven', lambda: d.status('probe-lost')
                   ['evidence'] == 'probe', 30)
    loops.loops = False
    lab.await_that('the others are registered', lambda: d.registered(
        'ok', 'flow-lost', 'mapping-moved'))
    proxy.cut()
    moved.at = next(ports)
    check(d, 'connecting', 'connect-timeout', texts)
    for code in texts:
        if code in PASSING:
            lab.check_await(f'{code}: the log says it, with its sentence',
                            lambda: passed(it, code, texts), 30)
        elif code not in ('resolving', 'connecting', 'connect-timeout',
                          'lease-expired', 'starting', 'no-resources'):
            check(d, code, code, texts)
    histories = [e for name in texts if name not in
                 ('starting', 'no-resources', 'connect-timeout')
                 for e in json.loads(d.ctl('--json', 'history', name)[1])
                 ['events']]
    told = {e['reason'] for e in histories if e['event'] == 'verdict'}
    lab.check('each that an account can come to is an event, too',
              told >= set(texts) - {'paused', 'no-resources', 'starting'},
              set(texts) - told)
    d.stop()
    lab.check('starting: what is stopped could begin again',
              '(starting)' in it.log('sipregd'))
    short_of_descriptors(it, registrar, texts)


def short_of_descriptors(it, registrar, texts):
    d = lab.Sipregd(it, [
        {**registrar.account('f%d', 'tcp'), 'count': FLOWS}], 'short',
        wrap=f'prlimit --nofile={LIMIT}')

    def found():
        return next((a['name'] for a in d.list()
                     if a['reason'] == 'no-resources'), None)
    user = lab.await_that('some have no descriptor', found, 30)
    check(d, user, 'no-resources', texts)
    d.stop()


if '--inside' in sys.argv:
    lab.run(test)
os.execvp('unshare', ['unshare', *(['-n'] if os.geteuid() == 0 else ['-Urn']),
                      sys.executable, __file__, '--inside'])
