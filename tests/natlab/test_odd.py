#!/usr/bin/python3
"""Networks and servers that lie: SCENARIOS T1, T4, T5 and N10.

Each liar is a registrar of its own with one account; nothing that it says may
cause a storm, and what is wrong must be named."""

import random
import re
import shlex
import time

import nets
from bench import INTERVAL, PRIVATE, lab
from mock import Mock, header, uri_of

WATCHED = 20        # [s] in which there could be a storm
STORM = 12          # REGISTERs in it that would be one
CALM = 8            # [s] at its end without any

# sipsorcery-org/sipsorcery#1375
ORIGIN = ('<sip:192.168.88.33:51629>;expires=600',
          '<sip:194.64.145.30:53237>;expires=397',
          '<sip:172.18.0.5:37736>;expires=287',
          '<sip:194.64.145.30:52555>;expires=214')


def somewhere(*_):
    """Another address in every answer."""
    return nets.PUBLIC[0], random.randint(1024, 65535)


def rewritten(text):
    """What a router makes of an answer that does not undo what it did."""
    return re.sub(r'192\.168\.88\.33:\d+', '203.0.113.7:5062', text)


class FirstTrue:
    """Says the truth at first, then the address of a router in between."""

    def __init__(self):
        self.until = None

    def __call__(self, source):
        self.until = self.until or time.monotonic() + 5
        return source if time.monotonic() < self.until else ('10.0.0.5', 5062)


def contacts(text):
    return [c.strip() for line in header(text, 'Contact')
            for c in line.split(',')]


def removed(contact):
    return re.search(r';expires=0\b', contact)


def notes(status):
    return [n for flow in status['flows'] for n in flow.get('notes') or []]


# --- the origin story ---

def with_token(sent):
    """The story's other bindings as an earlier run of sipregd would have
    made them: with the account's part of its token."""
    own = re.search(r';sipregd=([^.;>]*)', sent)
    token = f';sipregd={own[1]}.0123456789' if own else ''
    return {uri_of(c).strip() + token: f'<{uri_of(c)}{token}>;expires=397'
            for c in ORIGIN[1:]}


def origin(mock):
    """The registrar of the story: it asks for no credentials, so a first
    Contact is private, and three ghosts of ours come after it."""
    mock.challenge = False
    plain = mock._register

    def register(text):
        if not mock.bindings:
            mock.bindings = with_token(contacts(text)[0])
        return plain(text)

    mock._register = register


def check_origin(daemon, mock):
    first = contacts(mock.registers()[0])
    lab.check('origin story: the first Contact was private, as it was then',
              uri_of(first[0]).split('@')[-1].startswith(PRIVATE), first)

    def clean():
        held = list(mock.bindings)
        return len(held) == 1 and nets.PUBLIC[0] in held[0]

    lab.check_await('origin story: the mapped Contact is the only one left',
                    clean, 10)
    sent = [contacts(r) for r in mock.registers()]
    lab.check('origin story: one REGISTER removes the private one and the '
              'three ghosts, its own Contact first',
              len(sent) > 1 and len(sent[1]) == 5
              and not removed(sent[1][0])
              and all(removed(c) for c in sent[1][1:]),
              '\n'.join(map(str, sent)))
    call = mock.options(list(mock.bindings)[0])
    lab.check_await('origin story: then a request arrives',
                    lambda: any(call in a and ' 200 ' in a[:16]
                                for a in mock.answers), 3)
    status = daemon.status('origin')
    lab.check('origin story: no ghost is counted any more, reachable',
              status['bindings'] == {'own': 1, 'ghost': 0, 'foreign': 0}
              and status['reachable'] == 'yes', status)


def check_foreign(daemon, mock):
    """The 200 of the story verbatim, and none of it is ours."""
    status = daemon.status('foreign')
    lab.check('the 200 of the origin story, verbatim: all four are foreign, '
              'our binding is absent',
              status['bindings'] == {'own': 0, 'ghost': 0, 'foreign': 4}
              and status['reason'] == 'binding-absent'
              and not status['registered'], status)
    named = [c for r in mock.registers() for c in contacts(r)
             if uri_of(c) in [uri_of(o) for o in ORIGIN]]
    lab.check('the 200 of the origin story, verbatim: none of them is named '
              'in a REGISTER', not named, named)


def check_local(daemon, mock):
    """Ours is the first of the list and private."""
    status = daemon.status('local')
    lab.check('the 200 of the origin story, ours the first: registered, not '
              'reachable, because the binding is private',
              status['registered'] and status['reachable'] == 'no'
              and status['reason'] == 'binding-private'
              and status['bindings'] == {'own': 1, 'ghost': 0, 'foreign': 3},
              status)


# --- what all of them must keep ---

def check_calm(name, mock, began, ended):
    registers = mock.registers(began)
    lab.check(f'{name}: no storm of REGISTERs ({len(registers)})',
              len(registers) <= STORM, len(registers))
    late = [t for t, text, _ in mock.log
            if ended - CALM < t < ended and text.startswith('REGISTER ')]
    lab.check(f'{name}: it comes to rest', not late,
              [f'{t - ended:.1f} s' for t in late])


def check_note(daemon, name, note):
    status = daemon.status(name)
    lab.check(f'{name}: named "{note}" in status', note in notes(status),
              status)


def check_public(name, mock):
    sent = [uri_of(contacts(r)[0]).split('@')[-1] for r in mock.registers()
            if header(r, 'Authorization')]
    lab.check(f'{name}: no authenticated REGISTER carried a private Contact',
              not [s for s in sent if s.startswith(PRIVATE)], sent)


def test(it):
    net = nets.Net()
    names = ('flapping', 'between', 'rewritten', 'lying', 'honest', 'origin',
             'foreign', 'local')
    mocks = {n: Mock(net, host) for n, host in zip(names, nets.SERVERS)}
    accounts = {n: mocks[n].account(n, keepalive={'interval': INTERVAL})
                for n in names}
    mocks['flapping'].seen = somewhere
    mocks['between'].seen = FirstTrue()
    mocks['rewritten'].rewrite = rewritten
    mocks['lying'].stun = somewhere
    accounts['lying']['keepalive']['method'] = 'stun'
    origin(mocks['origin'])
    mocks['foreign'].listed = lambda *_: ORIGIN
    mocks['local'].listed = lambda _, sent: (
        re.sub(r'>.*', '>;expires=600', sent[0]), *ORIGIN[1:])
    accounts['local']['contact'] = {'policy': 'local'}
    # The site's own STUN server says something else each time, too.
    site = Mock(net, nets.SERVERS[9], 3478)
    site.stun = somewhere

    daemon = lab.Sipregd(it, list(accounts.values()),
                         wrap=shlex.join(net.lan.argv()),
                         stun={'server': f'{site.host}:{site.port}',
                               'interval': 5})
    good = [n for n in names if n != 'foreign']
    lab.check_await('all are registered but the one that is not listed',
                    lambda: daemon.registered(*good))
    check_origin(daemon, mocks['origin'])
    began = time.monotonic()
    # What does not happen can only be waited for.
    time.sleep(WATCHED)
    ended = time.monotonic()

    for name in names:
        check_calm(name, mocks[name], 0, ended)
    check_note(daemon, 'flapping', 'flapping')
    lab.check('flapping: whether it is reachable is not claimed to be known',
              daemon.status('flapping')['reachable'] == 'unknown',
              daemon.status('flapping'))
    check_note(daemon, 'between', 'alg')
    check_note(daemon, 'rewritten', 'alg')
    check_note(daemon, 'lying', 'flapping')
    for name in 'between', 'lying', 'honest':
        check_public(name, mocks[name])
    check_foreign(daemon, mocks['foreign'])
    check_local(daemon, mocks['local'])

    lab.check('STUN was asked, on the flow and beside it',
              mocks['lying'].questions > 2 and site.questions > 2,
              (mocks['lying'].questions, site.questions))
    for name in 'lying', 'honest':
        status = daemon.status(name)
        lab.check(f'{name}: no lie of a STUN server ends a flow',
                  status['registered']
                  and status['counters']['flow_failures'] == 0, status)
    lab.check('the honest one is asked about, not registered anew, when the '
              'site\'s STUN server lies',
              not mocks['honest'].registers(began),
              mocks['honest'].registers(began))
    lab.check('sipregd ends with exit status 0', daemon.stop() == 0)


lab.run(test)
