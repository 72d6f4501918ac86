"""A registrar that its tester can break: several edges of one location, over
UDP, TCP and TLS, with digest, and a caller who asks every account once a second
whether it is there. All in one loop (asyncio), so that everything has one
clock and can be told to stop."""

import asyncio
import hashlib
import os
import re

from edges import Flow, Message

REALM = 'soak'
NONCE_LIFE = 60         # [s] then it is stale
ANSWER_BY = 1.5         # [s] a caller's patience, with one repetition
REPEAT = 0.5            # [s] T1, RFC 3261 §17.1.2.2
FORWARDS_MAX = 10000    # requests that wait for their answer


def md5(*parts):
    return hashlib.md5(':'.join(parts).encode()).hexdigest()


class Binding:
    def __init__(self, uri, params, flow, message, ends):
        self.uri, self.params, self.flow, self.ends = uri, params, flow, ends
        self.callid = message.get('call-id')
        self.cseq = int(message.get('cseq').split()[0])

    def target(self):
        """Where a request to it goes: over its connection; with datagrams from
        the edge's own socket, to the address that the Contact says or, with
        outbound, to where it came from."""
        edge = self.flow.edge
        if self.flow.kind != 'udp':
            return self.flow
        m = re.search(r'([\d.]+):(\d+)', self.uri)
        peer = self.flow.peer if edge.outbound or not m \
            else (m[1], int(m[2]))
        return Flow(edge, 'udp', peer, edge.udp)


class User:
    def __init__(self, name, password):
        self.name, self.password = name, password
        self.bindings = {}          # key: Binding
        self.last = ('', b'')       # branch and answer: a repeated request
        self.registers = []         # (when, refused by a fault)


class Registrar:
    def __init__(self, tls, grant):
        self.tls, self.grant = tls, grant
        self.edges, self.users = [], {}
        self.nonces = {}            # nonce: when
        self.waiting = {}           # branch: called with the answer
        self.number = 0
        self.answers = {}           # status: how many
        self.secret = os.urandom(8).hex()

    def add_user(self, name, password):
        self.users[name] = User(name, password)

    def now(self):
        return asyncio.get_running_loop().time()

    def forget(self, edges):
        """Bindings that were made there are lost."""
        for user in self.users.values():
            user.bindings = {k: b for k, b in user.bindings.items()
                             if b.flow.edge not in edges}

    def held(self, user):
        """Bindings that have not ended."""
        now = self.now()
        user.bindings = {k: b for k, b in user.bindings.items()
                         if b.ends > now}
        return list(user.bindings.values())

    # --- what arrives ---

    def on_message(self, message, flow):
        if not message.request:
            done = self.waiting.pop(message.branch(), None)
            if done:
                done(message)
        elif message.method == 'REGISTER':
            self.on_register(message, flow)
        elif message.method == 'OPTIONS' and '@' in message.start:
            self.on_call(message, flow)
        elif message.method != 'ACK':
            self.answer(message, flow, '200 OK')

    def answer(self, message, flow, status, extra=()):
        via = [re.sub(r';rport(?=;|$)', f';received={flow.peer[0]}'
                      f';rport={flow.peer[1]}', v, count=1)
               for v in message.all('via')]
        to = message.get('to')
        data = '\r\n'.join([
            f'SIP/2.0 {status}', *(f'Via: {v}' for v in via),
            'From: ' + message.get('from'),
            'To: ' + to + ('' if ';tag=' in to else ';tag=soak'),
            'Call-ID: ' + message.get('call-id'),
            'CSeq: ' + message.get('cseq'), *extra,
            'Content-Length: 0', '', '']).encode()
        flow.send(data)
        return data

    def on_call(self, message, flow):
        """A request to one of the accounts: a probe. Passed on as a proxy
        would."""
        m = re.search(r'sips?:([^@;>]+)@', message.start)
        user = self.users.get(m[1]) if m else None
        bindings = [b for b in self.held(user) if b.target().alive()] \
            if user else []
        if not bindings:
            self.answer(message, flow, '480 Temporarily Unavailable')
            return
        b = bindings[0]

        def done(answer):
            answer.lines.remove(next(x for x in answer.lines
                                     if x[0] == 'via'))
            flow.send(answer.print())

        branch = self.wait(done, message.branch())
        passed = Message(message.print())
        passed.start = f'OPTIONS {b.uri} SIP/2.0'
        passed.lines.insert(0, ('via', self.via(b.flow, branch)))
        b.target().send(passed.print())

    def wait(self, done, of=None):
        """A branch whose answer done() gets; the same for a repetition."""
        if of is None:
            self.number += 1
            of = str(self.number)
        branch = f'z9hG4bK{md5(self.secret, of)}'
        if len(self.waiting) >= FORWARDS_MAX:
            self.waiting.pop(next(iter(self.waiting)))
        self.waiting[branch] = done
        return branch

    @staticmethod
    def via(flow, branch):
        port = 5061 if flow.kind == 'tls' else 5060
        return (f'SIP/2.0/{flow.kind.upper()} {flow.edge.host}:{port}'
                f';branch={branch}')

    # --- REGISTER ---

    def on_register(self, message, flow):
        m = re.search(r'sips?:([^@;>]+)@', message.get('to'))
        user = self.users.get(m[1]) if m else None
        if not user:
            self.answer(message, flow, '404 Not Found')
            return
        branch = message.branch()
        if branch == user.last[0]:
            flow.send(user.last[1])
            return
        user.registers.append((self.now(), bool(flow.edge.refuses)))
        status, extra = self.judge(message, flow, user)
        self.answers[status] = self.answers.get(status, 0) + 1
        user.last = branch, self.answer(message, flow, status, extra)

    def judge(self, message, flow, user):
        refuses = flow.edge.refuses
        if refuses and refuses != 'stale':
            return refuses[0], refuses[1:]
        given = dict(re.findall(r'(\w+)="?([^",]*)"?',
                                message.get('authorization')))
        good = self.credentials_good(given, user)
        if refuses or not good:
            stale = bool(refuses) or good is None
            return '401 Unauthorized', [self.challenge(stale and bool(given))]
        return self.store(message, flow, user)

    def challenge(self, stale):
        nonce = os.urandom(12).hex()
        now = self.now()
        self.nonces[nonce] = now
        while self.nonces and now - next(iter(self.nonces.values())) > \
                NONCE_LIFE:
            del self.nonces[next(iter(self.nonces))]
        return (f'WWW-Authenticate: Digest realm="{REALM}", qop="auth", '
                f'algorithm=MD5, nonce="{nonce}"'
                + (', stale=true' if stale else ''))

    def credentials_good(self, given, user):
        """None: right, but the nonce is too old."""
        if not given:
            return False
        ha1 = md5(given.get('username', ''), REALM, user.password)
        ha2 = md5('REGISTER', given.get('uri', ''))
        right = md5(ha1, given.get('nonce', ''), given.get('nc', ''),
                    given.get('cnonce', ''), 'auth', ha2)
        if given.get('response') != right:
            return False
        made = self.nonces.get(given['nonce'])
        if made is None or self.now() - made > NONCE_LIFE:
            return None
        return True

    def store(self, message, flow, user):
        now = self.now()
        default = int(message.get('expires', '3600'))
        for text in message.all('contact'):
            m = re.match(r'<([^>]*)>(.*)', text)
            uri, params = m[1], m[2]
            asked = re.search(r';expires=(\d+)', params)
            expires = min(int(asked[1]) if asked else default, self.grant)
            key = self.key(uri, params, flow.edge)
            old = user.bindings.get(key)
            new = Binding(uri, params, flow, message, now + expires)
            # RFC 3261 §10.3 step 7
            if old and old.callid == new.callid and new.cseq <= old.cseq:
                return '500 Out of Order', []
            if expires:
                user.bindings[key] = new
            else:
                user.bindings.pop(key, None)
        contacts = [self.listed(b, now) for b in self.held(user)]
        outbound = flow.edge.outbound and 'reg-id' in message.get('contact')
        return '200 OK', [*(f'Contact: {c}' for c in contacts),
                          *(['Require: outbound'] if outbound else [])]

    @staticmethod
    def key(uri, params, edge):
        """RFC 5626 §6 or RFC 3261 §10.3."""
        instance = re.search(r'\+sip\.instance="([^"]*)"', params)
        reg_id = re.search(r';reg-id=(\d+)', params)
        if edge.outbound and instance and reg_id:
            return instance[1], reg_id[1]
        return uri.lower()

    @staticmethod
    def listed(b, now):
        params = re.sub(r';expires=\d+', '', b.params)
        return f'<{b.uri}>{params};expires={max(1, int(b.ends - now))}'

    # --- the caller ---

    def call(self, user, tell):
        """Asks each binding of the account; tell(answered) once."""
        targets = [(b, b.target()) for b in self.held(user)]
        targets = [(b, t) for b, t in targets
                   if t.alive() and t.edge.frozen is None]
        if not targets:
            tell(False)
            return
        loop = asyncio.get_running_loop()
        done = []

        def over(answered):
            if not done:
                done.append(answered)
                for branch in branches:
                    self.waiting.pop(branch, None)
                tell(answered)

        def send(first):
            for (b, t), branch in zip(targets, branches):
                if not done and (first or t.kind == 'udp'):
                    t.send(self.options(user, b, t, branch))

        branches = [self.wait(lambda m: over(m.start.startswith(
            'SIP/2.0 200'))) for _ in targets]
        send(True)
        if any(t.kind == 'udp' for _, t in targets):
            loop.call_later(REPEAT, send, False)
        loop.call_later(ANSWER_BY, over, False)

    def options(self, user, b, target, branch):
        return '\r\n'.join((
            f'OPTIONS {b.uri} SIP/2.0', f'Via: {self.via(target, branch)}',
            'Max-Forwards: 70', f'From: <sip:caller@{REALM}>;tag={branch[-8:]}',
            f'To: <sip:{user.name}@{REALM}>', f'Call-ID: {branch[-16:]}',
            'CSeq: 1 OPTIONS', 'Content-Length: 0', '', '')).encode()
