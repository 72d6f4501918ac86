"""What every case has: a NAT with sipregd behind it, the registrars in front
of it with an account for each transport, and a measurement of how long each of
them could not be reached.

Taken from the environment: NATLAB, how much of it is run: `check` (times are
scaled down), `ci` and `long`; NATLAB_ROWS, the file that measured seconds are
appended to.
"""

import json
import os
import shlex
import signal
import time

import nets
import prober
import registrars
from registrars import lab

import manager                          # beside lab, whose path is known now

nets.become_root()

SCALE = os.environ.get('NATLAB') or 'check'
TRANSPORTS = ('udp', 'tcp', 'tls')
PRIVATE = ('192.168.', '10.', '172.', '100.64.')

INTERVAL = 2        # [s] between keepalives, where times are scaled
NAT_TIMEOUT = 3     # [s] of an idle mapping, then
SLACK = 5           # [s] beyond an interval that may pass: issue, "Shown by"
UNTIL_BACK = 20     # [s] beyond the bound, to see how late it is
DEFAULT = 30        # [s] between keepalives of a stream, unless configured
PERIOD = 0.5        # [s] between two requests to one account


def record(case, nat, interval, registrar, transport, seconds, bound):
    """A row of the table at the end."""
    row = {'case': case, 'nat': nat, 'interval': interval,
           'registrar': registrar, 'transport': transport, 'bound': bound,
           'seconds': None if seconds is None else round(seconds, 2)}
    print('#', row, flush=True)
    if 'NATLAB_ROWS' in os.environ:
        with open(os.environ['NATLAB_ROWS'], 'a') as f:
            f.write(json.dumps(row) + '\n')


class Why:
    """Asks only when it is to be printed."""

    def __init__(self, bench, user, more):
        self.bench, self.user, self.more = bench, user, more

    def __str__(self):
        registrar, _ = self.bench.home[self.user]
        status = self.bench.daemon.status(self.user)
        events = status.pop('events', [])
        return '\n'.join([
            str(self.more),
            f'bindings: {registrar.bindings().get(self.user)}',
            *(f'REGISTER: {r}' for r in registrar.registers(self.user)[-3:]),
            f'status: {json.dumps(status)}',
            *(f'{e["at_usec"] / 1e6 % 1000:.3f} {e["event"]}: {e["text"]}'
              for e in events[-12:])])


class Bench:
    """`keys`: for every account; the other arguments are those of nets.Net."""

    def __init__(self, it, kind='port', manners=registrars.MANNERS,
                 transports=TRANSPORTS, interval=INTERVAL, keys={}, **net):
        self.it, self.kind = it, kind
        self.interval = interval or DEFAULT
        self.net = nets.Net(kind, **net)
        self.keeper = manager.Manager(it)
        self.registrars = {}
        self.accounts = []
        self.home = {}                  # account: (its registrar, transport)
        if interval:
            keys = {'keepalive': {'interval': interval}, **keys}
        for manner, host in zip(manners, nets.SERVERS):
            r = registrars.Registrar(it, self.net, manner, host)
            self.registrars[manner] = r
            for transport in transports:
                # Less than the strict one grants: it answers 423 first.
                a = r.account(transport, **{'expires': 300, **keys})
                self.accounts.append(a)
                self.home[a['name']] = r, transport
        for r in self.registrars.values():
            r.ready()
        self.prober = prober.Prober(self.net, PERIOD)
        self.watches = {}

    def start(self, **settings):
        """sipregd runs, every account is registered and was reached. Where
        one is not, that is a failure, and the case goes on with the others."""
        self.settings = settings
        self._run()
        try:
            lab.await_that('all registered', self.daemon.registered)
        except lab.Failed:
            pass
        self.watch()
        try:
            lab.await_that('all reached', lambda: all(
                w.unreachable(0) is not None for w in self.watches.values()))
        except lab.Failed:
            pass
        for user, w in self.watches.items():
            lab.check(f'{user}: registered, and reached through the NAT',
                      w.unreachable(0) is not None
                      and self.daemon.registered(user), self.why(user))

    def _run(self):
        self.daemon = lab.Sipregd(
            self.it, self.accounts,
            wrap=shlex.join(self.net.lan.argv()),
            start=self.keeper.start_in(self.it), **self.settings)

    def again(self, meanwhile):
        """sipregd is killed, without a goodbye, and started again; when."""
        self.daemon.process.kill()
        self.daemon.process.wait()
        meanwhile()
        began = time.monotonic()
        self._run()
        return began

    def handed_over(self, meanwhile):
        """sipregd hands its flows over, and is started again; when."""
        self.daemon.process.send_signal(signal.SIGUSR2)
        self.daemon.process.wait()
        meanwhile()
        began = time.monotonic()
        self._run()
        return began

    def watch(self):
        for user, (registrar, _) in self.home.items():
            self.watches[user] = self.prober.watch(registrar, user)

    def unwatch(self):
        """Nobody asks for any of them any more."""
        for user in self.home:
            self.prober.unwatch(user)

    def why(self, user, more=''):
        """What can be known when an account does not do as it should."""
        return Why(self, user, more)

    def outage(self, case, fault, bound):
        """Seconds that each account cannot be reached after fault(): from its
        end, or from the time that it returns, to the first request that is
        answered and after which none is lost. `bound`: seconds, or a function
        of the transport."""
        limit = bound if callable(bound) else lambda _: bound
        told = fault()
        since = told if isinstance(told, float) else time.monotonic()
        # A lost one is known to be so a little later.
        last = since + max(map(limit, TRANSPORTS)) + UNTIL_BACK

        def over():
            return (time.monotonic() > since + 3 * PERIOD + prober.PATIENCE
                    and all(self.watches[u].unreachable(since) is not None
                            for u in self.home))

        try:
            lab.await_that(case, over, last - time.monotonic())
        except lab.Failed:
            pass
        for user, (registrar, transport) in self.home.items():
            seconds = self.watches[user].unreachable(since)
            record(case, self.kind, self.interval, registrar.name, transport,
                   seconds, limit(transport))
            lab.check(f'{case}, {self.kind} NAT: {user} is reachable again '
                      f'within {limit(transport):g} s',
                      seconds is not None and seconds <= limit(transport),
                      self.why(user, f'after {seconds} s'))

    def one_binding(self, what, host=None):
        """Each registrar holds one binding of each account, and the strict one
        and the lenient one at that public address."""
        def wrong():
            held = {u: r.contacts(u) for u, (r, _) in self.home.items()}
            return {u: c for u, c in held.items() if len(c) != 1 or (
                host and self.home[u][0].name != 'edge' and c[0][0] != host)}

        try:
            lab.await_that(what, lambda: not wrong(), 10)
        except lab.Failed:
            pass
        left = wrong()
        lab.check(f'{what}, {self.kind} NAT: no ghost is left', not left,
                  '\n'.join(f'{u}: {c}\n{self.why(u)}'
                            for u, c in left.items()))

    def never_private(self):
        """One round is enough: the first REGISTER that is believed already
        carries the address that its challenge taught."""
        private = [r for x in self.registrars.values() for r in x.registers()
                   if r['auth'] and registrars.address(
                       r['contact'])[0].startswith(PRIVATE)]
        lab.check(f'{self.kind} NAT: no authenticated REGISTER of '
                  f'{len(self.home)} accounts offered a private Contact',
                  not private, '\n'.join(map(str, private[:6])))

    def end(self):
        self.never_private()
        self.unwatch()
        lab.check_await(
            f'{self.kind} NAT: sipregd knows that all can be reached again',
            lambda: all(a['reachable'] == 'yes' for a in self.daemon.list()))
        lab.check(f'{self.kind} NAT: sipregd ends with exit status 0',
                  self.daemon.stop() == 0)
        self.net.close()
