#!/usr/bin/python3
"""Twenty minutes of everything that goes wrong: sipregd with 200 accounts at a
registrar that misbehaves at random, and what it says of them compared with what
callers find (compare.py says how; faults.py what goes wrong).

Environment: SOAK_TIME [s] (1200), SOAK_SEED (random; printed), SOAK_ACCOUNTS
(200), BUILD. All of it happens in a network namespace of its own. The whole
story is left in BUILD/soak.log, what sipregd said in BUILD/soak-sipregd.log.
"""

import asyncio
import json
import os
import random
import shutil
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), 'system'))
sys.dont_write_bytecode = True
import compare                          # noqa: E402
import daemon                           # noqa: E402
import edges                            # noqa: E402
import faults                           # noqa: E402
import lab                              # noqa: E402
import registrar                        # noqa: E402
import report                           # noqa: E402

TIME = float(os.environ.get('SOAK_TIME') or 1200)
SEED = int(os.environ.get('SOAK_SEED') or
           random.SystemRandom().randrange(10**6))
ACCOUNTS = int(os.environ.get('SOAK_ACCOUNTS') or 200)
GRANT = 300             # [s]
VERIFY = 20             # [s]
PONG_TIMEOUT = 5        # [s]
GAP = (1, 8)            # [s] between the beginnings of two faults; in a short
GAP_SHORT = (0.5, 3)    # run
SHORT = 120             # [s] of TIME: nothing that leads to waits of minutes
LONGEST = 20, 6         # [s] a fault; in a short run
ENDS_UNTIL = 0.4        # of TIME: afterwards one process lives to the end
QUIET = 10              # [s] after all are well, until the last look
LATE = 15               # [s] beyond what sipregd names as the next attempt
SLOW = 0.3              # [s] that nothing of ours ran: no measurement
DAY = 86400             # [s]
INTERVALS = 2, 3, 4, 5  # [s] keepalive
KINDS = 'udp', 'tcp', 'tls', 'udp', 'tcp', 'tls', 'udp', 'tls', 'tcp', 'udp'


class Soak:
    def __init__(self, it):
        self.lab, self.rng = it, random.Random(SEED)
        self.time, self.seed = TIME, SEED
        self.since = time.monotonic()
        self.story = open(os.path.join(lab.BUILD, 'soak.log'), 'w')
        self.watches, self.readings = [], compare.Readings()
        self.last = {}              # name: its account as last read
        self.sizes = []             # (process began, when, kB, descriptors)
        self.alive = True
        self.short = TIME < SHORT
        self.longest_fault = LONGEST[self.short]
        self.slow = []              # (from, to): we did not get to run
        self.misses = 0             # readings without a reply
        self.longest = 0            # [s] wait that sipregd named

    @staticmethod
    def now():
        return time.monotonic()

    def tell(self, text):
        print(f'{self.now() - self.since:8.1f}  {text}', file=self.story,
              flush=True)

    def edge_of(self, watch):
        return self.registrar.edges[watch.edge]

    # --- to begin with ---

    def wall_clock(self):
        """The command in front of sipregd; certificates began long ago."""
        library = self.lab.path('wallclock.so')
        subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-o', library,
                        os.path.join(lab.HERE, 'wallclock.c')], check=True)
        self.clock = self.lab.path('clock')
        ours = {'LD_PRELOAD': library, 'WALLCLOCK': self.clock}
        self.set_clock(-30 * DAY)
        os.environ.update(ours)
        self.lab.openssl('req', '-x509', *lab.Lab.KEY, '-keyout', 'ca.key',
                         '-out', 'ca.pem', '-days', '90', '-subj', '/CN=soak')
        self.lab.certificate('registrar', days=90)
        for key in ours:
            del os.environ[key]
        self.set_clock(0)
        return ['env', *(f'{k}={v}' for k, v in ours.items())]

    def set_clock(self, seconds):
        self.lab.write('clock.new', f'{seconds}\n')
        os.replace(self.lab.path('clock.new'), self.clock)

    async def open_registrar(self):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.lab.path('registrar.pem'),
                            self.lab.path('registrar.key'))
        self.registrar = r = registrar.Registrar(tls, GRANT)
        r.edges = [edges.Edge(r, 0, '127.10.0.1'),
                   edges.Edge(r, 1, '127.10.0.2', outbound=True),
                   edges.Edge(r, 2, '127.10.0.3', mute=True),
                   edges.Edge(r, 3, '127.10.0.4')]
        for edge in r.edges:
            await edge.open()

    def make_accounts(self):
        for i in range(ACCOUNTS):
            edge, kind = i % 4, KINDS[i // 4 % len(KINDS)]
            w = compare.Watch(f'a{i:03d}', kind, edge,
                              self.rng.choice(INTERVALS), VERIFY,
                              probe=i % 5 == 0)
            w.expires = 600
            self.watches.append(w)
            self.registrar.add_user(w.name, 'secret-' + w.name)

    def account(self, w):
        port = 5061 if w.kind == 'tls' else 5060
        a = {'name': w.name, 'aor': f'sip:{w.name}@{lab.NAME}',
             'password': 'secret-' + w.name, 'transport': w.kind,
             'registrar': f'sip:{self.edge_of(w).host}:{port}',
             'expires': w.expires, 'verify': w.verify,
             'keepalive': {'interval': w.interval,
                           'pong_timeout': PONG_TIMEOUT},
             'probe': {'mode': 'auto', 'interval': 10} if w.probe
             else {'mode': 'off'}}
        if w.kind == 'tls':
            a['tls'] = {'ca_file': self.lab.path('ca.pem'), 'name': lab.NAME}
        return a

    def write_config(self):
        settings = {'control_socket': self.lab.path('control'),
                    'state_dir': self.lab.path('state'), 'log_level': 'info',
                    'accounts': [self.account(w) for w in self.watches]}
        self.lab.write('new.conf', ''.join(
            f'{k} = {lab.libconfig(v)};\n' for k, v in settings.items()))
        conf = self.lab.path('sipregd.conf')
        os.replace(self.lab.path('new.conf'), conf)
        return conf

    # --- what is written down ---

    async def read(self):
        """The verdicts and the size of the process, each second."""
        due = self.now()
        while True:
            alive, asked = self.alive, self.now()
            reply = await self.daemon.ask('List') if alive else None
            if reply:
                self.last = {a['name']: a for a in reply['accounts']}
                self.readings.add(asked, self.now(), self.daemon.began, {
                    n: (a['reachable'], a['reason'])
                    for n, a in self.last.items()})
                self.sizes.append((self.daemon.began, self.now(),
                                   *self.daemon.size()))
            elif alive and self.alive:
                self.misses += 1
                if self.daemon.process.poll() is not None:
                    raise lab.Failed('sipregd ended by itself with '
                                     f'{self.daemon.process.returncode}')
            due += 1
            await asyncio.sleep(max(0.2, due - self.now()))

    async def call(self):
        """Each account once a second, one after the other."""
        due, step = self.now(), 1 / len(self.watches)
        while True:
            for w in self.watches:
                self.call_one(w)
                due += step
                if due > self.now() + 0.01:
                    await asyncio.sleep(due - self.now())

    def call_one(self, w):
        at = self.now()
        self.registrar.call(self.registrar.users[w.name],
                            lambda answered: w.calls.append((at, answered)))

    async def feel(self):
        """Are we on time ourselves?"""
        while True:
            begin = self.now()
            await asyncio.sleep(SLOW / 2)
            if self.now() - begin > SLOW:
                self.slow.append((begin - registrar.ANSWER_BY, self.now()))
                self.tell(f'no time for {self.now() - begin:.2f} s')

    # --- the course of it ---

    def well(self, w):
        a = self.last.get(w.name)
        return (a and a['registered'] and a['reachable'] == 'yes' and
                w.calls and w.calls[-1][1])

    async def await_well(self, seconds):
        """True as soon as all are."""
        end = self.now() + seconds
        while not all(self.well(w) for w in self.watches):
            if self.now() > end:
                return False
            await asyncio.sleep(0.2)
        return True

    async def chaos(self):
        """Faults, until their time is over; then until the last has ended."""
        begin, running = self.now(), set()
        kinds = faults.Faults(self)
        while self.now() - begin < TIME:
            ends = self.now() - begin < ENDS_UNTIL * TIME
            name = self.rng.choice(kinds.names(ends))
            task = asyncio.create_task(kinds.happen(name))
            running.add(task)
            await asyncio.sleep(self.rng.uniform(
                *(GAP_SHORT if self.short else GAP)))
            for t in [t for t in running if t.done()]:
                running.discard(t)
                t.result()
        await asyncio.gather(*running)
        self.set_clock(0)
        return kinds.counts

    def wait_named(self, w):
        """[s] until it tries again, by its own word; a refresh is none."""
        a = self.last.get(w.name)
        return a['next_in'] or 0 if a and a['next'] != 'refresh' else 0

    async def calm(self):
        """No faults any more: who is not back when it should be, and how long
        it took."""
        begin = self.now()
        self.tell('calm')
        await asyncio.sleep(2)
        by = {}
        for w in self.watches:
            by[w.name] = begin + max(LATE, w.detect, w.verify + 6)
            if not self.well(w):
                by[w.name] += self.wait_named(w)
                self.tell(f'{w.name} ({w.kind}, edge {w.edge}) waits for '
                          f'{self.wait_named(w)} s')
                self.longest = max(self.longest, self.wait_named(w))
        stuck = set()
        while waiting := [w for w in self.watches if not self.well(w)]:
            late = {w.name for w in waiting if self.now() > by[w.name]}
            for name in late - stuck:
                self.tell(f'{name} is stuck: {json.dumps(self.last[name])}')
            stuck |= late
            if len(late) == len(waiting):
                break
            await asyncio.sleep(0.2)
        took = self.now() - begin
        await asyncio.sleep(QUIET)
        return stuck, took

    async def run(self):
        wrap = self.wall_clock()
        await self.open_registrar()
        self.make_accounts()
        self.daemon = daemon.Daemon(self, self.write_config(), wrap)
        tasks = [asyncio.create_task(self.read()),
                 asyncio.create_task(self.call()),
                 asyncio.create_task(self.feel())]
        course = asyncio.create_task(self.course())
        await asyncio.wait([*tasks, course],
                           return_when=asyncio.FIRST_COMPLETED)
        for t in tasks:
            t.cancel() if not t.done() else t.result()
        await course

    async def course(self):
        lab.check(f'{ACCOUNTS} accounts are registered and reachable',
                  await self.await_well(30))
        await asyncio.sleep(3)
        for w in self.watches:
            w.calls.clear()
        self.descriptors = self.sizes[-1][3]
        self.counts = await self.chaos()
        self.stuck, self.took = await self.calm()
        self.bindings = {w.name: len(self.registrar.held(
            self.registrar.users[w.name])) for w in self.watches}
        self.end_fds = self.sizes[-1][3]
        self.alive = False
        self.status = await self.daemon.end()
        self.left = sum(len(self.registrar.held(u)) for u in
                        self.registrar.users.values())


def test(it):
    print(f'SOAK_SEED={SEED} SOAK_TIME={TIME:.0f}', flush=True)
    soak = Soak(it)
    try:
        asyncio.run(soak.run())
    finally:
        shutil.copy(it.path('sipregd.log'),
                    os.path.join(lab.BUILD, 'soak-sipregd.log'))
    report.judge(soak)


def enter():
    """A network of its own, where packets may be dropped."""
    if os.environ.get('SOAK_INSIDE') != str(os.getpid()):
        os.environ['SOAK_INSIDE'] = str(os.getpid())
        os.environ['PATH'] += ':/usr/sbin:/sbin'
        os.execvp('unshare', ['unshare', '-Urn' if os.geteuid() else '-n',
                              sys.executable, *sys.argv])
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


if __name__ == '__main__':
    enter()
    lab.run(test)
