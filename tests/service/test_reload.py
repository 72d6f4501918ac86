#!/usr/bin/python3
"""A configuration that is not good: a reload fails and changes nothing, a
start fails at once."""

import scene
from scene import lab

EX_CONFIG = 78              # sysexits(3)
BAD = '/etc/sipregd/accounts.d/bad.conf'


def reload_bad(s):
    seen = len(s.registrar.registers())
    s.box.write(BAD, 'accounts = (\n'
                '  { name = "bad"; aor = "sip:bad@example.org";\n'
                '    pasword = "secret-bad"; } );\n')
    status, said = s.service.systemctl('reload', 'sipregd')
    lab.check('a bad configuration: `systemctl reload` fails',
              status != 0 and 'failed' in said, (status, said))
    lab.check('the journal names file and line, and what was meant',
              (lines := [line for line in s.service.journal(
                  '-u', scene.UNIT).splitlines() if f'{BAD}:3:' in line])
              and any('password' in line for line in lines),
              s.service.journal('-u', scene.UNIT))
    lab.check('it is still active', s.service.state() == 'active')
    lab.check('the old accounts go on, undisturbed',
              s.service.registered('udp', 'tcp') and s.reaches('tcp') and
              not s.registrar.sent(seen), s.service.list())
    text = s.service.show('StatusText')
    lab.check('STATUS= tells of the refused reload, and that all are reached',
              'reload refused' in text and f'{BAD}:3:' in text and
              '2/2 reachable' in text, text)
    status, out, err = s.service.ctl('reload')
    lab.check('`sipregctl reload` says the same', status == 1 and
              f'{BAD}:3:' in err, (status, out, err))


def reload_good(s):
    s.account(s.registrar.account('udp', 'bad'), file='bad')
    seen = len(s.registrar.registers())
    status, said = s.service.systemctl('reload', 'sipregd')
    lab.check('repaired: `systemctl reload` succeeds', status == 0, said)
    lab.check_await('the new account is registered', s.service.registered)
    lab.check('the others sent nothing',
              {r['user'] for r in s.registrar.sent(seen)} == {'bad'},
              s.registrar.sent(seen))
    lab.check_await('STATUS= has forgotten the refused reload', lambda:
                    s.service.show('StatusText').startswith('3/3 reachable'))
    s.box.must('rm', BAD)
    s.box.must('systemctl', 'reload', 'sipregd')
    lab.check_await('its file is gone, so is its binding', lambda:
                    sorted(s.registrar.bindings()) == ['tcp', 'udp'])


def start_bad(s):
    s.box.write(BAD, 'accounts = ( { name = 1; } );\n')
    status, said = s.service.systemctl('restart', 'sipregd')
    lab.check('a bad configuration: a start fails', status != 0, said)
    lab.check('it has failed, with exit status 78',
              s.service.state() == 'failed' and
              s.service.show('ExecMainStatus') == str(EX_CONFIG),
              s.box.run('systemctl', 'status', 'sipregd').stdout)
    lab.check('it is not tried again and again',
              s.service.show('NRestarts') == '0' and
              s.service.show('SubState') == 'failed')
    lab.check('the journal names file and line', f'{BAD}:1:' in
              s.service.journal('-u', scene.UNIT))
    s.box.must('rm', BAD)
    s.box.must('systemctl', 'start', 'sipregd')
    lab.check_await('repaired and started: registered',
                    s.service.registered)
    for t in 'udp', 'tcp':
        lab.check_await(f'{t} has one binding, the present one',
                        lambda: s.one_binding(t))


def test(s):
    s.begin(s.registrar.account('udp'), s.registrar.account('tcp'))
    reload_bad(s)
    reload_good(s)
    start_bad(s)


scene.run(test)
