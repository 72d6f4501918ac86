#!/usr/bin/python3
"""It dies, or hangs: it is back by itself, and nothing is left of before."""

import os
import re

import scene
from scene import lab

WATCHDOG = 3                # [s] instead of 30
DROP_IN = '/etc/systemd/system/sipregd.service.d/watchdog.conf'


def instances(s, seen=0):
    return {re.search(r'\+sip\.instance="<([^>]+)>"', r['contact'])[1]
            for r in s.registrar.sent(seen)}


def back(s, what, instance, seen, pid=None):
    lab.check_await(f'{what}: another process runs', lambda:
                    s.service.pid() not in (0, pid) and
                    s.service.state() == 'active')
    lab.check_await(f'{what}: registered again', s.service.registered)
    lab.check(f'{what}: it is the same instance',
              instances(s, seen) == instance, s.registrar.sent(seen))
    for user in scene.TRANSPORTS:
        lab.check_await(f'{what}: {user} has one binding, the present one',
                        lambda: s.one_binding(user))
        lab.check_await(f'{what}: a request to {user} arrives',
                        lambda: s.reaches(user))


def once(s, what):
    lab.check(f'{what}: it was restarted once',
              s.service.show('NRestarts') == '1',
              s.service.show('NRestarts'))


def killed(s, instance):
    pid, seen = s.service.pid(), len(s.registrar.registers())
    s.box.must('systemctl', 'kill', '--signal=KILL', 'sipregd')
    back(s, 'kill -9', instance, seen, pid)
    once(s, 'kill -9')


def hangs(s, instance):
    s.box.must('mkdir', '-p', os.path.dirname(DROP_IN))
    s.box.write(DROP_IN, f'[Service]\nWatchdogSec={WATCHDOG}s\n')
    s.box.must('systemctl', 'daemon-reload')
    s.box.must('systemctl', 'restart', 'sipregd')
    lab.await_that('all registered', s.service.registered)
    pid, seen = s.service.pid(), len(s.registrar.registers())
    s.box.must('systemctl', 'kill', '--signal=STOP', '--kill-whom=main',
               'sipregd')
    back(s, 'hang', instance, seen, pid)
    once(s, 'hang')
    lab.check('hang: the journal blames the watchdog', 'watchdog' in
              s.service.journal('-u', scene.UNIT).lower())
    lab.check('hang: no core was dumped', not s.box.sh(
        'ls /core* /var/lib/systemd/coredump/* /var/lib/sipregd/core* '
        '2>/dev/null || :').strip())


def power_fails(s, instance):
    seen = len(s.registrar.registers())
    s.box.kill()
    s.boot()
    back(s, 'power failure', instance, seen)


def test(s):
    s.begin(*map(s.registrar.account, scene.TRANSPORTS))
    instance = instances(s)
    lab.check('all accounts are one instance', len(instance) == 1, instance)
    killed(s, instance)
    hangs(s, instance)
    power_fails(s, instance)


scene.run(test)
