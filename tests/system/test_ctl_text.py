#!/usr/bin/python3
"""sipregctl against a scripted daemon: texts, exit codes, terminals."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import lab
from control import (ACCOUNT, ENV, ESC, EVENTS, FLOW, UNKNOWN, Daemon, ctl,
                     on_terminal, plain)

NOBODY = 65534


def words(text):
    """Without the time of day of what is next: it moves on."""
    return re.sub(r'(?<=, at )\S+', '', text).split()


def listing(d):
    d.says({'accounts': [ACCOUNT]}, {'accounts': [UNKNOWN]})
    status, out, err = ctl(d, 'list')
    rows = [line.split('\t') for line in out.splitlines()]
    lab.check('list: exit status 0', status == 0, (status, err))
    lab.check('list: tab-separated when piped, with a head', rows[0] ==
              'NAME REGISTERED REACHABLE REASON SINCE TRANSPORT MAPPED LEASE'
              .split(), out)
    lab.check('list: one line for an account', rows[1] == [
        'trunk', 'yes', 'yes', 'ok', '2023-11-14T23:13:21+01:00', 'tls',
        '203.0.113.7:40112', '58m12s'], out)
    lab.check('list: what is unknown is a dash', rows[2] == [
        'office', 'no', 'unknown', 'starting', '-', '-', '-', '-'], out)
    lab.check('list: and nothing else', len(rows) == 3 and not err, out)
    lab.check('list: asks for one account at a time', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.List',
                                 'parameters': {}, 'more': True},
        d.requests[-1])
    lab.check('no verb is list', ctl(d)[1] == out)

    seen = on_terminal(d, 'list', columns=200)
    lines = plain(seen).splitlines()
    lab.check('list: aligned on a terminal', '\t' not in seen and all(
        line.index(word) == lines[0].index('REASON')
        for line, word in zip(lines[1:], ('ok ', 'starting '))), seen)
    lab.check('list: coloured on a terminal', f'{ESC}[32myes{ESC}[0m' in seen
              and f'{ESC}[31mno{ESC}[0m' in seen, repr(seen))
    lab.check('list: not with NO_COLOR', ESC not in on_terminal(
        d, 'list', NO_COLOR='1'))
    lab.check('list: not on a dumb terminal', ESC not in on_terminal(
        d, 'list', TERM='dumb'))

    d.says({'accounts': []})
    status, out, err = ctl(d, 'list')
    lab.check('list: no accounts, only the head', status == 0
              and len(out.splitlines()) == 1, (status, out, err))


def listing_json(d):
    d.raw(b'{"parameters":{"accounts":[ {"name":"a, ]}\\"","n":1.50} ]},'
          b'"continues":true}\0',
          b'{"continues":true,"parameters":{"accounts":[]}}\0',
          b'{"parameters":{"other":[1,2],"accounts":[{"name":"b"},'
          b'{"name":"c"}]}}\0')
    status, out, err = ctl(d, '--json', 'list')
    lab.check('--json list: one document of all replies, as they came',
              status == 0 and out == '{"accounts":[{"name":"a, ]}\\"",'
              '"n":1.50},{"name":"b"},{"name":"c"}]}\n', (status, out, err))
    d.says({'accounts': []})
    lab.check('--json list: of none', ctl(d, 'list', '--json')[1]
              == '{"accounts":[]}\n')

    for odd in b'2', b'"x"', b'{}', b'null', b'[7]':
        d.raw(b'{"parameters":{"accounts":' + odd + b'}}\0')
        lab.check(f'list: survives accounts that are {odd.decode()}',
                  ctl(d, 'list')[0] == 0 == ctl(d, '--json', 'list')[0])

    d.raw(b'{"parameters":{"accounts":[{"name":"a"}]},"continues":true}\0')
    status, out, err = ctl(d, '--json', 'list')
    lab.check('list: half of it is not shown as if it were all',
              status == 3 and not out and err, (status, out, err))
    lab.check('list: nor in the table', ctl(d, 'list')[:2] == (3, ''))

    many = 10000
    d.says(*[{'accounts': [{**ACCOUNT, 'name': f'account{i}'}]}
             for i in range(many)])
    begin = time.monotonic()
    status, out, err = ctl(d, 'list')
    took = time.monotonic() - begin
    lab.check('list: ten thousand accounts', status == 0
              and len(out.splitlines()) == many + 1, (status, err))
    lab.check('list: in a few seconds', took < 2 * lab.PATIENCE, took)


def story(d):
    reply = {**ACCOUNT, 'events': EVENTS}
    d.says(reply)
    status, out, err = ctl(d, 'status', 'trunk')
    lab.check('status: exit status 0', status == 0, (status, err))
    lab.check('status: asks for that account', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.Status',
                                 'parameters': {'name': 'trunk'}},
        d.requests[-1])
    for part in ('trunk  sip:alice@example.com\n',
                 'Registered    yes since 2023-11-14T23:13:20+01:00 (',
                 'Lease         58m12s left of 1h00m granted\n',
                 'Reachable     yes since 2023-11-14T23:13:21+01:00 (',
                 'Evidence      the flow is alive and the binding points',
                 'Reason        ok: calls arrive\n',
                 'Next          refresh in 49m10s, at 2',
                 'Bindings      1 own, 0 ghost, 2 foreign\n',
                 'Last answer   200 OK at 2023-11-14T23:13:20+01:00 (',
                 '12 REGISTERs sent, 11 answered 2xx, 3 flow failures, '
                 '4 mapping changes, 5 inbound requests\n',
                 'Site          203.0.113.7:1234, says stun.example.net:3478 '
                 'at 2023-11-14T23:13:20+01:00 (',
                 'Network       address 192.0.2.5 added at 2023-11-14T23:',
                 'Flow 1\n', 'State         up since 2023-11-14T23:13:20',
                 'Edge          192.0.2.10:5061 over tls (sip.example.com)\n',
                 'Local         10.0.0.2:41822, seen from outside as '
                 '203.0.113.7:40112\n',
                 'Keepalive     crlf every 55s, 12 pongs, round trip '
                 '23.4 ms\n',
                 'Seen          203.0.113.7:40112 in the answers of the '
                 'registrar, last at 2023-11-14T23:13:20+01:00 (',
                 'Interval      55s, the default\n',
                 'Binding       leads to this flow, whatever address it '
                 'names: the registrar confirmed RFC 5626\n',
                 'Probe         proven: a probe came back, answer 200, last '
                 'back at 2023-11-14T23:13:20+01:00 (',
                 'Registered    yes as sip:alice@203.0.113.7:40112;'
                 'transport=tls, matched by instance, outbound confirmed\n',
                 '2023-11-14T23:13:20.000+01:00  response       200 OK, lease '
                 '3600 s\n',
                 '2023-11-14T23:13:21.500+01:00  verdict        registered, '
                 'not reachable: the Contact is private\n'):
        lab.check('status: ' + part.split('  ')[0].strip(), part in out, out)
    lab.check('status: no colour when piped', ESC not in out)

    seen = on_terminal(d, 'status', 'trunk', columns=80)
    story_part = plain(seen).split('\nEvents\n')[0]
    lab.check('status: fits a terminal of 80 columns', all(
        len(line) <= 80 for line in story_part.splitlines()), story_part)
    lab.check('status: and says the same words', words(
        story_part.partition('\n\n')[2]) == words(
            out.split('\nEvents\n')[0].partition('\n\n')[2]), story_part)

    behind_nat(d)
    d.says(UNKNOWN)
    status, out, err = ctl(d, 'status', 'office')
    lab.check('status: of an account of which nothing is known', status == 0
              and 'Registered    no\n' in out and 'Lease         none\n' in out
              and 'Enabled       no\n' in out and 'null' not in out,
              (status, out, err))

    text = '{"name":"trunk", "n":1.50,"x":"\\u00e9\\u001b[31m","events":[ ]}'
    d.raw(b'{"parameters": ' + text.encode() + b' }\0')
    status, out, err = ctl(d, '--json', 'status', 'trunk')
    lab.check('--json status: as it came', status == 0 and out == text + '\n',
              (status, out, err))

    evil = f'a{ESC}[2Jb\x9bc\x7fd\u202e\u061c\u2028e\nf'
    d.says({**ACCOUNT, 'name': evil, 'reason_text': evil,
            'events': [{**EVENTS[0], 'text': evil}]})
    out = ctl(d, 'status', 'trunk')[1] + plain(on_terminal(d, 'list'))
    lab.check('nothing from the daemon steers the terminal', 'a?[2Jb' in out
              and not any(c in out for c in
                          '\x1b\x9b\x7f\u202e\u061c\u2028'), repr(out))


def behind_nat(d):
    """What an operator has to know of it."""
    def told(sentence, part, site=None, **flow):
        d.says({**ACCOUNT, 'site': site, 'network': None, 'events': [],
                'flows': [{**FLOW, 'outbound': False, **flow}]})
        out = ctl(d, 'status', 'trunk')[1]
        lab.check('status: ' + sentence, part in out
                  and 'null' not in out and 'None' not in out, out)
        return out

    told('the interval that was learned, and from what',
         'Interval      15s, learned: the network forgot an idle flow after '
         '20s at 2023-11-14T23:13:20+01:00 (', keepalive_interval=15,
         keepalive_reason='learned', idle_death=20,
         idle_death_usec=1700000000000000)
    told('the interval has grown back', 'Interval      30s, the default; the '
         'network once forgot an idle flow after 20s at 2023',
         keepalive_interval=30, idle_death=20,
         idle_death_usec=1700000000000000)
    told('the interval that the registrar wants',
         'Interval      25s, as the registrar asked for\n',
         keepalive_interval=25, keepalive_reason='server')
    told('the interval that is configured', 'Interval      10s, as '
         'configured\n', keepalive_interval=10, keepalive_reason='configured')
    told('the binding is right', 'Binding       names the address at which '
         'the registrar sees this flow\n')
    told('the binding names another port', 'Binding       names another '
         'address than the one at which the registrar sees this flow, '
         '203.0.113.7:4011\n', mapped='203.0.113.7:4011')
    told('the binding is private', 'Binding       names another address',
         contact='sip:alice@10.0.0.2:41822')
    out = told('what STUN says', 'Seen          203.0.113.9:7 by STUN over '
               'this flow, last at 2023-', witnesses={
                   'via': None, 'stun': {'addr': '203.0.113.9:7',
                                         'at_usec': 1700000000000000}})
    lab.check('status: but nothing of a witness who said nothing',
              'in the answers' not in out, out)
    told('what is remarkable, and the remedy', 'Note          cgnat: There is '
         'a second NAT.\n  Note          alg: Use TLS.\n',
         notes=['cgnat', 'alg'],
         note_texts=['There is a second NAT.', 'Use TLS.'])
    told('a probe that does not come back any more', 'Probe         lost: it '
         'does not come back any more, answer 404, last back at 2023-',
         probe={'result': 'lost', 'at_usec': 1700000000000000, 'code': 404})
    told('that no probe comes back', 'Probe         not-looped: the registrar '
         'does not send probes back to us, which proves nothing\n',
         probe={'result': 'not-looped', 'at_usec': None, 'code': None})
    told('why the site is not known', 'Site          s:3478: no answer\n',
         site={'server': 's:3478', 'addr': None, 'at_usec': None,
               'error': 'no answer'})
    told('that the site is not known yet', 'Site          s:3478: no answer '
         'yet\n', site={'server': 's:3478', 'addr': None, 'at_usec': None,
                        'error': None})
    for odd in ({'witnesses': 7, 'notes': {}, 'note_texts': None},
                {'notes': ['x', 3], 'note_texts': [], 'probe': []},
                {'witnesses': {'via': []}, 'probe': {'result': None}},
                {'contact': '203.0.113.7:40112', 'keepalive_reason': 9}):
        d.says({**ACCOUNT, 'site': 7, 'network': [],
                'flows': [{**FLOW, 'outbound': False, **odd}]})
        lab.check(f'status: survives {odd}',
                  ctl(d, 'status', 'trunk')[0] == 0)


def remembering(d):
    d.says({'events': EVENTS})
    status, out, err = ctl(d, 'history', 'trunk')
    lab.check('history: a line for each event, the newest last',
              (status, out, err) == (0,
              '2023-11-14T23:13:20.000+01:00  response       200 OK, lease '
              '3600 s\n'
              '2023-11-14T23:13:21.500+01:00  verdict        registered, not '
              'reachable: the Contact is private\n', ''), (status, out, err))
    lab.check('history: asks for that account', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.History',
                                 'parameters': {'name': 'trunk'}},
        d.requests[-1])
    for n in '-n1', '--lines=1':
        lab.check(f'history {n}: the newest', ctl(d, 'history', 'trunk', n)[1]
                  == ''.join(out.splitlines(True)[1:]))
    lab.check('history -n: more than there are',
              ctl(d, '-n', '99', 'history', 'trunk')[1] == out)

    text = '{"events":[{"a":"],}\\""}, {"b":[1,{}]} ,{"c":1.50}],"x":1}'
    d.raw(b'{"parameters":' + text.encode() + b'}\0')
    lab.check('--json history: as it came',
              ctl(d, '--json', 'history', 'trunk')[1] == text + '\n')
    for n, rest in (3, text), (2, '{"events":[{"b":[1,{}]} ,{"c":1.50}]}'), \
            (1, '{"events":[{"c":1.50}]}'):
        lab.check(f'--json history -n {n}: whole elements', ctl(
            d, '--json', 'history', 'trunk', '-n', str(n))[1] == rest + '\n')
    d.says({'events': []})
    lab.check('history: of nothing', ctl(d, 'history', 'trunk')
              == (0, '', '') and ctl(d, '--json', 'history', 'trunk')[1]
              == '{"events": []}\n')
    for odd in b'2', b'{}', b'null', b'[7,"x"]', b'[[]]':
        d.raw(b'{"parameters":{"events":' + odd + b'}}\0')
        lab.check(f'history: survives events that are {odd.decode()}',
                  ctl(d, 'history', 'x', '-n', '1')[0] == 0
                  == ctl(d, '--json', 'history', 'x', '-n', '1')[0])


BINDINGS = [
    {'uri': 'sip:alice@203.0.113.7:40112;transport=tls', 'expires': 297,
     'kind': 'own', 'matched_by': 'instance'},
    {'uri': 'sip:alice@203.0.113.1:5060', 'expires': 3600, 'kind': 'ghost',
     'matched_by': None},
    {'uri': None, 'expires': None, 'kind': 'foreign', 'matched_by': None}]


def holding(d):
    """What the registrar holds."""
    reply = {'name': 'trunk', 'answered': True, 'code': 200,
             'bindings': BINDINGS, 'more': 0}
    d.says(reply)
    status, out, err = ctl(d, 'bindings', 'trunk')
    lab.check('bindings: a table', (status, err) == (0, '') and
              [line.split('\t') for line in out.splitlines()] == [
                  ['KIND', 'CONTACT', 'EXPIRES', 'MATCHED-BY'],
                  ['own', BINDINGS[0]['uri'], '4m57s', 'instance'],
                  ['ghost', BINDINGS[1]['uri'], '1h00m', '-'],
                  ['foreign', '-', '-', '-']], (status, out, err))
    lab.check('bindings: asks for that account', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.Bindings',
                                 'parameters': {'name': 'trunk'}},
        d.requests[-1])
    lab.check('bindings: --json', json.loads(
        ctl(d, '--json', 'bindings', 'trunk')[1]) == reply)
    d.says({**reply, 'more': 9})
    lab.check('bindings: says how many are not shown', ctl(
        d, 'bindings', 'trunk') == (0, out, 'sipregctl: and 9 more\n'))
    for code, text in (403, 'the registrar answered 403, without a list'), \
            (None, 'the registrar did not answer'):
        d.says({**reply, 'answered': False, 'code': code, 'bindings': []})
        lab.check(f'bindings: 1 where {text}', ctl(d, 'bindings', 'trunk') == (
            1, '', f'sipregctl: trunk: {text}\n'))
        lab.check('bindings: 1 with --json too',
                  ctl(d, '--json', 'bindings', 'trunk')[0] == 1)

    def purged(removed, ghosts, **more):
        d.says({**reply, 'bindings': BINDINGS[:ghosts or 0] + BINDINGS[2:],
                'removed': removed, 'ghosts': ghosts, **more})
        return ctl(d, 'purge-ghosts', 'trunk')

    lab.check('purge-ghosts: 0 when all are gone', purged(2, 0) == (
        0, 'trunk: 2 old bindings removed, none is left\n', ''))
    lab.check('purge-ghosts: asks for that', json.loads(
        d.requests[-1][:-1])['method'] == 'io.sipregd.PurgeGhosts')
    lab.check('purge-ghosts: 0 when there was none', purged(0, 0) == (
        0, 'trunk: no old binding removed, there is none\n', ''))
    lab.check('purge-ghosts: 1 when one is left', purged(1, 2) == (
        1, 'trunk: 1 old binding removed, 2 still there: '
        'sip:alice@203.0.113.1:5060\n', ''), purged(1, 2))
    lab.check('purge-ghosts: 1 when nobody answered', purged(
        0, None, answered=False, code=None) == (
            1, '', 'sipregctl: trunk: the registrar did not answer\n'))
    lab.check('purge-ghosts: --json', json.loads(
        ctl(d, '--json', 'purge-ghosts', 'trunk')[1])['ghosts'] is None)


def probing(d):
    reply = {'name': 'trunk', 'result': 'proven', 'code': 200,
             'reachable': 'yes', 'evidence': 'probe', 'reason': 'ok',
             'reason_text': 'fine'}
    d.says(reply)
    lab.check('probe: 0 when it came back', ctl(d, 'probe', 'trunk') == (
        0, 'trunk: proven (answer 200): a probe came back through the '
        'registrar. Reachable: yes (ok)\n', ''))
    lab.check('probe: --json', json.loads(
        ctl(d, '--json', 'probe', 'trunk')[1]) == reply)
    d.says({**reply, 'result': 'lost', 'code': None, 'reachable': 'no',
            'evidence': 'none', 'reason': 'probe-lost'})
    lab.check('probe: 1 when it did not', ctl(d, 'probe', 'trunk') == (
        1, 'trunk: lost: a probe did not come back, as earlier ones did. '
        'Reachable: no (probe-lost)\n', ''))
    for result in 'not-looped', 'refused', 'unknown', 'new':
        d.says({**reply, 'result': result})
        lab.check(f'probe: 1 when it is {result}',
                  ctl(d, 'probe', 'trunk')[0] == 1
                  and ctl(d, '--json', 'probe', 'trunk')[0] == 1)


def acting(d):
    outcome = {'name': 'trunk', 'ok': True, 'registered': True, 'code': 200,
               'reason': 'ok', 'text': 'registered for 3600 s'}
    d.says(outcome)
    lab.check('register: done', ctl(d, 'register', 'trunk') == (
        0, 'trunk: registered, 200: registered for 3600 s\n', ''))
    lab.check('register: --json', json.loads(
        ctl(d, 'register', 'trunk', '--json')[1]) == outcome)
    d.says({'name': 'trunk', 'ok': False, 'registered': False, 'code': 403,
            'reason': 'forbidden', 'text': 'the registrar refuses'})
    lab.check('register: 1 when refused', ctl(d, 'register', 'trunk') == (
        1, 'trunk: not registered, 403 (forbidden): the registrar refuses\n',
        ''))
    lab.check('register: 1 with --json too',
              ctl(d, '--json', 'register', 'trunk')[0] == 1)
    d.says({'name': 'trunk', 'ok': False, 'registered': True, 'code': None,
            'reason': 'no-answer', 'text': ''})
    lab.check('register: failed, while the last one still holds',
              ctl(d, 'register', 'trunk')[:2] == (
                  1, 'trunk: failed, still registered (no-answer)\n'))

    d.says({**outcome, 'ended': 'credentials', 'text': ''})
    lab.check('register: names the wait that was ended for it',
              ctl(d, 'register', 'trunk')[:2] == (
                  0, 'trunk: registered, 200 (this ended a wait: '
                  'credentials)\n'))
    for verb in 'reconnect', 'resume':
        d.says(outcome)
        lab.check(f'{verb}: says the outcome as register does',
                  ctl(d, verb, 'trunk') == (
                      0, 'trunk: registered, 200: registered for 3600 s\n',
                      ''))
        lab.check(f'{verb}: asks for that', json.loads(d.requests[-1][:-1])
                  == {'method': 'io.sipregd.' + verb.capitalize(),
                      'parameters': {'name': 'trunk'}}, d.requests[-1])
        d.says({**outcome, 'ok': False, 'registered': False, 'code': None,
                'reason': 'no-answer', 'text': ''})
        lab.check(f'{verb}: 1 when it failed', ctl(d, verb, 'trunk')[:2]
                  == (1, 'trunk: not registered (no-answer)\n'))

    paused = {'name': 'trunk', 'ok': True, 'registered': False,
              'left_behind': False, 'text': ''}
    d.says(paused)
    lab.check('pause: done', ctl(d, 'pause', 'trunk')
              == (0, 'trunk: paused\n', ''))
    lab.check('pause: --json', json.loads(
        ctl(d, 'pause', 'trunk', '--json')[1]) == paused)
    d.says({**paused, 'ok': False, 'left_behind': True,
            'text': 'It may stay.'})
    lab.check('pause: 1 when the binding may still be there',
              ctl(d, 'pause', 'trunk') == (
                  1, 'trunk: paused, but maybe not un-registered: It may '
                  'stay.\n', ''))

    d.raw(hold=True)
    for verb in ('reconnect', 'pause', 'resume', 'bindings', 'purge-ghosts',
                 'probe', 'diagnose'):
        lab.check(f'{verb}: 6 when it takes too long',
                  ctl(d, verb, 'trunk', '--timeout', '1')[0] == 6)
    begin = time.monotonic()
    status, out, err = ctl(d, 'register', 'trunk', '--timeout', '1')
    took = time.monotonic() - begin
    lab.check('register: 6 when it takes too long', status == 6 and not out
              and 'no answer in 1 s' in err and 0.9 < took < 10,
              (status, out, err, took))
    d.raw(b'{"parameters":{"version":', hold=True)
    lab.check('6: half an answer', ctl(d, '-t', '1', 'ping')[0] == 6)

    d.says({'version': '0.1'})
    lab.check('ping', ctl(d, 'ping') == (0, 'sipregd 0.1 is running\n', ''))
    lab.check('ping --json', ctl(d, '--json', 'ping')[:2]
              == (0, '{"version": "0.1"}\n'))
    status, out, err = ctl(d, 'version')
    lab.check('version: this program\'s', status == 0
              and out.startswith('sipregctl '), out)
    lab.check('version: the same as -V', ctl(d, '-V')[1] == out)
    lab.check('version: --json', json.loads(ctl(d, '--json', 'version')[1])
              == {'version': out.split()[1]})


NAT = {
    'learned': True, 'site': ACCOUNT['site'],
    'server': 'stun.example.net:3478', 'measured_usec': 1700000000000000,
    'age': 3, 'error': None, 'by': 'rfc5780', 'local': '10.0.0.2:41822',
    'mapped': '203.0.113.7:41822', 'mapping': 'endpoint-independent',
    'port_kept': True, 'filtering': 'address-and-port-dependent',
    'hairpin': False, 'idle_death': 35, 'idle_survived': 25,
    'seen': [{'transport': 'udp', 'addr': '203.0.113.7', 'flows': 3,
              'ports_kept': 2},
             {'transport': 'tls', 'addr': '203.0.113.8', 'flows': 1,
              'ports_kept': 0}],
    'seen_omitted': 4,
    'advice': [{'name': 'filtered', 'text': 'The NAT lets in only some.'}]}

NO_NAT = {
    'learned': False, 'site': None, 'server': None, 'measured_usec': None,
    'age': None, 'error': None, 'by': None, 'local': None, 'mapped': None,
    'mapping': None, 'port_kept': None, 'filtering': None, 'hairpin': None,
    'idle_death': None, 'idle_survived': None, 'seen': [],
    'seen_omitted': 0,
    'advice': [{'name': 'no-server', 'text': 'No STUN server.'}]}


def natting(d):
    """What is before the site."""
    d.says(NAT)
    status, out, err = ctl(d, 'nat')
    lab.check('nat: exit status 0, the method without parameters',
              status == 0 and not err
              and json.loads(d.requests[-1][:-1]) ==
              {'method': 'io.sipregd.Nat', 'parameters': {}},
              (status, err, d.requests[-1]))
    for line in (
            'Address       203.0.113.7:1234, says stun.example.net:3478 at ',
            'Seen          203.0.113.7 by registrars over udp: 3 flows, 2 with '
            'the port that they have here\n',
            '              203.0.113.8 by registrars over tls: 1 flow, 0 with '
            'the port that it has here\n',
            '              and 4 more flows\n',
            'Measured      with stun.example.net:3478 at ',
            'by RFC 5780\n',
            'From          10.0.0.2:41822, seen as 203.0.113.7:41822\n',
            'Mapping       endpoint-independent: all destinations see the same '
            'address and port of ours; our own port is kept\n',
            'Filtering     address-and-port-dependent: only addresses and '
            'ports that we sent to get in\n',
            'Hairpinning   no: ',
            'Lifetime      an idle UDP flow was forgotten after 35s\n',
            '              idle UDP flows survived 25s of silence\n',
            'Advice        filtered: The NAT lets in only some.\n'):
        lab.check(f'nat says: {line.strip()}', line in out, out)

    d.says(NO_NAT)
    status, out, err = ctl(d, 'nat')
    lab.check('nat: nothing is known, exit status 1, and what to do',
              status == 1 and not err
              and 'Address       unknown, as no STUN server is configured\n'
              in out and 'Mapping       unknown\n' in out
              and 'Hairpinning   unknown\n' in out
              and 'Advice        no-server: No STUN server.\n' in out,
              (status, out))
    d.says({**NO_NAT, 'error': 'no answer', 'mapping': 'none'})
    out = ctl(d, 'nat')[1]
    lab.check('nat: why it could not be measured, and that there is none',
              'Measured      failed: no answer\n' in out
              and 'Mapping       none: no NAT translates us\n' in out
              and 'Hairpinning   none, as there is no NAT\n' in out, out)
    d.says({**NAT, 'mapping': 'address-and-port-dependent',
            'port_kept': False})
    out = on_terminal(d, 'nat', columns=60)
    lab.check('nat on a terminal: colour for what is bad, broken at its width',
              ESC in out and 'symmetric' in plain(out)
              and max(map(len, plain(out).splitlines())) <= 60, out)
    for odd in ({}, {'seen': 7, 'advice': 'x', 'site': [], 'learned': True},
                {'seen': [7, {}], 'advice': [{}], 'mapping': 'strange',
                 'hairpin': 'x', 'learned': True}):
        d.says(odd)
        status, out, err = ctl(d, 'nat')
        lab.check(f'nat: {odd} does no harm',
                  status == (0 if odd else 1) and out and not err,
                  (status, out, err))
    d.says(NAT)
    status, out, err = ctl(d, '--json', 'nat')
    lab.check('nat --json: one document as it came', status == 0
              and json.loads(out) == NAT and out.count('\n') == 1, out)


def reloading(d):
    reply = {'added': 1, 'removed': 2, 'changed': 3, 'unchanged': 98,
             'warnings': [], 'warnings_omitted': 0}
    d.says(reply)
    lab.check('reload: says what has changed', ctl(d, 'reload') == (
        0, 'reloaded: 1 added, 2 removed, 3 changed, 98 unchanged\n', ''))
    lab.check('reload: asks without parameters', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.Reload',
                                 'parameters': {}}, d.requests[-1])
    lab.check('reload: --json', json.loads(ctl(d, '--json', 'reload')[1])
              == reply)
    d.says({**reply, 'warnings': ['/etc/x.conf:3: careful'],
            'warnings_omitted': 7})
    status, out, err = ctl(d, 'reload')
    lab.check('reload: warnings go to stderr', status == 0
              and out.startswith('reloaded: ') and err
              == '/etc/x.conf:3: careful (warning)\nand 7 more warnings\n',
              (status, out, err))

    d.fails('io.sipregd.BadConfiguration',
            errors=['/etc/x.conf:2: bad', f'/etc/y.conf:9: w{ESC}[2Jorse\nX'],
            errors_omitted=5, warnings=['/etc/x.conf:3: careful'],
            warnings_omitted=0)
    for argv in ['reload'], ['--json', 'reload']:
        status, out, err = ctl(d, *argv)
        lab.check('1: ' + ' '.join(argv) + ' of a bad configuration says '
                  'all that is wrong', (status, out, err.splitlines()) == (
                      1, '', ['/etc/x.conf:2: bad',
                              '/etc/y.conf:9: w?[2Jorse?X',
                              'and 5 more errors',
                              '/etc/x.conf:3: careful (warning)',
                              'sipregctl: the configuration is not good, '
                              'nothing has changed']), (status, out, err))
    for odd in (b'{"errors":7}', b'{"errors":[1,null,["x"]]}', b'{}',
                b'{"warnings":{"a":"b"},"errors_omitted":-3}'):
        d.raw(b'{"error":"io.sipregd.BadConfiguration","parameters":' + odd
              + b'}\0')
        status, out, err = ctl(d, 'reload')
        lab.check(f'reload: survives {odd.decode()}', status == 1
                  and len(err.splitlines()) == 1, (status, out, err))


def failing(d):
    d.fails('io.sipregd.NoSuchAccount', name='x')
    status, out, err = ctl(d, 'status', 'x')
    lab.check('4: no such account', (status, out, err) == (
        4, '', 'sipregctl: x: no such account\n'), (status, out, err))
    d.fails('io.sipregd.PermissionDenied')
    for argv in (['register', 'x'], ['reconnect', 'x'], ['pause', 'x'],
                 ['resume', 'x'], ['bindings', 'x'], ['purge-ghosts', 'x'],
                 ['probe', 'x'], ['diagnose', 'x'], ['reload']):
        status, out, err = ctl(d, *argv)
        lab.check('5: not permitted to ' + argv[0], status == 5
                  and 'not permitted' in err, err)
    for error, verb, text in (
            ('NotRunning', 'register', 'x: paused or disabled'),
            ('NotPaused', 'resume', 'x: not paused'),
            ('Busy', 'pause', "x: too many wait for this account's outcome "
             'already, or it is being diagnosed, or too many others are'),
            ('NotConnected', 'bindings',
             'x: not connected to its registrar now, or not registered'),
            ('Aborted', 'reconnect',
             'x: given up by the daemon: it reloaded or stops')):
        d.fails('io.sipregd.' + error, name='x')
        lab.check(f'1: {error}', ctl(d, verb, 'x') == (
            1, '', f'sipregctl: {text}\n'), ctl(d, verb, 'x'))
    d.fails('io.sipregd.Stopping')
    lab.check('1: Stopping', ctl(d, 'reload') == (
        1, '', 'sipregctl: sipregd is about to end\n'))
    d.fails('org.varlink.service.MethodNotFound', method='io.sipregd.Ping')
    lab.check('1: a daemon that is too old', ctl(d, 'ping')[0] == 1)
    d.fails('io.sipregd.Strange', reason='because')
    status, out, err = ctl(d, 'ping')
    lab.check('1: any other error, with its reason', status == 1
              and 'io.sipregd.Strange: because' in err, err)

    for what, reply in (('hangs up', b''), ('talks nonsense', b'hello\0'),
                        ('breaks JSON', b'{"parameters":{}},\0'),
                        ('leaves out the parameters', b'{}\0')):
        d.raw(reply)
        status, out, err = ctl(d, 'ping')
        lab.check(f'3: a daemon that {what}', status == 3 and not out
                  and err.startswith('sipregctl: ' + d.path), (status, err))

    gone = d.path + '-gone'
    r = subprocess.run([lab.SIPREGCTL], capture_output=True, text=True,
                       env={**ENV, 'SIPREGD_SOCKET': gone})
    lab.check('3: nobody at $SIPREGD_SOCKET', r.returncode == 3
              and gone in r.stderr, r)
    d.says({'version': '1'})
    lab.check('-s comes before $SIPREGD_SOCKET',
              ctl(d, 'ping', SIPREGD_SOCKET=gone)[0] == 0)
    lab.check('3: a path that is too long', subprocess.run(
        [lab.SIPREGCTL, '-s', 'x' * 200], capture_output=True,
        env=ENV).returncode == 3)

    with open('/dev/full', 'w') as full:
        r = subprocess.run([lab.SIPREGCTL, '-s', d.path, 'ping'], stdout=full,
                           stderr=subprocess.PIPE, text=True, env=ENV)
    lab.check('1: what cannot be written was not said', r.returncode == 1
              and r.stderr, r)


def diagnosing(d):
    def step(name, result, finding, *details, remedy=None):
        return {'step': name, 'result': result, 'took_usec': 12345,
                'finding': finding, 'details': details, 'reason': None,
                'remedy': remedy}

    steps = [step('dns', 'ok', 'one address', 'a.example A: 192.0.2.1'),
             step('connect', 'warning', 'the first one is refused'),
             step('tls', 'failed', 'no trust'),
             step('register', 'skipped', 'no connection'),
             step('conclusion', 'failed', 'TLS fails: no trust.',
                  remedy='Trust it.')]
    d.says(*({'steps': [s]} for s in steps))
    status, out, err = ctl(d, 'diagnose', 'trunk')
    lab.check('diagnose: each step, aligned, then the remedy; exit status 1',
              (status, out, err) == (1, '''\
ok       dns               12.3 ms  one address
           a.example A: 192.0.2.1
warning  connect           12.3 ms  the first one is refused
failed   tls               12.3 ms  no trust
skipped  register          12.3 ms  no connection

TLS fails: no trust.
Trust it.
''', ''), (status, out, err))
    lab.check('diagnose: asks for the steps as they come', json.loads(
        d.requests[-1][:-1]) == {'method': 'io.sipregd.Diagnose',
                                 'parameters': {'name': 'trunk'},
                                 'more': True}, d.requests[-1])
    lab.check('diagnose: --json is a step in each line', [
        json.loads(line) for line in
        ctl(d, '--json', 'diagnose', 'trunk')[1].splitlines()] == [
            {**s, 'details': list(s['details'])} for s in steps])

    seen = on_terminal(d, 'diagnose', 'trunk', columns=55)
    lab.check('diagnose: the results are coloured on a terminal', all(
        f'{ESC}[{code}m{word}' in seen for code, word in (
            (32, 'ok'), (33, 'warning'), (31, 'failed'))) and
        plain(seen) != seen, seen)
    lab.check('diagnose: and long lines are broken between words', all(
        len(line) <= 55 for line in plain(seen).splitlines()) and
        'the first one is\n' in plain(seen), plain(seen))
    lab.check('diagnose: no colour with NO_COLOR', ESC not in on_terminal(
        d, 'diagnose', 'trunk', NO_COLOR='1'))

    d.says({'steps': [steps[0]]}, {'steps': [
        step('conclusion', 'ok', 'All is well.')]})
    lab.check('diagnose: exit status 0 if all is well',
              ctl(d, 'diagnose', 'trunk')[0] == 0)
    d.says({'steps': [steps[0]]})
    lab.check('diagnose: 1 without a conclusion',
              ctl(d, 'diagnose', 'trunk')[0] == 1)


def usage(d):
    before = len(d.requests)
    for argv in (['frobnicate'], ['status'], ['status', 'a', 'b'],
                 ['register'], ['reconnect'], ['pause'], ['resume'],
                 ['pause', 'a', 'b'], ['reload', 'x'], ['list', 'x'],
                 ['history'], ['bindings'], ['purge-ghosts'], ['probe'],
                 ['nat', 'x'],
                 ['diagnose'], ['diagnose', 'a', 'b'],
                 ['history', 'a', '-n', '0'], ['history', 'a', '-n', 'x'],
                 ['list', '-n', '3'],
                 ['--nonsense'],
                 ['-t', '0', 'ping'], ['-t', '1x', 'ping'], ['-t']):
        status, out, err = ctl(d, *argv)
        lab.check('2: ' + ' '.join(argv), status == 2 and not out and err,
                  (status, out, err))
    lab.check('usage errors ask nobody', len(d.requests) == before)
    status, out, err = ctl(d, 'help')
    lab.check('help names every verb', status == 0 and not err and all(
        f'\n  {v} ' in out for v in (
            'list', 'status', 'history', 'register', 'reconnect', 'pause',
            'resume', 'bindings', 'purge-ghosts', 'probe', 'diagnose',
            'check', 'nat', 'reload', 'ping', 'version', 'help')), out)
    lab.check('-h is help', ctl(d, '-h') == (0, out, ''))


def as_nobody(d):
    """The socket's mode decides who gets in."""
    if os.geteuid():
        print('# not root: cannot try as another user')
        return
    place = tempfile.mkdtemp(prefix='sipregd-')
    try:
        os.chmod(place, 0o755)
        program = shutil.copy(lab.SIPREGCTL, place)
        r = subprocess.run([program, '-s', d.path, 'ping'], env=ENV,
                           capture_output=True, text=True, user=NOBODY,
                           group=NOBODY, extra_groups=[])
        lab.check('5: a socket that we may not open', r.returncode == 5
                  and 'permission denied' in r.stderr, r)
    finally:
        shutil.rmtree(place)


def test(it):
    d = Daemon(it.path('control'))
    listing(d)
    listing_json(d)
    story(d)
    remembering(d)
    acting(d)
    holding(d)
    probing(d)
    natting(d)
    diagnosing(d)
    reloading(d)
    failing(d)
    usage(d)
    as_nobody(d)


lab.run(test)
