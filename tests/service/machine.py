"""A Debian machine with a booted systemd: a root made by roots.py under a
layer that is thrown away, in a container, in a network namespace that is
given.

    box = machine.Machine('bookworm', net.box)
    box.boot()
    box.must('systemctl', 'is-system-running')
    box.off()
"""

import os
import shutil
import signal
import subprocess
import time

import enclosure
import roots
from lab import Failed

BOOTED = 60             # [s] a busy machine may take for it; 2 on an idle one
HALT = 34 + 4           # SIGRTMIN+4 to systemd: power off; systemd(1)
OFF = 60                # [s] to power off
ENV = ('PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8',
       'DEBIAN_FRONTEND=noninteractive', 'TERM=dumb', 'NO_COLOR=1')


class Machine:
    """`net`: the nets.Namespace that is its network."""

    def __init__(self, suite, net):
        self.net = net
        self.process = self.leader = None
        self.dir = os.path.join(enclosure.RUN, suite)
        self.root = os.path.join(self.dir, 'root')
        self.console = os.path.join(self.dir, 'console')
        for d in 'upper', 'work', 'root':
            os.makedirs(os.path.join(self.dir, d))
        subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o',
                        f'lowerdir={roots.path(suite)},'
                        f'upperdir={self.dir}/upper,workdir={self.dir}/work',
                        self.root], check=True)
        self.write('/etc/resolv.conf', '')
        self.write('/etc/hostname', 'box\n')

    def host(self, path):
        """The path of its file, as seen from here while it does not run. Of a
        running one only what is no mount of its own."""
        return self.root + path

    def write(self, path, text, mode=0o644):
        with open(self.host(path), 'w') as f:
            f.write(text)
        os.chmod(self.host(path), mode)
        return path

    def copy(self, source, path):
        shutil.copyfile(source, self.host(path))
        return path

    # --- on and off ---

    def boot(self):
        """It runs, and every unit has started or failed."""
        slot = enclosure.cgroup('machine')

        def before_exec():
            enclosure.dies_with_its_parent()
            enclosure.join(slot)

        with open(self.console, 'ab') as log:
            self.process = subprocess.Popen(
                self.net.argv('systemd-nspawn', '--quiet', '--register=no',
                              '--keep-unit', '--console=pipe',
                              '--resolv-conf=off', '--timezone=off',
                              '--link-journal=no',
                              '--network-namespace-path=' + self.net.path,
                              '-D', self.root, '--boot'),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=before_exec)
        end = time.monotonic() + BOOTED
        while not self._booted():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed('does not boot: ' + self.console_text())
            time.sleep(0.05)

    def _booted(self):
        self.leader = child(self.process.pid)
        if not self.leader:
            return False
        state = self.run('systemctl', 'is-system-running').stdout.strip()
        return state in ('running', 'degraded')

    def off(self):
        """Powers off; what is written stays for the next boot()."""
        os.kill(self.leader, HALT)
        try:
            self.process.wait(OFF)
        except subprocess.TimeoutExpired:
            raise Failed('does not power off: ' + self.console_text())
        self.process = self.leader = None

    def kill(self):
        """As if its power failed."""
        os.kill(self.leader, signal.SIGKILL)
        self.process.wait()
        self.process = self.leader = None

    def console_text(self):
        with open(self.console, errors='replace') as f:
            return f.read()

    # --- what is done there ---

    def argv(self, *command, user=None):
        """The command, to be run there by root or that user."""
        if user:
            command = ('setpriv', '--reuid=' + user, '--regid=' + user,
                       '--init-groups', *command)
        return ['nsenter', '-t', str(self.leader), '-a', 'env', '-i', *ENV,
                *command]

    def run(self, *command, user=None, text=None, timeout=120):
        """Runs it there: .returncode, .stdout, .stderr."""
        return subprocess.run(self.argv(*command, user=user), input=text,
                              text=True, errors='replace', timeout=timeout,
                              capture_output=True,
                              **({} if text else
                                 {'stdin': subprocess.DEVNULL}))

    def must(self, *command, **kw):
        """Runs it there, which must succeed; its output."""
        r = self.run(*command, **kw)
        if r.returncode:
            raise Failed(f'{" ".join(command)}: exit status {r.returncode}: '
                         f'{r.stdout}{r.stderr}')
        return r.stdout

    def sh(self, script, **kw):
        return self.must('sh', '-euc', script, **kw)


def child(pid):
    """Its first child, or None."""
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            return next(map(int, f.read().split()), None)
    except FileNotFoundError:
        return None
