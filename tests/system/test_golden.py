#!/usr/bin/python3
"""What `list`, `status` and `check` print, letter by letter: ../golden/*.txt.

A scripted daemon says what is true, the clock stands still, and the sentences
for reasons are those of the daemon's own table. GOLDEN=write writes the files
anew; the difference is to be read before it is committed."""

import difflib
import os
import re

import lab
import wallclock
from control import (ACCOUNT, ENV, ESC, FLOW, Daemon, ctl, on_terminal,
                     reasons)

GOLDEN = os.path.join(os.path.dirname(lab.HERE), 'golden')
UTF8 = {'LC_ALL': 'C.UTF-8'}

T = 1700000000              # [s] 23:13:20 in ENV's time zone
NOW = T + 11520             # 3h12m later, on the next day


def usec(seconds):
    """So many seconds after T."""
    return (T + seconds) * 1000000


REASONS = reasons()

GOOD = {**ACCOUNT, 'registered_since_usec': usec(0),
        'reachable_since_usec': usec(2), 'evidence': 'flow', 'events': [
            {'at_usec': usec(1), 'seq': 1, 'account': 'trunk',
             'event': 'response', 'registered': True, 'reachable': 'unknown',
             'reason': 'unproven', 'text': 'answer 200, lease 3600 s',
             'code': 200},
            {'at_usec': usec(2), 'seq': 2, 'account': 'trunk',
             'event': 'verdict', 'registered': True, 'reachable': 'yes',
             'reason': 'ok', 'text': REASONS['ok'][0]}]}
GOOD_FLOW = {**FLOW, 'reason_text': REASONS['ok'][0], 'tls': {
    **FLOW['tls'], 'not_after_usec': usec(90 * 86400)}}


def account(reason='ok', flow=(), **other):
    """One, in the state that `reason` names."""
    text, remedy = REASONS[reason]
    return {**GOOD, 'reason': reason, 'reason_text': text, 'remedy': remedy,
            'flows': [{**GOOD_FLOW, **dict(flow)}], **other}


def registered(reason, reachable, flow=(), **other):
    return account(reason, flow={'outbound': False, **dict(flow)},
                   reachable=reachable, evidence='none',
                   reachable_since_usec=usec(11000), **other)


def unregistered(reason, code=None, phrase=None, flow=(), **other):
    text, remedy = REASONS[reason]
    return account(
        reason, registered=False, registered_since_usec=None,
        lease_left=None, expires_granted=None, evidence='none',
        events=[], last_response=code and {
            'code': code, 'reason': phrase, 'at_usec': usec(11400)},
        bindings={'own': None, 'ghost': None, 'foreign': None},
        flow={'registered': False, 'contact': None, 'matched_by': None,
              'outbound': False, 'reason': reason, 'reason_text': text,
              'remedy': remedy, 'failures': 3, 'probe': None,
              **dict(flow)},
        **{'reachable': 'no', 'reachable_since_usec': usec(11000),
           'next': 'retry', 'next_in': 42, **other})


# Nothing is connected.
NO_FLOW = {'state': 'down', 'local': None, 'mapped': None,
           'up_since_usec': None, 'pongs': 0, 'pong_rtt_usec': None,
           'keepalive': None, 'keepalive_interval': None,
           'keepalive_reason': None, 'tls': None,
           'witnesses': {'via': None, 'stun': None}}
NO_EDGE = {**NO_FLOW, 'edge': None}

STATES = {
    'ok': account(evidence='probe', flow={'probe': {
        'result': 'proven', 'at_usec': usec(11397), 'code': 200}}),
    'ok-outbound': account(),
    'ok-but-refused': account('rejected', last_response={
        'code': 503, 'reason': 'Service Unavailable', 'at_usec': usec(11400)},
        next='retry', next_in=42, lease_left=700),
    'ok-two-flows': account(flows=[GOOD_FLOW, {
        **GOOD_FLOW, **NO_FLOW, 'id': 2, 'reg_id': 2, 'registered': False,
        'contact': None, 'matched_by': None, 'outbound': False,
        'edge': '192.0.2.11:5061', 'edge_host': 'edge2.example.com',
        'reason': 'connect-refused', 'next': 'retry', 'next_in': 17,
        'reason_text': REASONS['connect-refused'][0],
        'remedy': REASONS['connect-refused'][1], 'failures': 5,
        'detail': 'Connection refused', 'probe': None}]),
    'unproven': registered('unproven', 'unknown', flow={
        'mapped': None, 'probe': {'result': 'not-looped', 'at_usec': None,
                                  'code': 404}}),
    'probe-lost': registered('probe-lost', 'no', flow={'probe': {
        'result': 'lost', 'at_usec': usec(10800), 'code': 408}}),
    'flow-lost': registered('flow-lost', 'no', flow=NO_FLOW, next='connect',
                            next_in=None),
    'mapping-moved': registered('mapping-moved', 'no', flow={
        'mapped': '203.0.113.7:61001'}, next='register', next_in=None),
    'binding-private': registered('binding-private', 'no', flow={
        'contact': 'sip:10.0.0.2:41822', 'transport': 'udp', 'tls': None}),
    'binding-absent': unregistered('binding-absent', 200, 'OK',
                                   reachable='unknown'),
    'binding-ghost-only': unregistered('binding-ghost-only', 200, 'OK',
                                       reachable='unknown'),
    'lease-expired': unregistered('lease-expired', 503,
                                  'Service Unavailable'),
    'dns-failure': unregistered('dns-failure', flow={
        **NO_EDGE, 'detail': 'sip.example.com: no such name'}),
    'connect-refused': unregistered('connect-refused', flow={
        **NO_FLOW, 'detail': 'Connection refused'}),
    'connect-timeout': unregistered('connect-timeout', flow=NO_FLOW),
    'tls-untrusted': unregistered('tls-untrusted', flow={
        **NO_FLOW, 'detail': 'certificate has expired'}),
    'tls-name': unregistered('tls-name', flow=NO_FLOW),
    'tls-failure': unregistered('tls-failure', flow=NO_FLOW),
    'no-answer': unregistered('no-answer'),
    'rejected': unregistered('rejected', 404, 'Not Found'),
    'credentials': unregistered('credentials', 401, 'Unauthorized',
                                next='held', next_in=1700),
    'forbidden': unregistered('forbidden', 403, 'Forbidden', next_in=1700),
    'retry-after': unregistered('retry-after', 503, 'Service Unavailable',
                                next_in=300),
    'interval-too-brief': unregistered('interval-too-brief', 423,
                                       'Interval Too Brief'),
    'no-resources': unregistered('no-resources', flow=NO_EDGE),
    'paused': unregistered('paused', paused=True, next='none', next_in=None,
                           flow={**NO_FLOW, 'state': 'off', 'reason': None,
                                 'reason_text': None, 'remedy': None}),
    'disabled': unregistered('paused', enabled=False, next='none',
                             next_in=None, flow={
                                 **NO_EDGE, 'state': 'off', 'reason': None,
                                 'reason_text': None, 'remedy': None}),
    'starting': unregistered('starting', reachable='unknown', next='resolve',
                             next_in=None, reachable_since_usec=None,
                             flow={**NO_EDGE, 'failures': 0}),
    'resolving': unregistered('resolving', reachable='unknown',
                              next='resolve', next_in=None,
                              reachable_since_usec=None,
                              flow={**NO_EDGE, 'failures': 0}),
    'connecting': unregistered('connecting', reachable='unknown',
                               next='connect', next_in=None,
                               reachable_since_usec=None,
                               flow={**NO_FLOW, 'failures': 0}),
}


def named(state, name):
    return {**STATES[state], 'name': name}


FLEET = [named('ok', 'trunk'), named('ok-outbound', 'office-berlin'),
         named('binding-private', 'home'), named('unproven', 'door'),
         named('credentials', 'fax'), named('forbidden', 'spare'),
         named('disabled', 'attic'), named('paused', 'lab'),
         named('starting', 'new')]


def golden(name, out):
    """Is it what it was? The escape character is written as \\e."""
    path = os.path.join(GOLDEN, name + '.txt')
    out = out.replace(ESC, '\\e')
    if os.environ.get('GOLDEN') == 'write':
        with open(path, 'w') as f:
            f.write(out)
    try:
        with open(path) as f:
            expected = f.read()
    except FileNotFoundError:
        expected = ''
    lab.check(f'{name} is what it was', out == expected, '\n'.join(
        difflib.unified_diff(expected.splitlines(), out.splitlines(),
                             'expected', 'printed', lineterm='')))
    return out


def lists(d, env):
    d.says(*[{'accounts': [a]} for a in FLEET])
    for columns in 80, 100, 200:
        out = golden(f'list-{columns}', on_terminal(
            d, 'list', columns=columns, NO_COLOR='1', **UTF8, **env))
        lab.check(f'list: fits {columns} columns', all(
            len(line) <= columns for line in out.splitlines()), out)
    golden('list-colour', on_terminal(d, 'list', columns=100, **UTF8, **env))
    plain = golden('list-ascii', on_terminal(
        d, 'list', columns=100, NO_COLOR='1', LC_ALL='C', **env))
    lab.check('list: nothing but ASCII where the locale knows no more',
              plain.isascii(), plain)
    lab.check('list: a dumb terminal gets no colour', on_terminal(
        d, 'list', columns=100, TERM='dumb', LC_ALL='C', **env) == plain)
    status, out, err = ctl(d, 'list', **env)
    golden('list-piped', out)

    out = golden('list-40', on_terminal(
        d, 'list', columns=40, NO_COLOR='1', **UTF8, **env))
    lab.check('list: who, whether and why are always there', all(
        word in out for word in ('home', 'no', 'binding-private')), out)
    long = 'a-very-long-name-of-an-account-that-nobody-would-type'
    d.says({'accounts': [named('binding-private', long)]})
    for columns in 60, 20:
        golden(f'list-long-name-{columns}', on_terminal(
            d, 'list', columns=columns, NO_COLOR='1', **UTF8, **env))


def stories(d, env):
    lab.check('there is a state for every reason',
              {a['reason'] for a in STATES.values()} == {*REASONS},
              {*REASONS} ^ {a['reason'] for a in STATES.values()})
    for name, a in STATES.items():
        d.says(a)
        out = golden(f'status-{name}', on_terminal(
            d, 'status', 'trunk', NO_COLOR='1', **UTF8, **env))
        lab.check(f'status {name}: fits 80 columns', all(
            len(line) <= 80 for line in
            out.partition('\nEvents\n')[0].splitlines()), out)
        words = ' '.join(out.split())
        lab.check(f'status {name}: has its remedy', not a['remedy']
                  or f'Remedy: {a["remedy"]}' in words, out)
    d.says(STATES['credentials'])
    golden('status-colour', on_terminal(d, 'status', 'trunk', **UTF8, **env))
    golden('status-piped', ctl(d, 'status', 'trunk', **env)[1])


def test(it):
    clock = wallclock.WallClock(it)
    clock.stop(NOW)
    d = Daemon(it.path('control'))
    os.makedirs(GOLDEN, exist_ok=True)
    lab.check('the clock of the tests is the one that counts',
              ENV['TZ'] == 'CET-1')
    lists(d, clock.env)
    stories(d, clock.env)


lab.run(test)
