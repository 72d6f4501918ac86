#!/usr/bin/python3
"""One run uses everything that tells something of sipregd, and leaves what it
leaves: no secret of its configuration, and none that went over the wire, is
anywhere in it."""

import glob
import hashlib
import json
import os
import random
import re
import signal
import stat
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import lab
from journal import Journal
from manager import Manager
from shortage import sanitized
from wire import PLACES, Wire

REALM = 'sip.example.org'   # Kamailio's
TRANSPORTS = ('udp', 'tcp', 'tls')
STREAMS = ('monitor', 'trace')
ENOUGH = 1000               # characters that a surface has at least

# What a hook was given, by its argv, environment and input.
TELL = '''#!/bin/sh
{{ echo "$@"; cat /proc/$$/environ; cat; }} >{out}/hook.$$
'''


def token():
    return '%08x' % random.getrandbits(32)


class Secrets:
    """What must not be found, and what each is."""

    def __init__(self):
        self.of = {}

    def add(self, what, value):
        self.of[value] = what
        return value

    def spellings(self):
        """{bytes: what it is} of all, as others may write them."""
        found = {}
        for value, what in self.of.items():
            if isinstance(value, bytes):
                found[value] = what
                continue
            for v in (value, json.dumps(value)[1:-1],
                      urllib.parse.quote(value)):
                found[v.encode()] = what
        return found

    def in_text(self, text):
        """What of them is in it."""
        if isinstance(text, str):
            text = text.encode()
        return sorted({what for value, what in self.spellings().items()
                       if value in text})


# --- the run -----------------------------------------------------------------

class Scene:
    def __init__(self, it):
        self.it, self.secrets = it, Secrets()
        self.said = {}              # {surface: text}
        self.registrar = lab.Kamailio(it, lenient=True, grant=60)
        self.wire = Wire(it, self.registrar)
        self.journal, self.manager = Journal(it), Manager(it)
        self.accounts = self._accounts()
        self.names = [a['name'] for a in self.accounts]
        os.mkdir(it.path('hooked'))
        hook = it.write('hook', TELL.format(out=it.path('hooked')), 0o700)
        self.metrics = f'{it.host}:{it.port()}'
        self.given = set(self._files())
        self.d = lab.Sipregd(
            it, self.accounts, wrap='env CREDENTIALS_DIRECTORY=' +
            it.path('credentials') + ' ' + self.journal.wrap,
            start=self.manager.start_in(it),
            metrics={'listen': self.metrics,
                     'textfile': it.path('sipregd.prom')},
            hooks=[{'on': ['reachable', 'unreachable', 'register-sent',
                           'response', 'verdict', 'binding', 'probe'],
                    'exec': [hook, 'told'], 'after': 1}])
        self.given.add(self.d.config)

    def _accounts(self):
        """The password in each of three ways, each transport, and one that is
        wrong; a client's key, a relay's password, a header with a key."""
        it, add = self.it, self.secrets.add
        r, w = self.registrar, self.wire
        found = []
        for t in TRANSPORTS:
            name = f'{t}-{token()}'
            a = r.account(name, t, w.tls_port if t == 'tls' else w.port)
            add(f'the password over {t}', a['password'])
            ha1 = hashlib.md5(f'{name}:{REALM}:{a["password"]}'.encode())
            add(f'HA1 over {t}', ha1.hexdigest())
            add(f'HA1 over {t}, raw', ha1.digest())
            found.append(a)
        udp, tcp, tls = found
        udp['headers'] = ['X-Api-Key: ' + add('the key in a header',
                                              'hidden-' + token())]
        udp['turn'] = {'server': it.host, 'user': 'u', 'password_file':
                       it.write('turn', add('the password of TURN',
                                            'relayed-' + token()) + '\n')}
        tcp['password_file'] = it.write('password',
                                        tcp.pop('password') + '\n')
        os.mkdir(it.path('credentials'), 0o700)
        it.write('credentials/trunk', tls.pop('password') + '\n')
        tls['credential'] = 'trunk'
        pem, key = it.certificate('client')
        tls['tls'] |= {'certificate': pem, 'key': key}
        with open(key) as f:
            for line in f.read().splitlines()[1:-1]:
                add('the private key', line)
        der = subprocess.run(['openssl', 'pkey', '-in', key, '-text',
                              '-noout'], capture_output=True, text=True)
        number = bytes.fromhex(re.sub(r'[:\s]', '', re.search(
            r'priv:\n([\s0-9a-f:]+)', der.stdout)[1]))[-32:]
        add('the private key\'s number', number)
        add('the private key\'s number, as limbs', number[::-1])
        wrong = r.account('wrong', 'tcp', w.port)
        wrong['password'] = add('a wrong password',
                                f'mis"typed\\{token()} %41')
        return [*found, wrong]

    def _files(self):
        return [os.path.join(d, f) for d, _, files in os.walk(self.it.dir)
                for f in files]

    def left(self):
        """What the daemon has made; the registrar's is not its."""
        return [f for f in self._files() if f not in self.given
                and not os.path.relpath(f, self.it.dir)
                .startswith('kamailio')]

    def tell(self, what, text):
        self.said[what] = self.said.get(what, '') + text


def watch(s):
    """Streams that run all the time; what they say is in their logs."""
    streams = []

    def start(name, *args):
        streams.append((name, s.it.start(name, [
            lab.SIPREGCTL, '-s', s.d.socket, *args])))
    start('monitor', 'monitor')
    start('monitor-json', '--json', 'monitor')
    for n in s.names:
        start('trace-' + n, 'trace', n)
        start('trace-json-' + n, '--json', '--live', 'trace', n)
        start('trace-pcap-' + n, '--pcap', s.it.path(n + '.pcap'), 'trace', n)
    return streams


def all_verbs():
    out = subprocess.run([lab.SIPREGCTL, 'complete'], capture_output=True,
                         text=True).stdout
    return re.findall(r'^verb (\S+) (\S+)', out, re.M)


def use_verbs(s):
    verbs = all_verbs()
    lab.check('the verbs are known', {'list', 'status', *STREAMS} <=
              {v for v, _ in verbs}, verbs)
    silent = []
    for verb, args in verbs:
        before = ['--past'] if verb == 'trace' else []
        for json_too in [], ['--json']:
            if verb == 'monitor':
                continue            # watched
            for n in s.names if 'NAME' in args else [None]:
                if n == 'wrong' and verb in ('reconnect', 'resume'):
                    continue        # held
                _, out, err = s.d.ctl(*json_too, *before, verb,
                                      *([n] if n else []))
                s.tell(' '.join(['sipregctl', *json_too, verb]), out + err)
                if not out + err:
                    silent.append((verb, n))
    lab.check('each verb says something', not silent, silent)
    for n in s.names:
        s.d.ctl('--past', '--pcap', s.it.path(n + '-past.pcap'), 'trace', n)


def scrape(s):
    for path in '/metrics', '/healthz', '/readyz', '/', '/secret':
        try:
            with urllib.request.urlopen(f'http://{s.metrics}{path}',
                                        timeout=20) as r:
                text = r.read().decode()
        except urllib.error.HTTPError as e:
            text = e.read().decode()
        s.tell('HTTP ' + path, text or 'empty')
    lab.check('metrics are there', s.names[0] in s.said['HTTP /metrics'] and
              s.names[0] in s.said['sipregctl metrics'])


# Each says one thing wrongly, beside a secret: {} is that.
MISTAKES = {
    'a string that does not end': 'password = "{}',
    'no semicolon, no value': 'password = "{}" realm',
    'an unknown key': 'pasword = "{}";',
    'a list': 'password = [ "{}" ];',
    'a control character': 'password = "{}\\x01";',
    'a long one': 'password = "{}' + 'x' * 1024 + '";',
    'two ways': 'password = "{}"; password_file = "/nowhere";',
    'our own header': 'password = "x"; headers = [ "Authorization: {}" ];',
    'a key as another one\'s': 'password = "x"; expires = "{}";',
    'in a URI': 'password = "x"; registrar = "sip:a:{}@example.com";',
}


def make_mistakes(s):
    """What a broken configuration is told, when it is checked and reloaded."""
    with open(s.d.config) as f:
        good = f.read()
    unquoted = []
    for what, text in MISTAKES.items():
        secret = s.secrets.add(what, 'mistake-' + token())
        s.it.write('sipregd.conf', good.rstrip().rstrip(';').rstrip()
                   .rstrip(')') + ', { name = "bad"; aor = "sip:a@b"; ' +
                   text.format(secret) + ' } );\n')
        r = subprocess.run([lab.SIPREGD, '-t', '-c', s.d.config],
                           capture_output=True, text=True, env={
                               **os.environ, 'CREDENTIALS_DIRECTORY':
                               s.it.path('credentials')})
        s.tell('sipregd -t', r.stdout + r.stderr)
        status, out, err = s.d.ctl('reload')
        s.tell('sipregctl reload', out + err)
        if not status or not r.returncode:
            unquoted.append((what, r.stderr, err))
    lab.check('each mistake is refused', not unquoted, unquoted)
    s.it.write('sipregd.conf', good)
    for option in '-t', '-n':
        r = subprocess.run([lab.SIPREGD, option, '-d', '-c', s.d.config],
                           capture_output=True, text=True, env={
                               **os.environ, 'CREDENTIALS_DIRECTORY':
                               s.it.path('credentials')})
        s.tell('sipregd ' + option, r.stdout + r.stderr)
    lab.check('the good one is taken again', s.d.ctl('reload')[0] == 0)


def look_at_process(s):
    with open(s.it.path('sipregd.prom')) as f:
        s.tell('the text file of metrics', f.read())
    pid = s.d.process.pid
    for name in ('cmdline', 'environ'):
        try:
            with open(f'/proc/{pid}/{name}', errors='replace') as f:
                s.tell('/proc: ' + name, f.read())
        except PermissionError:
            pass                    # not even its own user's


def restart(s):
    """It leaves its flows and what it knows of them to the next one."""
    s.d.process.send_signal(signal.SIGUSR2)
    lab.check('it leaves for a restart with exit status 0',
              s.d.process.wait(lab.PATIENCE) == 0)
    files = s.manager.files()
    lab.check('it has handed over flows and TLS sessions', set(files) ==
              {'sipregd-handover', 'sipregd-tls'} and all(files.values()),
              files)
    for name, data in files.items():
        found = set(s.secrets.in_text(data)) - KEPT
        lab.check(f'handed over, {name}: no secret', not found, found)


# --- what is found -----------------------------------------------------------

# A core holds what is on its way now, and what tells our bindings from others;
# and what was written where no secret belongs, sipregd.conf(5).
IN_MEMORY = {*PLACES, 'the key in a header', *MISTAKES}
# Our bindings are known again by it after a restart.
KEPT = {w for w in PLACES if 'token' in w}


def dump(s, when):
    """A core as root can make one; nobody else can (system/test_secrets.py)."""
    if os.getuid() or sanitized():
        print('# a core is for root to make, and not of a sanitizer\'s memory')
        return
    path = s.it.path('core ' + when)
    r = subprocess.run(['gcore', '-o', path, str(s.d.process.pid)],
                       capture_output=True, text=True)
    core = f'{path}.{s.d.process.pid}'
    s.given.add(core)
    if not lab.check('a core is made', os.path.exists(core),
                     r.stdout + r.stderr):
        return
    with open(core, 'rb') as f:
        data = f.read()
    lab.check('it is one: what is no secret is in it',
              s.names[0].encode() in data)
    found = set(s.secrets.in_text(data)) - IN_MEMORY
    lab.check(f'a core {when}: no password, none of what stands for one, no '
              'private key', not found, found)


def check_said(s):
    s.tell('the journal', s.journal.text())
    s.tell('the log', s.it.log('sipregd'))
    little = [k for k, text in s.said.items() if not text]
    lab.check('each has said something', not little, little)
    for k in 'the journal', 'sipregctl trace', 'sipregctl status', \
             'sipregctl diagnose':
        lab.check(f'{k}: there is a lot to look at',
                  len(s.said[k]) > ENOUGH, s.said[k])
    for k, text in sorted(s.said.items()):
        found = s.secrets.in_text(text)
        lab.check(f'{k}: no secret', not found, found)


def check_files(s):
    left = s.left()
    kinds = {re.sub(r'\d+', '', os.path.relpath(f, s.it.dir)) for f in left}
    lab.check('there are files to look at', {
        'sipregd.log', 'monitor.log', 'sipregd.state/state'}
        <= kinds and any(k.startswith('hooked') for k in kinds), kinds)
    for f in sorted(left):
        name = os.path.relpath(f, s.it.dir)
        with open(f, 'rb') as file:
            found = set(s.secrets.in_text(file.read()))
        if name.startswith('sipregd.state/'):
            lab.check(f'{name}: nobody else can read it',
                      stat.S_IMODE(os.stat(f).st_mode) & 0o077 == 0)
            found -= KEPT
        if found or not name.startswith('hooked'):
            lab.check(f'{name}: no secret', not found, found)
    lab.check('hooks have run', len(glob.glob(s.it.path('hooked/*'))) > 1)


def test(it):
    s = Scene(it)
    streams = watch(s)
    good = s.names[:-1]
    lab.await_that('all but one are registered',
                   lambda: s.d.registered(*good))
    lab.await_that('that one is held', lambda: s.d.status('wrong')['next'] ==
                   'held')
    dump(s, 'at first')
    use_verbs(s)
    lab.await_that('all are back', lambda: s.d.registered(*good))
    scrape(s)
    make_mistakes(s)
    s.journal.stop()
    lab.check('without its journal it goes on', s.d.ctl(
        'register', s.names[0])[0] == 0 and it.log('sipregd'))
    lab.await_that('hooks have run', lambda: glob.glob(it.path('hooked/*')))
    look_at_process(s)

    lab.check('the client\'s key was used', s.wire.signed > 0)
    for value, what in s.wire.secrets().items():
        s.secrets.add(what, value)
    missing = set(PLACES) - set(s.secrets.of.values())
    lab.check('what is secret on the wire went over it', not missing, missing)
    dump(s, 'at last')
    for name, process in streams:
        process.send_signal(signal.SIGINT)
        process.wait(lab.PATIENCE)
        lab.check(f'{name}: has shown something', it.log(name) or
                  'pcap' in name and os.path.getsize(it.path(
                      name.removeprefix('trace-pcap-') + '.pcap')) > 100)
    restart(s)
    for value, what in s.wire.secrets().items():
        s.secrets.add(what, value)
    check_said(s)
    check_files(s)


lab.run(test)
