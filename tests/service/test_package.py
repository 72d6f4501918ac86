#!/usr/bin/python3
"""The package: installed, it runs; upgraded, nobody notices; removed and
purged, nothing of it is left."""

import re

import debs
import scene
from scene import lab

# What changes on a machine that runs, whatever is installed on it.
VOLATILE = r'/(run|proc|sys|dev|tmp|srv|var/(log|cache|tmp|lib/(apt|systemd/' \
           r'(timers|random-seed|credential\.secret))))(/|$)|/etc/\S+-$|' \
           r'/var/lib/(dpkg/|systemd/catalog/|ucf/)\S*(-old|database)$'
MODES = {'/etc/sipregd': '750 root sipregd',
         '/etc/sipregd/accounts.d': '750 root sipregd',
         '/etc/sipregd/sipregd.conf': '640 root sipregd',
         '/etc/sipregd/credentials': '700 root root',
         '/run/sipregd': '755 root root',
         '/run/sipregd/control': '660 sipregd sipregctl'}


def files(s):
    """Every path of the machine that is there to stay."""
    return {p for p in s.box.must('find', '/', '-xdev').splitlines()
            if not re.match(VOLATILE, p)}


def installed(s):
    s.install()
    lab.check('installed: enabled and active', s.box.run(
        'systemctl', 'is-enabled', scene.UNIT).stdout.strip() == 'enabled'
        and s.service.state() == 'active')
    lab.check('`systemctl status` says what to do next',
              '/etc/sipregd/accounts.d' in s.service.show('StatusText'),
              s.service.show('StatusText'))
    status, out, err = s.service.ctl('list')
    lab.check('sipregctl answers, without any account', status == 0 and
              not s.service.enabled(), out + err)
    for path, mode in MODES.items():
        found = s.box.run('stat', '-c', '%a %U %G', path)
        lab.check(f'{path} is {mode}', found.stdout.strip() == mode,
                  found.stdout + found.stderr)
    lab.check('it runs as its own user', s.box.must(
        'ps', '-o', 'user=', '-p', str(s.service.pid())).strip() == 'sipregd')
    lab.check('the user cannot log in', s.box.must(
        'getent', 'passwd', 'sipregd').strip().endswith('nologin'))
    for page in ('sipregd.8', 'sipregctl.1', 'sipregd.conf.5'):
        lab.check(f'the manual {page} is installed', page in s.box.must(
            'dpkg', '-L', 'sipregd'))
    quiet(s)


def quiet(s):
    failed = s.box.must('systemctl', '--failed', '--plain', '--no-legend')
    lab.check('no unit of the machine has failed', not failed, failed)
    said = s.box.must('journalctl', '-q', '--no-pager', '-p', 'warning', '-u',
                      'sipregd.service', '-u', 'sipregd.socket')
    lab.check('nobody warns of the unit or in it', not said, said)
    said = [line for line in s.box.console_text().splitlines()
            if 'sipregd' in line and '.service:' in line]
    lab.check('systemd read it without a word', not said, '\n'.join(said))
    r = s.box.run('systemd-analyze', 'verify', '--man=no', scene.UNIT,
                  'sipregd.socket')
    said = [line for line in (r.stdout + r.stderr).splitlines()
            if 'sipregd' in line]
    lab.check('systemd-analyze verify finds nothing', not said,
              '\n'.join(said))


def upgraded(s):
    s.account(*map(s.registrar.account, ('udp', 'tcp')), file='mine')
    s.box.must('systemctl', 'reload', 'sipregd')
    lab.await_that('all registered', s.service.registered)
    lab.await_that('all reachable', s.service.reachable)
    ports = [s.service.port(t) for t in ('udp', 'tcp')]
    pid, seen = s.service.pid(), len(s.registrar.registers())
    s.install(debs.newer(debs.find(s.suite), s.it.dir))
    lab.check('upgraded: the new version is installed', '+newer' in
              s.box.must('dpkg-query', '-W', 'sipregd'))
    lab.check('upgraded: another process runs', s.service.state() == 'active'
              and s.service.pid() not in (0, pid))
    lab.check('upgraded: registered, on the same ports',
              s.service.registered() and
              ports == [s.service.port(t) for t in ('udp', 'tcp')],
              s.service.list())
    for t in 'udp', 'tcp':
        lab.check(f'upgraded: a request to {t} arrives', s.reaches(t))
    lab.check('upgraded: no REGISTER was sent', not s.registrar.sent(seen),
              s.registrar.sent(seen))
    lab.check('upgraded: the accounts are still there', s.box.run(
        'test', '-f', scene.CONF.format('mine')).returncode == 0)


def removed(s):
    s.box.must('apt-get', '-qy', 'remove', 'sipregd')
    lab.check('removed: the registrar has forgotten all accounts',
              not s.registrar.bindings(), s.registrar.bindings())
    lab.check('removed: the accounts are still there, for the next time',
              s.box.run('test', '-f',
                        scene.CONF.format('mine')).returncode == 0)
    lab.check('removed: nothing runs', s.box.run(
        'pgrep', '-x', 'sipregd').returncode == 1)


def purged(s, before):
    s.box.must('apt-get', '-qy', 'purge', 'sipregd')
    left = sorted(files(s) - before)
    lab.check('purged: no file is left', not left, '\n'.join(left))
    gone = sorted(before - files(s))
    lab.check("purged: no file of anybody else's is gone", not gone,
              '\n'.join(gone))
    for what in 'list-unit-files', 'list-units --all':
        out = s.box.run('systemctl', *what.split(), '--plain', '--no-legend',
                        'sipregd*').stdout
        lab.check(f'purged: `systemctl {what}` knows none of it', not out,
                  out)
    lab.check('purged: /run has nothing of it', not s.box.sh(
        'find /run -name "*sipregd*"').strip())
    s.install()
    lab.check('installed once more: it runs', s.service.state() == 'active')


def test(s):
    before = files(s)
    installed(s)
    upgraded(s)
    removed(s)
    purged(s, before)


scene.run(test)
