#!/usr/bin/python3
"""Who is told while it runs as a service: Prometheus by HTTP and by a file,
who watches with sipregctl, a hook; and what a restart is to each of them."""

import os
import signal
import subprocess

import enclosure
import scene
from scene import lab

PORT = 9474
DIR = '/var/lib/prometheus/node-exporter'
TEXTFILE = DIR + '/sipregd.prom'
CONF = '/etc/sipregd/sipregd.conf'
DROPIN = '/etc/systemd/system/sipregd.service.d/textfile.conf'
GROUP = 'sipregd-textfile'
HOOK = '/usr/local/bin/tell'
DARK = '198.51.100.99'          # nobody answers there
FAILED, ENDED = 1, 3            # sipregctl(1), EXIT STATUS
# sipregctl's words, its exit status when sipregd ends, and what it says then
ASKED = (('monitor', ENDED, 'sipregd has ended'),
         ('trace', 'tcp', ENDED, 'sipregd has ended'),
         ('diagnose', 'dark', FAILED,
          'given up by the daemon: it reloaded or stops'))

GET = """
import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=20)
c.request('GET', sys.argv[2])
r = c.getresponse()
print(r.status, r.read().decode(), sep='\\n', end='')
"""


def got(s, path):
    """(status, text) of its HTTP listener; (0, why) without an answer."""
    r = subprocess.run(s.net.box.argv('/usr/bin/python3', '-c', GET, str(PORT),
                                      path), capture_output=True, text=True)
    status, _, text = r.stdout.partition('\n')
    return int(status or 0), text or r.stderr


def file(s):
    """The text file, '' if there is none."""
    return s.box.run('cat', TEXTFILE).stdout


def measured(s):
    s.box.write(CONF, s.box.must('cat', CONF) + 'metrics = { listen = '
                f'"127.0.0.1:{PORT}"; textfile = "{TEXTFILE}"; }};\n')
    s.box.sh(f'mkdir -p {DIR}; groupadd --system {GROUP}; '
             f'chgrp {GROUP} {DIR}; chmod 0775 {DIR}')
    status, said = s.service.systemctl('reload', 'sipregd')
    lab.check('metrics are configured', status == 0, said)
    lab.check_await('ready, by HTTP',
                    lambda: got(s, '/readyz') == (200, '2/2 reachable\n'))
    status, text = got(s, '/metrics')
    lab.check('the metrics tell of its accounts', status == 200 and
              '\nsipregd_account_registered{account="tcp"} 1\n' in text, text)
    lab.check_await('the sandbox keeps it from writing there, and it says so',
                    lambda: f'metrics.textfile {TEXTFILE}: '
                    in s.service.journal('-u', scene.UNIT))
    lab.check('nobody is harmed by that', s.reaches('tcp'))


def let_in(s):
    """The drop-in of sipregd(8), letter by letter."""
    with open(os.path.join(enclosure.ROOT, 'man/sipregd.8')) as manual:
        lines = [line.strip() for line in manual if line.startswith(
            ('ReadWritePaths=', 'SupplementaryGroups='))]
    s.box.sh('mkdir -p ' + DROPIN.rpartition('/')[0])
    s.box.write(DROPIN, '\n'.join(['[Service]', *lines, '']))
    s.box.must('systemctl', 'daemon-reload')
    s.box.must('systemctl', 'restart', 'sipregd')
    lab.check_await('with the drop-in of the manual the file is there',
                    lambda: 'sipregd_account_registered{account="tcp"} 1\n'
                    in file(s))
    lab.check('and may be read by whoever collects it',
              s.box.must('stat', '-c', '%a', TEXTFILE).strip() == '644')


def watched(s):
    """A restart, while others watch, ask and are told."""
    s.box.write(HOOK, '#!/bin/sh\necho "$SIPREGD_ACCOUNT: $SIPREGD_ON" >&2\n'
                'exec sleep 600\n', 0o755)
    s.box.write(CONF, s.box.must('cat', CONF) + 'hooks = ( { on = "response"; '
                f'after = 1; exec = "{HOOK}"; }} );\n')
    s.account(s.registrar.account('udp', 'dark', registrar=f'sip:{DARK}'))
    s.box.must('systemctl', 'reload', 'sipregd')
    asking = {verb: s.it.start(verb, s.box.argv('sipregctl', verb, *name))
              for verb, *name, _, _ in ASKED}
    # What it is told of shows that it listens.
    s.service.ctl('register', 'tcp')
    for verb in 'monitor', 'trace':
        lab.check_await(f'{verb} tells of a REGISTER',
                        lambda: 'REGISTER' in s.it.log(verb))
    lab.check_await('so does a hook, which takes its time',
                    lambda: hooks(s) == 1)
    lab.check('the diagnosis goes on', asking['diagnose'].poll() is None,
              s.it.log('diagnose'))

    port, seen = s.service.port('tcp'), len(s.registrar.registers())
    s.box.must('systemctl', 'restart', 'sipregd')
    for verb, *_, status, why in ASKED:
        asking[verb].wait(lab.PATIENCE)
        lab.check(f'restart: {verb} ends, and says why',
                  asking[verb].returncode == status and
                  s.it.log(verb).endswith(f': {why}\n'),
                  (asking[verb].returncode, s.it.log(verb)))
    lab.check('restart: the hook that ran is gone', hooks(s) == 0)
    lab.check('restart: the flow is the same, and sent nothing',
              s.service.port('tcp') == port and
              not s.registrar.sent(seen, 'tcp'), s.registrar.sent(seen, 'tcp'))
    lab.check_await('restart: ready, by HTTP, after each has been tried',
                    lambda: got(s, '/readyz') == (200, '2/3 reachable\n'), 60)
    lab.check_await('restart: the file is there again',
                    lambda: 'sipregd_account_registered{account="tcp"} 1\n'
                    in file(s))
    s.service.ctl('register', 'tcp')
    lab.check_await('restart: a hook is told again', lambda: hooks(s) == 1)


def hooks(s):
    """How many run."""
    return len(s.box.run('pgrep', '-u', 'sipregd', '-x', 'sleep').stdout
               .split())


def stopped(s):
    s.box.must('systemctl', 'stop', 'sipregd')
    lab.check('stopped: no file with old numbers', not file(s), file(s))
    lab.check('stopped: nobody listens', got(s, '/healthz')[0] == 0)
    lab.check('stopped: no hook is left', hooks(s) == 0)


def test(s):
    s.begin(*map(s.registrar.account, ('tcp', 'udp')))
    measured(s)
    let_in(s)
    watched(s)
    stopped(s)


scene.run(test)
