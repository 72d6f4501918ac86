#!/usr/bin/python3
"""sipregctl diagnose NAME: what it says of accounts that are well, and of each
thing that can be wrong; and that nobody is disturbed by it. The texts are in
diagnose/*.txt; GOLDEN=write makes them anew."""

import difflib
import json
import os
import re
import socket
import threading
import time

import lab
import names
import peers

GOLDEN = os.path.join(lab.HERE, 'diagnose')
DAYS = 400                  # a certificate that is of no concern


# --- registrars of a few lines -----------------------------------------------

class Answers:
    """Answers every request over UDP alike; None: with silence."""

    def __init__(self, it, status, headers=''):
        self.port = it.port()
        self.status, self.headers = status, headers
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((it.host, self.port))
        self.got = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            data, source = self.socket.recvfrom(65536)
            if not data.strip():
                continue
            head = data.decode().split('\r\n')
            self.got.append(head[0].split()[0])
            if not self.status:
                continue
            kept = [line for line in head
                    if re.match(r'(Via|From|To|Call-ID|CSeq):', line)]
            kept = [re.sub(r';rport', f';rport={source[1]}', line)
                    for line in kept]
            kept = [line + ';tag=x' if line.startswith('To:') else line
                    for line in kept]
            self.socket.sendto('\r\n'.join(
                [f'SIP/2.0 {self.status}', *kept,
                 *([self.headers] if self.headers else []),
                 'Content-Length: 0', '', '']).encode(), source)


class BlackHole:
    """A port whose SYNs vanish: its backlog is full."""

    def __init__(self, it):
        self.listener = socket.socket()
        self.listener.bind((it.host, 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.waiting = []
        for _ in range(3):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((it.host, self.port))
            self.waiting.append(s)


# --- texts -------------------------------------------------------------------

def normal(it, text):
    """Without what is another one in each run."""
    text = text.replace(it.dir, 'DIR').replace(it.host, 'HOST')
    for pattern, put in (
            (r'after \d+\.\d ms', 'after T ms'),
            (r'((?:HOST|127\.0\.0\.1|10\.1\.2\.3|edge\.test)):\d{2,5}',
             r'\1:PORT'),
            (r'until \d{4}-\d\d-\d\d \d\d:\d\d UTC', 'until DATE'),
            (r'until \d\d:\d\d:\d\d', 'until CLOCK'),
            (r'\d+ s left', 'N s left'),
            (r'good for \d+ days', 'good for N days'),
            (r'\(\d+\.\d+\.\d+ \([^)]*\)\)', '(VERSION)'),
            (r', TLS_[A-Z0-9_]+', ', CIPHER'),
            (r'TLSv1\.[23]', 'TLSv1.x'),
            (r'sipregd\.conf:\d+', 'sipregd.conf:LINE'),
            # whether the account's own question was answered before
            (r' \(cache\)$', '')):
        text = re.sub(pattern, put, text, flags=re.M)
    return re.sub(r'(  ) *\d+\.\d ms', lambda m: 'T ms'.rjust(len(m[0])),
                  text)


def golden(it, name, text):
    path = os.path.join(GOLDEN, name + '.txt')
    text = normal(it, text)
    if os.environ.get('GOLDEN') == 'write':
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)
    with open(path) as f:
        want = f.read()
    lab.check(f'{name}: says what it should', text == want, '\n'.join(
        difflib.unified_diff(want.splitlines(), text.splitlines(),
                             lineterm='')))


def diagnose(it, daemon, account, status, name=None):
    code, out, err = daemon.ctl('diagnose', account)
    lab.check(f'{name or account}: exit status {status}',
              code == status and not err, f'{code}\n{out}{err}')
    golden(it, name or account, out)
    return out


# --- nobody is disturbed -----------------------------------------------------

def facts(registrar, daemon, user):
    """What is true of the account, and of its bindings at the registrar."""
    status = daemon.status(user)
    keys = ('id', 'local', 'mapped', 'edge', 'contact', 'state',
            'failures')
    return {
        'flows': [{k: f[k] for k in keys} for f in status['flows']],
        'sent': status['counters']['registers_sent'],
        'granted': status['expires_granted'],
        'registered': status['registered'],
        'reason': status['reason'],
        'paused': status['paused'],
        'bindings': sorted(registrar.bindings().get(user, [])),
    }


def calls(registrar, user):
    """The REGISTERs of each Call-ID: [(CSeq, with a Contact)]."""
    seen = {}
    for r in registrar.registers(user):
        seen.setdefault(r['callid'], []).append(
            (r['cseq'], '<null>' not in r['contact'] and
             bool(r['contact'].strip())))
    return seen


def undisturbed(it, registrar, daemon, user, status, name=None):
    before = facts(registrar, daemon, user)
    called = calls(registrar, user)
    out = diagnose(it, daemon, user, status, name)
    lab.check(f'{name or user}: the account and its bindings are as they were',
              facts(registrar, daemon, user) == before,
              f'{before}\n{facts(registrar, daemon, user)}')
    now = calls(registrar, user)
    lab.check(f'{name or user}: nothing was sent under its Call-ID',
              all(now.get(c) == called[c] for c in called), f'{called}\n{now}')
    own = [v for c, v in now.items() if c not in called]
    lab.check(f'{name or user}: the test asked under one of its own, twice, '
              'without a Contact', [len(v) for v in own] == [2] and
              not any(contact for _, contact in own[0]), now)
    return out


# --- the parts ---------------------------------------------------------------

def well(it, registrar, daemon):
    lab.await_that('all are reachable', lambda: all(
        daemon.status(u)['evidence'] == 'probe' for u in ('udp', 'tcp')), 30)
    lab.await_that('over TLS too', lambda: daemon.registered('tls'))
    for user in 'udp', 'tcp', 'tls':
        lab.await_that(f'{user} is proven', lambda: daemon.status(user)
                       ['flows'][0]['state'] == 'proven', 30)
        undisturbed(it, registrar, daemon, user, 0)
        lab.check(f'{user}: still reachable',
                  daemon.status(user)['reachable'] == 'yes')


def others(it, registrar, daemon):
    """Bindings that are not the account's own."""
    own = registrar.bindings()['tcp'][0]
    ghost = re.sub(r'(sip:tcp@127\.0\.0\.1):\d+', r'\1:9', own)
    ghost = re.sub(r'(sipregd=[0-9a-f]{10})\.[0-9a-f]{10}',
                   r'\1.0123456789', ghost)
    for contact in ghost, 'sip:phone@192.0.2.9:5060':
        registrar.rpc('ul.add', 'location', 'tcp', contact, '300', '1.0',
                      's:', '0', '0', '4294967295')
    lab.check('the registrar has a ghost and a foreign binding',
              len(registrar.bindings()['tcp']) == 3, registrar.bindings())
    undisturbed(it, registrar, daemon, 'tcp', 1, 'bindings')


def credentials(it, registrar, daemon):
    lab.await_that('it is held', lambda: daemon.status('wrong')['reason'] ==
                   'credentials')
    seen = len(registrar.registers('wrong'))
    diagnose(it, daemon, 'wrong', 1)
    lab.check('wrong: no REGISTER was sent, so nobody is banned',
              len(registrar.registers('wrong')) == seen,
              registrar.registers('wrong'))
    # Before it was ever tried: one attempt, and no other.
    diagnose(it, daemon, 'untried', 1)
    tried = [r for r in registrar.registers('untried') if r['auth']]
    lab.check('untried: one attempt with credentials', len(tried) == 1, tried)
    diagnose(it, daemon, 'untried', 1, 'untried-again')
    lab.check('untried: not even one the second time', tried == [
        r for r in registrar.registers('untried') if r['auth']])


def paused(it, registrar, daemon):
    daemon.ctl('pause', 'udp')
    undisturbed(it, registrar, daemon, 'udp', 1, 'paused')
    lab.check('paused: and so it stays', daemon.status('udp')['paused'] and
              not registrar.bindings().get('udp'))


def broken(it, daemon, waits):
    for user, reason in waits.items():
        lab.await_that(f'{user} is {reason}', lambda: daemon.status(user)
                       ['reason'] == reason, 45)
        diagnose(it, daemon, user, 1)


def as_json(daemon):
    code, out, _ = daemon.ctl('--json', 'diagnose', 'tls')
    steps = [json.loads(line) for line in out.splitlines()]
    lab.check('one object per line, the conclusion last', [
        s['step'] for s in steps] == [
            'configuration', 'dns', 'connect', 'tls', 'register', 'mapping',
            'binding', 'probe', 'conclusion'] and code == 0, out)
    lab.check('each with its time', all(s['took_usec'] >= 0 for s in steps))
    code, _, err = daemon.ctl('diagnose', 'nobody')
    lab.check('an unknown account: exit status 4', code == 4, err)


def limits(it, daemon):
    """One of an account, and it ends when the client goes."""
    s = socket.socket(socket.AF_UNIX)
    s.connect(daemon.socket)
    s.sendall(b'{"method":"io.sipregd.Diagnose","parameters":{"name":"hole"},'
              b'"more":true}\n')
    f = s.makefile()
    first = json.loads(f.readline())
    lab.check('steps are told as they come', first['continues'] and
              first['parameters']['steps'][0]['step'] == 'configuration',
              first)
    code, _, err = daemon.ctl('diagnose', 'hole')
    lab.check('a second one beside it: busy', code == 1 and 'diagnos' in err,
              err)
    f.close()
    s.close()

    def free():
        t = socket.socket(socket.AF_UNIX)
        t.settimeout(30)
        t.connect(daemon.socket)
        t.sendall(b'{"method":"io.sipregd.Diagnose","parameters":'
                  b'{"name":"hole"},"more":true}\n')
        line = t.makefile().readline()
        t.close()
        return 'Busy' not in line
    lab.check_await('the client went: it was given up', free, 5)


def test(it):
    it.ca()
    it.ca('other-ca')
    it.certificate('registrar', days=DAYS)
    registrar = lab.Kamailio(it, grant=300)
    server = names.Names(it)
    server.set('srv.test', 'NAPTR', (10, 1, 's', 'SIP+D2T',
                                     '_sip._tcp.srv.test'))
    server.set('_sip._tcp.srv.test', 'SRV', (1, 5, it.port(), 'edge.test'),
               (2, 5, registrar.port, 'edge.test'))
    server.set('edge.test', 'A', it.host)

    def tls(name, **certificate):
        pem, key = it.certificate(name, **{'days': DAYS, **certificate})
        return registrar.account(
            name, 'tls', peers.TlsServer(it, pem, key).port)

    hole = BlackHole(it)
    silent, stale = Answers(it, None), Answers(it, '503 Service Unavailable',
                                               'Retry-After: 600')
    forbidden = Answers(it, '403 Forbidden', 'Warning: 399 x "unpaid"')
    daemon = lab.Sipregd(it, [
        *[registrar.account(t, t) for t in ('udp', 'tcp', 'tls')],
        {**registrar.account('wrong'), 'password': 'nope'},
        {**registrar.account('untried'), 'password': 'nope',
         'enabled': False},
        {**registrar.account('unknown'),
         'registrar': 'sip:nowhere.test:5060'},
        {**registrar.account('srv', 'tcp'), 'registrar': 'sip:srv.test',
         'transport': 'auto'},
        registrar.account('refused', 'tcp', it.port()),
        registrar.account('hole', 'tcp', hole.port),
        registrar.account('silent', 'udp', silent.port),
        tls('expired', days=-1), tls('other-name', san='DNS:other.example'),
        tls('other-ca-signed', ca='other-ca'),
        {**registrar.account('unverified', 'tls'), 'tls': {'verify': 'none'}},
        {**registrar.account('private'),
         'contact': {'policy': 'static', 'address': '10.1.2.3'},
         'probe': {'mode': 'off'}},
        registrar.account('forbidden', 'udp', forbidden.port),
        registrar.account('away', 'udp', stale.port),
    ], dns={'servers': [server.address]})

    well(it, registrar, daemon)
    as_json(daemon)
    credentials(it, registrar, daemon)
    others(it, registrar, daemon)
    broken(it, daemon, {
        'unknown': 'dns-failure', 'refused': 'connect-refused',
        'expired': 'tls-untrusted', 'other-name': 'tls-name',
        'other-ca-signed': 'tls-untrusted', 'private': 'unproven',
        'forbidden': 'forbidden', 'away': 'retry-after'})
    lab.check('away: an OPTIONS is all that was asked of it',
              stale.got.count('OPTIONS') == 1, stale.got)
    lab.await_that('registered by the second target',
                   lambda: daemon.registered('srv', 'unverified'), 30)
    diagnose(it, daemon, 'srv', 1)
    diagnose(it, daemon, 'unverified', 1)
    diagnose(it, daemon, 'silent', 1)
    began = time.monotonic()
    diagnose(it, daemon, 'hole', 1)
    lab.check('a black hole takes 10 s and no more',
              time.monotonic() - began < 14)
    limits(it, daemon)
    paused(it, registrar, daemon)
    secrets = [u for u in ('secret-', 'nope')
               if u in it.log('sipregd')]
    lab.check('no password is in the log', not secrets, secrets)
    lab.check('exit status 0', daemon.stop() == 0)


lab.run(test)
