"""Networks with a NAT in them, made of network namespaces. Nothing else of the
laboratory is needed to use this file, nothing outside of Python's library and
the tools ip, nft, conntrack and nsenter.

    import nets

    nets.become_root()              # as an ordinary user: a user namespace
    net = nets.Net()                # lan -- nat -- wan, up and running
    daemon = subprocess.Popen(net.lan.argv('sipregd', '-c', 'x.conf'))
    server = net.wan.socket(socket.SOCK_DGRAM, (nets.SERVERS[0], 5060))

    net.nat.forget()                # every mapping is gone
    net.nat.new_address()           # the public address is another one
    net.close()                     # or just end: nothing stays behind

A namespace here is a file descriptor of this process and has no name. So runs
never collide, and when the process ends, in whatever way, all of it is gone.

    lan  192.168.88.33 eth0 -- 192.168.88.1   nat   203.0.113.7, .8, .9 --
         192.168.89.33 eth1 -- 192.168.89.1   nat2  203.0.113.20, .21   --  wan
    wan  203.0.113.1, and for servers 198.51.100.10 to .19

With cgnat=True the provider translates once more: nat has 100.64.0.2 outside,
and net.cgnat the public addresses. net.edge is the router that has them.
"""

import contextlib
import ctypes
import os
import socket
import subprocess
import sys
import time

LAN = '192.168.88.33'                   # the client, as in the origin story
LAN_OTHER = '192.168.88.34'             # what it may be renumbered to
LAN2 = '192.168.89.33'                  # the client, beside the second router
PUBLIC = ('203.0.113.7', '203.0.113.8', '203.0.113.9')
PUBLIC2 = ('203.0.113.20', '203.0.113.21')
CGN = ('100.64.0.2', '100.64.0.3')
WAN = '203.0.113.1'
SERVERS = tuple(f'198.51.100.{n}' for n in range(10, 20))
HOST_APART = SERVERS[9]
PORTS_APART = '30000-30999'

CLONE_NEWNET = 0x40000000               # unshare(2), setns(2)
_libc = ctypes.CDLL(None, use_errno=True)
os.environ['PATH'] += ':/usr/sbin:/sbin'


def _call(function, *args):
    if function(*args):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _current():
    return os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def become_root():
    """Starts the program anew in a user namespace, unless root runs it."""
    if os.geteuid():
        os.execvp('unshare', ['unshare', '-Urn', sys.executable, *sys.argv])


class Namespace:
    """One host."""

    def __init__(self):
        own = _current()
        try:
            _call(_libc.unshare, CLONE_NEWNET)
            self.fd = _current()
            _call(_libc.setns, own, CLONE_NEWNET)
        finally:
            os.close(own)
        self.path = f'/proc/{os.getpid()}/fd/{self.fd}'
        # No events from addresses that nobody asked for.
        self.sysctl('ipv6/conf/all/disable_ipv6', 1)
        self.sysctl('ipv6/conf/default/disable_ipv6', 1)
        self.ip('link set lo up')

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
        self.fd = None

    def argv(self, *command):
        """The command, to be run here; it keeps its process id."""
        return ['nsenter', '--net=' + self.path, *command]

    def run(self, *command, text=None):
        """Runs it here, which must succeed; its output."""
        r = subprocess.run(self.argv(*command), input=text, text=True,
                           capture_output=True)
        if r.returncode:
            raise OSError(f'{" ".join(command)}: {r.stderr or r.stdout}')
        return r.stdout

    def ip(self, *lines):
        """Commands of ip(8), one each."""
        self.run('ip', '-batch', '-', text='\n'.join(lines) + '\n')

    @contextlib.contextmanager
    def inside(self):
        """What this thread opens meanwhile belongs to this host."""
        own = _current()
        _call(_libc.setns, self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            _call(_libc.setns, own, CLONE_NEWNET)
            os.close(own)

    def socket(self, kind=socket.SOCK_DGRAM, address=None):
        """A socket of this host, bound where an address is given."""
        with self.inside():
            s = socket.socket(socket.AF_INET, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address:
            s.bind(address)
        return s

    def sysctl(self, name, value):
        """Writes /proc/sys/net/NAME of this host."""
        with self.inside(), open('/proc/sys/net/' + name, 'w') as f:
            f.write(str(value))


class Router(Namespace):
    """A NAT: `in` inside, `out` outside. `kind` is how it maps:

    port        one mapping for all destinations, the port kept where possible;
                only those may answer who were asked (port-restricted)
    symmetric   another random port for each destination
    address     another port for the servers of HOST_APART than for all others
    cone        as port, but everybody may answer (full cone), also from
                inside (hairpinning)
    restricted  as port, but from any port of those who were asked

    Only senders of its own network are let out.
    """

    def __init__(self, kind, inner, outer):
        super().__init__()
        self.kind, self.inner, self.outer = kind, inner, outer
        self.address = outer[0]         # what it translates to
        self.ports = None               # (first, last), where it is so bound
        self.rules = []                 # nft, in front of what it forwards

    def start(self):
        self.sysctl('ipv4/ip_forward', 1)
        self.apply()
        # What it does not know is not picked up in the middle.
        self.sysctl('netfilter/nf_conntrack_tcp_loose', 0)

    def apply(self):
        """Installs the rules; what is mapped already stays so."""
        ports = ':{}-{}'.format(*self.ports) if self.ports else ''
        how = ' fully-random' if self.kind == 'symmetric' else ''
        apart = (f'oifname "out" ip daddr {HOST_APART} meta l4proto udp '
                 f'snat to {self.address}:{PORTS_APART}'
                 if self.kind == 'address' else '')
        known = {'cone': '', 'restricted': 'ip saddr . udp dport @asked'}
        entry = (f'ip daddr {self.address} meta l4proto udp '
                 f'{known[self.kind]} dnat to {self.inner}'
                 if self.kind in known else '')
        turn = (f'iifname "in" oifname "in" snat to {self.address}'
                if self.kind == 'cone' else '')
        self.run('nft', '-f', '-', text=f'''
            flush ruleset
            table ip nat {{
                set asked {{
                    type ipv4_addr . inet_service
                    flags dynamic
                    timeout 1m
                }}
                chain pre {{
                    type nat hook prerouting priority dstnat
                    {entry}
                }}
                chain out {{
                    type filter hook forward priority filter
                    iifname "in" meta l4proto udp \
                        update @asked {{ ip daddr . udp sport }}
                }}
                chain post {{
                    type nat hook postrouting priority srcnat
                    {apart}
                    {turn}
                    oifname "out" meta l4proto {{ tcp, udp }} \
                        snat to {self.address}{ports}{how}
                    oifname "out" snat to {self.address}
                }}
            }}
            table ip filter {{
                chain forward {{
                    type filter hook forward priority filter; policy drop
                    {"; ".join(self.rules)}
                    ct state invalid drop
                    iifname "in" ip saddr {gateway(self.inner)}/24 accept
                    ct state established,related accept
                    ct status dnat accept
                }}
                # A packet to a forgotten port must leave no entry behind that
                # would then stand in the way of the client's own.
                chain input {{
                    type filter hook input priority filter
                    iifname "in" accept
                    ct state established,related accept
                    drop
                }}
            }}''')

    def forget(self, port=None):
        """All mappings are gone, or those to that UDP port. A stream's packets
        vanish from now on, UDP gets a mapping again with its next packet from
        inside."""
        what = f'-D -p udp --orig-port-dst {port}' if port else '-F'
        try:
            self.run('conntrack', *what.split())
        except OSError as e:
            if ' 0 flow entries ' not in str(e):    # nothing to forget
                raise

    def rebind(self, forget=True):
        """As forget(), and what is mapped then gets another port."""
        first = self.ports[1] + 1 if self.ports else 20000
        self.ports = (first, first + 999)
        self.apply()
        if forget:
            self.forget()

    def new_address(self, forget=True):
        """As forget(), and then to another public address. Without `forget`
        what is mapped stays so, only what is new gets the new address."""
        i = self.outer.index(self.address)
        self.address = self.outer[(i + 1) % len(self.outer)]
        self.apply()
        if forget:
            self.forget()

    def timeouts(self, seconds):
        """How long it remembers an idle mapping, UDP and TCP."""
        for name in 'udp_timeout', 'udp_timeout_stream', \
                    'tcp_timeout_established':
            self.sysctl('netfilter/nf_conntrack_' + name, seconds)

    def loss(self, percent):
        """So much is lost of what passes, both ways; 0: nothing."""
        self.rules = ([f'numgen random mod 100 < {percent} drop'] if percent
                      else [])
        self.apply()

    def mappings(self):
        """The connection tracking table as text, for those who debug."""
        return self.run('conntrack', '-L')


class Net:
    """The client's host `lan`, its router `nat`, the servers' host `wan`; with
    `second` another router beside it, with `cgnat` another one behind it."""

    def __init__(self, kind='port', cgnat=False, second=False, lan=LAN):
        self.hosts = []
        self.lan = self._add(Namespace())
        self.wan = self._add(Namespace())
        self.nat = self._add(Router(kind, lan, CGN if cgnat else PUBLIC))
        self.cgnat = cgnat and self._add(Router(kind, CGN[0], PUBLIC))
        self.nat2 = second and self._add(Router(kind, LAN2, PUBLIC2))
        self.edge = self.cgnat or self.nat
        self.address = lan

        self.wan.ip('link add name net0 type bridge',
                    f'addr add {WAN}/24 dev net0',
                    'link set net0 up',
                    *(f'addr add {a}/32 dev lo' for a in SERVERS))
        self._inside(self.nat, 'eth0', lan)
        if cgnat:
            self._link(self.nat, 'out', self.cgnat, 'in')
            self.cgnat.ip(f'addr add {gateway(CGN[0])}/24 dev in')
            self.nat.ip(*(f'addr add {a}/24 dev out' for a in CGN),
                        f'route add default via {gateway(CGN[0])}')
        self._outside(self.edge)
        if second:
            self._inside(self.nat2, 'eth1', LAN2)
            self._outside(self.nat2)
        for router in self.nat, self.cgnat, self.nat2:
            if router:
                router.start()
        self.route()

    def close(self):
        for host in self.hosts:
            host.close()

    def _add(self, host):
        self.hosts.append(host)
        return host

    def _link(self, a, name, b, peer):
        a.ip(f'link add name {name} type veth peer name {peer} netns {b.path}',
             f'link set {name} up')
        b.ip(f'link set {peer} up')

    def _inside(self, router, name, address):
        self._link(self.lan, name, router, 'in')
        self.lan.ip(f'addr add {address}/24 dev {name}')
        router.ip(f'addr add {gateway(address)}/24 dev in')

    def _outside(self, router):
        port = f'p{self.hosts.index(router)}'
        self._link(router, 'out', self.wan, port)
        self.wan.ip(f'link set {port} master net0')
        router.ip(*(f'addr add {a}/24 dev out' for a in router.outer),
                  f'route add default via {WAN}')

    # --- what happens to the client's own host ---

    def route(self, address=None):
        """Its default route leads over the router beside that address."""
        via = gateway(address or self.address)
        self.lan.ip(f'route replace default via {via}')

    def renumber(self, new=LAN_OTHER):
        """It has another address in the same network from now on."""
        self.lan.sysctl('ipv4/conf/eth0/promote_secondaries', 1)
        self.lan.ip(f'addr add {new}/24 dev eth0',
                    f'addr del {self.address}/24 dev eth0')
        self.address = new
        self.route()

    def down(self):
        """Its interface is switched off."""
        self.lan.ip('link set eth0 down')

    def up(self):
        self.lan.ip('link set eth0 up')
        self.route()
        self._carried()

    def cable(self, there):
        """The cable to its router is pulled out, or put back."""
        self.nat.ip(f'link set in {"up" if there else "down"}')
        if there:
            self._carried()

    def _carried(self):
        """The kernel takes up to a second before it uses a link again."""
        for host, name in (self.lan, 'eth0'), (self.nat, 'in'):
            while ' state UP ' not in host.run('ip', 'link', 'show', name):
                time.sleep(0.01)


def gateway(address):
    """The router's address beside that one."""
    return address.rpartition('.')[0] + '.1'
