#!/usr/bin/python3
"""sipregctl monitor: what happens, as it happens; how it ends; and one that
never reads (SCENARIOS O2)."""

import json
import os
import signal
import socket
import subprocess
import time

import lab
import shortage

STREAMS = 32        # at a time
GROWTH = 24 << 20   # [bytes] for one that never reads: what waits, twice at
                    # most while its buffer grows
EVENTS = 6000       # more than its socket and what may wait have room for


def resident(d):
    with open(f'/proc/{d.process.pid}/statm') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def descriptors(d):
    return len(os.listdir(f'/proc/{d.process.pid}/fd'))


class Monitor:
    """A running `sipregctl monitor`."""

    def __init__(self, d, *args, **kw):
        kw.setdefault('stdout', subprocess.PIPE)
        self.lines = []
        self.process = subprocess.Popen(
            [lab.SIPREGCTL, '-s', d.socket, *args], text=True,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **kw)
        if self.process.stdout:
            os.set_blocking(self.process.stdout.fileno(), False)

    def read(self):
        """All lines so far."""
        while line := self.process.stdout.readline():
            self.lines.append(line.rstrip('\n'))
        return self.lines

    def end(self, sig=None):
        """(exit status, stderr) after the signal."""
        if sig:
            self.process.send_signal(sig)
        if self.process.stdout:
            os.set_blocking(self.process.stdout.fileno(), True)
            self.lines += self.process.stdout.read().splitlines()
        status = self.process.wait(lab.PATIENCE)
        return status, self.process.stderr.read()


def events(m):
    return [json.loads(line) for line in m.read()]


def polls(m):
    """Does it wait, where it may be seen in what?"""
    with open(f'/proc/{m.process.pid}/stat') as f:
        if f.read().rpartition(')')[2].split()[0] != 'S':
            return False
    with open(f'/proc/{m.process.pid}/wchan') as f:
        where = f.read()
    return where in ('', '0') or 'poll' in where


def begun(d, *monitors):
    """Each has asked, and waits for what comes."""
    lab.await_that('they watch', lambda: all(map(polls, monitors)))
    d.ctl('ping')


def as_history(d, monitor, name):
    """Are the account's events just the last ones of its history?"""
    told = json.loads(d.ctl('--json', 'history', name)[1])['events']
    seen = [e for e in events(monitor) if e['account'] == name]
    return seen and told[-len(seen):] == seen


def follows(it, registrar, d):
    everybody, alice = Monitor(d, 'monitor'), Monitor(d, 'monitor', 'alice')
    machine = Monitor(d, '--json', 'monitor')
    begun(d, everybody, alice, machine)
    d.ctl('register', 'bob')
    d.ctl('register', 'alice')
    for m, name, n in ((everybody, 'all accounts', 4), (alice, 'one', 2),
                       (machine, 'a program', 4)):
        lab.check_await(f'monitor of {name}: each event has its line, at once',
                        lambda: len(m.read()) >= n)
    # something more may happen between the two looks
    lab.check_await('what monitor says of one is what history says',
                    lambda: d.ctl('history', 'alice')[1].splitlines()[
                        -len(alice.read()):] == alice.read())
    lab.check('of all: with the name after the time',
              {line.split()[1] for line in everybody.lines}
              == {'alice', 'bob'}, everybody.lines)
    lab.check_await('--json: one EVENT a line, that of History',
                    lambda: as_history(d, machine, 'bob'))

    with open(d.config) as f:
        good = f.read()
    it.write('sipregd.conf', good.replace(
        'accounts = ( ', 'accounts = ( ' + lab.libconfig(
            registrar.account('carol', 'tcp')) + ', '))
    lab.check('a reload adds an account', d.ctl('reload')[0] == 0)
    lab.check_await('its events show too', lambda: any(
        e['account'] == 'carol' and e['registered'] for e in events(machine)))
    lab.check('nobody else hears of it',
              not any('carol' in line for line in alice.read()))
    return everybody, alice, machine


def ends(it, d, everybody, alice, machine):
    """By signal, by who reads, by the daemon."""
    status, err = everybody.end(signal.SIGINT)
    lab.check('0: ended by SIGINT', (status, err) == (0, ''), (status, err))
    status, err = alice.end(signal.SIGTERM)
    lab.check('0: ended by SIGTERM', (status, err) == (0, ''), (status, err))
    lab.check('its last line is a whole one',
              alice.lines[-1] in d.ctl('history', 'alice')[1].splitlines())

    status, _, err = d.ctl('monitor', 'nobody')
    lab.check('4: no such account', status == 4, (status, err))
    lab.check('2: of two accounts',
              d.ctl('monitor', 'alice', 'bob')[0] == 2)

    # nobody reads, whether something happens or not
    pipe = os.pipe()
    m = Monitor(d, 'monitor', stdout=pipe[1])
    os.close(pipe[1])
    os.close(pipe[0])
    lab.check('a quiet end when nobody reads its output any more',
              m.end() == (0, ''))
    with open('/dev/full', 'w') as full:
        m = Monitor(d, 'monitor', stdout=full)
        lab.await_that('it is there', lambda: m.process.poll() is None)
        d.ctl('ping')
        for _ in range(100):
            d.ctl('register', 'alice')
            if m.process.poll() is not None:
                break
        status, err = m.end()
        lab.check('1: its output cannot be written', status == 1
                  and 'cannot write' in err, (status, err))
    lab.check('the one that is read goes on', machine.process.poll() is None)


def crowd(d, beside):
    """More than there may be; so many go on already."""
    rest = descriptors(d)
    many = [Monitor(d, 'monitor', stdout=subprocess.DEVNULL)
            for _ in range(STREAMS)]

    def over():
        return [m for m in many if m.process.poll() is not None]

    lab.check_await('some of them end', lambda: len(over()) >= beside)
    status, err = over()[0].end()
    lab.check(f'1: {STREAMS} streams go on already', status == 1
              and 'too many streams' in err, (status, err))
    lab.check('beside them sipregctl is served', d.ctl('list')[0] == 0
              and d.ctl('reload')[0] == 0)
    lab.check(f'and those {STREAMS} go on', len(over()) == beside, len(over()))
    for m in many:
        if m.process.poll() is None:
            m.end(signal.SIGTERM)
    lab.check_await('nothing is left of them',
                    lambda: descriptors(d) <= rest)


def ask(d, method, more=False):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(lab.PATIENCE)
    s.connect(d.socket)
    s.sendall(json.dumps({'method': 'io.sipregd.' + method, 'more': more})
              .encode() + b'\0')
    return s


def make_events(d, n):
    """About that many: a pause and a resume make ten."""
    names = json.dumps({'name': 'alice'})
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(d.socket)
        for _ in range(n // 10):
            answers = 0
            for method in 'Pause', 'Resume':
                s.sendall((f'{{"method":"io.sipregd.{method}",'
                           f'"parameters":{names}}}').encode() + b'\0')
            while answers < 2:
                answers += s.recv(65536).count(b'\0')


def deaf(d, machine):
    """One that never reads, and a stopped sipregctl."""
    before = resident(d)
    s = ask(d, 'Monitor', more=True)
    stopped = Monitor(d, '--json', 'monitor')
    good = Monitor(d, '--json', 'monitor')
    begun(d, stopped, good)
    stopped.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    rounds = 0
    while d.lab.log('sipregd').count('a monitor is too slow') < 2:
        make_events(d, 200)
        good.read()
        machine.read()
        rounds += 1
        if rounds > EVENTS // 100:
            break
    grown = resident(d) - before
    print(f'# left behind after {len(good.lines)} events, '
          f'{time.monotonic() - began:.0f} s, {grown >> 10} KiB')
    # a sanitizer keeps what was freed
    lab.check('who never reads costs bounded memory',
              grown < GROWTH * (4 if shortage.sanitized() else 1), grown)

    heard = b''
    while b'Overrun' not in heard:
        part = s.recv(1 << 20)
        if not part:
            break
        heard += part
    messages = [json.loads(m) for m in heard.split(b'\0')[:-1]]
    lost = messages[-1].get('parameters', {}).get('lost', 0)
    lab.check('its last message says how many it has lost', messages[-1].get(
        'error') == 'io.sipregd.Overrun' and lost > 0, messages[-1])
    s.close()

    stopped.process.send_signal(signal.SIGCONT)
    status, err = stopped.end()
    lab.check('1: sipregctl says how many it has lost', status == 1
              and 'more were lost' in err, (status, err))
    lab.check('what it had been sent before was shown', len(stopped.lines) > 99
              and stopped.lines == good.read()[:len(stopped.lines)],
              len(stopped.lines))
    status, err = good.end(signal.SIGTERM)
    lab.check('who reads has lost nothing', status == 0 and [
        e['seq'] for e in map(json.loads, good.lines)
        if e['account'] == 'alice'][-1] == d.status('alice')['events'][-1][
            'seq'], (status, err))


def shell(d):
    """With socat and jq, requests and replies end with a newline."""
    def piped(request, jq):
        r = subprocess.run(
            ['sh', '-c', 'printf "%s\\n" "$1" | socat -t5 - UNIX-CONNECT:"$2" '
             '| jq -c "$3"', 'sh', json.dumps(request), d.socket, jq],
            capture_output=True, text=True, timeout=60)
        return r.stdout.splitlines() or [r.stderr]

    say = {'method': 'io.sipregd.Ping'}
    lab.check('socat | jq: Ping', piped(say, 'has("parameters")')
              == ['true'])
    say = {'method': 'io.sipregd.List'}
    lab.check('socat | jq: List', sorted(piped(
        say, '.parameters.accounts[].name'))
        == ['"alice"', '"bob"', '"carol"'])
    say['more'] = True
    lab.check('socat | jq: List with more', sorted(piped(
        say, '.parameters.accounts[0].name'))
        == ['"alice"', '"bob"', '"carol"'])
    say = {'method': 'io.sipregd.Status', 'parameters': {'name': 'bob'}}
    lab.check('socat | jq: Status', piped(say, '.parameters.registered')
              == ['true'])
    say = {'method': 'io.sipregd.Monitor', 'more': True}
    p = subprocess.Popen(
        ['sh', '-c', 'printf "%s\\n" "$1" | socat -t60 - UNIX-CONNECT:"$2" | '
         'jq -c --unbuffered .parameters.event.event', 'sh', json.dumps(say),
         d.socket], stdout=subprocess.PIPE, text=True)
    lab.check('socat | jq: Monitor has begun',
              p.stdout.readline() == 'null\n')
    d.ctl('register', 'bob')
    lab.check('socat | jq: Monitor tells',
              '"register-sent"\n' in iter(p.stdout.readline, ''))
    return p


def test(it):
    registrar = lab.Kamailio(it, grant=600)
    d = lab.Sipregd(it, [registrar.account('alice', 'tcp'),
                         registrar.account('bob', 'tcp')],
                    pace={'edge_registers': 0, 'registers': 0,
                          'edge_connects': 0, 'connects': 0})
    lab.check_await('both are registered', d.registered)
    everybody, alice, machine = follows(it, registrar, d)
    ends(it, d, everybody, alice, machine)
    piped = shell(d)
    crowd(d, 2)
    deaf(d, machine)

    lab.check('exit status 0', d.stop() == 0)
    status, err = machine.end()
    lab.check('3: monitor says that the daemon has ended', status == 3
              and 'has ended' in err, (status, err))
    lab.check('its last lines are of the end', events(machine)[-1]['event']
              in ('verdict', 'flow-down'), machine.lines[-1:])
    piped.stdout.read()
    lab.check('socat ends with it', piped.wait(lab.PATIENCE) == 0)


if __name__ == '__main__':
    lab.run(test)
