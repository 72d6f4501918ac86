#!/usr/bin/python3
"""sipregctl against a scripted daemon: texts, exit codes, terminals."""

import fcntl
import json
import os
import pty
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

import lab

NOBODY = 65534
ESC = '\x1b'

FLOW = {
    'id': 1, 'state': 'up', 'transport': 'tls', 'edge': '192.0.2.10:5061',
    'edge_host': 'sip.example.com', 'local': '10.0.0.2:41822',
    'mapped': '203.0.113.7:40112', 'up_since_usec': 1700000000000000,
    'pongs': 12, 'pong_rtt_usec': 23456, 'keepalive': 'crlf',
    'keepalive_interval': 55, 'registered': True,
    'contact': 'sip:alice@203.0.113.7:40112;transport=tls',
    'matched_by': 'instance', 'outbound': True, 'failures': 0}

ACCOUNT = {
    'name': 'trunk', 'aor': 'sip:alice@example.com', 'enabled': True,
    'registered': True, 'registered_since_usec': 1700000000000000,
    'lease_left': 3492, 'expires_granted': 3600, 'reachable': 'yes',
    'reachable_since_usec': 1700000001500000, 'evidence': 'flow',
    'reason': 'ok', 'reason_text': 'calls arrive', 'next': 'refresh',
    'next_in': 2950, 'flows': [FLOW],
    'bindings': {'own': 1, 'ghost': 0, 'foreign': 2},
    'last_response': {'code': 200, 'reason': 'OK',
                      'at_usec': 1700000000000000},
    'counters': {'registers_sent': 12, 'responses_2xx': 11,
                 'flow_failures': 3, 'mapping_changes': 4,
                 'inbound_requests': 5}}

# What is not known is null.
UNKNOWN = {
    'name': 'office', 'aor': 'sip:bob@example.com', 'enabled': False,
    'registered': False, 'registered_since_usec': None, 'lease_left': None,
    'expires_granted': None, 'reachable': 'unknown',
    'reachable_since_usec': None, 'evidence': 'none', 'reason': 'starting',
    'reason_text': None, 'next': None, 'next_in': None, 'flows': [],
    'bindings': None, 'last_response': None, 'counters': None, 'events': []}

EVENTS = [
    {'at_usec': 1700000000000000, 'seq': 1, 'account': 'trunk',
     'event': 'response', 'registered': True, 'reachable': 'unknown',
     'reason': 'unproven', 'text': '200 OK, lease 3600 s', 'code': 200},
    {'at_usec': 1700000001500000, 'seq': 2, 'account': 'trunk',
     'event': 'verdict', 'registered': True, 'reachable': 'no',
     'reason': 'binding-private', 'text': 'the Contact is private'}]


class Daemon:
    """Answers each connection's request with what the test laid down."""

    def __init__(self, path):
        self.path = path
        self.replies = []       # bytes to send; None: hang up
        self.requests = []
        self.hold = False       # keep the connection, and say nothing
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        held = []
        while True:
            c, _ = self.socket.accept()
            request = b''
            while not request.endswith(b'\0'):
                part = c.recv(65536)
                if not part:
                    break
                request += part
            self.requests.append(request)
            try:
                for reply in self.replies:
                    c.sendall(reply)
            except OSError:
                pass
            if self.hold:
                held.append(c)
            else:
                c.close()

    def says(self, *parameters, hold=False):
        """Replies, of which all but the last are continued."""
        last = len(parameters) - 1
        self.raw(*[json.dumps({'parameters': p, **({'continues': True}
                                                   if i < last else {})}
                              ).encode() + b'\0'
                   for i, p in enumerate(parameters)], hold=hold)

    def fails(self, error, **parameters):
        self.raw(json.dumps({'error': error,
                             'parameters': parameters}).encode() + b'\0')

    def raw(self, *replies, hold=False):
        self.replies = replies
        self.hold = hold


ENV = {'PATH': '/usr/bin:/bin', 'TZ': 'CET-1', 'TERM': 'xterm'}


def ctl(daemon, *argv, **kwargs):
    """(exit status, stdout, stderr), piped."""
    r = subprocess.run([lab.SIPREGCTL, '-s', daemon.path, *argv],
                       capture_output=True, text=True, timeout=30,
                       env={**ENV, **kwargs})
    return r.returncode, r.stdout, r.stderr


def on_terminal(daemon, *argv, columns=80, **env):
    """What a terminal gets to see."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack('HHHH', 24, columns, 0, 0))
    p = subprocess.Popen([lab.SIPREGCTL, '-s', daemon.path, *argv],
                         stdin=slave, stdout=slave, stderr=slave,
                         env={**ENV, **env})
    os.close(slave)
    out = b''
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:         # EIO: nobody has it open any more
            break
        if not part:
            break
        out += part
    os.close(master)
    p.wait()
    return out.decode().replace('\r\n', '\n')


def plain(text):
    for code in '32', '31', '33', '1', '0':
        text = text.replace(f'{ESC}[{code}m', '')
    return text


def words(text):
    """Without the time of day of what is next: it moves on."""
    return re.sub(r'(?<=, at )\S+', '', text).split()


def listing(d):
    d.says({'accounts': [ACCOUNT]}, {'accounts': [UNKNOWN]})
    status, out, err = ctl(d, 'list')
    rows = [line.split('\t') for line in out.splitlines()]
    lab.check('list: exit status 0', status == 0, (status, err))
    lab.check('list: tab-separated when piped, with a head', rows[0] ==
              'NAME REGISTERED REACHABLE REASON SINCE TRANSPORT MAPPED LEASE'
              .split(), out)
    lab.check('list: one line for an account', rows[1] == [
        'trunk', 'yes', 'yes', 'ok', '2023-11-14T23:13:21+01:00', 'tls',
        '203.0.113.7:40112', '58m12s'], out)
    lab.check('list: what is unknown is a dash', rows[2] == [
        'office', 'no', 'unknown', 'starting', '-', '-', '-', '-'], out)
    lab.check('list: and nothing else', len(rows) == 3 and not err, out)
    lab.check('list: asks for one account at a time', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.List',
                                 'parameters': {}, 'more': True},
        d.requests[-1])
    lab.check('no verb is list', ctl(d)[1] == out)

    seen = on_terminal(d, 'list', columns=200)
    lines = plain(seen).splitlines()
    lab.check('list: aligned on a terminal', '\t' not in seen and all(
        line.index(word) == lines[0].index('REASON')
        for line, word in zip(lines[1:], ('ok ', 'starting '))), seen)
    lab.check('list: coloured on a terminal', f'{ESC}[32myes{ESC}[0m' in seen
              and f'{ESC}[31mno{ESC}[0m' in seen, repr(seen))
    lab.check('list: not with NO_COLOR', ESC not in on_terminal(
        d, 'list', NO_COLOR='1'))
    lab.check('list: not on a dumb terminal', ESC not in on_terminal(
        d, 'list', TERM='dumb'))

    d.says({'accounts': []})
    status, out, err = ctl(d, 'list')
    lab.check('list: no accounts, only the head', status == 0
              and len(out.splitlines()) == 1, (status, out, err))


def listing_json(d):
    d.raw(b'{"parameters":{"accounts":[ {"name":"a, ]}\\"","n":1.50} ]},'
          b'"continues":true}\0',
          b'{"continues":true,"parameters":{"accounts":[]}}\0',
          b'{"parameters":{"other":[1,2],"accounts":[{"name":"b"},'
          b'{"name":"c"}]}}\0')
    status, out, err = ctl(d, '--json', 'list')
    lab.check('--json list: one document of all replies, as they came',
              status == 0 and out == '{"accounts":[{"name":"a, ]}\\"",'
              '"n":1.50},{"name":"b"},{"name":"c"}]}\n', (status, out, err))
    d.says({'accounts': []})
    lab.check('--json list: of none', ctl(d, 'list', '--json')[1]
              == '{"accounts":[]}\n')

    for odd in b'2', b'"x"', b'{}', b'null', b'[7]':
        d.raw(b'{"parameters":{"accounts":' + odd + b'}}\0')
        lab.check(f'list: survives accounts that are {odd.decode()}',
                  ctl(d, 'list')[0] == 0 == ctl(d, '--json', 'list')[0])

    d.raw(b'{"parameters":{"accounts":[{"name":"a"}]},"continues":true}\0')
    status, out, err = ctl(d, '--json', 'list')
    lab.check('list: half of it is not shown as if it were all',
              status == 3 and not out and err, (status, out, err))
    lab.check('list: nor in the table', ctl(d, 'list')[:2] == (3, ''))

    many = 10000
    d.says(*[{'accounts': [{**ACCOUNT, 'name': f'account{i}'}]}
             for i in range(many)])
    begin = time.monotonic()
    status, out, err = ctl(d, 'list')
    took = time.monotonic() - begin
    lab.check('list: ten thousand accounts', status == 0
              and len(out.splitlines()) == many + 1, (status, err))
    lab.check('list: in a few seconds', took < lab.PATIENCE, took)


def story(d):
    reply = {**ACCOUNT, 'events': EVENTS}
    d.says(reply)
    status, out, err = ctl(d, 'status', 'trunk')
    lab.check('status: exit status 0', status == 0, (status, err))
    lab.check('status: asks for that account', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.Status',
                                 'parameters': {'name': 'trunk'}},
        d.requests[-1])
    for part in ('trunk  sip:alice@example.com\n',
                 'Registered    yes since 2023-11-14T23:13:20+01:00 (',
                 'Lease         58m12s left of 1h00m granted\n',
                 'Reachable     yes since 2023-11-14T23:13:21+01:00 (',
                 'Evidence      the flow is alive and the binding points',
                 'Reason        ok: calls arrive\n',
                 'Next          refresh in 49m10s, at 2',
                 'Bindings      1 own, 0 ghost, 2 foreign\n',
                 'Last answer   200 OK at 2023-11-14T23:13:20+01:00 (',
                 '12 REGISTERs sent, 11 answered 2xx, 3 flow failures, '
                 '4 mapping changes, 5 inbound requests\n',
                 'Flow 1\n', 'State         up since 2023-11-14T23:13:20',
                 'Edge          192.0.2.10:5061 over tls (sip.example.com)\n',
                 'Local         10.0.0.2:41822, seen from outside as '
                 '203.0.113.7:40112\n',
                 'Keepalive     crlf every 55s, 12 pongs, round trip '
                 '23.4 ms\n',
                 'Registered    yes as sip:alice@203.0.113.7:40112;'
                 'transport=tls, matched by instance, outbound confirmed\n',
                 '2023-11-14T23:13:20.000+01:00  response       200 OK, lease '
                 '3600 s\n',
                 '2023-11-14T23:13:21.500+01:00  verdict        registered, not '
                 'reachable: the Contact is private\n'):
        lab.check('status: ' + part.split('  ')[0].strip(), part in out, out)
    lab.check('status: no colour when piped', ESC not in out)

    seen = on_terminal(d, 'status', 'trunk', columns=80)
    story_part = plain(seen).split('\nEvents\n')[0]
    lab.check('status: fits a terminal of 80 columns', all(
        len(line) <= 80 for line in story_part.splitlines()), story_part)
    lab.check('status: and says the same words', words(story_part)
              == words(out.split('\nEvents\n')[0]), story_part)

    d.says(UNKNOWN)
    status, out, err = ctl(d, 'status', 'office')
    lab.check('status: of an account of which nothing is known', status == 0
              and 'Registered    no\n' in out and 'Lease         none\n' in out
              and 'Enabled       no\n' in out and 'null' not in out,
              (status, out, err))

    text = '{"name":"trunk", "n":1.50,"x":"\\u00e9\\u001b[31m","events":[ ]}'
    d.raw(b'{"parameters": ' + text.encode() + b' }\0')
    status, out, err = ctl(d, '--json', 'status', 'trunk')
    lab.check('--json status: as it came', status == 0 and out == text + '\n',
              (status, out, err))

    evil = f'a{ESC}[2Jb\x9bc\x7fd\u202ee\nf'
    d.says({**ACCOUNT, 'name': evil, 'reason_text': evil,
            'events': [{**EVENTS[0], 'text': evil}]})
    out = ctl(d, 'status', 'trunk')[1] + plain(on_terminal(d, 'list'))
    lab.check('nothing from the daemon steers the terminal', 'a?[2Jb' in out
              and not any(c in out for c in '\x1b\x9b\x7f\u202e'), repr(out))


def acting(d):
    outcome = {'name': 'trunk', 'ok': True, 'registered': True, 'code': 200,
               'reason': 'ok', 'text': 'registered for 3600 s'}
    d.says(outcome)
    lab.check('register: done', ctl(d, 'register', 'trunk') == (
        0, 'trunk: registered, 200: registered for 3600 s\n', ''))
    lab.check('register: --json', json.loads(
        ctl(d, 'register', 'trunk', '--json')[1]) == outcome)
    d.says({'name': 'trunk', 'ok': False, 'registered': False, 'code': 403,
            'reason': 'forbidden', 'text': 'the registrar refuses'})
    lab.check('register: 1 when refused', ctl(d, 'register', 'trunk') == (
        1, 'trunk: not registered, 403 (forbidden): the registrar refuses\n',
        ''))
    lab.check('register: 1 with --json too',
              ctl(d, '--json', 'register', 'trunk')[0] == 1)
    d.says({'name': 'trunk', 'ok': False, 'registered': True, 'code': None,
            'reason': 'no-answer', 'text': ''})
    lab.check('register: failed, while the last one still holds',
              ctl(d, 'register', 'trunk')[:2] == (
                  1, 'trunk: failed, still registered (no-answer)\n'))

    d.says({**outcome, 'ended': 'credentials', 'text': ''})
    lab.check('register: names the wait that was ended for it',
              ctl(d, 'register', 'trunk')[:2] == (
                  0, 'trunk: registered, 200 (this ended a wait: '
                  'credentials)\n'))
    for verb in 'reconnect', 'resume':
        d.says(outcome)
        lab.check(f'{verb}: says the outcome as register does',
                  ctl(d, verb, 'trunk') == (
                      0, 'trunk: registered, 200: registered for 3600 s\n',
                      ''))
        lab.check(f'{verb}: asks for that', json.loads(d.requests[-1][:-1])
                  == {'method': 'io.sipregd.' + verb.capitalize(),
                      'parameters': {'name': 'trunk'}}, d.requests[-1])
        d.says({**outcome, 'ok': False, 'registered': False, 'code': None,
                'reason': 'no-answer', 'text': ''})
        lab.check(f'{verb}: 1 when it failed', ctl(d, verb, 'trunk')[:2]
                  == (1, 'trunk: not registered (no-answer)\n'))

    paused = {'name': 'trunk', 'ok': True, 'registered': False,
              'left_behind': False, 'text': ''}
    d.says(paused)
    lab.check('pause: done', ctl(d, 'pause', 'trunk')
              == (0, 'trunk: paused\n', ''))
    lab.check('pause: --json', json.loads(
        ctl(d, 'pause', 'trunk', '--json')[1]) == paused)
    d.says({**paused, 'ok': False, 'left_behind': True,
            'text': 'It may stay.'})
    lab.check('pause: 1 when the binding may still be there',
              ctl(d, 'pause', 'trunk') == (
                  1, 'trunk: paused, but maybe not un-registered: It may '
                  'stay.\n', ''))

    d.raw(hold=True)
    for verb in 'reconnect', 'pause', 'resume':
        lab.check(f'{verb}: 6 when it takes too long',
                  ctl(d, verb, 'trunk', '--timeout', '1')[0] == 6)
    begin = time.monotonic()
    status, out, err = ctl(d, 'register', 'trunk', '--timeout', '1')
    took = time.monotonic() - begin
    lab.check('register: 6 when it takes too long', status == 6 and not out
              and 'no answer in 1 s' in err and 0.9 < took < 10,
              (status, out, err, took))
    d.raw(b'{"parameters":{"version":', hold=True)
    lab.check('6: half an answer', ctl(d, '-t', '1', 'ping')[0] == 6)

    d.says({'version': '0.1'})
    lab.check('ping', ctl(d, 'ping') == (0, 'sipregd 0.1 is running\n', ''))
    lab.check('ping --json', ctl(d, '--json', 'ping')[:2]
              == (0, '{"version": "0.1"}\n'))
    status, out, err = ctl(d, 'version')
    lab.check('version: this program\'s', status == 0
              and out.startswith('sipregctl '), out)
    lab.check('version: the same as -V', ctl(d, '-V')[1] == out)
    lab.check('version: --json', json.loads(ctl(d, '--json', 'version')[1])
              == {'version': out.split()[1]})


def reloading(d):
    reply = {'added': 1, 'removed': 2, 'changed': 3, 'unchanged': 98,
             'warnings': [], 'warnings_omitted': 0}
    d.says(reply)
    lab.check('reload: says what has changed', ctl(d, 'reload') == (
        0, 'reloaded: 1 added, 2 removed, 3 changed, 98 unchanged\n', ''))
    lab.check('reload: asks without parameters', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.Reload',
                                 'parameters': {}}, d.requests[-1])
    lab.check('reload: --json', json.loads(ctl(d, '--json', 'reload')[1])
              == reply)
    d.says({**reply, 'warnings': ['/etc/x.conf:3: careful'],
            'warnings_omitted': 7})
    status, out, err = ctl(d, 'reload')
    lab.check('reload: warnings go to stderr', status == 0
              and out.startswith('reloaded: ') and err
              == '/etc/x.conf:3: careful (warning)\nand 7 more warnings\n',
              (status, out, err))

    d.fails('io.sipregd.BadConfiguration',
            errors=['/etc/x.conf:2: bad', f'/etc/y.conf:9: w{ESC}[2Jorse\nX'],
            errors_omitted=5, warnings=['/etc/x.conf:3: careful'],
            warnings_omitted=0)
    for argv in ['reload'], ['--json', 'reload']:
        status, out, err = ctl(d, *argv)
        lab.check('1: ' + ' '.join(argv) + ' of a bad configuration says '
                  'all that is wrong', (status, out, err.splitlines()) == (
                      1, '', ['/etc/x.conf:2: bad',
                              '/etc/y.conf:9: w?[2Jorse?X',
                              'and 5 more errors',
                              '/etc/x.conf:3: careful (warning)',
                              'sipregctl: the configuration is not good, '
                              'nothing has changed']), (status, out, err))
    for odd in (b'{"errors":7}', b'{"errors":[1,null,["x"]]}', b'{}',
                b'{"warnings":{"a":"b"},"errors_omitted":-3}'):
        d.raw(b'{"error":"io.sipregd.BadConfiguration","parameters":' + odd
              + b'}\0')
        status, out, err = ctl(d, 'reload')
        lab.check(f'reload: survives {odd.decode()}', status == 1
                  and len(err.splitlines()) == 1, (status, out, err))


def failing(d):
    d.fails('io.sipregd.NoSuchAccount', name='x')
    status, out, err = ctl(d, 'status', 'x')
    lab.check('4: no such account', (status, out, err) == (
        4, '', 'sipregctl: x: no such account\n'), (status, out, err))
    d.fails('io.sipregd.PermissionDenied')
    for argv in (['register', 'x'], ['reconnect', 'x'], ['pause', 'x'],
                 ['resume', 'x'], ['reload']):
        status, out, err = ctl(d, *argv)
        lab.check('5: not permitted to ' + argv[0], status == 5
                  and 'not permitted' in err, err)
    for error, verb, text in (
            ('NotRunning', 'register', 'x: paused or disabled'),
            ('NotPaused', 'resume', 'x: not paused'),
            ('Busy', 'pause', "x: too many wait for this account's outcome "
             'already'),
            ('Aborted', 'reconnect',
             'x: given up by the daemon: it reloaded or stops')):
        d.fails('io.sipregd.' + error, name='x')
        lab.check(f'1: {error}', ctl(d, verb, 'x') == (
            1, '', f'sipregctl: {text}\n'), ctl(d, verb, 'x'))
    d.fails('io.sipregd.Stopping')
    lab.check('1: Stopping', ctl(d, 'reload') == (
        1, '', 'sipregctl: sipregd is about to end\n'))
    d.fails('org.varlink.service.MethodNotFound', method='io.sipregd.Ping')
    lab.check('1: a daemon that is too old', ctl(d, 'ping')[0] == 1)
    d.fails('io.sipregd.Strange', reason='because')
    status, out, err = ctl(d, 'ping')
    lab.check('1: any other error, with its reason', status == 1
              and 'io.sipregd.Strange: because' in err, err)

    for what, reply in (('hangs up', b''), ('talks nonsense', b'hello\0'),
                        ('breaks JSON', b'{"parameters":{}},\0'),
                        ('leaves out the parameters', b'{}\0')):
        d.raw(reply)
        status, out, err = ctl(d, 'ping')
        lab.check(f'3: a daemon that {what}', status == 3 and not out
                  and err.startswith('sipregctl: ' + d.path), (status, err))

    gone = d.path + '-gone'
    r = subprocess.run([lab.SIPREGCTL], capture_output=True, text=True,
                       env={**ENV, 'SIPREGD_SOCKET': gone})
    lab.check('3: nobody at $SIPREGD_SOCKET', r.returncode == 3
              and gone in r.stderr, r)
    d.says({'version': '1'})
    lab.check('-s comes before $SIPREGD_SOCKET',
              ctl(d, 'ping', SIPREGD_SOCKET=gone)[0] == 0)
    lab.check('3: a path that is too long', subprocess.run(
        [lab.SIPREGCTL, '-s', 'x' * 200], capture_output=True,
        env=ENV).returncode == 3)

    with open('/dev/full', 'w') as full:
        r = subprocess.run([lab.SIPREGCTL, '-s', d.path, 'ping'], stdout=full,
                           stderr=subprocess.PIPE, text=True, env=ENV)
    lab.check('1: what cannot be written was not said', r.returncode == 1
              and r.stderr, r)


def usage(d):
    before = len(d.requests)
    for argv in (['frobnicate'], ['status'], ['status', 'a', 'b'],
                 ['register'], ['reconnect'], ['pause'], ['resume'],
                 ['pause', 'a', 'b'], ['reload', 'x'], ['list', 'x'],
                 ['--nonsense'],
                 ['-t', '0', 'ping'], ['-t', '1x', 'ping'], ['-t']):
        status, out, err = ctl(d, *argv)
        lab.check('2: ' + ' '.join(argv), status == 2 and not out and err,
                  (status, out, err))
    lab.check('usage errors ask nobody', len(d.requests) == before)
    status, out, err = ctl(d, 'help')
    lab.check('help names every verb', status == 0 and not err and all(
        f'\n  {v} ' in out for v in (
            'list', 'status', 'register', 'reconnect', 'pause', 'resume',
            'reload', 'ping', 'version', 'help')), out)
    lab.check('-h is help', ctl(d, '-h') == (0, out, ''))


def as_nobody(d):
    """The socket's mode decides who gets in."""
    if os.geteuid():
        print('# not root: cannot try as another user')
        return
    place = tempfile.mkdtemp(prefix='sipregd-')
    try:
        os.chmod(place, 0o755)
        program = shutil.copy(lab.SIPREGCTL, place)
        r = subprocess.run([program, '-s', d.path, 'ping'], env=ENV,
                           capture_output=True, text=True, user=NOBODY,
                           group=NOBODY, extra_groups=[])
        lab.check('5: a socket that we may not open', r.returncode == 5
                  and 'not permitted' in r.stderr, r)
    finally:
        shutil.rmtree(place)


def test(it):
    d = Daemon(it.path('control'))
    listing(d)
    listing_json(d)
    story(d)
    acting(d)
    reloading(d)
    failing(d)
    usage(d)
    as_nobody(d)


lab.run(test)
