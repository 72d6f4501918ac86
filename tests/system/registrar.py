"""The test registrar as a program (tests/tools/registrar.c), and what shows
every connect that the daemon begins. For thousands of accounts."""

import bisect
import json
import os
import queue
import shutil
import subprocess
import threading
import time

import lab

PROGRAM = os.path.join(lab.BUILD, 'tests', 'registrar')


def now():
    """The clock of all that is written down here [s]."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Registrar:
    """Users are named as in `users`, with %d for their number."""

    def __init__(self, it, name='registrar', users='u%d', count=1000,
                 transports=('udp', 'tcp', 'tls'), options=()):
        self.it, self.name, self.host = it, name, it.host
        self.users, self.count = users, count
        self.ports = {t: it.port() for t in transports}
        self.events_path = it.path(name + '.events')
        argv = [PROGRAM, '-a', f'{users}:{count}', '-e', self.events_path,
                *options]
        if 'tls' in transports:
            argv += ['-c', self._pem()]
        for t, port in self.ports.items():
            flag = {'udp': '-u', 'tcp': '-t', 'tls': '-s'}[t]
            argv += [flag, f'{self.host}:{port}']
        with open(it.path(name + '.log'), 'ab') as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, text=True, bufsize=1)
        it.processes.append((name, self.process))
        self.replies, self.answers = queue.Queue(), {}
        threading.Thread(target=self._read, daemon=True).start()
        if self.replies.get(timeout=20) != 'ready':
            raise lab.Failed(f'{name}: ' + it.log(name))

    def _pem(self):
        it = self.it
        if not os.path.exists(it.path('ca.pem')):
            it.ca()
        if not os.path.exists(it.path('registrar.pem')):
            it.certificate('registrar')
        both = it.path('registrar-both.pem')
        with open(both, 'wb') as f:
            for part in 'registrar.pem', 'registrar.key':
                with open(it.path(part), 'rb') as g:
                    shutil.copyfileobj(g, f)
        return both

    def _read(self):
        for line in self.process.stdout:
            words = line.split()
            if words[0] == 'answer':
                self.answers[int(words[1])] = int(words[2])
            else:
                self.replies.put(line.strip())
        self.replies.put('error it has ended')

    def tell(self, command, timeout=30):
        """What follows "ok"."""
        self.process.stdin.write(command + '\n')
        self.process.stdin.flush()
        reply = self.replies.get(timeout=timeout)
        word, _, rest = reply.partition(' ')
        if word != 'ok':
            raise lab.Failed(f'{self.name}: {command}: {reply}')
        return rest

    def counters(self):
        return json.loads(self.tell('counters'))

    def bound(self):
        """Accounts with a binding whose flow is open."""
        return int(self.tell('bound *'))

    def registers(self, since=0.0):
        """[(time, user, code, with credentials)] of what came since then, no
        retransmissions; code 0: a REGISTER, else the answer to one."""
        self.tell('flush')
        found = []
        with open(self.events_path) as f:
            for line in f:
                at, way, _, _, method, user, code, auth = line.split()
                if (method == 'REGISTER' and way != 'again' and
                        float(at) >= since):
                    found.append((float(at), user, int(code), auth == '1'))
        return found

    def accounts(self, transport, name=None, **keys):
        """All of them, as one group of a sipregd configuration."""
        a = {'name': name or self.users, 'count': self.count, 'first': 1,
             'aor': f'sip:{self.users}@{self.host}',
             'password': f'secret-{self.users}', 'transport': transport,
             'registrar': f'sip:{self.host}:{self.ports[transport]}'}
        if transport == 'tls':
            a['tls'] = {'ca_file': self.it.path('ca.pem'), 'name': lab.NAME}
        a.update(keys)
        return a

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(20)


class Connects:
    """Counts the TCP connects of a program that is started by `wrap`."""

    def __init__(self, it, name='connects'):
        library = it.path(name + '.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-O2', '-o', library,
                        os.path.join(lab.HERE, 'connects.c')], check=True)
        self.path = it.path(name + '.txt')
        self.wrap = f'env LD_PRELOAD={library} CONNECTS={self.path}'

    def times(self, port, since=0.0, until=float('inf')):
        """When each began, to that port."""
        if not os.path.exists(self.path):
            return []
        with open(self.path) as f:
            both = (line.split() for line in f)
            return [float(at) for at, p in both
                    if int(p) == port and since <= float(at) < until]


def busiest(times, window=1.0):
    """The most that happened within any such window."""
    times = sorted(times)
    return max((bisect.bisect_left(times, t + window) - i
                for i, t in enumerate(times)), default=0)
