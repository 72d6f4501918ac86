#!/usr/bin/python3
"""Each reason code is brought about, and told with its sentence and its remedy:
by status, list and JSON, and as an event in the history and the journal.

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
from journal import Journal

PUBLIC = '198.51.100.7'     # a registrar's
SEEN = '203.0.113.9'        # where it sees us
PRIVATE = '10.1.2.3'        # our own
PROBES = 10                 # [s] probe.interval, the shortest there is
LEASE = 5                   # [s] the shortest that is worth anything
FLOWS = 60                  # that few descriptors do not suffice for
LIMIT = 64                  # descriptors
LINES = 512                 # that wait for the journal to read them
FIRST = 20000               # a port
DSCP = 10                   # not the default

with open(os.path.join(lab.ROOT, 'systemd', 'sipregd.catalog')) as f:
    CATALOG = f.read()


class Registrar:
    """Accepts every REGISTER over UDP, and lies about it. `seen`: source ->
    where it was seen; `listed`: our Contact -> the Contacts of the 200;
    `loops`: probes are passed on; `silent`: methods that it does not hear."""

    def __init__(self, it, grant=600):
        self.port, self.grant = it.port(), grant
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((PUBLIC, self.port))
        self.seen = lambda source: source
        self.listed = lambda ours: [ours]
        self.loops = False
        self.silent = set()
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
            if not data.strip() or text.startswith('SIP/2.0') or \
                    text.split()[0] in self.silent:
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


# --- where a reason is told --------------------------------------------------

class Scene:
    """A daemon with its journal, and the reasons that it has given."""

    def __init__(self, it, name, accounts, wrap='', **settings):
        self.journal = Journal(it, name + '.journal')
        self.it, self.texts, self.seen = it, reasons(), set()
        self.d = lab.Sipregd(it, accounts, name,
                             f'{self.journal.wrap} {wrap}', **settings)

    def now(self, code, user):
        """What does not tell that it is so."""
        text, remedy = self.texts[code]
        said = self.d.status(user)
        if said['reason'] != code:
            return [f'it is {said["reason"]}']
        out = words(self.d.ctl('status', user)[1])
        row = next((line.split('\t') for line in
                    self.d.ctl('list')[1].splitlines()
                    if line.startswith(user + '\t')), [])
        listed = next(a for a in self.d.list() if a['name'] == user)
        return [what for what, good in {
            'status': code in out and words(text) in out and
                      (not remedy or words(remedy) in out),
            'status, JSON': (said['reason_text'], said['remedy']) ==
                            (text, remedy),
            'list': code in row,
            'list, JSON': listed['reason'] == code,
        }.items() if not good]

    def then(self, code, user):
        """What does not tell that it came to that."""
        text = self.texts[code][0]
        events = json.loads(self.d.ctl('--json', 'history', user)[1])['events']
        lines = self.journal.of(account=user, event='verdict', reason=code)
        said = [line['MESSAGE'] for line in lines] or [
            line for line in self.it.log(self.d.name).splitlines()
            if user + ': ' in line]     # what the socket had no room for
        return [what for what, good in {
            'history': text in self.d.ctl('history', user)[1],
            'history, JSON': any(e['event'] == 'verdict' and
                                 e['reason'] == code and text in e['text']
                                 for e in events),
            'journal': any(f'({code}): {text}' in m for m in said),
            'catalog': all(line['MESSAGE_ID'] in CATALOG for line in lines),
        }.items() if not good]

    def await_none(self, sentence, missing, timeout):
        end = time.monotonic() + timeout
        while (m := missing()) and time.monotonic() < end:
            time.sleep(0.05)
        lab.check(sentence, not m, m)

    def check(self, code, user=None, timeout=60):
        """It is so, or soon will be."""
        user = user or code
        self.await_none(f'{code}: told with its sentence and remedy',
                        lambda: self.now(code, user), timeout)
        self.seen.add(code)
        if code != 'starting':      # is before all events
            self.await_none(f'{code}: and as an event',
                            lambda: self.then(code, user), 5)


# --- how it comes about ------------------------------------------------------

class Peers:
    """Those that change their minds."""

    def __init__(self, it):
        self.registrar = lab.Kamailio(it, grant=600)
        self.proxy = peers.Proxy(it, (it.host, self.registrar.port))
        self.silent = hostile.Silent(it)
        self.holes = hostile.Hole(it), hostile.Hole(it)
        self.brief, self.old = Registrar(it, LEASE), Registrar(it)
        self.loops, self.moved = Registrar(it), Registrar(it)
        self.loops.loops = True
        self.moved.seen = lambda source: (SEEN, FIRST)

    def lose_flow(self):
        """The next one is up, and nobody answers on it."""
        self.proxy.target = self.silent.listener.getsockname()
        self.proxy.cut()

    def move(self):
        self.moved.silent.add('REGISTER')
        self.moved.seen = lambda source: (SEEN, FIRST + 1)


def accounts(it, p):
    """Each with the name of what it comes to."""
    registrar = p.registrar
    unproven = {'probe': {'mode': 'off'}}
    expired = it.certificate('expired', days=-1)
    other = it.certificate('other', san='DNS:other.example')
    rejected, forbidden = (Refuser(it, s) for s in (
        '500 Server Internal Error', '403 Forbidden'))
    later = Refuser(it, '503 Service Unavailable', 'Retry-After: 600')
    longer = Refuser(it, '423 Interval Too Brief')
    mute, absent, private, ghosts = (Registrar(it) for _ in range(4))
    mute.silent.add('REGISTER')
    absent.listed = lambda ours: ['<sip:else@192.0.2.7>']
    private.seen = lambda source: (SEEN, 40000)
    ghosts.listed = ghost
    return [
        registrar.account('ok'), registrar.account('paused'),
        {**registrar.account('resolving'),
         'registrar': 'sip:silent.test:5060'},
        {**registrar.account('dns-failure'),
         'registrar': 'sip:nowhere.test:5060'},
        registrar.account('connecting', 'tcp', p.holes[0].port),
        registrar.account('connect-timeout', 'tcp', p.holes[1].port),
        registrar.account('connect-refused', 'tcp', it.port()),
        *(registrar.account(f'tls-{name}', 'tls',
                            peers.TlsServer(it, *pem).port)
          for name, pem in (('untrusted', expired), ('name', other))),
        registrar.account('tls-failure', 'tls', hostile.Resetting(it).port),
        mute.account('no-answer'), rejected.account('rejected'),
        {**registrar.account('credentials'), 'password': 'mistyped'},
        forbidden.account('forbidden'), later.account('retry-after'),
        longer.account('interval-too-brief'),
        registrar.account('flow-lost', 'tcp', p.proxy.port),
        p.moved.account('mapping-moved', **unproven,
                        keepalive={'method': 'options', 'interval': 1}),
        absent.account('binding-absent', **unproven),
        private.account('binding-private', **unproven, source=PRIVATE,
                        contact={'policy': 'local'}),
        ghosts.account('binding-ghost-only', **unproven),
        p.brief.account('lease-expired', **unproven),
        p.old.account('starting', **unproven, dscp=DSCP, purge_ghosts=False),
        p.loops.account('probe-lost', probe={'interval': PROBES}),
        {**registrar.account('unproven'), **unproven,
         'contact': {'policy': 'static', 'address': PRIVATE}},
    ]


def test(it):
    for line in ('ip link set lo up', f'ip addr add {PUBLIC}/32 dev lo',
                 f'ip addr add {PRIVATE}/32 dev lo'):
        subprocess.run(line, shell=True, check=True)
    with open('/proc/sys/net/unix/max_dgram_qlen', 'w') as f:
        f.write(str(LINES))
    it.ca()
    server = names.Names(it)
    server.faults['silent.test'] = 'drop'
    p = Peers(it)
    s = Scene(it, 'sipregd', accounts(it, p), dns={
        'servers': [server.address]})

    # before the first outcome: as soon as it can be asked
    s.check('resolving', timeout=4)
    s.check('connecting', timeout=4)
    lab.await_that('those are registered that are not to stay so',
                   lambda: s.d.registered('flow-lost', 'mapping-moved',
                                          'lease-expired', 'starting',
                                          'paused'))
    p.brief.silent.add('REGISTER')
    p.lose_flow()
    p.move()
    for code in 'flow-lost', 'mapping-moved', 'lease-expired':
        s.check(code)
    begin_anew(it, s, p)
    lab.await_that('probe-lost was proven', lambda: s.d.status('probe-lost')
                   ['evidence'] == 'probe', 30)
    p.loops.loops = False
    lab.check('an account is paused', s.d.ctl('pause', 'paused')[0] == 0)
    elsewhere = starved(it, p.registrar)
    for code in s.texts:
        if code not in s.seen | elsewhere:
            s.check(code)
    lab.check('it ends with exit status 0', s.d.stop() == 0)


def begin_anew(it, s, p):
    """What an account had before must be removed first, and the registrar does
    not answer."""
    p.old.silent.add('REGISTER')
    with open(s.d.config) as f:
        text = f.read()
    it.write('sipregd.conf', text.replace(f'dscp = {DSCP};', ''))
    lab.check('another setting is taken', s.d.ctl('reload')[0] == 0)
    s.check('starting', timeout=2)


def starved(it, registrar):
    """A daemon with too few descriptors: the reasons that it gave."""
    s = Scene(it, 'starved', [{**registrar.account('f%d', 'tcp'),
                               'count': FLOWS}],
              f'prlimit --nofile={LIMIT}')
    user = lab.await_that('some have no descriptor', lambda: next(
        (a['name'] for a in s.d.list() if a['reason'] == 'no-resources'),
        None), 30)
    s.check('no-resources', user)
    lab.check('that one ends with exit status 0', s.d.stop() == 0)
    return s.seen


if '--inside' in sys.argv:
    lab.run(test)
os.execvp('unshare', ['unshare', *(['-n'] if os.geteuid() == 0 else ['-Urn']),
                      sys.executable, __file__, '--inside'])
