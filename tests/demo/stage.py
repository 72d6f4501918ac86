"""What the demo plays on: namespaces of its own, and who acts in them.

Everything happens in namespaces of this process: network, mounts, processes.
Its files are in a tmpfs that nobody else sees. So nothing of it can touch the
machine's network, and whatever ends the demo, nothing stays behind.
"""

import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import deque

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'natlab'))
import nets                             # noqa: E402

DIR = '/run/demo'                       # as kamailio.cfg and sipregd.conf say
REGISTRAR, CALLER = nets.SERVERS[:2]
DOMAIN = 'example.org'
WIDTH = 80                              # columns
PATIENCE = 20                           # [s] for each thing that must happen

LAST_LINES = 20                         # of a log, when something went wrong

PERIOD = 0.25                           # [s] between two requests of a caller
ANSWER_BY = 1.5                         # [s] Kamailio gives one up after 1 s
IN_A_ROW = 4                            # answers: it can be reached again

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36        # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """Something did not happen as it is told."""


# --- the namespaces --------------------------------------------------------

SPACES = ('--net', '--mount', '--pid', '--fork', '--kill-child',
          '--mount-proc')
TOOLS = ('unshare', 'nsenter', 'mount', 'ip', 'nft', 'conntrack', 'openssl',
         'kamailio', 'kamcmd')
AS_ROOT = ('unshare', *SPACES)
AS_USER = ('unshare', '--user', '--map-root-user', *SPACES)


def way_in():
    """The command that opens the namespaces; Failed if there is none."""
    why = []
    for way in (AS_USER,) if os.geteuid() else (AS_ROOT, AS_USER):
        r = subprocess.run([*way, 'true'], capture_output=True, text=True)
        if r.returncode == 0:
            return way
        why.append(f'  {"in a user namespace" if way is AS_USER else "as root"}'
                   f': {r.stderr.strip()}')
    if os.geteuid():
        why.append('  as root: not tried')
    raise Failed('it needs a network of its own, and this system lets it make'
                 ' none:\n' + '\n'.join(why))


def check_tools(*programs):
    for program in *programs, *TOOLS:
        check(shutil.which(program),
              f'{program} is not there; `make demo` sees to that')


def prepare():
    """The first thing inside."""
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs',
                    os.path.dirname(DIR)], check=True)
    os.mkdir(DIR)


def _end(number, _frame):
    sys.exit(128 + number)


def enter(*command):
    """Runs the command inside and returns its exit status. Its end, or ours,
    is the end of every process in there."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    for s in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(s, _end)
    # In a session of its own: the terminal's signals come to us.
    outer = subprocess.Popen(
        [*way_in(), *command], stdin=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=_die_with_parent)
    try:
        return outer.wait()
    finally:
        outer.kill()
        _reap()


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _reap():
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass


# --- telling ---------------------------------------------------------------

_styled = sys.stdout.isatty() and not os.environ.get('NO_COLOR')


def say(text):
    """A heading."""
    bold, normal = ('\033[1m', '\033[0m') if _styled else ('', '')
    print(f'\n{bold}{text}{normal}', flush=True)


def tell(*lines):
    for line in lines:
        print(line, flush=True)


def explain(text):
    """A paragraph."""
    tell('', *textwrap.wrap(text, WIDTH))


def table(rows):
    """Aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        tell('  '.join(cell.ljust(w)
                       for cell, w in zip(row, widths)).rstrip())


def check(good, otherwise):
    if not good:
        raise Failed(otherwise)


def await_that(what, fact, timeout=PATIENCE):
    """The value of fact() as soon as it is true."""
    end = time.monotonic() + timeout
    while True:
        value = fact()
        if value:
            return value
        check(time.monotonic() < end, f'{what}: not within {timeout:g} s')
        time.sleep(0.05)


def last_words():
    """The end of every program's output."""
    lines = []
    for log in sorted(glob.glob(DIR + '/*.log')):
        with open(log, errors='replace') as f:
            lines += [f'--- {os.path.basename(log)}', *deque(f, LAST_LINES)]
    return map(str.rstrip, lines)


# --- who acts --------------------------------------------------------------

class Program:
    """A program on one of the hosts, its output in a file."""

    def __init__(self, name, host, *argv):
        self.name, self.log = name, f'{DIR}/{name}.log'
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                host.argv(*argv), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)

    def check_alive(self):
        check(self.process.poll() is None, f'{self.name} has ended')

    def stop(self):
        """Ends it politely; its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f'{self.name} does not end') from None


class Registrar:
    """Kamailio, on the servers' host."""

    MODULES = ':'.join(f'/usr/lib/{d}kamailio/modules/'
                       for d in (f'{os.uname().machine}-linux-gnu/', ''))

    def __init__(self, host):
        self.host = host
        self.config = os.path.join(HERE, 'kamailio.cfg')
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
             '-keyout', DIR + '/key.pem', '-out', DIR + '/ca.pem',
             '-subj', '/CN=sip.example.org',
             '-addext', 'subjectAltName=DNS:sip.example.org'],
            check=True, stderr=subprocess.DEVNULL)
        self.start()

    def start(self):
        self.program = Program(
            'kamailio', self.host, 'kamailio', '-f', self.config, '-L',
            self.MODULES, '-DD', '-E', '-m', '32', '-M', '8', '-Y', DIR,
            '-w', DIR, '-P', DIR + '/kamailio.pid')

    def listens(self):
        self.program.check_alive()
        return os.path.exists(DIR + '/kamailio')

    def version(self):
        r = subprocess.run(['kamailio', '-v'], capture_output=True, text=True)
        return re.search(r'kamailio (\S+)', r.stdout)[1]

    def said(self, text):
        with open(self.program.log, errors='replace') as f:
            return text in f.read()

    def held(self):
        """{name: [Contact URI, ...]} of what it has stored."""
        self.program.check_alive()
        r = subprocess.run(['kamcmd', '-s', f'unix:{DIR}/kamailio', 'ul.dump'],
                           capture_output=True, text=True)
        held, name = {}, None
        for line in r.stdout.splitlines():
            if m := re.match(r'\s*AoR: ([^@\s]+)', line):
                name = m[1]
            elif m := re.match(r'\s*Address: (\S+)', line):
                held.setdefault(name, []).append(m[1])
        return held


class Caller(threading.Thread):
    """Somebody at the registrar who sends an OPTIONS to every name over and
    over, and writes down which of them were answered with 200. A name that is
    empty is the registrar itself."""

    def __init__(self, host, names):
        super().__init__(daemon=True)
        self.socket = host.socket(socket.SOCK_DGRAM, (CALLER, 0))
        self.socket.setblocking(False)
        self.sent = {name: [] for name in names}    # [[when, answered], ...]
        self.waiting = {}                           # by Call-ID

    def run(self):
        due = time.monotonic()
        while True:
            for name in self.sent:
                self._ask(name)
            due += PERIOD
            while (wait := due - time.monotonic()) > 0:
                time.sleep(min(wait, 0.01))
                self._hear()
            due = max(due, time.monotonic() - PERIOD)

    def _ask(self, name):
        to = f'sip:{name}@{DOMAIN}' if name else f'sip:{REGISTRAR}'
        host, port = self.socket.getsockname()
        sent = self.sent[name]
        call_id = f'{name}.{len(sent)}'
        sent.append([time.monotonic(), None])
        self.waiting[call_id] = sent[-1]
        self.socket.sendto('\r\n'.join((
            f'OPTIONS {to} SIP/2.0',
            f'Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK.{call_id}',
            f'From: <sip:caller@{DOMAIN}>;tag={call_id}',
            f'To: <{to}>',
            f'Call-ID: {call_id}',
            'CSeq: 1 OPTIONS',
            'Max-Forwards: 70',
            'Content-Length: 0', '', '')).encode(), (REGISTRAR, 5060))

    def _hear(self):
        while True:
            try:
                text = self.socket.recv(4096).decode(errors='replace')
            except OSError:
                break
            code = re.match(r'SIP/2.0 ([2-6]\d\d) ', text)
            call_id = re.search(r'(?mi)^(?:Call-ID|i)\s*:\s*(\S+)', text)
            if code and call_id:
                if sent := self.waiting.pop(call_id[1], None):
                    sent[1] = code[1] == '200'
        now = time.monotonic()
        for call_id, sent in list(self.waiting.items()):
            if now - sent[0] > ANSWER_BY:
                sent[1] = False
                del self.waiting[call_id]

    def known(self, name, since, until=float('inf')):
        """[[when, answered], ...] of what was sent then, in order, up to the
        first one that is still open."""
        calls = []
        for call in self.sent[name]:
            if since <= call[0] <= until:
                if call[1] is None:
                    break
                calls.append(call)
        return calls

    def returned(self, name, since):
        """When it could be reached from then on: the first of so many calls
        in a row that were answered; None: not yet."""
        calls = self.known(name, since)
        for i in range(len(calls) - IN_A_ROW + 1):
            if all(good for _, good in calls[i:i + IN_A_ROW]):
                return calls[i][0]
        return None


def strip(calls):
    """One character for each: answered or lost."""
    return ''.join('.' if good else 'x' for _, good in calls)
