#!/usr/bin/python3
"""Two machines with one state directory, a copy (SCENARIOS O5b): each takes the
other's binding for a ghost of its own. That is found out and named, and then
they leave each other alone. And two accounts of one AOR never begin with it."""

import os
import shutil

import lab

GRANT = 15          # [s]
PURGES = 10         # REGISTERs that may remove something until both know
ROUNDS = 5          # of REGISTERs of each, afterwards
USER = 'alice'


def notes(daemon, name=USER):
    return [n for flow in daemon.status(name)['flows']
            for n in flow.get('notes') or []]


def purges(registers):
    return [r for r in registers if ';expires=0' in r['contact']]


def machine(it, registrar, name, state=None):
    path = it.path(name + '.state')
    if state:
        shutil.copytree(state, path)
    return lab.Sipregd(it, [registrar.account(USER, 'tcp')], name)


def uris(registrar):
    return sorted(registrar.bindings().get(USER, []))


def kept(it, registrar):
    """Is its Contact on the disk that is going to be copied?"""
    path = it.path('one.state/state')
    return uris(registrar) and os.path.exists(path) and \
        uris(registrar)[0] in open(path).read()


def clones(it):
    registrar = lab.Kamailio(it, grant=GRANT, by_contact=True)
    one = machine(it, registrar, 'one')
    lab.check_await('the first machine is registered', one.registered)
    lab.check_await('and has written that down',
                    lambda: kept(it, registrar))
    two = machine(it, registrar, 'two', it.path('one.state'))
    lab.check_await('the second one, a copy, is registered', two.registered)

    def settled():
        for daemon in one, two:
            daemon.ctl('register', USER)
        return 'clone' in notes(two)

    # The first one's attempts are refused: its CSeq is below the copy's, who
    # has its Call-ID too. It gives that up by itself.
    lab.check_await('the copy knows that there is a clone, and names it',
                    settled)
    seen = len(registrar.registers())
    print(f'# {len(purges(registrar.registers()))} of {seen} REGISTERs '
          'removed bindings until then')
    lab.check('few of them removed the other one\'s binding until then',
              len(purges(registrar.registers())) <= PURGES,
              registrar.registers())
    lab.check('both have a binding', len(uris(registrar)) == 2,
              uris(registrar))

    held, others = uris(registrar), []
    for _ in range(ROUNDS):
        for daemon in one, two:
            daemon.ctl('register', USER)
            if uris(registrar) != held:
                others.append(uris(registrar))
    # one refresh of each that comes by itself
    lab.await_that('refreshed', lambda: len(registrar.registers()) >=
                   seen + 2 * ROUNDS + 2)
    after = registrar.registers()[seen:]
    lab.check('both bindings stay what they are over many refreshes',
              not others and uris(registrar) == held, (held, others))
    lab.check('nobody removes the other one\'s any more', not purges(after),
              purges(after))
    lab.check('one REGISTER for each refresh', len(after) <= 2 * ROUNDS + 3,
              after)
    for daemon in one, two:
        status = daemon.status(USER)
        lab.check(f'{daemon.name}: registered over one flow, the other '
                  'binding is counted', status['registered']
                  and status['counters']['flow_failures'] == 0
                  and status['bindings'] ==
                  {'own': 1, 'ghost': 1, 'foreign': 0}, status)
    lab.check('the clone is still named', 'clone' in notes(two))
    lab.check('a request is answered', registrar.reaches(USER))

    status = two.stop()
    lab.check('one ends and takes away what is its own, no more', status == 0
              and len(uris(registrar)) == 1 and one.registered(),
              uris(registrar))
    lab.check('exit status 0', one.stop() == 0)


def one_aor(it):
    registrar = lab.Kamailio(it, 'kamailio-aor', grant=GRANT)
    alice = registrar.account(USER, 'tcp')
    daemon = lab.Sipregd(it, [alice, {**alice, 'name': 'desk'}], 'both')
    lab.check_await('two accounts of one AOR are registered',
                    lambda: daemon.registered(USER, 'desk'))
    lab.check_await('they have a binding each',
                    lambda: len(uris(registrar)) == 2)
    held = uris(registrar)
    for _ in range(ROUNDS):
        for name in USER, 'desk':
            daemon.ctl('register', name)
    lab.check('both are refreshed, again and again', len(
        registrar.registers()) >= 2 * ROUNDS + 4, registrar.registers())
    lab.check('each binding is what it was', uris(registrar) == held,
              (held, uris(registrar)))
    lab.check('none of their REGISTERs removed anything',
              not purges(registrar.registers()), registrar.registers())
    for name in USER, 'desk':
        lab.check(f'{name}: one of them is its own, one is not, no clone is '
                  'suspected', 'clone' not in notes(daemon, name)
                  and daemon.status(name)['bindings'] ==
                  {'own': 1, 'ghost': 0, 'foreign': 1}, daemon.status(name))
    lab.check('exit status 0', daemon.stop() == 0)
    lab.check('both bindings are gone', not registrar.bindings())


def test(it):
    one_aor(it)
    clones(it)


lab.run(test)
