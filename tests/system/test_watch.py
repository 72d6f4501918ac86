#!/usr/bin/python3
"""sipregctl list --watch on a terminal: it draws in place, follows the size of
the terminal and a daemon that goes and comes back, and leaves the terminal as
it was."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import lab
from control import ACCOUNT, ENV, ESC, UNKNOWN, Daemon, ctl

ENTER, LEAVE = f'{ESC}[?1049h', f'{ESC}[?1049l'
CURSOR_OFF, CURSOR_ON = f'{ESC}[?25l', f'{ESC}[?25h'
WRAP_OFF, WRAP_ON = f'{ESC}[?7l', f'{ESC}[?7h'
BEGIN = f'{ESC}[H'          # of a picture
END = f'{ESC}[J'


class Terminal:
    def __init__(self, path, *argv, rows=24, columns=100):
        self.master, slave = pty.openpty()
        self.size(rows, columns)
        self.modes = termios.tcgetattr(slave)
        self.out = ''
        self.process = subprocess.Popen(
            [lab.SIPREGCTL, '-s', path, 'list', *argv], stdin=slave,
            stdout=slave, stderr=slave, env={**ENV, 'NO_COLOR': '1'},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.slave = slave

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack('HHHH', rows, columns, 0, 0))

    def read(self, wait=0.05):
        while select.select([self.master], [], [], wait)[0]:
            self.out += os.read(self.master, 65536).decode()
        return self.out

    def pictures(self):
        """Whole ones, as lines; those since the last forget()."""
        return [re.sub(f'{ESC}\\[K', '', p).split('\r\n') for p in re.findall(
            re.escape(BEGIN) + '(.*?)' + re.escape(END), self.read(), re.S)]

    def shows(self, fact):
        """Is it true of the last picture?"""
        pictures = self.pictures()
        return pictures and fact(pictures[-1]) and pictures[-1]

    def forget(self):
        self.read()
        self.out = ''

    def press(self, key):
        os.write(self.master, key)

    def ended(self):
        self.read()
        return self.process.poll() is not None

    def restored(self):
        out = self.read()
        return all(out.rfind(off) < out.rfind(on) for off, on in (
            (ENTER, LEAVE), (CURSOR_OFF, CURSOR_ON), (WRAP_OFF, WRAP_ON))
            ) and termios.tcgetattr(self.slave) == self.modes


def accounts(count, **other):
    return [{'accounts': [{**ACCOUNT, 'name': f'account{i}', **other}]}
            for i in range(count)]


def drawing(d):
    d.says(*accounts(3), {'accounts': [UNKNOWN]})
    t = Terminal(d.path, '--watch=1')
    lines = lab.check_await('it draws the table, and what it comes to, with '
                            'the time', lambda: t.shows(
        lambda p: re.match(r'\d\d:\d\d:\d\d  4 accounts: 3 reachable', p[0])
        and p[2].split()[:2] == ['NAME', 'REGISTERED'] and len(p) == 7))
    lab.check('on a screen of its own', t.out.startswith(ENTER), lines)
    d.says(*accounts(2))
    lab.check_await('again, as it is now', lambda: t.shows(
        lambda p: '2 accounts: 2 reachable' in p[0]))
    lab.check('in place', t.out.count(ENTER) == 1
              and not t.out.rpartition(END)[2], t.out[-200:])

    t.size(24, 50)
    lab.check_await('another width: fewer columns', lambda: t.shows(
        lambda p: 'MAPPED' not in p[2] and all(len(x) <= 50 for x in p)))
    d.says(*accounts(50), *accounts(1, name='broken', reachable='no',
                                    reason='forbidden'))
    t.size(10, 100)
    lines = lab.check_await('another height: as many as there is room for, '
                            'those in trouble first', lambda: t.shows(
        lambda p: len(p) == 10 and p[3].split()[1] == 'broken'
        and p[4].split()[1] == 'account0' and p[-1] == 'and 45 more'))
    t.size(2, 10)
    lab.check_await('no room for anything', lambda: t.shows(
        lambda p: len(p) <= 2))
    t.press(b'\x03')
    lab.check_await('Ctrl-C ends it', t.ended)
    lab.check('with exit status 0', t.process.returncode == 0,
              t.process.returncode)
    lab.check('and leaves the terminal as it was', t.restored(), t.out[-200:])


def redraws_at_once(d):
    d.says(*accounts(1))
    t = Terminal(d.path, '--watch=3600')
    await_picture = lambda: lab.await_that('a picture', t.pictures)
    await_picture()
    t.forget()
    t.size(20, 40)
    lab.check_await('a new size is not waited with', lambda: t.shows(
        lambda p: all(len(x) <= 40 for x in p)))
    t.forget()
    t.press(b'\x1a')
    lab.check_await('Ctrl-Z gives the terminal back', lambda: LEAVE in t.read()
                    and 'T' in state(t.process.pid))
    t.forget()
    os.kill(t.process.pid, signal.SIGCONT)
    lab.check_await('and it goes on when told to', lambda: ENTER in t.read()
                    and t.pictures())
    t.process.terminate()
    lab.check_await('SIGTERM ends it', t.ended)
    lab.check('as it always does', t.process.returncode == -signal.SIGTERM,
              t.process.returncode)
    lab.check('and the terminal is as it was', t.restored(), t.out[-200:])


def state(pid):
    with open(f'/proc/{pid}/stat') as f:
        return f.read().rpartition(')')[2].split()[0]


def daemon_goes(it):
    path = it.path('gone')
    t = Terminal(path, '--watch=1')
    lab.check_await('without a daemon it says so, and stays', lambda: t.shows(
        lambda p: 'sipregd is not running here' in p[0]))
    d = Daemon(path)
    d.says(*accounts(2))
    lab.check_await('the daemon comes', lambda: t.shows(
        lambda p: '2 accounts: 2 reachable' in p[0]))
    d.raw(hold=True)
    time.sleep(1.2)
    t.press(b'\x03')
    lab.check_await('Ctrl-C while the daemon is waited for', t.ended)
    lab.check('leaves the terminal as it was', t.process.returncode == 0
              and t.restored(), t.out[-200:])
    t = Terminal(path, '--watch')
    d.raw(b'')
    lab.check_await('the daemon goes', lambda: t.shows(
        lambda p: 'closed the connection' in p[0]))
    lab.check('nothing is left of the table', len(t.pictures()[-1]) == 1,
              t.pictures()[-1])
    os.close(t.slave)
    os.close(t.master)
    lab.check_await('a terminal that is closed ends it',
                    lambda: t.process.poll() is not None)


def refused(d):
    for argv in (['list', '--watch'], ['--json', 'list', '--watch'],
                 ['list', '--watch=0'], ['status', 'x', '--watch']):
        status, out, err = ctl(d, *argv)
        lab.check('2: ' + ' '.join(argv) + ' into a pipe', status == 2
                  and not out and err, (status, out, err))


def test(it):
    d = Daemon(it.path('control'))
    drawing(d)
    redraws_at_once(d)
    daemon_goes(it)
    refused(d)


lab.run(test)
