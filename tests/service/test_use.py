#!/usr/bin/python3
"""One file with an account, and it is registered; who may ask for it."""

import scene
from scene import lab

REFUSED, NOBODY = 5, 3      # sipregctl(1), EXIT STATUS


def registered(s):
    s.install()
    lab.check('no account: it runs', s.service.state() == 'active')
    s.account(s.registrar.account('tcp'))
    status, said = s.service.systemctl('enable', '--now', 'sipregd')
    lab.check('one file is written, and that is all', status == 0, said)
    lab.check_await('the account is registered', s.service.registered)
    lab.check_await('a request to it arrives', lambda: s.reaches('tcp'))
    lab.check_await('list says that it can be reached',
                    s.service.reachable)
    said = s.service.journal('-q', '-p', 'warning', '-u', scene.UNIT)
    lab.check('nothing in the journal is a warning', not said, said)
    lab.check_await('`systemctl status` says so too', lambda:
                    s.service.show('StatusText').startswith('1/1 reachable'))


def told(s):
    """journalctl by field."""
    text = s.service.journal('SIPREGD_ACCOUNT=tcp', 'SIPREGD_EVENT=verdict')
    lab.check('journalctl finds the verdict by account and event',
              'tcp' in text, s.service.journal('-u', scene.UNIT))
    lab.check('and nothing of an account that there is not',
              not s.service.journal('SIPREGD_ACCOUNT=udp').strip())
    text = s.box.must('journalctl', '--no-pager', '-x', 'SIPREGD_ACCOUNT=tcp',
                      'SIPREGD_REASON=ok')
    lab.check('journalctl -x explains it, with the name of the account',
              'Subject: Account tcp: can be called' in text
              and 'sipregctl status tcp' in text, text)


def asked(s):
    s.box.sh('useradd --create-home anna; useradd --create-home otto; '
             'usermod --append --groups sipregctl anna')
    for user in None, 'anna':
        status, out, err = s.service.ctl('list', user=user)
        lab.check(f'{user or "root"} sees the list', status == 0 and
                  'tcp' in out, out + err)
    status, out, err = s.service.ctl('pause', 'tcp', user='anna')
    lab.check('a member of the group pauses it', status == 0, out + err)
    lab.check_await('the registrar has forgotten it',
                    lambda: not s.registrar.bindings())
    status, out, err = s.service.ctl('resume', 'tcp', user='anna')
    lab.check('and resumes it', status == 0, out + err)
    status, out, err = s.service.ctl('list', user='otto')
    lab.check('another user is refused, with exit status 5 and a reason',
              status == REFUSED and not out and err, (status, out, err))
    for user in 'anna', 'otto':
        r = s.box.run('cat', scene.CONF.format('tcp'), user=user)
        lab.check(f'{user} cannot read the password', r.returncode and
                  not r.stdout)


def stopped(s):
    s.box.must('systemctl', 'stop', 'sipregd')
    lab.check('stopped: the registrar has forgotten it',
              not s.registrar.bindings(), s.registrar.bindings())
    status, out, err = s.service.ctl('list')
    lab.check('stopped: exit status 3, and why', status == NOBODY and err,
              (status, out, err))
    lab.check('to ask does not start it', s.service.state() == 'inactive',
              s.service.state())
    s.box.must('systemctl', 'start', 'sipregd')
    lab.check_await('started again: registered again', s.service.registered)


def test(s):
    registered(s)
    told(s)
    asked(s)
    stopped(s)


scene.run(test)
