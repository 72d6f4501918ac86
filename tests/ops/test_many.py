#!/usr/bin/python3
"""Ten thousand accounts are measured without holding up the loop: whoever asks
the control socket meanwhile has an answer within 50 ms (METRICS=n: so many
accounts)."""

import json
import os
import socket
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'system'))
import lab                      # noqa: E402
import registrar as own         # noqa: E402

COUNT = int(os.environ.get('METRICS', 10000))
BLOCKED = 0.050         # [s] the goal
TRIES = 5               # the best of them: the machine does other things, too
OFF = {'edge_registers': 0, 'registers': 0, 'edge_connects': 0,
       'connects': 0}


class Pings:
    """Asks in a row, as long as it runs; the longest answer [s] of those."""

    def __init__(self, path):
        self.path, self.longest, self.count = path, 0, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path)
            while not self.over.is_set():
                begun = time.monotonic()
                s.sendall(b'{"method":"io.sipregd.Ping"}\n')
                while not s.recv(4096).endswith(b'\n'):
                    pass
                self.longest = max(self.longest, time.monotonic() - begun)
                self.count += 1

    def __enter__(self):
        self.thread.start()
        lab.await_that('the first answer', lambda: self.count)
        self.longest = 0
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def check_unblocked(what, daemon, scrape):
    """The text that scrape() returns."""
    found = []
    for _ in range(TRIES):
        with Pings(daemon.socket) as pings:
            begun = time.monotonic()
            text = scrape()
            took = time.monotonic() - begun
        found.append(pings.longest)
        print(f'# {what}: {len(text)} bytes in {took:.2f} s, nobody waited '
              f'longer than {pings.longest * 1000:.1f} ms', flush=True)
        if pings.longest <= BLOCKED:
            break
        time.sleep(2)       # not the same page again
    lab.check(f'{what}: nobody waits longer than {BLOCKED * 1000:.0f} ms',
              min(found) <= BLOCKED, found)
    return text


def trickle(host, port):
    """Begins a scrape and takes nothing of it."""
    s = socket.create_connection((host, port))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.sendall(b'GET /metrics HTTP/1.1\r\n\r\n')
    return s


def resident(daemon):
    with open(f'/proc/{daemon.process.pid}/statm') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGESIZE')


def check_slow(daemon, host, port, size):
    """Who reads nothing: the page is there once, not once for each."""
    before = resident(daemon)
    slow = []
    for _ in range(16):
        slow.append(trickle(host, port))
        time.sleep(0.2)
    grown = resident(daemon) - before
    print(f'# 16 that read nothing: {grown / 1e6:.1f} MB more', flush=True)
    lab.check('sixteen that read nothing cost no more than three pages',
              grown < 3 * size, grown)
    lab.check_await('they are dropped', lambda: not connections(port), 30)
    for s in slow:
        s.close()


def connections(port):
    """How many are established at this port of sipregd's?"""
    with open('/proc/net/tcp') as f:
        words = [line.split() for line in f]
    return sum(w[1].endswith(f':{port:04X}') and w[3] in ('01', '08')
               for w in words[1:])


def test(it):
    r = own.Registrar(it, count=COUNT, transports=('udp',))
    port = it.port()
    daemon = lab.Sipregd(
        it, [r.accounts('udp')], pace=OFF, log_level='warning',
        metrics={'listen': f'{it.host}:{port}'},
        defaults={'probe': {'mode': 'off'}})
    lab.await_that('all are registered', lambda: r.bound() >= COUNT, 120, 0.5)
    url = f'http://{it.host}:{port}/metrics'

    def scrape():
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read().decode()
    text = check_unblocked('HTTP', daemon, scrape)
    lab.check('each account is in it once', text.count(
        '\nsipregd_account_registered{') == COUNT)
    lab.check('and is registered', text.count('"} 1\n', text.index(
        '\nsipregd_account_registered{'), text.index(
        '# HELP sipregd_account_reachable')) == COUNT)

    text = check_unblocked('sipregctl metrics', daemon,
                           lambda: daemon.ctl('metrics')[1])
    lab.check('it is whole', text.endswith('# EOF\n') and text.count(
        '\nsipregd_account_registered{') == COUNT)
    status, out, err = daemon.ctl('--json', 'metrics')
    lab.check('in one document it is as large as that, or too large',
              'too large' in err if status else
              json.loads(out)['text'].endswith('# EOF\n'), (status, err))
    check_slow(daemon, it.host, port, len(text))
    lab.check('all are still registered', daemon.registered())


lab.run(test)
