#!/usr/bin/python3
"""A life that goes on: killed and started again, with a state directory that
cannot be used, and before there is a network, a resolver or the right time
(SCENARIOS T14, O3, O6)."""

import ctypes
import os
import re
import socket
import subprocess
import threading
import time

import lab
import names

GRANT = 3600        # [s] nobody refreshes while this runs
TRANSPORTS = 'udp', 'tcp', 'tls'
KEPT_WITHIN = 5     # [s] the state is written at most a second late
DAY = 86400         # [s]
AS_ROOT = os.geteuid() == 0

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)


def last(registrar):
    """{user: its last REGISTER}"""
    return {r['user']: r for r in registrar.registers()}


def instance(contact):
    return re.search(r'\+sip\.instance="<(urn:uuid:[^>]+)>"', contact)[1]


def uri(contact):
    return re.search(r'<(sip:[^>]+)>', contact)[1]


def kept(it, registers):
    """Are Call-ID and Contact of all of them in the state file?"""
    try:
        with open(it.path('sipregd.state/state')) as f:
            text = f.read()
    except FileNotFoundError:
        return False
    return all(r['callid'] in text and uri(r['contact']) in text
               for r in registers)


# --- killed ----------------------------------------------------------------

def again(it, registrar, accounts, how, daemon):
    """Ends the daemon by how(), starts it anew; what it sent from then on."""
    before = last(registrar)
    if not lab.check_await('every Contact is in the state file', lambda: kept(
            it, before.values()), KEPT_WITHIN):
        return daemon, before, {}
    how()
    daemon.process.wait(20)
    seen = len(registrar.registers())
    daemon = lab.Sipregd(it, accounts)
    lab.check_await('registered again', lambda: daemon.registered() and
                    len(registrar.registers()) >= seen + len(accounts))
    sent = {}
    for r in registrar.registers()[seen:]:
        sent.setdefault(r['user'], []).append(r)
    return daemon, before, sent


def goes_on(registrar, what, before, sent):
    for user, old in before.items():
        new = sent.get(user)
        if not lab.check(f'{what}: {user} REGISTERs', new):
            continue
        lab.check(f'{what}: {user} is the same instance',
                  instance(new[0]['contact']) == instance(old['contact']),
                  (old, new))
        lab.check(f'{what}: {user} keeps its Call-ID, its CSeq grows',
                  {r['callid'] for r in new} == {old['callid']} and
                  all(r['cseq'] > old['cseq'] for r in new), (old, new))
        lab.check(f'{what}: {user} removes the old binding in the first '
                  'REGISTER', f'<{uri(old["contact"])}>;expires=0' in
                  new[0]['contact'] and new[0]['contact'].startswith(
                  '<' + uri(new[-1]['contact'])), (old, new))
        held = registrar.bindings().get(user, [])
        lab.check(f'{what}: {user} has exactly one binding, the new one',
                  held == [uri(new[-1]['contact'])], held)


def killed(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    accounts = [registrar.account(t, t) for t in TRANSPORTS]
    daemon = lab.Sipregd(it, accounts)
    if not lab.check_await('all are registered', daemon.registered):
        return
    for what, how in (('kill -9', lambda: daemon.process.kill()),
                      ('kill -9 once more', lambda: daemon.process.kill()),
                      ('SIGUSR2', lambda: daemon.process.send_signal(12))):
        daemon, before, sent = again(it, registrar, accounts, how, daemon)
        goes_on(registrar, what, before, sent)
    lab.check('the story before the restart is still told', any(
        e['event'] == 'verdict' and e['at_usec'] <
        started(daemon) for e in daemon.status('udp')['events']),
        daemon.status('udp')['events'])
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)
    lab.check_await('no binding is left behind',
                    lambda: not registrar.bindings())


def started(daemon):
    """When the process began [us since 1970]."""
    return os.stat(f'/proc/{daemon.process.pid}').st_ctime_ns // 1000


# --- what was learned ------------------------------------------------------

class Registrar:
    """A registrar over TCP that has to be told what to answer, behind a NAT
    that forgets a flow after it was silent for `memory` seconds."""

    def __init__(self, lab):
        self.lab = lab
        self.memory = None          # [s]; None: it never forgets
        self.headers = None         # of a 503; None: 200
        self.seen = []              # when a REGISTER came
        self.connections = 0
        self.listener = socket.create_server((lab.host, lab.port()))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            s, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self._serve, args=(s,),
                             daemon=True).start()

    def _serve(self, s):
        last, buf = time.monotonic(), b''
        while True:
            try:
                data = s.recv(65536)
            except OSError:
                return
            if not data:
                return
            now = time.monotonic()
            if self.memory and now - last > self.memory:
                continue            # and last stays as it is
            last = now
            buf += data
            while buf.startswith(b'\r\n\r\n'):
                buf = buf[4:]
                s.sendall(b'\r\n')
            if b'\r\n\r\n' in buf:
                message, buf = buf.split(b'\r\n\r\n', 1)
                s.sendall(self._answer(message.decode()).encode())

    def _answer(self, message):
        fields = re.findall(r'(?im)^(via|from|to|call-id|cseq): *(.*?)\r?$',
                            message)
        kept = ''.join(f'{name}: {value}\r\n' for name, value in fields)
        kept = re.sub(r'(?m)^(To: [^\r]*)', r'\1;tag=t', kept, flags=re.I)
        if message.startswith('REGISTER '):
            self.seen.append(time.monotonic())
            if self.headers:
                return (f'SIP/2.0 503 Later\r\n{kept}{self.headers}\r\n'
                        'Content-Length: 0\r\n\r\n')
            contact = re.search(r'(?im)^contact: *(<[^>]*>)', message)[1]
            kept += f'Contact: {contact};expires={GRANT}\r\n'
        return f'SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n'

    def account(self, name, **keys):
        return {'name': name, 'aor': f'sip:{name}@{self.lab.host}',
                'password': 'x', 'transport': 'tcp',
                'registrar': f'sip:{self.lab.host}:{self.port}', **keys}


def restarted(daemon, kill):
    """Ends the daemon and starts it with the very same configuration."""
    if kill:
        daemon.process.kill()
        daemon.process.wait()
    else:
        daemon.stop()
    daemon.process = daemon.start(daemon.name, daemon.argv)
    lab.await_that('it answers again', lambda: daemon.ctl('ping')[0] == 0)


def in_file(it, name, text):
    try:
        with open(it.path(name + '.state/state')) as f:
            return text in f.read()
    except FileNotFoundError:
        return False


def last_word(it, name, account):
    """The line that counts."""
    with open(it.path(name + '.state/state')) as f:
        return [line for line in f if f'"{account}"' in line][-1]


def interval(daemon):
    flow = daemon.status('nat')['flows'][0]
    return flow['keepalive_interval'], flow['keepalive_reason'], \
        flow['idle_death']


def learned(it):
    registrar = Registrar(it)
    registrar.memory = 6
    daemon = lab.Sipregd(it, [registrar.account('nat', keepalive={
        'interval': 8, 'pong_timeout': 2})], 'learned')
    lab.check_await('a NAT that forgets teaches a shorter interval',
                    lambda: interval(daemon)[1] == 'learned', 40)
    before = interval(daemon)
    lab.check_await('it is in the state file',
                    lambda: in_file(it, 'learned', '"interval":{"learned"'),
                    KEPT_WITHIN)
    death = daemon.status('nat')['flows'][0]['idle_death_usec']
    events = daemon.status('nat')['events']
    for kill in True, True, False:
        restarted(daemon, kill)
        lab.check_await('registered again', daemon.registered)
        lab.check(f'{"kill -9" if kill else "stop"} and start: the learned '
                  'interval and why are known still',
                  interval(daemon) == before, (before, interval(daemon)))
        again = daemon.status('nat')['flows'][0]['idle_death_usec']
        lab.check('and when that was', abs(again - death) < 1000000,
                  (death, again))
    connections = registrar.connections
    time.sleep(10)
    lab.check('no flow dies of it any more',
              registrar.connections == connections, registrar.connections)

    after = daemon.status('nat')['events']
    seqs = [e['seq'] for e in after]
    lab.check('events are in order, with a seq that grows',
              seqs == sorted(set(seqs)) and
              [e['at_usec'] for e in after] == sorted(
                  e['at_usec'] for e in after), after)
    verdicts = [e for e in events if e['event'] == 'verdict']
    lab.check('those from before the kill are there', verdicts and all(
        any(v['seq'] == e['seq'] and v['at_usec'] == e['at_usec']
            for e in after) for v in verdicts), (events, after))
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


ASKED = 20      # [s] of a Retry-After


def asked_to_wait(it):
    registrar = Registrar(it)
    registrar.headers = f'Retry-After: {ASKED}'
    daemon = lab.Sipregd(it, [registrar.account('busy'),
                              registrar.account('other', enabled=False)],
                         'asked')
    lab.check_await('503 with Retry-After: it waits', lambda: daemon.status(
        'busy')['reason'] == 'retry-after')
    lab.check_await('that is in the state file', lambda: in_file(
        it, 'asked', '"retry_after":{') and in_file(it, 'asked', '"edges":['
                                                    '"tcp'), KEPT_WITHIN)
    connections = registrar.connections
    for kill in True, False, True:
        restarted(daemon, kill)
        status = daemon.status('busy')
        lab.check(f'{"kill -9" if kill else "stop"} and start: it waits on',
                  status['reason'] == 'retry-after' and
                  status['next'] == 'retry' and
                  0 < status['next_in'] <= ASKED * 1.2 + 1, status)
        time.sleep(1)
    lab.check('nothing was sent meanwhile, nor was it connected',
              len(registrar.seen) == 1 and
              registrar.connections == connections, registrar.seen)

    asked = registrar.seen[0]
    lab.check_await('it asks again by itself when that is over',
                    lambda: len(registrar.seen) == 2, ASKED * 1.2 + 5)
    lab.check('and not before', registrar.seen[-1] - asked >= ASKED,
              registrar.seen)

    lab.check_await('it waits again', lambda: daemon.status('busy')['next'] ==
                    'retry')
    lab.check_await('which is in the state file', lambda: in_file(
        it, 'asked', '"left":'), KEPT_WITHIN)
    time.sleep(0.5)
    restarted(daemon, True)
    registrar.headers = None
    status, out, err = daemon.ctl('register', 'busy')
    lab.check('"register" ends the wait after a restart too, and the hold of '
              'the edge', status == 0 and len(registrar.seen) == 3 and
              daemon.registered('busy'), (status, out, err, registrar.seen))
    lab.check_await('which is in the state file too', lambda: '"left":' not in
                    last_word(it, 'asked', 'busy'), KEPT_WITHIN)
    restarted(daemon, True)
    lab.check_await('and no wait is left for the next start',
                    lambda: daemon.registered('busy'), 5)
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


# --- a state directory that is of no use -----------------------------------

def in_mount(it, name, commands):
    """A command in front of the daemon that changes its view of its state
    directory first."""
    path = it.path(name + '.state')
    script = commands.format(path) + ' && exec "$0" "$@"'
    return f"unshare -{'' if AS_ROOT else 'r'}m sh -c '{script}'"


def said(it, name):
    """Lines that complain of the state file."""
    path = it.path(name + '.state')
    return [line for line in it.log(name).splitlines()
            if path in line and ' warning ' in line + ' '
            and path + '/instance' not in line]


def runs_on(it, registrar, name, what, commands=None):
    daemon = lab.Sipregd(it, [registrar.account(name)], name,
                         in_mount(it, name, commands) if commands else '')
    lab.check_await(f'{what}: registered', daemon.registered)
    for _ in range(3):
        daemon.ctl('register', name)
        time.sleep(1.2)         # longer than between two writes
    lab.check(f'{what}: said once', len(said(it, name)) == 1,
              it.log(name))
    lab.check(f'{what}: it runs on', daemon.registered())
    lab.check(f'{what}: exit status 0 after SIGTERM', daemon.stop() == 0)


def useless_state(it):
    registrar = lab.Kamailio(it, 'kamailio-state', grant=GRANT)
    runs_on(it, registrar, 'readonly', 'read-only state directory',
            'mount --bind {0} {0} && mount -o remount,bind,ro {0}')
    runs_on(it, registrar, 'full', 'full disk',
            'mount -t tmpfs -o size=8k none {0} && '
            'dd if=/dev/zero of={0}/x bs=4k count=2 2>/dev/null')

    os.makedirs(it.path('corrupt.state'))
    it.write('corrupt.state/state', 'nothing that anybody wrote\n\0\n{{{\n')
    runs_on(it, registrar, 'corrupt', 'corrupt state file')
    with open(it.path('corrupt.state/state')) as f:
        lab.check('corrupt state file: it is good again afterwards',
                  last(registrar)['corrupt']['callid'] in f.read())


# --- before there is anything ----------------------------------------------

def leave_the_world():
    """Into a network of our own, whose only interface is down, where mounts
    are nobody else's."""
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWNET | (0 if AS_ROOT else CLONE_NEWUSER)
    if _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), 'unshare')
    if not AS_ROOT:
        for file, text in (('setgroups', 'deny'), ('uid_map', f'0 {uid} 1'),
                           ('gid_map', f'0 {gid} 1')):
            with open('/proc/self/' + file, 'w') as f:
                f.write(text)
    if _libc.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None):
        raise OSError(ctypes.get_errno(), 'mount')


def at_1970(it):
    """A command in front of the daemon, whose wall clock goes by a file."""
    library = it.path('wallclock.so')
    subprocess.run(['cc', '-shared', '-fPIC', '-o', library,
                    os.path.join(lab.HERE, 'wallclock.c')], check=True)
    clock = it.write('clock', f'{DAY - time.time():.0f}\n')
    return ' '.join((
        'env', f'LD_PRELOAD={library}', f'WALLCLOCK={clock}',
        # it comes before the sanitizer's own library
        'ASAN_OPTIONS=verify_asan_link_order=0:' +
        os.environ.get('ASAN_OPTIONS', '')))


def early(it):
    # known beforehand, and in another network nobody has them
    ports = [5060, 5061, 53]
    it.port = lambda: ports.pop(0)
    it.ca()
    it.certificate('registrar')
    accounts = [{
        'name': t, 'aor': f'sip:{t}@{lab.NAME}', 'password': 'secret-' + t,
        'transport': t, 'registrar':
        f'sip:{lab.NAME}:{5061 if t == "tls" else 5060}',
        **({'tls': {'ca_file': it.path('ca.pem')}} if t == 'tls' else {})}
        for t in TRANSPORTS]
    it.write('resolv.conf', '', 0o644)
    leave_the_world()
    subprocess.run(['mount', '--bind', it.path('resolv.conf'),
                    '/etc/resolv.conf'], check=True)

    daemon = lab.Sipregd(it, accounts, 'early', at_1970(it))
    lab.check_await('without network and resolver: it says so', lambda: all(
        a['reason'] == 'dns-failure' for a in daemon.list()))

    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    lab.Kamailio(it, 'kamailio-early', grant=GRANT)
    server = names.Names(it)
    server.set(lab.NAME, 'A', it.host)
    it.write('resolv.conf', f'nameserver {it.host}\n', 0o644)
    lab.check_await('network and resolver are there: it comes up by itself, '
                    'in 1970', lambda: daemon.registered('udp', 'tcp'), 40)
    lab.check('and knows no better what time it is', year(daemon) == 1970,
              daemon.status('udp'))
    lab.check_await('a certificate of the future is refused', lambda:
                    daemon.status('tls')['reason'] == 'tls-untrusted')

    it.write('clock', '0\n')
    lab.check_await('the clock is set: TLS comes up by itself too',
                    daemon.registered, 60)
    lab.check('nothing else was lost by that', all(
        a['registered'] and a['counters']['flow_failures'] == 0
        for a in daemon.list() if a['name'] != 'tls'), daemon.list())
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


def year(daemon):
    at = daemon.status('udp')['registered_since_usec'] / 1e6
    return time.gmtime(at).tm_year


def test(it):
    killed(it)
    learned(it)
    asked_to_wait(it)
    useless_state(it)
    early(it)


lab.run(test)
