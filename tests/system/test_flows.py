#!/usr/bin/python3
"""Two flows of one account, by two edges to one registrar (RFC 5626, Kamailio
on both sides): one edge dies, and calls arrive all the same."""

import os
import re
import signal

import lab

RETURN = 40         # [s] the first wait beside another flow is 6 to 12 s, and
                    # an edge that refused is knocked at


class Edge(lab.Kamailio):
    """The registrar, or with `edge` a proxy in front of it."""

    def __init__(self, it, name, host, edge):
        self.lab, self.name, self.host, self.edge = it, name, host, edge
        self.port = it.port()
        self.dir = it.path(name)
        os.mkdir(self.dir)
        machine = os.uname().machine + '-linux-gnu'
        with open(os.path.join(lab.HERE, 'edges.cfg.in')) as f:
            text = f.read()
        for key, value in {'HOST': host, 'PORT': self.port, 'DIR': self.dir,
                           'MODULES': self.MODULES.format(machine)}.items():
            text = text.replace(f'@{key}@', str(value))
        self.config = it.write(name + '.cfg', text)
        self.start()

    def start(self):
        self.process = self.lab.start(self.name, [
            'kamailio', '-f', self.config, '-DD', '-E', '-m', '32', '-M', '8',
            '-Y', self.dir, '-w', self.dir, '-P', self.dir + '/pid',
            *(['-A', 'EDGE'] if self.edge else [])])
        lab.await_that(f'{self.name} answers', self.alive, 20)

    def kill(self):
        """All of it at once, without a word to anybody."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def alive(self):
        if self.process.poll() is not None:
            raise lab.Failed(f'{self.name} ended: '
                             + self.lab.log(self.name))
        return 'pid' in self.rpc('core.psx') or self.rpc('core.version')

    def location(self):
        """{reg-id: the host of its Path} of what the registrar holds."""
        held = {}
        for contact in self.rpc('ul.dump').split('Contact:')[1:]:
            reg_id = re.search(r'Reg-Id: (\d+)', contact, re.I)
            path = re.search(r'Path: <sip:(?:[^@>]*@)?([0-9.]+)', contact)
            if reg_id and path:
                held[int(reg_id[1])] = path[1]
        return held


def flows(daemon):
    return daemon.status('alice')['flows']


def test(it):
    net, last = it.host.rsplit('.', 1)
    hosts = [f'{net}.{(int(last) + n) % 254 + 1}' for n in (1, 2)]
    registrar = Edge(it, 'registrar', it.host, False)
    edges = [Edge(it, f'edge{n}', host, True)
             for n, host in enumerate(hosts, 1)]
    daemon = lab.Sipregd(it, [registrar.account(
        'alice', 'tcp', flows=2, expires=60, probe={'mode': 'off'},
        outbound_proxy=[f'sip:{e.host}:{e.port}' for e in edges])])

    def both():
        return registrar.location() == {1: hosts[0], 2: hosts[1]}

    if not lab.check_await('both reg-ids are in the location, each by its '
                           'edge', both):
        print('#', registrar.rpc('ul.dump'))
        return
    told = flows(daemon)
    lab.check('each flow tells its edge, and that outbound is confirmed',
              [f['edge'] for f in told]
              == [f'{e.host}:{e.port}' for e in edges]
              and all(f['outbound'] and f['registered'] for f in told), told)
    lab.check('both bindings are own ones',
              daemon.status('alice')['bindings']
              == {'own': 2, 'ghost': 0, 'foreign': 0})
    lab.check('a request through the registrar arrives',
              registrar.reaches('alice'))
    status, out, _ = daemon.ctl('bindings', 'alice')
    lab.check('bindings lists them as own',
              status == 0 and out.count('\nown') == 2
              and 'foreign' not in out, out)

    for n in (0, 1):
        since = daemon.status('alice')['reachable_since_usec']
        edges[n].kill()
        lab.check_await(f'edge {n + 1} is dead: its flow is down',
                        lambda: flows(daemon)[n]['state'] == 'down')
        lab.check_await('a request through the registrar arrives all the '
                        'same', lambda: registrar.reaches('alice'))
        a = daemon.status('alice')
        lab.check('the account was reachable all the time',
                  a['reachable'] == 'yes'
                  and abs(a['reachable_since_usec'] - since) < 1000, a)
        lab.check('its flow says why it is down',
                  flows(daemon)[n]['reason'] != 'ok', flows(daemon)[n])
        edges[n].start()
        lab.check_await(f'edge {n + 1} is back: so is its flow', lambda: all(
            f['state'] in ('up', 'proven') and f['registered']
            for f in flows(daemon)), RETURN)
        lab.check_await('by that edge', both)

    daemon.stop()
    lab.check('to stop is to leave nothing',
              registrar.location() == {}, registrar.rpc('ul.dump'))


if __name__ == '__main__':
    lab.run(test)
