#!/usr/bin/python3
"""The IPv6 prefix changes (SCENARIOS N7): a router with a stateful filter and
no NAT gives out another one, the old one is deprecated or withdrawn. Whoever
can be called over the new address only must say so at once."""

import re
import time

import nets
import prober
import registrars
from bench import PERIOD, TRANSPORTS, Bench, lab

import manager

BACK = 3            # [s] after the new address is there, as in test_local.py
APART = 15          # [s] local events end a back-off only once in 10 s, from
                    # when the last flow came up
PREFIXES = tuple(f'2001:db8:{n}::' for n in (1, 2, 3))
HOST = '33'
OUTER, FAR = '2001:db8:f::2', '2001:db8:f::1'
SERVER = '2001:db8:e::{}'
V4 = '203.0.113.1'  # where the prober asks from, nothing to do with the client


class Net6:
    """lan -- nat -- wan, all of it IPv6. `nat` has its name from nets.Net."""

    def __init__(self):
        self.lan, self.nat, self.wan = (nets.Namespace() for _ in range(3))
        for host in self.lan, self.nat, self.wan:
            for which in 'all', 'default', 'lo':
                host.sysctl(f'ipv6/conf/{which}/disable_ipv6', 0)
            host.sysctl('ipv6/conf/default/accept_dad', 0)
        self._link(self.lan, 'eth0', 'in')
        self._link(self.wan, 'net0', 'out')
        self.wan.ip(f'addr add {V4}/24 dev lo', f'addr add {FAR}/64 dev net0',
                    *(f'addr add {a}/32 dev lo' for a in nets.SERVERS),
                    *(f'addr add {SERVER.format(n)}/128 dev lo'
                      for n in range(3)),
                    f'route add default via {OUTER}')
        self.nat.ip(f'addr add {OUTER}/64 dev out',
                    'addr add fe80::1/64 dev in',
                    f'route add default via {FAR}')
        self.nat.sysctl('ipv6/conf/all/forwarding', 1)
        self.nat.run('nft', '-f', '-', text='''
            table ip6 filter {
                chain forward {
                    type filter hook forward priority filter; policy drop
                    ct state invalid drop
                    iifname "in" accept
                    ct state established,related accept
                }
            }''')
        self.nat.sysctl('netfilter/nf_conntrack_tcp_loose', 0)
        self.prefix = None
        self.give(PREFIXES[0])
        self.lan.ip('route add default via fe80::1 dev eth0')

    def _link(self, host, name, peer):
        host.ip(f'link add name {name} type veth peer name {peer} '
                f'netns {self.nat.path}', f'link set {name} up')
        self.nat.ip(f'link set {peer} up')

    def give(self, prefix):
        """The router and the client have it; the client's address."""
        self.nat.ip(f'route add {prefix}/64 dev in')
        self.lan.ip(f'addr add {prefix}{HOST}/64 dev eth0')
        self.prefix = prefix

    def deprecate(self, prefix):
        self.lan.ip(f'addr change {prefix}{HOST}/64 dev eth0 '
                    'valid_lft 3600 preferred_lft 0')

    def withdraw(self, prefix):
        self.lan.ip(f'addr del {prefix}{HOST}/64 dev eth0')
        self.nat.ip(f'route del {prefix}/64 dev in')
        self.nat.run('conntrack', '-F')

    def close(self):
        for host in self.lan, self.nat, self.wan:
            host.close()


class Registrar6(registrars.Registrar):
    """Is asked by the prober over IPv4, and has its clients over IPv6."""

    def __init__(self, it, net, manner, host, address):
        self.address = address
        super().__init__(it, net, manner, host)

    def start(self):
        with open(self.config) as f:
            text = f.read()
        for kind, port in ('udp', 5060), ('tcp', 5060), ('tls', 5061):
            line = f'listen={kind}:{self.host}:{port}\n'
            text = text.replace(line, line + f'listen={kind}:'
                                f'[{self.address}]:{port}\n')
        with open(self.config, 'w') as f:
            f.write(text)
        super().start()

    def account(self, transport, user=None, **keys):
        port = self.tls_port if transport == 'tls' else self.port
        return super().account(transport, user, registrar=(
            f'sip:[{self.address}]:{port}'), **keys)

    def contacts(self, user):
        return re.findall(r'@\[([0-9a-f:]+)\]:(\d+)',
                          ' '.join(self.bindings().get(user, [])))


class Bench6(Bench):
    def __init__(self, it):
        self.it, self.kind, self.interval = it, 'no', 30
        self.net = Net6()
        self.keeper = manager.Manager(it)
        self.registrars, self.accounts, self.home = {}, [], {}
        for i, manner in enumerate(registrars.MANNERS):
            r = Registrar6(it, self.net, manner, nets.SERVERS[i],
                           SERVER.format(i))
            self.registrars[manner] = r
            for transport in TRANSPORTS:
                a = r.account(transport, expires=700)
                self.accounts.append(a)
                self.home[a['name']] = r, transport
        for r in self.registrars.values():
            r.ready()
        self.prober = prober.Prober(self.net, PERIOD)
        self.watches = {}

    def moved(self, what):
        """One binding of each account, at the new address, as its flow is."""
        new = self.net.prefix + HOST

        def wrong():
            held = {u: r.contacts(u) for u, (r, _) in self.home.items()}
            return {u: c for u, c in held.items()
                    if [host for host, _ in c] != [new]}

        try:
            lab.await_that(what, lambda: not wrong(), 10)
        except lab.Failed:
            pass
        left = wrong()
        lab.check(f'{what}: one binding of each, at the new address',
                  not left, '\n'.join(f'{u}: {c}\n{self.why(u)}'
                                      for u, c in left.items()))
        old = [u for u in self.home if new not in
               (self.daemon.status(u)['flows'][0]['local'] or '')]
        lab.check(f'{what}: each flow is from the new address', not old,
                  '\n'.join(f'{u}: {self.why(u)}' for u in old))


def test(it):
    b = Bench6(it)
    b.start()
    first, second, third = PREFIXES

    def renewed():
        b.net.give(second)
        b.net.deprecate(first)

    def replaced():
        b.net.withdraw(second)
        b.net.give(third)

    b.outage('another IPv6 prefix, the old one deprecated', renewed, BACK)
    b.moved('the old prefix is deprecated')
    b.net.withdraw(first)
    time.sleep(APART)
    b.outage('another IPv6 prefix, the old one withdrawn', replaced, BACK)
    b.moved('the old prefix is withdrawn')
    b.end()


lab.run(test)
