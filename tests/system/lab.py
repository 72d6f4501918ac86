"""What the system tests have in common: a laboratory of real programs.

A Lab is a temporary directory with its own addresses, certificates and
processes. Everything that it starts, it ends; nothing of it is shared with
another run on the same machine.
"""

import atexit
import ctypes
import json
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get('BUILD', 'build'))
SIPREGD = os.path.join(BUILD, 'sipregd')
SIPREGCTL = os.path.join(BUILD, 'sipregctl')
HERE = os.path.dirname(os.path.abspath(__file__))

NAME = 'sip.example.org'    # what the registrar's certificate says
PATIENCE = 15               # [s] for what should take a moment
if os.environ.get('PATIENCE'):
    PATIENCE = float(os.environ['PATIENCE'])

PR_SET_PDEATHSIG = 1        # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """What a test waited for did not come."""


# --- telling ---------------------------------------------------------------

_passed = _failed = 0


def check(sentence, good, why=''):
    """One fact, told as a sentence."""
    global _passed, _failed
    if good:
        _passed += 1
        print('ok -', sentence, flush=True)
    else:
        _failed += 1
        print('not ok -', sentence, flush=True)
        for line in str(why).splitlines():
            print('#  ', line, flush=True)
    return bool(good)


def await_that(what, fact, timeout=None, pause=0.05):
    """The value of fact() as soon as it is true."""
    timeout = PATIENCE if timeout is None else timeout
    end = time.monotonic() + timeout
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f'{what}: not within {timeout:g} s')
        time.sleep(pause)


def check_await(sentence, fact, timeout=None):
    """A fact that may still come."""
    try:
        return check(sentence, await_that(sentence, fact, timeout))
    except Failed as e:
        return check(sentence, False, e)


def run(test):
    """Runs test(lab) and ends the program."""
    global _failed
    lab = Lab()
    try:
        test(lab)
    except Failed as e:
        check('the test runs to its end', False, e)
    except Exception:
        check('the test runs to its end', False, traceback.format_exc())
    finally:
        lab.close(keep=_failed)
    print(f'{_passed} passed, {_failed} failed')
    sys.exit(1 if _failed or not _passed else 0)


# --- the laboratory --------------------------------------------------------

class Lab:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='sipregd-')
        self.processes = []
        # A loopback address of our own keeps parallel runs apart.
        self.host = '127.{}.{}.{}'.format(random.randint(1, 254),
                                          random.randint(0, 254),
                                          random.randint(1, 254))
        self.ports = set()
        atexit.register(self.close)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), 'w') as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def port(self):
        """A port of our address that nobody uses, on UDP and TCP."""
        while True:
            with socket.socket() as tcp, \
                 socket.socket(type=socket.SOCK_DGRAM) as udp:
                tcp.bind((self.host, 0))
                port = tcp.getsockname()[1]
                try:
                    udp.bind((self.host, port))
                except OSError:
                    continue
            if port not in self.ports:
                self.ports.add(port)
                return port

    def start(self, name, argv, **kw):
        """A process whose output goes to NAME.log; it never outlives us."""
        log = open(self.path(name + '.log'), 'ab')
        p = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            process_group=0,
            preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            **kw)
        log.close()
        self.processes.append((name, p))
        return p

    def stop(self, p, timeout=20):
        """Ends it politely; its exit status, negative for a signal."""
        if p.poll() is None:
            p.terminate()
        try:
            return p.wait(timeout)
        except subprocess.TimeoutExpired:
            # Kamailio's children would stay
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            return None

    def log(self, name):
        with open(self.path(name + '.log'), errors='replace') as f:
            return f.read()

    def close(self, keep=False):
        for _, p in reversed(self.processes):
            self.stop(p)
        if keep:
            for name, _ in self.processes:
                print(f'# --- {name}.log')
                for line in self.log(name).splitlines()[-60:]:
                    print('# ', line)
        self.processes = []
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- certificates ---

    def openssl(self, *args):
        subprocess.run(['openssl', *args], cwd=self.dir, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)

    KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
           '-nodes')

    def ca(self, name='ca'):
        """A certificate authority; the path of its certificate."""
        self.openssl('req', '-x509', *self.KEY, '-keyout', name + '.key',
                     '-out', name + '.pem', '-days', '2',
                     '-subj', f'/CN={name} of a test')
        return self.path(name + '.pem')

    def certificate(self, file, san='DNS:' + NAME, ca='ca', days=2):
        """A server's certificate and key; days -1: it has expired."""
        self.openssl('req', *self.KEY, '-keyout', file + '.key', '-out',
                     file + '.csr', '-subj', '/CN=' + file)
        self.write(file + '.ext', f'subjectAltName={san}\n')
        self.openssl('x509', '-req', '-in', file + '.csr', '-CA', ca + '.pem',
                     '-CAkey', ca + '.key', '-days', str(days), '-extfile',
                     file + '.ext', '-out', file + '.pem')
        return self.path(file + '.pem'), self.path(file + '.key')


# --- the registrar ---------------------------------------------------------

class Kamailio:
    """`lenient`: it routes to where a REGISTER came from, not to its Contact,
    as many a provider does for clients behind a NAT. `by_contact`: it knows
    nothing of instances, each Contact is a binding."""

    MARK = 'REGISTER-SEEN'
    MODULES = '/usr/lib/{0}/kamailio/modules/:/usr/lib/kamailio/modules/'

    def __init__(self, lab, name='kamailio', algorithm='MD5', grant=15,
                 nonce_expire=300, lenient=False, by_contact=False):
        self.lab, self.name = lab, name
        self.host, self.port, self.tls_port = lab.host, lab.port(), lab.port()
        self.dir = lab.path(name)
        os.mkdir(self.dir)
        if not os.path.exists(lab.path('ca.pem')):
            lab.ca()
        if not os.path.exists(lab.path('registrar.pem')):
            lab.certificate('registrar')
        machine = os.uname().machine + '-linux-gnu'
        with open(os.path.join(HERE, 'kamailio.cfg.in')) as f:
            text = f.read()
        for key, value in {
                'HOST': self.host, 'PORT': self.port,
                'TLS_PORT': self.tls_port, 'DIR': self.dir,
                'MODULES': self.MODULES.format(machine), 'MARK': self.MARK,
                'ALGORITHM': algorithm, 'GRANT': grant,
                'NONCE_EXPIRE': nonce_expire,
                'CERTIFICATE': lab.path('registrar.pem'),
                'KEY': lab.path('registrar.key')}.items():
            text = text.replace(f'@{key}@', str(value))
        config = lab.write(name + '.cfg', text)
        self.process = lab.start(name, [
            'kamailio', '-f', config, '-DD', '-E', '-m', '32', '-M', '8',
            '-Y', self.dir, '-w', self.dir, '-P', self.dir + '/pid',
            *(['-A', 'LENIENT'] if lenient else []),
            *(['-A', 'BY_CONTACT'] if by_contact else [])])
        await_that(f'{name} answers', self.alive, 20)

    def alive(self):
        if self.process.poll() is not None:
            raise Failed(f'{self.name} ended: ' + self.lab.log(self.name))
        return 'records' in self.rpc('ul.dump') or 'AoRs' in self.rpc('ul.dump')

    def processes(self):
        """The pids of all of it."""
        pid = self.process.pid
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            return [pid, *map(int, f.read().split())]

    def rpc(self, *args):
        r = subprocess.run(['kamcmd', '-s', f'unix:{self.dir}/ctl', *args],
                           capture_output=True, text=True)
        return r.stdout

    def bindings(self):
        """What it holds: {user: [contact URI ...]}."""
        held, user = {}, None
        for line in self.rpc('ul.dump').splitlines():
            line = line.strip()
            if m := re.match(r'AoR: (\S+)', line):
                user = m[1]
            elif m := re.match(r'Address: (\S+)', line):
                held.setdefault(user, []).append(m[1])
        return held

    def registers(self, user=None):
        """Every REGISTER that arrived, oldest first, as dicts."""
        seen = []
        for line in self.lab.log(self.name).splitlines():
            if self.MARK in line:
                _, _, rest = line.partition(self.MARK)
                r = dict(part.split('=', 1)
                         for part in rest.strip().split(' ', 6))
                r['cseq'], r['auth'] = int(r['cseq']), r['auth'] == '1'
                if user in (None, r['user']):
                    seen.append(r)
        return seen

    def uri(self, transport='udp', host=None):
        port = self.tls_port if transport == 'tls' else self.port
        return f'sip:{host or self.host}:{port}'

    def account(self, user, transport='udp', port=None, **keys):
        """A sipregd account at this registrar."""
        tls = transport == 'tls'
        port = port or (self.tls_port if tls else self.port)
        a = {'name': user, 'aor': f'sip:{user}@{self.host}',
             'password': 'secret-' + user, 'transport': transport,
             'registrar': f'sip:{self.host}:{port}'}
        if tls:
            a['tls'] = {'ca_file': self.lab.path('ca.pem'), 'name': NAME}
        a.update(keys)
        return a

    def reaches(self, user):
        """Does an OPTIONS to the user arrive at the client and is answered?"""
        r = subprocess.run(['sipsak', '-H', self.host, '-s',
                            f'sip:{user}@{self.host}:{self.port}'],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=60)
        return r.returncode == 0


# --- sipregd ---------------------------------------------------------------

def libconfig(value):
    """A Python value in libconfig's syntax."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, dict):
        return '{ ' + ' '.join(f'{k} = {libconfig(v)};'
                               for k, v in value.items()) + ' }'
    if isinstance(value, (list, tuple)):
        return '( ' + ', '.join(map(libconfig, value)) + ' )'
    if isinstance(value, str):
        return json.dumps(value)
    return str(value)


class Sipregd:
    """The daemon under test; `wrap` is put before its command. `start`: who
    starts it, as Lab.start() does."""

    def __init__(self, lab, accounts, name='sipregd', wrap='', ready=True,
                 start=None, **settings):
        self.lab, self.name = lab, name
        self.start = start or lab.start
        self.socket = lab.path(name + '.socket')
        config = {'control_socket': self.socket,
                  'state_dir': lab.path(name + '.state'),
                  'log_level': 'debug', **settings, 'accounts': accounts}
        os.makedirs(config['state_dir'], exist_ok=True)
        self.config = lab.write(name + '.conf', ''.join(
            f'{k} = {libconfig(v)};\n' for k, v in config.items()))
        self.argv = [*shlex.split(wrap), SIPREGD, '-c', self.config]
        self.process = self.start(name, self.argv)
        if ready:
            # valgrind takes its time to get going
            await_that(f'{name} answers on its socket', self.alive,
                       PATIENCE * (4 if wrap else 1))

    def alive(self):
        if self.process.poll() is not None:
            raise Failed(f'{self.name} ended with {self.process.returncode}')
        return os.path.exists(self.socket) and self.ctl('ping')[0] == 0

    def ctl(self, *args, timeout=90):
        """(exit status, stdout, stderr) of sipregctl."""
        r = subprocess.run([SIPREGCTL, '-s', self.socket, *args],
                           capture_output=True, text=True, timeout=timeout)
        return r.returncode, r.stdout, r.stderr

    def status(self, account):
        status, out, err = self.ctl('--json', 'status', account)
        if status:
            raise Failed(f'status {account}: exit {status}: {err}')
        return json.loads(out)

    def list(self):
        # valgrind and a loaded machine take their time
        status, out, err = self.ctl('--json', '--timeout', '60', 'list')
        if status:
            raise Failed(f'list: exit {status}: {err}')
        return json.loads(out)['accounts']

    def registered(self, *names):
        """Are all of them (or all there are) registered?"""
        listed = {a['name']: a['registered'] for a in self.list()}
        return all(listed[n] for n in names or listed)

    def stop(self):
        return self.lab.stop(self.process)
