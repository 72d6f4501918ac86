#!/usr/bin/python3
"""Herds: all accounts lose their flows at once, the registrar is away and comes
back, everybody starts. All of them come back, soon, and nobody is hammered.

HERD=full has the full numbers, one case after the other; without it they are
fit for a machine that does other things meanwhile, and run side by side.
Arguments: names of cases (see CASES)."""

import collections
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

import lab
import registrar as own

FULL = os.environ.get('HERD') == 'full'
AT_ONCE = 1 if FULL else 3      # cases
GRANT = 3600            # [s] nobody refreshes while this runs
AWAY = 3                # [s] for how long a registrar is away
AWAY_LONG = 40          # [s] PEERS.md: half of the others are minutes late
BACK = 3 if FULL else 5     # [s] from listening to the last account
BACK_LONG = 5           # [s] after that
YOUNG = 0.5             # [s] after registering: before the first keepalive, or
                        # just after it (FLOW_FIRST_PING, at most 1 s)
WAIT_YOUNG = 8          # [s] an unproven flow that is lost is a failure like
                        # others: 4 to 8 s (REG_BASE_CONNECT, RFC 5626 4.5)
BACK_TLS = 30           # [s] Kamailio with one worker and 300 connects/s
PACE = 40               # [/s] default of edge_registers and edge_connects
BURST = 4               # messages: a tenth of a second's worth (pace.h)
OVERDRAW = 40           # messages: what answers to challenges may owe (pace.h)
KNOCKS = 1              # [/s] at an edge that is down (edge.h)
START_PACE = 1000       # [/s] REGISTERs when very many start
START_MAX = 60          # [s] for all of them
OFF = {'edge_registers': 0, 'registers': 0, 'edge_connects': 0,
       'connects': 0}
FAST_TLS = {**OFF, 'edge_connects': 300}

figures = []


def figure(text):
    figures.append(text)
    print('#', text, flush=True)


# --- Kamailio ----------------------------------------------------------------

class Kamailio(lab.Kamailio):
    """That ends and starts again, with as many workers as wanted."""

    def __init__(self, it, workers, name='kamailio'):
        super().__init__(it, name, grant=GRANT)
        argv = list(self.process.args)
        argv[argv.index('-m') + 1] = '512'      # [MB] TLS connections
        argv[argv.index('-M') + 1] = '16'
        self.argv = argv
        config = argv[argv.index('-f') + 1]
        with open(config) as f:
            text = f.read()
        with open(config, 'w') as f:
            f.write(re.sub(r'(?m)^tcp_children=.*$',
                           f'tcp_children={workers}\n'
                           'tcp_max_connections=4096\n'
                           'tls_max_connections=4096', text))
        self.end()
        self.begin()
        lab.await_that('kamailio answers', self.alive, 20)

    def end(self):
        """As a crash: no connection is closed by it in order."""
        pids = self.processes()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(20)
        lab.await_that('its workers are gone', lambda: not any(
            os.path.exists(f'/proc/{pid}') for pid in pids))
        # what they left behind would be taken for a running one
        for name in 'ctl', 'pid':
            if os.path.exists(os.path.join(self.dir, name)):
                os.unlink(os.path.join(self.dir, name))

    def begin(self):
        self.process = self.lab.start(self.name, self.argv)

    def bound(self):
        text = self.rpc('stats.get_statistics', 'usrloc:')
        found = re.search(r'location_contacts = (\d+)', text)
        return int(found[1]) if found else 0

    def accounts(self, transport, count):
        return self.account('u%d', transport, count=count, first=1,
                            aor=f'sip:u%d@{self.host}',
                            password='secret-u%d')


def listens(host, port):
    """Does anybody listen there on TCP?"""
    want = '%08X:%04X' % (int.from_bytes(
        bytes(map(int, host.split('.'))), 'little'), port)
    with open('/proc/net/tcp') as f:
        for line in f:
            words = line.split()
            if words[3] == '01':        # listeners come first
                return False
            if words[1] == want and words[3] == '0A':
                return True
    return False


# --- what is measured --------------------------------------------------------

def registered(daemon):
    """Are all? A thousand handshakes without a pace, on a machine that does
    other things too, may leave it no time to say so."""
    try:
        return daemon.registered()
    except lab.Failed:
        return False


def daemon_at(it, account, pace, wrap='', proven=True):
    daemon = lab.Sipregd(it, [account], wrap=wrap, log_level='info',
                         pace=pace, defaults={'probe': {'mode': 'off'}})
    lab.await_that('all are registered', lambda: registered(daemon), 60,
                   0.3 if proven else 0.05)
    # one that is lost before it has answered a keepalive has to wait
    if proven:
        lab.await_that('their flows are proven', lambda: all(
            a['flows'][0]['state'] == 'proven' for a in daemon.list()), 30, 0.3)
    return daemon


def set_pace(daemon, pace):
    """From now on."""
    with open(daemon.config) as f:
        text = f.read()
    with open(daemon.config, 'w') as f:
        f.write(re.sub(r'(?m)^pace = .*$', f'pace = {lab.libconfig(pace)};',
                       text))
    status, _, err = daemon.ctl('reload')
    if status:
        raise lab.Failed(f'reload: {err}')


def queued(programs):
    """Seconds that they were ready to run, and something else ran."""
    total = 0
    for p in programs:
        with open(f'/proc/{p.process.pid}/schedstat') as f:
            total += int(f.read().split()[1]) / 1e9
    return total


def used(pid):
    """CPU seconds and the most memory [MB] of a process so far."""
    with open(f'/proc/{pid}/stat') as f:
        words = f.read().rpartition(')')[2].split()
    with open(f'/proc/{pid}/status') as f:
        memory = int(re.search(r'VmHWM:\s+(\d+)', f.read())[1]) / 1024
    return sum(map(int, words[11:13])) / os.sysconf('SC_CLK_TCK'), memory


def all_back(what, bound, count, since, allowed, late=60, programs=()):
    """Seconds from `since` until all are bound. What `programs`, of one thread
    each, had to wait for a processor is not counted against them."""
    steps, before = [], queued(programs)
    spent = [used(p.process.pid)[0] for p in programs]

    def done():
        n = bound()
        steps.append((own.now() - since, n))
        return n >= count
    try:
        lab.await_that(what, done, max(late, allowed), 0.02)
    except lab.Failed:
        lab.check(f'{what}: all {count} are back', False, steps[-5:])
        return None
    took, busy = steps[-1][0], queued(programs) - before
    half = next(t for t, n in steps if n >= count / 2)
    lab.check(f'{what}: all {count} are back within {allowed:g} s',
              took - busy <= allowed, f'{took:.2f} s; half of them {half:.2f} '
              f's; {busy:.2f} s of it without a processor')
    figure(f'{what}: half of {count} back {half:.2f} s, all {took:.2f} s '
           f'after it listened, {busy:.2f} s of it without a processor '
           f'(allowed {allowed:g})')
    for p, at_first in zip(programs, spent):
        figure(f'{what}: {used(p.process.pid)[0] - at_first:.2f} s of CPU in '
               f'{p.name}')
    return took


def downtime(what, times, began, ended, first):
    """Nobody hammers a registrar that is away. `first`: how many may go before
    the first of them was refused: that is over with the first pause."""
    times = sorted(times)
    pause = next((i for i, (a, b) in enumerate(zip(times, times[1:]), 1)
                  if b - a > 0.5), len(times))
    early, later = times[:pause], times[pause:]
    figure(f'{what}: away for {ended - began:.1f} s: {len(early)} connects '
           f'when the flows were lost, then {len(later)}')
    lab.check(f'{what}: at most {first:.0f} try at once', len(early) <= first,
              len(early))
    lab.check(f'{what}: then one knocks for all, once in a second',
              len(later) <= KNOCKS * (ended - began) + 1 and
              own.busiest(later, 0.8) <= 1, [t - began for t in later])


def settled(what, daemon, count):
    listed = daemon.list()
    lab.check(f'{what}: sipregd says so too', sum(
        a['registered'] for a in listed) == count,
        collections.Counter(a['reason'] for a in listed))


def kamailio_restart(it, what, transport, workers, count, pace, allowed,
                     away=AWAY):
    registrar = Kamailio(it, workers)
    connects = own.Connects(it)
    daemon = daemon_at(it, registrar.accounts(transport, count), pace,
                       connects.wrap)
    port = registrar.tls_port if transport == 'tls' else registrar.port
    began = own.now()
    registrar.end()
    lab.await_that('it is away', lambda: own.now() > began + away, away + 1)
    registrar.begin()
    lab.await_that('it listens', lambda: listens(registrar.host, port), 20,
                   0.005)
    since = own.now()
    downtime(what, connects.times(port, began, since), began, since, count)
    all_back(what, registrar.bound, count, since, allowed, programs=[daemon])
    figure(f'{what}: {len(connects.times(port, since))} connects, at most '
           f'{own.busiest(connects.times(port, since))} in a second, '
           f'{len(registrar.registers())} REGISTERs in all')
    settled(what, daemon, count)
    daemon.stop()
    registrar.end()


def own_restart(it, what, transport, count, pace, away=AWAY):
    """Its `since`, and all that it needs to be judged by."""
    registrar = own.Registrar(it, count=count, transports=[transport],
                              options=['-g', str(GRANT)])
    connects = own.Connects(it)
    daemon = daemon_at(it, registrar.accounts(transport), OFF, connects.wrap)
    set_pace(daemon, pace)
    began = own.now()
    registrar.tell('stop')
    lab.await_that('it is away', lambda: own.now() > began + away, away + 1)
    before = registrar.counters()
    since = own.now()
    registrar.tell('start')
    downtime(what, connects.times(registrar.ports[transport], began, since),
             began, since, 1 + PACE * 1.1 if pace == {} else count)
    return registrar, daemon, connects, before, since


# --- cases -------------------------------------------------------------------

def tcp(it):
    """Kamailio with four workers, TCP."""
    kamailio_restart(it, 'TCP, Kamailio with 4 workers', 'tcp', 4,
                     1000 if FULL else 100, OFF, BACK)


def kamailio_tls(it):
    kamailio_restart(it, 'TLS, Kamailio with 1 worker, 300 connects/s', 'tls',
                     1, 1000 if FULL else 100, FAST_TLS, BACK_TLS)


def tls(it):
    count, what = 1000 if FULL else 100, 'TLS, test registrar'
    registrar, daemon, _, before, since = own_restart(it, what, 'tls', count,
                                                      OFF)
    all_back(what, registrar.bound, count, since, BACK,
             programs=[daemon, registrar])
    after = registrar.counters()
    figure(f'{what}: {after["handshakes"] - before["handshakes"]} handshakes, '
           f'{after["registers"] - before["registers"]} REGISTERs')
    settled(what, daemon, count)
    daemon.stop()
    registrar.stop()


def paced(it):
    """With the default pace: no more than it allows, and no later."""
    count, what = 1000 if FULL else 100, 'TCP, default pace'
    registrar, daemon, connects, before, since = own_restart(
        it, what, 'tcp', count, {})
    messages = 2 * count        # a new flow's first REGISTER is challenged
    took = all_back(what, registrar.bound, count, since, messages / PACE + 3,
                    messages / PACE + 60)
    rates(what, registrar, connects, registrar.ports['tcp'], since, PACE)
    figure(f'{what}: floor {messages / PACE:.1f} s for '
           f'{registrar.counters()["registers"] - before["registers"]} '
           'REGISTERs')
    settled(what, daemon, count)
    daemon.stop()
    registrar.stop()
    return took


def away_long(it):
    """After 40 s all come back at once, not each when its turn has come."""
    count, what = 500 if FULL else 100, 'TCP, long away'
    registrar, daemon, _, _, since = own_restart(
        it, what, 'tcp', count, OFF, AWAY_LONG if FULL else 8)
    all_back(what, registrar.bound, count, since, BACK_LONG,
             programs=[daemon, registrar])
    settled(what, daemon, count)
    daemon.stop()
    registrar.stop()


def young(it, what, pong, allowed):
    """The registrar restarts when it has hardly seen them; nothing is known of
    their flows but a 200."""
    count = 300 if FULL else 100
    registrar = own.Registrar(it, count=count, transports=['tcp'],
                              options=['-g', str(GRANT)])
    registrar.tell(f'set pong {int(pong)}')
    connects = own.Connects(it)
    daemon = daemon_at(it, registrar.accounts('tcp'), OFF, connects.wrap, False)
    time.sleep(YOUNG)
    proven = sum(a['flows'][0]['state'] == 'proven' for a in daemon.list())
    registrar.tell('stop')
    registrar.tell('start')
    registrar.tell('set pong 1')
    since = own.now()
    all_back(f'{what} ({proven} proven)', registrar.bound, count, since,
             allowed, programs=[daemon, registrar])
    sent = collections.Counter(user for _, user, code, _ in
                               registrar.registers(since) if not code)
    lab.check(f'{what}: two REGISTERs from each, none from nobody',
              len(sent) == count and set(sent.values()) <= {1, 2},
              collections.Counter(sent.values()))
    made = len(connects.times(registrar.ports['tcp'], since))
    lab.check(f'{what}: a connect for each', made <= count + 1, made)
    settled(what, daemon, count)
    daemon.stop()
    registrar.stop()


def young_some(it):
    """Those that were proven by then show the others that it is back."""
    young(it, f'restarted {YOUNG:g} s after registering', True, BACK)


def young_none(it):
    """Nobody knows better than to wait as after any failure; the first that is
    proven then calls the others."""
    young(it, f'restarted {YOUNG:g} s after registering, no keepalive answered',
          False, WAIT_YOUNG + BACK)


def rates(what, registrar, connects, port, since, pace):
    sent = [at for at, _, code, _ in registrar.registers(since) if not code]
    made = connects.times(port, since)
    most = own.busiest(sent)
    allowed = pace * 1.1 + OVERDRAW
    lab.check(f'{what}: at most {allowed:.0f} REGISTERs in any second',
              most <= allowed, most)
    steady = own.busiest(sent, 5)
    lab.check(f'{what}: and in any five seconds no more than the pace',
              steady <= 5 * pace + allowed, steady)
    lab.check(f'{what}: at most {pace * 1.1:.0f} connects in any second',
              own.busiest(made) <= pace * 1.1 + 1, own.busiest(made))
    figure(f'{what}: at most {most} REGISTERs and {own.busiest(made)} connects '
           f'in a second, {steady} REGISTERs in five')


def cut(it):
    """T15: all flows are lost at once, the registrar is alive."""
    count, what = 500 if FULL else 100, 'T15, all flows cut'
    registrar = own.Registrar(it, count=count, transports=['tcp'],
                              options=['-g', str(GRANT)])
    connects = own.Connects(it)
    daemon = daemon_at(it, registrar.accounts('tcp'), OFF, connects.wrap)
    set_pace(daemon, {})
    since = own.now()
    lab.check(f'{what}: so many', int(registrar.tell('cut rst *')) == count)
    messages = 2 * count
    all_back(what, registrar.bound, count, since, messages / PACE + 3,
             messages / PACE + 60)
    rates(what, registrar, connects, registrar.ports['tcp'], since, PACE)
    sent = collections.Counter(user for _, user, code, _ in
                               registrar.registers(since) if not code)
    lab.check(f'{what}: two REGISTERs from each, none from nobody',
              len(sent) == count and set(sent.values()) <= {1, 2},
              collections.Counter(sent.values()))
    settled(what, daemon, count)
    daemon.stop()
    registrar.stop()


def start(it):
    """Very many accounts start, paced, and nobody waits for ever."""
    count, what = 10000 if FULL else 1000, 'start'
    registrar = own.Registrar(it, count=count, transports=['udp'],
                              options=['-g', str(GRANT)])
    pace = START_PACE if FULL else 300
    since = own.now()
    daemon = lab.Sipregd(
        it, [registrar.accounts('udp')], log_level='info',
        pace=dict.fromkeys(OFF, pace),
        defaults={'probe': {'mode': 'off'}})
    floor = 2 * count / pace
    all_back(f'{what} of {count} over UDP', registrar.bound, count, since,
             min(floor + 6, START_MAX), START_MAX + 30)
    seconds, memory = used(daemon.process.pid)
    figure(f'{what}: floor {floor:.1f} s, {seconds:.2f} s of CPU, '
           f'{memory:.0f} MB at most')
    events = registrar.registers(since)
    sent = [at for at, _, code, _ in events if not code]
    most = own.busiest(sent)
    lab.check(f'{what}: REGISTERs in any second are within the pace and what '
              'may be owed', most <= 2.1 * pace, most)
    figure(f'{what}: {len(sent)} REGISTERs, at most {most} in a second; '
           f'{registrar.counters()["repeated"]} retransmissions')
    waits(what, events)
    settled(what, daemon, count)
    daemon.stop()
    registrar.stop()


def waits(what, events):
    """From an account's challenge to its answer: they go first."""
    challenged, waited = {}, []
    for at, user, code, auth in events:
        if code == 401:
            challenged.setdefault(user, at)
        elif not code and auth and user in challenged:
            waited.append(at - challenged.pop(user))
    waited.sort()
    lab.check(f'{what}: who was challenged answers within 2 s',
              waited and waited[-1] < 2, waited[-3:])
    figure(f'{what}: from challenge to answer {waited[len(waited) // 2]:.3f} s'
           f' median, {waited[-1]:.3f} s at most')


CASES = {'kamailio_tls': kamailio_tls, 'paced': paced, 'away_long': away_long,
         'start': start, 'tcp': tcp, 'tls': tls, 'cut': cut,
         'young_none': young_none, 'young_some': young_some}


def one(name, inner):
    began = time.monotonic()
    try:
        CASES[name](inner)
    finally:
        inner.close()
    print(f'# {name}: {time.monotonic() - began:.1f} s', flush=True)


def test(it):
    # a laboratory says what a signal does: only the first thread may
    labs = {name: lab.Lab() for name in sys.argv[1:] or CASES}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for end in [pool.submit(one, *both) for both in labs.items()]:
            end.result()
    print('#\n# figures')
    for text in figures:
        print('#  ', text)


lab.run(test)
