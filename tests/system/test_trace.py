#!/usr/bin/python3
"""sipregctl trace: what was on the wire is shown, live and afterwards, to
people and to tshark, and no secret with it."""

import json
import os
import re
import signal
import socket
import stat
import subprocess

import lab

TRANSPORTS = ('udp', 'tcp', 'tls')
HIDDEN = re.compile(r'\*+(?:\.\*+)?')


class Trace:
    """sipregctl trace in the background; its messages as they come."""

    def __init__(self, it, daemon, *args, name='trace'):
        self.it, self.name = it, name
        self.process = it.start(name, [lab.SIPREGCTL, '-s', daemon.socket,
                                       *args])

    def messages(self):
        """Of --json."""
        return [json.loads(line) for line in self.it.log(self.name)
                .splitlines(True) if line.endswith('}\n')]

    def stop(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(lab.PATIENCE)


def kind(message):
    """"REGISTER" or "401"."""
    first = message['text'].split()
    return first[1] if first[0] == 'SIP/2.0' else first[0]


def secrets(text):
    """What looks like a secret and is shown."""
    shown = [v for v in re.findall(
        r'(?i)\b(?:response|cnonce|nonce|nextnonce|rspauth|sipregd)'
        r'="?([^",;>\s]*)', text) if not HIDDEN.fullmatch(v)]
    shown += re.findall(r'(?:secret|hidden)-\w+', text)
    shown += re.findall(r'(?im)^Sipregd-Probe: (?!\*).*$', text)
    return shown


def registering(it, registrar, d):
    for t in TRANSPORTS:
        name = 'live-' + t
        trace = Trace(it, d, '--json', '--live', 'trace', t, name=name)
        # the daemon does not say when it began to watch: only a reply shows
        lab.await_that('it is watched', lambda: watched(d, trace))
        # a new flow: with a new Contact and nothing known
        status, out, err = d.ctl('reconnect', t)
        lab.check(f'{t}: registered anew while it is watched', status == 0,
                  (out, err))
        lab.check_await(f'{t}: a REGISTER and its 200 are shown', lambda:
                        '200' in [kind(m) for m in trace.messages()
                                  if 'REGISTER' in m['text']])
        lab.check(f'{t}: SIGTERM ends it, exit 0', trace.stop() == 0)
        seen = trace.messages()
        port = registrar.tls_port if t == 'tls' else registrar.port
        lab.check(f'{t}: at the right place, both ways, times in order',
                  {m['remote'] for m in seen} == {f'{it.host}:{port}'} and
                  {m['direction'] for m in seen} == {'sent', 'received'} and
                  {m['transport'] for m in seen} == {t} and
                  {m['account'] for m in seen} == {t} and
                  sorted(m['at_usec'] for m in seen)
                  == [m['at_usec'] for m in seen], seen)
        lab.check(f'{t}: whole, byte by byte', all(
            len(m['text'].encode()) == m['length'] and not m['truncated']
            and m['base64'] is None and m['text'].endswith('\r\n\r\n')
            for m in seen), seen)
        check_secrets(t, ''.join(m['text'] for m in seen))


def watched(d, trace):
    """Whether the trace is in the way of what is sent now is seen when it shows
    something: a REGISTER of the operator's does that."""
    d.ctl('register', trace.name.rsplit('-', 1)[1])
    return trace.messages()


def check_secrets(what, text):
    lab.check(f'{what}: credentials are there, and nothing secret in them',
              'Authorization: Digest ' in text and 'realm="sip.example.org"'
              in text and 'response="***' in text and 'nonce="***' in text
              and ';sipregd=***' in text and not secrets(text),
              (secrets(text), text))


def looking_back(it, d):
    for t in TRANSPORTS:
        status, out, err = d.ctl('--json', '--past', 'trace', t)
        past = [json.loads(line) for line in out.splitlines()]
        kinds = [kind(m) for m in past]
        lab.check(f'{t}: what was before is told, and that is the end',
                  status == 0 and len(past) >= 4 and not err, (status, err))
        lab.check(f'{t}: from the first REGISTER on: 401, again, 200',
                  [k for k in kinds if k in ('REGISTER', '401', '200')][:4]
                  == ['REGISTER', '401', 'REGISTER', '200'], kinds)
        check_secrets('past ' + t, ''.join(m['text'] for m in past))

        status, out, err = d.ctl('--past', '-n', '2', 'trace', t)
        heads = re.findall(r'(?m)^\d{4}-\d\d-\d\dT[\d:.+-]+  (sent|received) +'
                           + t + r'  [\d.]+:\d+ (->|<-) [\d.]+:\d+  flow 1$',
                           out)
        lab.check(f'{t}: as text, the last two: a line on top of each, a blank '
                  'one below', status == 0 and len(heads) == 2 and
                  out.endswith('\n\n') and '\r' not in out and '\x1b'
                  not in out, out)
        check_text = secrets(out)
        lab.check(f'{t}: no secret in the text', not check_text, check_text)


def tshark(path, *args):
    r = subprocess.run(['tshark', '-n', '-r', path, *args],
                       capture_output=True, text=True, timeout=60)
    return r.stdout


def capturing(it, registrar, d):
    for t in TRANSPORTS:
        file = it.path(t + '.pcap')
        open(file, 'w').close()
        os.chmod(file, 0o644)
        status, out, err = d.ctl('--past', '--pcap', file, 'trace', t)
        lab.check(f'{t}: a capture file is written, and says nothing',
                  status == 0 and not out + err, (status, out, err))
        lab.check(f'{t}: nobody else can read it',
                  stat.S_IMODE(os.stat(file).st_mode) == 0o600)
        with open(file, 'rb') as f:
            lab.check(f'{t}: no secret in it',
                      not secrets(f.read().decode(errors='replace')))
        l4 = 'udp' if t == 'udp' else 'tcp'
        rows = [line.split('\t') for line in tshark(
            file, '-Y', 'sip', '-T', 'fields', *(
                a for f in ('ip.src', l4 + '.srcport', 'ip.dst',
                            l4 + '.dstport', 'sip.Method', 'sip.Status-Code',
                            'frame.time_epoch') for a in ('-e', f))
            ).splitlines()]
        past = [json.loads(line) for line in
                d.ctl('--json', '--past', 'trace', t)[1].splitlines()]
        want = []
        for m in past:
            local, remote = (m[k].split(':') for k in ('local', 'remote'))
            k = kind(m)
            ends = local + remote if m['direction'] == 'sent' \
                else remote + local
            want.append([*ends, '' if k.isdigit() else k,
                         k if k.isdigit() else '', m['at_usec']])
        got = [[*r[:6], round(float(r[6]) * 1e6)] for r in rows]
        # more may have come since
        lab.check(f'{t}: tshark reads addresses, methods, codes and times',
                  len(got) >= 4 and got[-4:] == [w for w in want
                                                 if w in got][-4:],
                  (got, want))
        wrong = tshark(file, '-o', 'ip.check_checksum:TRUE', '-o',
                       'tcp.check_checksum:TRUE', '-o',
                       'udp.check_checksum:TRUE', '-Y',
                       '_ws.expert.severity >= 0x600000 or '
                       'tcp.analysis.flags or _ws.malformed')
        lab.check(f'{t}: and finds nothing wrong with it', not wrong, wrong)


def piping(it, d):
    """sipregctl ... --pcap - | tshark -i -"""
    trace = subprocess.Popen([lab.SIPREGCTL, '-s', d.socket, '--pcap', '-',
                              'trace', 'udp'], stdout=subprocess.PIPE)
    seen = subprocess.Popen(['tshark', '-n', '-l', '-i', '-', '-c', '2', '-Y',
                             'sip'], stdin=trace.stdout, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    trace.stdout.close()
    try:
        out, _ = seen.communicate(timeout=60)
    finally:
        seen.kill()
        trace.terminate()
        trace.wait()
    lab.check('piped into tshark it is read while it goes on',
              'REGISTER' in out, out)


def failing(it, d):
    status, _, err = d.ctl('trace', 'nobody')
    lab.check('4: no such account', status == 4, (status, err))
    for args in (['--past', '--live'], ['--live', '-n', '1'],
                 ['--pcap', 'x', '--json']):
        status, _, err = d.ctl(*args, 'trace', 'udp')
        lab.check('2: ' + ' '.join(args), status == 2 and err, (status, err))
    lab.check('2: --past of something else', d.ctl('--past', 'list')[0] == 2)
    status, _, err = d.ctl('--past', '--pcap', '/dev/full', 'trace', 'udp')
    lab.check('1: a full disk is said', status == 1 and
              '/dev/full: No space left' in err, (status, err))
    status, _, err = d.ctl('--past', '--pcap', '/nowhere/x', 'trace', 'udp')
    lab.check('1: a file that cannot be made', status == 1 and
              '/nowhere/x' in err, (status, err))
    trace = Trace(it, d, 'trace', 'tcp', name='interrupted')
    lab.await_that('it shows something', lambda: it.log('interrupted'))
    lab.check('^C ends it, exit 0', trace.stop(signal.SIGINT) == 0)


def slow(it, registrar, d):
    """One that never reads, and one that does."""
    lazy = socket.socket(socket.AF_UNIX)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(d.socket)
    lazy.sendall(b'{"method":"io.sipregd.Trace","parameters":'
                 b'{"name":"udp","past":true},"more":true}\0')
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(('127.0.0.254', 0))
    host, port = d.status('udp')['flows'][0]['local'].rsplit(':', 1)
    big = b'OPTIONS sip:x SIP/2.0\r\nX: ' + b'x' * 60000 + b'\r\n\r\n'

    reader = Trace(it, d, '--json', '--live', 'trace', 'udp', name='reader')
    lab.await_that('it is watched', lambda: (
        stranger.sendto(b'OPTIONS sip:y SIP/2.0\r\n\r\n', (host, int(port))),
        it.log('reader'))[1])
    for n in range(40):
        stranger.sendto(big, (host, int(port)))
        lab.await_that('it has arrived',
                       lambda: it.log('reader').count('sip:x') > n)
    lab.check('one who reads gets all of it', reader.stop() == 0 and
              'base64' in it.log('reader'))
    told = b''
    lazy.settimeout(lab.PATIENCE)
    while not told.endswith(b'}\0') or b'Overrun' not in told[-200:]:
        part = lazy.recv(1 << 20)
        if not part:
            break
        told += part
    last = json.loads(told.split(b'\0')[-2])
    lab.check('who does not read is told, after a megabyte, and no more',
              last.get('error') == 'io.sipregd.Overrun' and
              last['parameters'] == {'lost': 1} and
              1 << 20 < len(told) < 2 << 20, (len(told), told[-200:]))
    lazy.close()
    lab.check('the account is none the worse for it',
              d.ctl('register', 'udp')[0] == 0 and d.registered('udp'))
    past = [json.loads(line) for line in
            d.ctl('--json', '--past', 'trace', 'udp')[1].splitlines()]
    marked = [m for m in past if m['stranger']]
    lab.check('a stranger\'s messages are marked, and cut with their length '
              'told', marked and all(m['truncated'] and m['length'] == len(big)
                                     and m['remote'].startswith('127.0.0.254:')
                                     for m in marked), past)
    file = it.path('cut.pcap')
    d.ctl('--past', '--pcap', file, 'trace', 'udp')
    wrong = tshark(file, '-o', 'ip.check_checksum:TRUE', '-o',
                   'udp.check_checksum:TRUE', '-Y', '_ws.malformed or '
                   '_ws.expert.severity >= 0x800000')
    lab.check('tshark reads what was cut too', 'OPTIONS' in tshark(file)
              and not wrong, wrong)


def ending(it, d):
    trace = Trace(it, d, 'trace', 'tcp', name='last')
    lab.await_that('it shows something', lambda: it.log('last'))
    lab.check('exit status 0', d.stop() == 0)
    status = trace.process.wait(lab.PATIENCE)
    said = it.log('last')
    lab.check('3: the daemon has ended, and all that it sent was told',
              status == 3 and 'expires=0' in said.lower().replace(': ', '=')
              and said.endswith('sipregd has ended\n'), (status, said))


def test(it):
    registrar = lab.Kamailio(it, grant=60)
    d = lab.Sipregd(it, [
        registrar.account(t, t, verify=0,
                          headers=['X-Api-Key: hidden-' + t])
        for t in TRANSPORTS])
    lab.await_that('all are registered', d.registered)
    looking_back(it, d)
    registering(it, registrar, d)
    capturing(it, registrar, d)
    piping(it, d)
    failing(it, d)
    slow(it, registrar, d)
    ending(it, d)


lab.run(test)
