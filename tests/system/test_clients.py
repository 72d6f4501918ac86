#!/usr/bin/python3
"""Clients of the control socket that mean harm (SCENARIOS O2): one that never
reads, one that sends a megabyte, a thousand at once, another user. They are
bounded, dropped and refused, and the accounts notice nothing."""

import os
import socket
import subprocess
import threading
import time

import lab

GRANT = 10          # [s]
CLIENTS = 64        # that are served at a time, doc of the control socket
CROWD = 1000
GROWTH = 40 << 20   # [bytes] of memory that all of it may cost
NOBODY = 65534
LIST = b'{"method":"io.sipregd.List"}\0'


def resident(daemon):
    with open(f'/proc/{daemon.process.pid}/statm') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def descriptors(daemon):
    return len(os.listdir(f'/proc/{daemon.process.pid}/fd'))


def client(daemon):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(daemon.socket)
    return s


def ended(s):
    """Has the daemon closed it?"""
    s.setblocking(False)
    try:
        while True:
            if not s.recv(65536):
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


class Reached(threading.Thread):
    """Calls the account all the time and notes how long an answer takes."""

    def __init__(self, registrar, user):
        super().__init__(daemon=True)
        self.registrar, self.user = registrar, user
        self.lost, self.slowest, self.calls = 0, 0, 0
        self.over = False
        self.start()

    def run(self):
        while not self.over:
            began = time.monotonic()
            self.lost += not self.registrar.reaches(self.user)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.calls += 1

    def end(self):
        self.over = True
        self.join()


def crowd(daemon, rest):
    clients = []
    for i in range(CROWD):
        try:
            s = client(daemon)
            clients.append(s)
            if i % 3:
                s.send(b'{')
        except OSError:
            pass                # it has had enough of us
    lab.check_await(f'of {CROWD} connections at once no more than {CLIENTS} '
                    'are kept', lambda: descriptors(daemon) <= rest + CLIENTS)
    lab.check(f'among {CROWD} idle ones sipregctl is served',
              daemon.ctl('ping')[0] == 0)
    for s in clients:
        s.close()


def megabyte(daemon):
    s = client(daemon)
    sent = 0
    try:
        while sent < 1 << 20:
            sent += s.send(b'x' * 65536)
    except OSError:
        pass
    lab.check_await('who sends a megabyte without an end is cut off',
                    lambda: ended(s))
    s.close()


def deaf(daemon):
    """Asks and never reads."""
    s = client(daemon)
    s.setblocking(False)
    asked = 0
    try:
        for _ in range(200000):
            asked += s.send(LIST) // len(LIST)
    except OSError:
        pass
    return s, asked


def somebody(daemon):
    """What another user gets: what was said to it, or the error."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(5)
            s.connect(daemon.socket)
            s.sendall(b'{"method":"io.sipregd.Pause","parameters":'
                      b'{"account":"tcp"}}\0')
            os.write(into, s.recv(4096))
        except OSError as e:
            os.write(into, type(e).__name__.encode())
        finally:
            os._exit(0)
    os.close(into)
    os.waitpid(child, 0)
    with os.fdopen(out, 'rb') as f:
        return f.read()


def reload_as_nobody(daemon):
    # the way to the program may be closed to them, its file is not
    with open(lab.SIPREGCTL, 'rb') as f:
        r = subprocess.run(
            ['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY),
             '--clear-groups', f'/proc/self/fd/{f.fileno()}', '-s',
             daemon.socket, 'reload'], capture_output=True, text=True,
            pass_fds=[f.fileno()], timeout=30)
    return r.returncode, r.stderr


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    transports = 'udp', 'tcp', 'tls'
    daemon = lab.Sipregd(it, [registrar.account(t, t) for t in transports])
    lab.check_await('all are registered', daemon.registered)
    before, rest = resident(daemon), descriptors(daemon)
    callers = [Reached(registrar, t) for t in transports]
    seen = {t: len(registrar.registers(t)) for t in transports}
    began = time.monotonic()

    sleeper, asked = deaf(daemon)
    print(f'# the one that never reads got {asked} questions through')
    lab.check('the one that never reads cannot ask for ever',
              asked < 100000, asked)
    megabyte(daemon)
    crowd(daemon, rest)
    lab.check('among them sipregctl is still answered',
              daemon.ctl('--json', 'list')[0] == 0)

    if os.geteuid() == 0:
        os.chmod(it.dir, 0o711)
        said = somebody(daemon)
        lab.check('another user does not even get in',
                  said == b'PermissionError', said)
        os.chmod(daemon.socket, 0o666)
        said = somebody(daemon)
        lab.check('another user whom the file lets in may change nothing',
                  b'PermissionDenied' in said, said)
        lab.check('and has changed nothing', daemon.registered('tcp'))
        status, err = reload_as_nobody(daemon)
        lab.check('5: its sipregctl reload is refused', status == 5
                  and 'not permitted' in err, (status, err))
        lab.check('that is in the log', 'change refused, not permitted '
                  f'(uid {NOBODY} pid ' in it.log('sipregd'))
    else:
        print('# only root can ask as another user')

    # all the time until each has had its refresh
    lab.check_await('every account was refreshed meanwhile', lambda: all(
        len(registrar.registers(t)) > n for t, n in seen.items()), GRANT)
    for caller in callers:
        caller.end()
        lab.check(f'{caller.user}: every request meanwhile was answered, soon',
                  caller.calls and not caller.lost and caller.slowest < 2,
                  (caller.calls, caller.lost, caller.slowest))
        print(f'# {caller.user}: {caller.calls} requests, the slowest took '
              f'{caller.slowest:.2f} s')
        status = daemon.status(caller.user)
        lab.check(f'{caller.user}: registered all the time', status[
            'registered'] and status['counters']['flow_failures'] == 0,
            status)
    sleeper.close()
    lab.check_await('no descriptor is left of them',
                    lambda: descriptors(daemon) <= rest)
    grown = resident(daemon) - before
    print(f'# {grown >> 10} KiB more memory, '
          f'{time.monotonic() - began:.1f} s')
    lab.check('memory is bounded', grown < GROWTH, grown)
    lab.check('exit status 0', daemon.stop() == 0)


lab.run(test)
