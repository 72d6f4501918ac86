#!/usr/bin/python3
"""What an attacker who has taken over the daemon would find around him."""

import re

import scene
from scene import lab

EXPOSED = 1.5               # of 10; systemd-analyze(1), security
STATUS = {'NoNewPrivs': '1', 'Seccomp': '2',    # 2: filtered; proc(5)
          **{f'Cap{c}': '0000000000000000'
             for c in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')}}
ROOT, USER = (), ('setpriv', '--reuid=sipregd', '--regid=sipregd',
                  '--init-groups')


def inside(s, who, *command):
    """Runs it in the mounts that the service sees; whether it succeeded."""
    return s.box.run('nsenter', '-t', str(s.service.pid()), '-m', *who,
                     *command).returncode == 0


def scored(s):
    path = s.service.show('FragmentPath')
    r = s.box.run('systemd-analyze', 'security', '--no-pager',
                  '--offline=yes', f'--threshold={EXPOSED * 10:.0f}', path)
    level = re.search(r'exposure level for \S+: ([\d.]+)', r.stdout)
    lab.check(f'systemd-analyze security: at most {EXPOSED}',
              r.returncode == 0 and level and float(level[1]) <= EXPOSED,
              r.stdout + r.stderr)


def process(s):
    pid = s.service.pid()
    text = s.box.must('cat', f'/proc/{pid}/status')
    found = dict(line.split(':\t', 1) for line in text.splitlines()
                 if ':\t' in line)
    for name, value in STATUS.items():
        lab.check(f'its {name} is {value}', found[name] == value,
                  found[name])
    lab.check('it leaves no core', re.search(
        r'^Max core file size +0 +0 ',
        s.box.must('cat', f'/proc/{pid}/limits'), re.M))


def files(s):
    s.box.sh('mkdir -p /home/anna; echo x >/home/anna/x; echo x >/tmp/x; '
             'echo x >/root/x')
    for path in '/etc', '/usr', '/var', '/var/lib', '/opt', '/':
        lab.check(f'nobody can write in {path}, not even root',
                  not inside(s, ROOT, 'touch', path + '/y'))
    for path in ('/etc/sipregd', '/etc/sipregd/accounts.d',
                 '/etc/sipregd/sipregd.conf', '/run', '/run/sipregd'):
        lab.check(f'it cannot write {path}',
                  not inside(s, USER, 'test', '-w', path))
    for path in '/home/anna/x', '/root/x', '/tmp/x':
        lab.check(f'{path} of others is not there',
                  not inside(s, ROOT, 'test', '-e', path))
    lab.check('no device but the harmless ones is there', inside(
        s, ROOT, 'test', '-c', '/dev/null') and not any(
            inside(s, ROOT, 'test', '-e', '/dev/' + d)
            for d in ('kmsg', 'mem', 'net/tun', 'fuse', 'sda', 'vda')))
    lab.check('processes of others are not seen', not inside(
        s, USER, 'test', '-e', '/proc/1/status'))
    lab.check('what it reads: its configuration', inside(
        s, USER, 'cat', '/etc/sipregd/sipregd.conf',
        scene.CONF.format('tcp')))
    lab.check('what it writes: its state', inside(
        s, USER, 'sh', '-c',
        'touch /var/lib/sipregd/y && rm /var/lib/sipregd/y'))
    found = s.box.must('find', '/var/lib/sipregd', '-printf', '%m %U %p\n')
    uid = s.box.must('id', '-u', 'sipregd').strip()
    lab.check('its state is for nobody else', all(
        line.startswith((f'700 {uid}', f'600 {uid}'))
        for line in found.splitlines()), found)


def hook(s):
    """A program of the operator's, in the same sandbox."""
    s.box.write('/usr/local/bin/tell', """#!/bin/sh
echo "told: $SIPREGD_ACCOUNT $SIPREGD_ON, $(wc -l) line, uid $(id -u)" >&2
touch /usr/x
""", 0o755)
    main = '/etc/sipregd/sipregd.conf'
    s.box.write(main, s.box.must('cat', main) + 'hooks = ( { on = "response"; '
                'after = 1; exec = "/usr/local/bin/tell"; } );\n')
    lab.check('a hook is configured', s.service.systemctl(
        'reload', 'sipregd')[0] == 0, s.service.systemctl(
            'status', 'sipregd')[1])
    lab.check('something happens', s.service.ctl('register', 'tcp')[0] == 0)
    uid = s.box.must('id', '-u', 'sipregd').strip()
    lab.check_await('the hook runs in the sandbox, as the same user', lambda:
                    f'told: tcp response, 1 line, uid {uid}'
                    in s.service.journal('-u', scene.UNIT))
    lab.check('and can write nowhere', not inside(
        s, ROOT, 'test', '-e', '/usr/x'))


def test(s):
    s.begin(s.registrar.account('tcp'))
    scored(s)
    process(s)
    files(s)
    hook(s)
    lab.check('and it still runs', s.service.registered() and
              s.reaches('tcp'))


scene.run(test)
