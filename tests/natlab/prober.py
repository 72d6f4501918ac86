"""Asks from the registrar's side, again and again, whether an account can be
reached: an OPTIONS to its AOR, as a call would take its way."""

import re
import selectors
import socket
import threading
import time

PATIENCE = 0.8      # [s] in which an answer must be there
SETTLED = 3         # answers in a row that end an outage

_CALL = re.compile(rb'^(?:Call-ID|i)\s*:\s*(\S+)', re.I | re.M)


class Watch:
    """One AOR: every request's time of sending, and whether it came back."""

    def __init__(self, registrar, user):
        self.registrar, self.user = registrar, user
        self.due = 0            # time of the next request
        self.log = []           # [time, True, False or (not yet) None]

    def unreachable(self, since):
        """Seconds from `since` to the first request that was answered and
        after which none was lost; None as long as that is not settled."""
        tried = [e for e in self.log if e[0] > since and e[1] is not None]
        if len(tried) < SETTLED or not all(e[1] for e in tried[-SETTLED:]):
            return None
        lost = [i for i, e in enumerate(tried) if not e[1]]
        return tried[lost[-1] + 1][0] - since if lost else 0.0

    def answered(self, since=0):
        """(answered, asked) of what was sent after `since`."""
        tried = [e for e in self.log if e[0] > since and e[1] is not None]
        return sum(e[1] for e in tried), len(tried)


class Prober:
    """`period`: seconds between two requests to one AOR."""

    def __init__(self, net, period=1.0):
        self.period = period
        self.socket = net.wan.socket(socket.SOCK_DGRAM, ('203.0.113.1', 5060))
        self.socket.setblocking(False)
        self.lock = threading.Lock()
        self.watches = {}
        self.open = {}          # Call-ID: (deadline, its entry in the log)
        self.count = 0
        threading.Thread(target=self._run, daemon=True).start()

    def watch(self, registrar, user):
        """Begins to ask for it; answers with its Watch."""
        w = Watch(registrar, user)
        with self.lock:
            self.watches[user] = w
            w.due = time.monotonic()
        return w

    def unwatch(self, user):
        with self.lock:
            self.watches.pop(user, None)

    def once(self, registrar, user):
        """Asks one single time; its entry, whose [1] is True or False soon."""
        with self.lock:
            return self._ask(registrar, user)

    def _ask(self, registrar, user):
        self.count += 1
        call = f'p{self.count}-{time.monotonic_ns()}'
        entry = [time.monotonic(), None]
        self.open[call.encode()] = (entry[0] + PATIENCE, entry)
        host, port = self.socket.getsockname()
        uri = f'sip:{user}@{registrar.host}'
        self.socket.sendto((
            f'OPTIONS {uri} SIP/2.0\r\n'
            f'Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{call};rport\r\n'
            f'Max-Forwards: 70\r\nFrom: <sip:prober@{host}>;tag={call}\r\n'
            f'To: <{uri}>\r\nCall-ID: {call}\r\nCSeq: 1 OPTIONS\r\n'
            f'Contact: <sip:prober@{host}:{port}>\r\n'
            'Content-Length: 0\r\n\r\n').encode(),
            (registrar.host, registrar.port))
        return entry

    def _heard(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                continue        # nobody listens there: time will tell
            call = _CALL.search(data)
            status = data[8:11]
            # Whatever the registrar says of its own counts as nothing.
            if call and status == b'200' and call[1] in self.open:
                self.open.pop(call[1])[1][1] = True

    def _run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.socket, selectors.EVENT_READ)
        while True:
            selector.select(0.02)
            with self.lock:
                self._heard()
                now = time.monotonic()
                for call, (deadline, entry) in list(self.open.items()):
                    if now >= deadline:
                        entry[1] = False
                        del self.open[call]
                for w in self.watches.values():
                    if now >= w.due:
                        w.due = max(w.due + self.period, now)
                        w.log.append(self._ask(w.registrar, w.user))
