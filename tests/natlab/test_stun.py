#!/usr/bin/python3
"""STUN servers that fall silent (SCENARIOS N10): the site's own, from the start
or after a while, and the registrar's on the flow itself. That is no reason to
touch a flow that works. What liars do is in test_odd.py."""

import shlex
import time

import nets
from bench import INTERVAL, Bench, lab
from mock import Mock

WATCHED = 15        # [s] a storm, or a flow that is given up, would show
ASK = 5             # [s] between two questions of the site
FEW = 4             # REGISTERs that silence may cost over UDP


def registers(b):
    return {u: len(r.registers(u)) for u, (r, _) in b.home.items()}


def unharmed(b, what, since, before):
    for user, watch in b.watches.items():
        good, asked = watch.answered(since)
        lab.check(f'{what}: {user} is reached all the time',
                  asked > 2 and good >= asked - 1, b.why(user, (good, asked)))
        status = b.daemon.status(user)
        lab.check(f'{what}: {user} keeps its flow', status['registered']
                  and status['counters']['flow_failures'] == 0, status)
    lab.check(f'{what}: nobody REGISTERs for that', registers(b) == before,
              (before, registers(b)))


def site(it):
    """The one that is configured for all: it was never there, it comes, and
    goes again."""
    b = Bench(it, manners=('lenient', 'strict'))
    silent = Mock(b.net, nets.SERVERS[9], 3478)
    silent.stun = lambda source: None
    b.start(stun={'server': f'{silent.host}:{silent.port}', 'interval': ASK})

    # What does not happen can only be waited for.
    before, since = registers(b), time.monotonic()
    time.sleep(WATCHED)
    lab.check('a silent site server is asked again and again, not too often',
              2 <= silent.questions <= 80, silent.questions)
    print(f'# {silent.questions} questions to a silent server')
    unharmed(b, 'silent from the start', since, before)

    silent.stun = lambda source: source
    asked = silent.questions
    lab.check_await('it answers: it is asked and heard', lambda:
                    silent.questions > asked + 1)
    since = time.monotonic()
    silent.stun = lambda source: None
    time.sleep(WATCHED)
    unharmed(b, 'silent again', since, before)
    b.end()


def flow(it):
    """The registrar's: it answered pings of the flow, and does no more."""
    net = nets.Net()
    mock = Mock(net, nets.SERVERS[0])
    daemon = lab.Sipregd(it, [mock.account('flow', keepalive={
        'interval': INTERVAL, 'method': 'stun'})], 'flow',
        wrap=shlex.join(net.lan.argv()))
    lab.check_await('over STUN: registered', daemon.registered)
    lab.check_await('over STUN: pings go by it', lambda: mock.questions > 2)
    before = len(mock.registers())
    mock.stun = lambda source: None
    time.sleep(WATCHED)
    status = daemon.status('flow')
    sent = len(mock.registers()) - before
    print(f'# {sent} REGISTERs in {WATCHED} s')
    lab.check('the flow\'s STUN falls silent: the registrar is asked, over '
              'another socket, once', status['registered']
              and status['counters']['flow_failures'] <= 1, status)
    lab.check('the flow\'s STUN falls silent: few REGISTERs for that',
              sent <= FEW, sent)
    lab.check('the flow\'s STUN falls silent: asked by OPTIONS then, it is '
              'well', status['flows'][0]['state'] == 'proven'
              and status['flows'][0]['keepalive'] == 'options'
              and status['reason'] == 'ok', status)
    lab.check('the flow\'s STUN falls silent: one binding, where we are now',
              len(mock.bindings) == 1
              and status['flows'][0]['mapped'] in list(mock.bindings)[0],
              (mock.bindings, status['flows']))
    lab.check('exit status 0', daemon.stop() == 0)
    net.close()


def test(it):
    flow(it)
    site(it)


lab.run(test)
