#!/usr/bin/python3
"""Memory, descriptors and disk run out: the daemon lives, says what is wrong,
and is all there again as soon as there is some (SCENARIOS O3, O4).

test_exhaustion.py [PART ...], of: cycle start descriptors memory disk. STRIDE
is from one failing allocation to the next: 1 fails each of them once."""

import ctypes
import json
import os
import re
import resource
import signal
import socket
import sys
import time

import lab
import names
import shortage

STRIDE = int(os.environ.get('STRIDE', '0'))
CYCLE_STRIDE = STRIDE or 97     # primes: not in step with what repeats
START_STRIDE = STRIDE or 197
GRANT = 3600                    # [s] nobody refreshes while this runs
TRANSPORTS = 'udp', 'tcp', 'tls'
ANSWER = 20                     # [s] within which a control client hears
STARTED = 5                     # [s] within which all are registered
AGAIN = 15                      # [s] within which all is as before
FEW, EACH = 64, 40              # descriptors; accounts on UDP, on TCP
MANY = 300                      # accounts that there is no memory for
WAIT_OWN = 35                   # [s] REG_WAIT_OWN_MAX, and a moment
# Where OpenSSL starts parts of itself.
FIRST_USE = 'loop_init', 'start_openssl', 'stream_handshake'
WRONGS = 20                     # of a kind are enough to look at
FLAT = 4096                     # [kB] that the memory may grow by in a run


# --- asking ----------------------------------------------------------------

class Client:
    """A control client without a process of its own."""

    def __init__(self, daemon):
        self.daemon = daemon

    def ask(self, method, **parameters):
        """The reply; None: it is not there, or closes the connection."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(ANSWER)
            text = b''
            try:
                s.connect(self.daemon.socket)
                s.sendall(json.dumps({
                    'method': 'io.sipregd.' + method,
                    'parameters': parameters}).encode() + b'\0')
                while not text.endswith(b'\0'):
                    more = s.recv(65536)
                    if not more:
                        return None
                    text += more
            except (ConnectionError, FileNotFoundError):
                return None
            except TimeoutError:
                raise lab.Failed(f'{method}: neither answered nor closed')
        return json.loads(text[:-1])

    def parameters(self, method, **parameters):
        reply = self.ask(method, **parameters)
        return reply.get('parameters') if reply and 'error' not in reply \
            else None

    def registers(self, name):
        return (self.parameters('Register', name=name) or {}).get('ok')


class Caller:
    """Requests that come in by way of the registrar."""

    def __init__(self, registrar):
        self.registrar, self.count = registrar, 0
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((registrar.host, 0))
        self.socket.settimeout(0.3)
        self.port = self.socket.getsockname()[1]

    def call(self, method, user):
        """The code of the final answer, None if none comes soon."""
        self.count += 1
        r, n = self.registrar, self.count
        self.socket.sendto((
            f'{method} sip:{user}@{r.host}:{r.port} SIP/2.0\r\n'
            f'Via: SIP/2.0/UDP {r.host}:{self.port};branch=z9hG4bKx{n}\r\n'
            f'From: <sip:caller@{r.host}>;tag=t{n}\r\n'
            f'To: <sip:{user}@{r.host}>\r\nCall-ID: call-{n}\r\n'
            f'CSeq: {n} {method}\r\nMax-Forwards: 10\r\n'
            f'Contact: <sip:caller@{r.host}:{self.port}>\r\n'
            'Content-Length: 0\r\n\r\n').encode(), (r.host, r.port))
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            try:
                text = self.socket.recv(65536).decode()
            except TimeoutError:
                return None
            code = int(text[8:11])
            if code >= 200 and f'CSeq: {n} ' in text:
                return code
        return None


def descriptors(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


def resident(pid):
    """[kB]"""
    with open(f'/proc/{pid}/status') as f:
        return int(re.search(r'VmRSS:\s+(\d+)', f.read())[1])


def read(path):
    with open(path) as f:
        return f.read()


def configure(it, daemon, accounts):
    """Other accounts, from the next reload on."""
    text = read(daemon.config).split('accounts = ')[0]
    it.write(os.path.basename(daemon.config),
             f'{text}accounts = {lab.libconfig(accounts)};\n')


# --- each allocation of a cycle --------------------------------------------

class Cycle:
    """Everything that a daemon is asked for, once."""

    def __init__(self, it, wrap):
        self.it = it
        self.registrar = lab.Kamailio(it, grant=GRANT)
        server = names.Names(it, ttl=0)
        server.set('edge.test', 'A', it.host)
        tls_port = self.registrar.tls_port
        self.accounts = [self.registrar.account(
            t, t, registrar='sip:edge.test:' +
            str(tls_port if t == 'tls' else self.registrar.port))
            for t in TRANSPORTS] + [self.registrar.account('changing', 'tcp')]
        self.settings = {
            'dns': {'servers': [server.address]},
            # nobody waits for a turn: it is the same cycle each time
            'pace': NO_PACE}
        self.daemon = lab.Sipregd(it, self.accounts, 'starved', wrap,
                                  **self.settings)
        self.pid = self.daemon.process.pid
        self.client = Client(self.daemon)
        self.caller = Caller(self.registrar)
        self.turn = 0

    def changed_configuration(self):
        """Another account each time, and another setting of a present one."""
        self.turn += 1
        accounts = [*self.accounts[:-1],
                    dict(self.accounts[-1], dscp=self.turn % 2 * 8)]
        if self.turn % 2:
            accounts.append(self.registrar.account('guest', 'udp'))
        configure(self.it, self.daemon, accounts)

    def run(self):
        ask = self.client.ask
        for name in TRANSPORTS:
            ask('Reconnect', name=name)
        ask('Status', name='tls')
        ask('List')
        ask('History', name='tcp')
        self.changed_configuration()
        ask('Reload')
        for name in TRANSPORTS:
            self.caller.call('OPTIONS', name)
        self.caller.call('INVITE', 'tcp')
        ask('Probe', name='tcp')
        ask('Bindings', name='udp')

    def quiet(self):
        """The configuration of the beginning, all registered."""
        self.turn = 1
        self.changed_configuration()
        return self.client.parameters('Reload') is not None and all(
            self.client.registers(a['name']) for a in self.accounts)


def hurt(c, s, n, standing):
    """Lets the n-th allocation of a cycle fail. Its count; what went wrong."""
    s.arm(n)
    wrong = None
    try:
        c.run()
    except (lab.Failed, OSError) as e:
        wrong = str(e)
    count, failed = s.disarm()
    try:
        lab.await_that('registered again', c.quiet, AGAIN)
        lab.await_that('descriptors are closed again',
                       lambda: descriptors(c.pid) <= standing, AGAIN)
    except (lab.Failed, OSError) as e:
        wrong = wrong or str(e)
    if c.daemon.process.poll() is not None:
        wrong = f'it ended with {c.daemon.process.returncode}'
    return count, failed, wrong


def cycle(it):
    """An allocation fails in a daemon at work."""
    s = shortage.Shortage(it)
    began = time.monotonic()
    c = Cycle(it, s.wrap)
    lab.check_await('all are registered', c.daemon.registered)
    for _ in range(6):
        c.run()
    c.quiet()
    time.sleep(1)
    standing, memory = descriptors(c.pid), resident(c.pid)

    s.arm(1 << 60)
    c.run()
    print(f'# {s.disarm()[0]} allocations in a cycle, each '
          f'{CYCLE_STRIDE}th fails, {standing} descriptors, {memory} kB')
    n, failed, count, cycles, wrongs = FIRST, True, 0, 0, []
    while failed and c.daemon.process.poll() is None:
        count, failed, wrong = hurt(c, s, n, standing)
        cycles += 1
        if wrong:
            wrongs.append(f'{n}: {wrong}\n{s.where()}')
            print('#', wrongs[-1], flush=True)
        n += CYCLE_STRIDE
    lab.check('each allocation fails once: it lives, answers, and is '
              'registered again', not wrongs, '\n'.join(wrongs))
    if c.daemon.process.poll() is not None:
        return
    grown = resident(c.pid) - memory
    print(f'# {cycles} cycles in {time.monotonic() - began:.0f} s, '
          f'the last counted {count}, memory grew by {grown} kB')
    lab.check('memory stays flat', grown < FLAT, grown)
    lab.check('the same process, exit status 0 after SIGTERM',
              c.daemon.stop() == 0)


# --- each allocation of a start ---------------------------------------------

def start_once(it, s, accounts, n):
    """Starts with the n-th allocation failing. (count, failed, what it did,
    what was wrong with that)"""
    s.arm(n)
    open(it.path('early.log'), 'w').close()
    daemon = lab.Sipregd(it, accounts, 'early', s.wrap, ready=False,
                         pace=NO_PACE)
    process = daemon.process
    client = Client(daemon)

    def settled():
        return process.poll() is not None or (
            client.registers('udp'))

    wrong = ''
    try:
        lab.await_that('it runs or ends', settled, ANSWER, 0.005)
    except (lab.Failed, OSError) as e:
        wrong = str(e)
    count, failed = s.disarm()
    runs = process.poll() is None
    if runs:
        try:
            lab.await_that('all are registered', lambda: all(
                client.registers(a['name']) for a in accounts), STARTED)
        except lab.Failed as e:
            wrong = f'{e}\n' + '\n'.join(
                f'{a["name"]}: {a["reason"]}' for a in daemon.list())
        process.terminate()
    status = process.wait(20)
    it.processes.pop()
    said = it.log('early')
    if status < 0 or (runs and status):
        wrong = f'it ended with {status}: {said[-600:]}'
    elif not runs and (not status or not said.strip()):
        wrong = f'it ended with {status} and said: {said[-600:]!r}'
    return count, failed, runs, wrong and f'{wrong}\n{s.where()}'


def start(it):
    """An allocation fails while it starts."""
    s = shortage.Shortage(it)
    registrar = lab.Kamailio(it, 'kamailio-start', grant=GRANT)
    accounts = [registrar.account(t, t) for t in TRANSPORTS]
    began = time.monotonic()
    count, _, runs, wrong = start_once(it, s, accounts, 1 << 60)
    lab.check('it starts and ends', runs and not wrong, wrong)
    print(f'# {count} allocations in a start, each {START_STRIDE}th fails')
    # OpenSSL may come up without something and not say so: that there is
    # memory for it is seen to before, so it is no fault of ours here
    n, failed, starts, ran, spoilt, wrongs = FIRST, True, 0, 0, 0, []
    while failed and len(wrongs) < WRONGS:
        count, failed, runs, wrong = start_once(it, s, accounts, n)
        starts, ran = starts + 1, ran + runs
        if wrong:
            wrongs.append(f'{n}: {wrong}')
            print('#', wrongs[-1], flush=True)
            if runs and any(f in wrong for f in FIRST_USE):
                spoilt += 1
                wrongs.pop()
        n += START_STRIDE
    lab.check('each allocation of a start fails once: it runs, or says why '
              'not and ends', not wrongs, '\n'.join(wrongs))
    print(f'# {starts} starts in {time.monotonic() - began:.0f} s, {ran} of '
          f'them ran, {spoilt} with a spoilt OpenSSL')


# --- descriptors -----------------------------------------------------------

def allow(pid, limit):
    """So many descriptors from now on. Who may not raise what a process may
    have at most leaves that alone."""
    most = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, most))


def cpu(pid):
    """[s] that it has used."""
    fields = read(f'/proc/{pid}/stat').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def by_reason(daemon):
    reasons = {}
    for a in daemon.list():
        reasons.setdefault('ok' if a['registered'] else a['reason'],
                           []).append(a['name'])
    return reasons


def failures(daemon, names):
    return {a['name']: a['counters']['flow_failures']
            for a in daemon.list() if a['name'] in names}


def descriptors_part(it):
    """More accounts than descriptors."""
    registrar = lab.Kamailio(it, 'kamailio-few', grant=GRANT)
    accounts = [registrar.account(f'{t}{i}', t) for i in range(EACH)
                for t in ('udp', 'tcp')]
    daemon = lab.Sipregd(it, accounts[:2], 'few', pace=NO_PACE)
    pid = daemon.process.pid
    lab.check_await('the first are registered', daemon.registered)
    allow(pid, FEW)
    configure(it, daemon, accounts)
    lab.check('a reload works', daemon.ctl('reload')[0] == 0)
    lab.check('it says that descriptors are too few',
              f'{FEW} descriptors are too few for {2 * EACH} flows' in
              it.log('few'), it.log('few')[:600])

    def full():
        r = by_reason(daemon)
        return set(r) == {'ok', 'no-resources'} and r
    reasons = lab.await_that('each is registered, or has no-resources', full)
    changed = accounts[-1]      # it makes a new flow, and may not get one
    fit = [n for n in reasons['ok'] if n != changed['name']]
    print(f'# {FEW} descriptors: {len(fit)} of {2 * EACH} accounts fit')
    lab.check('as many as descriptors allow for', len(fit) > FEW - 32,
              reasons)
    lab.check('the edge is not blamed: nobody hears that it is down',
              'connect-refused' not in it.log('few'))
    lab.check('operators are answered', daemon.ctl('status', fit[0])[0] == 0
              and daemon.ctl('register', fit[0])[0] == 0)
    lab.check('somebody can be called still', registrar.reaches(fit[0]))

    # what needs a descriptor for a moment
    changed['dscp'] = 8
    configure(it, daemon, accounts)
    lab.check('a reload works with what is left', daemon.ctl('reload')[0] == 0)
    lab.check_await('the state is written', lambda: fit[0] in read(
        it.path('few.state/state')))

    # now not even operators get one: the limit is below what is open
    allow(pid, 16)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(daemon.socket)
        before = cpu(pid)
        time.sleep(2)
        lab.check('whoever cannot be accepted costs nothing',
                  cpu(pid) - before < 0.2, cpu(pid) - before)
        allow(pid, FEW)
    lab.check_await('the operator is answered as soon as there is one',
                    daemon.alive)
    lab.check('those that fit are undisturbed',
              not any(failures(daemon, fit).values()) and
              daemon.registered(*fit), failures(daemon, fit))

    allow(pid, 1024)
    began = time.monotonic()
    lab.check_await('descriptors are there: all come up by themselves',
                    daemon.registered, WAIT_OWN)
    print(f'# within {time.monotonic() - began:.1f} s')
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


# --- memory, for real ------------------------------------------------------

def address_space(pid):
    """[bytes]"""
    return int(re.search(r'VmSize:\s+(\d+)',
                         read(f'/proc/{pid}/status'))[1]) << 10


def memory(it):
    """An address space that is too small for all flows."""
    registrar = lab.Kamailio(it, 'kamailio-memory', grant=GRANT)
    first = registrar.account('first', 'tls')
    daemon = lab.Sipregd(it, [first], 'small', pace=NO_PACE)
    pid = daemon.process.pid
    lab.check_await('the first is registered', daemon.registered)
    many = [registrar.account(f'm{i}', ('udp', 'tcp', 'tls')[i % 3])
            for i in range(MANY)]
    configure(it, daemon, [first, *many])

    # enough for the configuration, and then for less and less
    hard = resource.RLIM_INFINITY
    lab.check('the accounts are made', daemon.ctl('reload')[0] == 0)
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid), hard))
    time.sleep(0.5)
    client = Client(daemon)
    shares = set()
    for i in range(20):
        for name in ('first', f'm{i}', f'm{MANY - 1 - i}'):
            client.ask('Reconnect', name=name) if i % 2 else \
                client.ask('Status', name=name)
        client.ask('Reload')
        client.ask('List')
    with_little = sum(r == 'no-resources' for r in (
        a['reason'] for a in (client.parameters('List') or {}).get(
            'accounts', ())))
    lab.check('it lives', daemon.process.poll() is None,
              daemon.process.returncode)
    failed = it.log('small').count('Cannot allocate memory')
    print(f'# {failed} lines of its log are about memory, {with_little} '
          'accounts without')
    lab.check('memory ran out indeed', failed or with_little)
    resource.prlimit(pid, resource.RLIMIT_AS, (hard, hard))
    if not lab.check_await('there is memory again: all come up by themselves',
                           daemon.registered, WAIT_OWN):
        print('#', {r: n for r, n in by_reason(daemon).items() if r != 'ok'})
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


# --- disk ------------------------------------------------------------------

CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 0x20, 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind, flags, data=None):
    if _libc.mount(source, target.encode(), kind, flags,
                   data and data.encode()):
        raise OSError(ctypes.get_errno(), 'mount ' + target)


def complaints(it):
    return [line for line in it.log('disk').splitlines()
            if ' warning ' in line and it.path('disk.state/state') in line]


def disk(it):
    """A state directory that is full for a while, then read-only."""
    if os.geteuid():
        print('# needs root')
        return
    if _libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), 'unshare')
    mount(b'none', '/', None, MS_REC | MS_PRIVATE)
    state = it.path('disk.state')
    os.makedirs(state)
    mount(b'none', state, b'tmpfs', 0, 'size=64k')

    registrar = lab.Kamailio(it, 'kamailio-disk', grant=GRANT)
    accounts = [registrar.account(t, t) for t in TRANSPORTS]
    daemon = lab.Sipregd(it, accounts, 'disk', pace=NO_PACE)
    lab.check_await('registered', daemon.registered)
    lab.check_await('kept', lambda: 'callid' in read(state + '/state') or
                    'call_id' in read(state + '/state'))

    def kept():
        """Does the file know of the last REGISTER?"""
        text = read(state + '/state')
        last = {r['user']: r for r in registrar.registers()}
        return all(r['callid'] in text and re.search(
            r'<(sip:[^>]+)>', r['contact'])[1] in text
            for r in last.values())

    def in_trouble(what, begin, end):
        begin()
        for _ in range(3):
            for t in TRANSPORTS:
                daemon.ctl('reconnect', t)
            time.sleep(1.2)         # longer than between two writes
        lab.check(f'{what}: said once', len(complaints(it)) == 1,
                  '\n'.join(complaints(it)))
        lab.check(f'{what}: a reload works', daemon.ctl('reload')[0] == 0)
        lab.check(f'{what}: it runs on', daemon.registered())
        open(it.path('disk.log'), 'w').close()
        end()
        lab.check_await(f'{what}, and over: it is kept by itself', kept, 40)

    def fill():
        with open(state + '/fill', 'wb', buffering=0) as f:
            try:
                while True:
                    f.write(bytes(512))
            except OSError:
                pass

    in_trouble('full disk', fill, lambda: os.remove(state + '/fill'))
    fill()
    seen = len(registrar.registers())
    daemon.process.send_signal(signal.SIGUSR2)
    lab.check('full disk: a restart that hands over ends well',
              daemon.process.wait(20) == 0)
    os.remove(state + '/fill')
    # what is open for writing keeps a file system from becoming read-only
    mount(b'none', state, None, MS_REMOUNT | MS_RDONLY)
    daemon = lab.Sipregd(it, accounts, 'disk', pace=NO_PACE)
    lab.check_await('and the next process registers', lambda:
                    daemon.registered() and
                    len(registrar.registers()) > seen)
    in_trouble('read-only', lambda: None, lambda: mount(
        b'none', state, None, MS_REMOUNT, 'size=64k'))
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


NO_PACE = dict.fromkeys(('edge_registers', 'registers', 'edge_connects',
                         'connects'), 0)
FIRST = int(os.environ.get('FIRST', '1'))
ALLOCATE = 'cycle', 'start', 'memory'
PARTS = {'cycle': cycle, 'start': start, 'descriptors': descriptors_part,
         'memory': memory, 'disk': disk}


def test(it):
    for part in sys.argv[1:] or PARTS:
        if part in ALLOCATE and shortage.sanitized():
            print(f'# {part}: not under a sanitizer')
        else:
            PARTS[part](it)


lab.run(test)
