#!/usr/bin/python3
"""In a container: process 1 of its own process namespace, on a file system
that cannot be written to but for its state, without any service manager."""

import json
import os
import re
import signal
import subprocess
import time

import lab

GRANT = 3600        # [s] nobody refreshes while this runs
STOP_MAX = 6        # [s] from the signal to the exit
ORPHANS = 20

# $1: the laboratory, $2: where the state goes, $3 ...: the daemon. Somebody
# has ended before it comes, and others have lost their parent.
SCRIPT = f'''
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -o remount,bind,ro /
mount -t tmpfs -o mode=0700 none "$2"
! touch "$1/probe" /probe 2>/dev/null
true &
for i in $(seq {ORPHANS}); do (sleep 1000 &); done
shift 2
exec "$@"
'''


class Container:
    def __init__(self, it, accounts):
        self.it = it
        self.state = it.path('state')
        os.makedirs(self.state, exist_ok=True)
        self.rewrite(accounts)
        env = {k: v for k, v in os.environ.items() if k not in (
            'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'STATE_DIRECTORY',
            'CREDENTIALS_DIRECTORY', 'JOURNAL_STREAM')}
        self.outside = it.start('container', [
            'unshare', *([] if os.geteuid() == 0 else ['--map-root-user']),
            '--mount', '--pid', '--fork', '--mount-proc', '--kill-child',
            'sh', '-c', SCRIPT, 'sh', it.dir, self.state,
            lab.SIPREGD, '-c', it.path('sipregd.conf')], env=env)
        self.pid = lab.await_that('it answers', self.alive)

    def rewrite(self, accounts):
        config = {'control_socket': self.state + '/control',
                  'state_dir': self.state, 'accounts': accounts}
        self.it.write('sipregd.conf', ''.join(
            f'{k} = {lab.libconfig(v)};\n' for k, v in config.items()))

    def children_of(self, pid):
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            return list(map(int, f.read().split()))

    def alive(self):
        """Its process id, as seen from outside."""
        if self.outside.poll() is not None:
            raise lab.Failed('it ended: ' + self.it.log('container'))
        pids = self.children_of(self.outside.pid)
        if pids and self.ctl(pids[0], 'ping')[0] == 0:
            return pids[0]
        return None

    def inside(self, pid, name):
        """A file of the state directory."""
        return f'/proc/{pid}/root{self.state}/{name}'

    def ctl(self, pid, *args):
        r = subprocess.run([lab.SIPREGCTL, '-s', self.inside(pid, 'control'),
                            *args], capture_output=True, text=True)
        return r.returncode, r.stdout

    def registered(self, *names):
        listed = json.loads(self.ctl(self.pid, '--json', 'list')[1])
        return {a['name'] for a in listed['accounts']
                if a['registered']} == set(names)

    def send(self, sig):
        os.kill(self.pid, sig)

    def orphans(self):
        return self.children_of(self.pid)


def number_inside(pid):
    """What it is called in its own namespace."""
    with open(f'/proc/{pid}/status') as f:
        return int(re.search(r'^NSpid:.*\s(\d+)$', f.read(), re.M)[1])


def adopting(container):
    orphans = container.orphans()
    lab.check('it has adopted orphans, and who had ended before is no zombie',
              len(orphans) == ORPHANS, orphans)
    for pid in orphans:
        os.kill(pid, signal.SIGKILL)
    lab.check_await('orphans that end together are all reaped',
                    lambda: not container.orphans())


def ending(it, registrar, container, sig):
    name = signal.Signals(sig).name
    began = time.monotonic()
    container.send(sig)
    status = container.outside.wait(20)
    took = time.monotonic() - began
    lab.check(f'{name}: exit status 0', status == 0, status)
    lab.check(f'{name}: within {STOP_MAX} s', took < STOP_MAX, took)
    lab.check(f'{name}: un-registered', not registrar.bindings(),
              registrar.bindings())


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    accounts = [registrar.account(t, t) for t in ('udp', 'tcp', 'tls')]
    container = Container(it, accounts)
    lab.check('it is process 1', number_inside(container.pid) == 1)
    lab.check_await('registered', lambda: container.registered(
        'udp', 'tcp', 'tls'))
    lab.check('who it is, is in the state directory',
              os.path.exists(container.inside(container.pid, 'instance')))
    lab.check('it logs to the standard error, with the time',
              re.search(r'^\d{4}-\d\d-\d\dT\S+ notice udp: registered',
                        it.log('container'), re.M), it.log('container'))
    adopting(container)

    container.send(signal.SIGUSR1)
    container.rewrite(accounts[:2] + [registrar.account('new', 'tcp')])
    container.send(signal.SIGHUP)
    lab.check_await('SIGHUP: one more, one less', lambda:
                    container.registered('udp', 'tcp', 'new'))
    lab.check_await('SIGHUP: the registrar has it', lambda: set(
        registrar.bindings()) == {'udp', 'tcp', 'new'})
    ending(it, registrar, container, signal.SIGTERM)

    container = Container(it, accounts)
    lab.check_await('once more: registered', lambda: container.registered(
        'udp', 'tcp', 'tls'))
    ending(it, registrar, container, signal.SIGINT)


lab.run(test)
