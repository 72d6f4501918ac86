"""Where a test lives: namespaces, a control group and a tmpfs of its own, so
that nothing of it is seen outside, and nothing of it stays behind.

    enclosure.enter()       # the program begins anew, inside

Whoever calls enter() becomes the keeper: it starts the program a second time
inside, waits, and removes the control group. The program inside is the first
process of its namespace: when it ends, in whatever way, all that it started
has ended too. What it mounted and wrote is gone with the namespace.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get('BUILD', 'build'))
DIR = os.path.join(BUILD, 'service')
RUN = '/run'                            # another tmpfs for each test
CGROUPS = '/sys/fs/cgroup'
INSIDE = 'SIPREGD_ENCLOSURE'            # in the environment: our cgroup's name
GONE = 10               # [s] killed processes take to be gone

CLONE_NEWNS = 0x00020000        # unshare(2)
PR_SET_PDEATHSIG = 1            # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)


def die(sentence):
    """Ends the program as one that tested nothing."""
    print('not ok -', sentence)
    print('0 passed, 1 failed')
    sys.exit(1)


def enter():
    if INSIDE not in os.environ:
        sys.exit(_keep())


def cgroup(name):
    """Of the test's cgroup the part with that name; it is made."""
    path = os.path.join(CGROUPS, os.environ[INSIDE], name)
    os.makedirs(path, exist_ok=True)
    return path


def join(path):
    """This process goes into that cgroup."""
    with open(os.path.join(path, 'cgroup.procs'), 'w') as f:
        f.write('0')


def dies_with_its_parent(how=signal.SIGKILL):
    """For a process that was just forked."""
    _libc.prctl(PR_SET_PDEATHSIG, how)


def _unshare(flags):
    if _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), 'unshare')


def _mount(*args):
    subprocess.run(['mount', *args], check=True)


def _keep():
    if os.geteuid():
        die('needs root: a system with a systemd of its own is booted')
    try:
        _unshare(CLONE_NEWNS)
        _mount('--make-rprivate', '/')
        _mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', RUN)
        # Whatever the machine has there: systemd wants a pure cgroup2.
        subprocess.run(['umount', '-R', CGROUPS], stderr=subprocess.DEVNULL)
        _mount('-t', 'cgroup2', 'cgroup2', CGROUPS)
    except (OSError, subprocess.CalledProcessError) as e:
        die(f'needs to mount, in a namespace of its own: {e}')
    name = f'sipregd-test-{os.getpid()}'
    top = os.path.join(CGROUPS, name)
    inside = None

    def end(*_):
        if inside:
            inside.kill()
        else:
            sys.exit(1)

    for s in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        signal.signal(s, end)
    os.makedirs(os.path.join(top, 'test'))

    def before_exec():
        dies_with_its_parent()
        join(os.path.join(top, 'test'))

    try:
        inside = subprocess.Popen(
            ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL',
             '--mount-proc', sys.executable, *sys.argv],
            env={**os.environ, INSIDE: name, 'TMPDIR': RUN},
            preexec_fn=before_exec)
        status = inside.wait()
    finally:
        for path, _, _ in os.walk(top, topdown=False):
            _remove(path)
    return status if status >= 0 else 1


def _remove(path):
    """A cgroup is busy until the last of its processes is quite gone."""
    end = time.monotonic() + GONE
    while True:
        try:
            return os.rmdir(path)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
