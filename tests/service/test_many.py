#!/usr/bin/python3
"""Five hundred accounts: a restart hands all of them over, a stop takes
seconds, whether the registrar answers or not."""

import time

import scene
from scene import lab

MANY = 500
STOP = 6                    # [s] that a stop may take
START = 60                  # [s] 500 accounts at 40 REGISTERs a second, twice


def stop(s, what):
    began = time.monotonic()
    s.box.must('systemctl', 'stop', 'sipregd')
    took = time.monotonic() - began
    lab.check(f'{what}: stopped within {STOP} s', took <= STOP,
              f'{took:.1f} s')
    print(f'# {what}: {took:.1f} s')
    lab.check(f'{what}: it ended well', s.service.show('Result') ==
              'success', s.service.show('Result'))


def restart(s):
    seen = len(s.registrar.registers())
    s.box.must('systemctl', 'restart', 'sipregd')
    lab.check('restarted: all are registered as before',
              s.service.registered())
    lab.check('restarted: nobody had to REGISTER',
              not s.registrar.sent(seen), len(s.registrar.sent(seen)))


def test(s):
    s.install()
    account = s.registrar.account('tcp', 'many', count=MANY)
    account.update(name='u%d', aor=f'sip:u%d@{scene.REGISTRAR}',
                   password='secret-u%d')
    s.account(account, file='many')
    s.box.must('systemctl', 'reload', 'sipregd')
    lab.check_await(f'{MANY} accounts are registered', s.service.registered,
                    START)
    lab.check_await('STATUS= counts them', lambda: s.service.show(
        'StatusText').startswith(f'{MANY}/{MANY} reachable'))
    restart(s)
    stop(s, 'the registrar answers')
    lab.check('all of them are un-registered', s.registrar.held() == 0,
              s.registrar.held())

    s.box.must('systemctl', 'start', 'sipregd')
    lab.check_await('started again: all are registered',
                    s.service.registered, START)
    lab.check('with one binding each', s.registrar.held() == MANY,
              s.registrar.held())
    s.net.swallow()
    stop(s, 'the registrar is silent')


scene.run(test)
