"""What goes wrong during a soak: one coroutine for each kind. They may overlap,
and each says from when until when whom it hits."""

import asyncio
import subprocess

from registrar import ANSWER_BY

BRIEF = ('503 Service Unavailable', 'Retry-After: 3'),
REFUSALS = *BRIEF, ('503 Service Unavailable',), \
    ('500 Server Internal Error',), ('408 Request Timeout',), 'stale'
RULES = '''
add table ip soak
add set ip soak edges { type ipv4_addr; }
add set ip soak flows { type ipv4_addr . inet_proto . inet_service; }
add chain ip soak in { type filter hook input priority 0; }
add rule ip soak in ip saddr @edges drop
add rule ip soak in ip daddr @edges drop
add rule ip soak in ip saddr . meta l4proto . th sport @flows drop
add rule ip soak in ip daddr . meta l4proto . th dport @flows drop
'''


def nft(text):
    subprocess.run(['nft', '-f', '-'], input=text, text=True, check=True)


class Faults:
    """`it`: the soak: rng, registrar, watches, daemon, now(), tell()."""

    # name: how often, compared with the others
    KINDS = {'reset_some': 6, 'reset_all': 2, 'hole_flows': 6, 'hole_edge': 3,
             'stall': 3, 'restart': 5, 'refuse': 4, 'shaky': 4,
             'reload_same': 2, 'reload_changed': 3, 'clock': 4}
    ENDS = {'handover': 3, 'kill': 2}       # of the process under test

    def __init__(self, it):
        self.it, self.rng = it, it.rng
        self.busy = set()           # edges that something happens to
        self.holes = set()          # flows that are one, as nft names them
        self.counts = {}            # kind: [times, accounts]
        nft(RULES)

    def names(self, ends):
        """The kinds to choose from, in their shares."""
        kinds = {**self.KINDS, **(self.ENDS if ends else {})}
        return [k for k, n in kinds.items() for _ in range(n)]

    async def happen(self, name):
        """One of that kind; False: it does not fit now."""
        return await getattr(self, name)() is not False

    # --- helpers ---

    def hit(self, watches, what):
        now = self.it.now()
        kind = what.split()[0]
        count = self.counts.setdefault(kind, [0, 0])
        count[0] += 1
        count[1] += len(watches)
        for w in watches:
            w.fault(now, what)
        self.it.tell(f'{what}: {len(watches)} accounts')

    def excuse(self, watches, why):
        """From now on, and the calls that are on their way."""
        now = self.it.now()
        for w in watches:
            w.excuse(now - ANSWER_BY, now + w.detect, why)

    def on(self, edges, kinds=('udp', 'tcp', 'tls')):
        return [w for w in self.it.watches if w.kind in kinds and
                self.it.edge_of(w) in edges]

    def some_edges(self):
        """One or all that nothing happens to; an empty list: none."""
        free = [e for e in self.it.registrar.edges if e not in self.busy]
        if len(free) == len(self.it.registrar.edges) and \
                self.rng.random() < 0.2:
            return free
        return [self.rng.choice(free)] if free else []

    async def trouble(self, edges, seconds):
        """Has them for itself for so long."""
        self.busy.update(edges)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.busy.difference_update(edges)

    def stretch(self, low, high):
        """A duration; short ones are as frequent as long ones."""
        high = max(low, min(high, self.it.longest_fault))
        return low * (high / low) ** self.rng.random()

    def flows_of(self, watches):
        """(account, flow of its binding), as far as there is one."""
        held = self.it.registrar.held
        for w in watches:
            for b in held(self.it.registrar.users[w.name]):
                yield w, b.flow

    # --- connections ---

    async def reset_some(self):
        some = self.rng.sample(self.on(self.it.registrar.edges,
                                       ('tcp', 'tls')), 10)
        self._reset(some, 'reset_some')

    async def reset_all(self):
        self._reset(self.on(self.some_edges() or self.it.registrar.edges,
                            ('tcp', 'tls')), 'reset_all')

    def _reset(self, watches, what):
        hard = self.rng.random() < 0.7
        self.hit(watches, f'{what} {"RST" if hard else "FIN"}')
        for _, flow in list(self.flows_of(watches)):
            flow.cut(hard)

    # --- packets ---

    async def hole_flows(self):
        some = self.rng.sample(self.it.watches, self.rng.randint(1, 20))
        holes = {}
        for w, f in self.flows_of(some):
            proto = 'udp' if f.kind == 'udp' else 'tcp'
            element = f'{f.peer[0]} . {proto} . {f.peer[1]}'
            if element not in self.holes:
                holes[element] = w
        if not holes:
            return False
        self.holes.update(holes)
        await self._hole('flows', list(set(holes.values())), ', '.join(holes),
                         self.stretch(2, 25))
        self.holes.difference_update(holes)

    async def hole_edge(self):
        edges = self.some_edges()
        if not edges:
            return False
        self.busy.update(edges)
        await self._hole('edges', self.on(edges),
                         ', '.join(e.host for e in edges),
                         self.stretch(2, 20))
        self.busy.difference_update(edges)

    async def _hole(self, which, watches, elements, seconds):
        self.hit(watches, f'hole_{which} {seconds:.1f} s')
        self.excuse(watches, 'hole')
        nft(f'add element ip soak {which} {{ {elements} }}')
        try:
            await asyncio.sleep(seconds)
        finally:
            nft(f'delete element ip soak {which} {{ {elements} }}')
            self.excuse(watches, 'hole over')

    async def shaky(self):
        edges = self.some_edges()
        if not edges:
            return False
        seconds = self.stretch(5, 20)
        self.hit(self.on(edges, ('udp',)), f'shaky {seconds:.1f} s')
        for e in edges:
            e.shaky = self.rng.uniform(0.02, 0.3), 0.3
        await self.trouble(edges, seconds)
        for e in edges:
            e.shaky = None

    # --- the registrar ---

    async def stall(self):
        """It is there and does nothing; then it does all at once."""
        edges = self.some_edges()
        if not edges:
            return False
        seconds, hit = self.stretch(1, 15), self.on(edges)
        self.hit(hit, f'stall {seconds:.1f} s')
        self.excuse(hit, 'stall')
        for e in edges:
            e.freeze()
        await self.trouble(edges, seconds)
        for e in edges:
            e.thaw()
        self.excuse(hit, 'stall over')

    async def restart(self):
        edges = self.some_edges()
        if not edges:
            return False
        seconds, hard = self.stretch(0.2, 20), self.rng.random() < 0.5
        lost = self.rng.random() < 0.4
        self.hit(self.on(edges), f'restart {seconds:.1f} s'
                 + (', bindings lost' if lost else ''))
        udp = self.on(edges, ('udp',))
        self.excuse(udp, 'away')
        for e in edges:
            e.close(hard)
        if lost:
            self.it.registrar.forget(edges)
        await self.trouble(edges, seconds)
        for e in edges:
            await e.open()
        self.excuse(udp, 'back')
        if lost:
            for w in udp:
                w.lost.append(self.it.now())

    async def refuse(self):
        edges = self.some_edges()
        if not edges:
            return False
        seconds = self.stretch(3, 20)
        how = self.rng.choice(BRIEF if self.it.short else REFUSALS)
        text = how if isinstance(how, str) else ' '.join(how)
        self.hit(self.on(edges), f'refuse {text} {seconds:.1f} s')
        for e in edges:
            e.refuses = how
        await self.trouble(edges, seconds)
        for e in edges:
            e.refuses = None

    # --- sipregd ---

    async def reload_same(self):
        self.hit([], 'reload_same')
        await self.it.daemon.reload()

    async def reload_changed(self):
        some = self.rng.sample(self.it.watches, self.rng.randint(1, 5))
        self.hit(some, 'reload_changed')
        for w in some:
            w.expires += 1
        self.it.write_config()
        await self.it.daemon.reload()

    async def clock(self):
        step = self.rng.choice((0, -7200, -60, -1, 1, 60, 3600, 86400))
        self.hit([], f'clock {step:+d} s')
        self.it.set_clock(step)

    async def handover(self):
        self.hit(self.it.watches, 'handover')
        await self.it.daemon.restart('USR2', self.stretch(0.01, 2))

    async def kill(self):
        self.hit(self.it.watches, 'kill')
        await self.it.daemon.restart('KILL', self.stretch(0.01, 5))
