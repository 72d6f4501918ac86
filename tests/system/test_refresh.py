#!/usr/bin/python3
"""Accounts on every transport and with both algorithms stay registered."""

import time

import lab

GRANT = 15          # [s] the registrar gives
REFRESHES = 5
# A refresh comes at half the lease; one and a half for each are plenty.
WATCH_MAX = REFRESHES * GRANT * 0.75
ALGORITHMS = 'MD5', 'SHA-256'
TRANSPORTS = 'udp', 'tcp', 'tls'


def sent(registrar, user):
    """REGISTERs with credentials."""
    return [r for r in registrar.registers(user) if r['auth']]


def watch(daemon, users):
    """Until everybody has refreshed often enough; who was missing when."""
    missing = []
    began = time.monotonic()
    while time.monotonic() - began < WATCH_MAX:
        for registrar in set(users.values()):
            held = registrar.bindings()
            at = f'{time.monotonic() - began:.0f} s'
            missing += [f'{u} not at the registrar after {at}'
                        for u, r in users.items()
                        if r is registrar and len(held.get(u, [])) != 1]
        missing += [f'{a["name"]}: {a["reason"]}'
                    for a in daemon.list() if not a['registered']]
        if all(len(sent(r, u)) > REFRESHES for u, r in users.items()):
            break
        time.sleep(1)
    return missing


def check_user(user, registrar):
    seen = registrar.registers(user)
    good = sent(registrar, user)
    numbers = [r['cseq'] for r in seen]
    lab.check(f'{user}: at least {REFRESHES} refreshes',
              len(good) > REFRESHES, f'{len(good)} REGISTERs')
    lab.check(f'{user}: CSeq grows with every REGISTER',
              all(a < b for a, b in zip(numbers, numbers[1:])), numbers)
    lab.check(f'{user}: one Call-ID', len({r['callid'] for r in seen}) == 1,
              seen)
    lab.check(f'{user}: one connection', len({r['port'] for r in seen}) == 1,
              seen)
    # Only the first is challenged; then its nonce is good for all of them.
    lab.check(f'{user}: one REGISTER per refresh, all with credentials',
              [r['auth'] for r in seen] == [False] + [True] * len(good),
              seen)


def check_stale(user, registrar):
    """Its nonces are too old at every refresh, and it says so. Two lost
    attempts to reuse one, and it is not tried again."""
    seen = registrar.registers(user)
    auth = [r['auth'] for r in seen]
    lab.check(f'{user}: two REGISTERs per refresh, no reuse after two stale',
              len(seen) > 6 and auth ==
              [False, True, True, True, True, True]
              + [False, True] * (len(seen) // 2 - 3), auth)
    lab.check(f'{user}: one Call-ID', len({r['callid'] for r in seen}) == 1,
              seen)


def test(it):
    registrars = [lab.Kamailio(it, 'kamailio-' + a.lower(), a, grant=GRANT)
                  for a in ALGORITHMS]
    users, accounts = {}, []
    for registrar in registrars:
        for transport in TRANSPORTS:
            user = transport + '-' + registrar.name[9:]
            users[user] = registrar
            accounts.append(registrar.account(user, transport, expires=600))
    stale = lab.Kamailio(it, 'kamailio-stale', grant=GRANT, nonce_expire=3)
    users['udp-stale'] = stale
    accounts.append(stale.account('udp-stale', expires=600))
    daemon = lab.Sipregd(it, accounts)

    if not lab.check_await('all accounts are registered', daemon.registered):
        print(daemon.ctl('list')[1])
        return
    for user, registrar in users.items():
        lab.check(f'{user}: an OPTIONS to it is answered',
                  registrar.reaches(user))

    missing = watch(daemon, users)
    lab.check('nobody was unregistered for a moment', not missing,
              '\n'.join(missing))
    for user, registrar in users.items():
        (check_stale if registrar is stale else check_user)(user, registrar)
        lab.check(f'{user}: still reached after the last refresh',
                  registrar.reaches(user))
    for a in daemon.list():
        lab.check(f'{a["name"]}: status tells the granted lease and the flow',
                  a['expires_granted'] == GRANT and a['lease_left'] <= GRANT
                  and a['reason'] in ('ok', 'unproven')
                  and a['flows'][0]['transport'] == a['name'].split('-')[0],
                  a)

    lab.check('SIGTERM ends the daemon with exit status 0',
              daemon.stop() == 0)
    for registrar in registrars + [stale]:
        lab.check(f'{registrar.name}: no binding is left behind',
                  not registrar.bindings(), registrar.bindings())


lab.run(test)
