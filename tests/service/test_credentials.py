#!/usr/bin/python3
"""Passwords as credentials of the service manager: a file that only root can
read, an encrypted one; and where a password must never be."""

import scene
from scene import lab

DIRECTORY = '/etc/sipregd/credentials'
STORE = '/etc/credstore.encrypted'      # since systemd 254
DROP_IN = '/etc/systemd/system/sipregd.service.d/sealed.conf'
IMPORTS = 254
TRUNK, SEALED = 'secret-trunk', 'secret-sealed'     # as kamailio.cfg.in says


def account(s, name):
    a = s.registrar.account('tcp', name, credential=name)
    del a['password']
    return a


def sealed(s):
    """As sipregd.conf(5) tells: encrypted for this machine alone."""
    version = int(s.box.must('systemctl', '--version').split()[1])
    name = 'sealed'
    if version >= IMPORTS:
        path = f'{STORE}/sipregd.sealed'
        name = 'sipregd.sealed'
    else:
        path = '/etc/sipregd/sealed.cred'
        s.box.sh('mkdir -p $(dirname ' + DROP_IN + ')')
        s.box.write(DROP_IN, '[Service]\n'
                    f'LoadCredentialEncrypted=sealed:{path}\n')
        s.box.must('systemctl', 'daemon-reload')
    s.box.sh(f'mkdir -p {STORE}; umask 077; '
             f'systemd-creds encrypt --name={name} - {path}', text=SEALED)
    lab.check('the encrypted file does not tell the password', s.box.run(
        'grep', '-q', SEALED, path).returncode == 1)


def denied(s):
    pid = s.service.pid()
    lab.check('the service runs as its own user', s.box.must(
        'stat', '-c', '%U', f'/proc/{pid}').strip() == 'sipregd')
    for what, enter in (('its user', ()), ('its user, in its sandbox', (
            'nsenter', '-t', str(pid), '-m'))):
        for path in DIRECTORY, DIRECTORY + '/trunk':
            r = s.box.run(*enter, 'setpriv', '--reuid=sipregd',
                          '--regid=sipregd', '--init-groups', 'cat', path)
            lab.check(f'{what} cannot read {path}', r.returncode and
                      'denied' in r.stderr, r.stdout + r.stderr)
    r = s.box.run('sh', '-c', 'cat /run/credentials/sipregd.service/*',
                  user='nobody')
    lab.check('nobody else can read what the service was given',
              r.returncode and not r.stdout, r.stdout + r.stderr)


def secret(s):
    """Where passwords are looked for, and a command that shows it."""
    pid = s.service.pid()
    s.service.ctl('register', 'trunk')
    for where, command in (
            ('the journal', 'journalctl --all -o verbose'),
            ('systemctl status', 'systemctl status -l --lines=999 sipregd'),
            ('systemctl show', 'systemctl show sipregd'),
            ('the environment', f'cat /proc/{pid}/environ'),
            ('the command line', f'cat /proc/{pid}/cmdline'),
            ('sipregctl status', 'sipregctl --json status trunk'),
            ('sipregctl history', 'sipregctl --json history trunk'),
            ('the state', 'grep -r . /var/lib/sipregd'),
            ('the effective configuration', 'env CREDENTIALS_DIRECTORY='
             '/run/credentials/sipregd.service sipregd -n')):
        out = s.box.must(*command.split())
        lab.check(f'no password in {where}', out and TRUNK not in out and
                  SEALED not in out)


def test(s):
    s.install()
    s.box.write(DIRECTORY + '/trunk', TRUNK + '\n', 0o600)
    sealed(s)
    s.account(account(s, 'trunk'), account(s, 'sealed'), file='both')
    s.box.must('systemctl', 'restart', 'sipregd')
    for name in 'trunk', 'sealed':
        lab.check_await(f'{name} is registered with its credential',
                        lambda: s.service.registered(name))
    status, said = s.service.systemctl('reload', 'sipregd')
    lab.check('a reload finds them again', status == 0 and
              s.service.registered(), said)
    denied(s)
    secret(s)
    s.box.write(DIRECTORY + '/trunk', 'wrong\n', 0o600)
    s.box.must('systemctl', 'restart', 'sipregd')
    status, out, err = s.service.ctl('register', 'trunk')
    lab.check('another password there is another one after a restart',
              status == 1 and s.service.status('trunk')['reason'] ==
              'credentials', out + err)


scene.run(test)
