"""The Debian roots that machines boot from: made by mmdebstrap, kept under
build/service, made anew when one is absent or its list of packages changes.

A root has all that the package and its own tests depend on, because there is
no network inside, and not the package itself.
"""

import fcntl
import glob
import os
import re
import shutil
import subprocess

import debs
import enclosure

BASE = ('systemd', 'systemd-sysv', 'dbus', 'passwd', 'procps', 'autopkgtest',
        'dpkg-dev')
# What is there for tests only starts when they say so; nobody updates a root.
MASKED = ('kamailio.service', 'apt-daily.timer', 'apt-daily-upgrade.timer')
TESTS = os.path.join(enclosure.ROOT, 'debian/tests/control')
DEPENDS = re.compile(r'^(?:Pre-Depends|Depends|Recommends):'
                     r'(.*\n(?:[ \t].*\n)*)', re.M)


def path(suite):
    return os.path.join(enclosure.DIR, suite)


def packages(suite):
    """What is in the suite's root."""
    text = debs.control(debs.find(suite))
    if os.path.exists(TESTS):
        with open(TESTS) as f:
            text += '\n' + f.read()
    names = set(BASE)
    for field in DEPENDS.findall(text):
        for package in re.sub(r'#.*', '', field).split(','):
            # of alternatives the first one; @ is the package itself
            name = re.split(r'[|(\[<:]', package)[0].strip()
            if name and '@' not in name and name != debs.NAME:
                names.add(name)
    return sorted(names)


def make(suite):
    """Answers with None, or a sentence on why there is no such root."""
    root = path(suite)
    wanted = '\n'.join(packages(suite)) + '\n'
    os.makedirs(enclosure.DIR, exist_ok=True)
    with open(root + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return None if _is_so(root, wanted) else _make(suite, root, wanted)


def _is_so(root, wanted):
    """Has it just these packages, and was it made as is written here?"""
    try:
        with open(root + '.packages') as f:
            return f.read() == wanted and (os.fstat(f.fileno()).st_mtime >
                                           os.path.getmtime(__file__))
    except FileNotFoundError:
        return False


def _make(suite, root, wanted):
    if not shutil.which('mmdebstrap'):
        return 'mmdebstrap is missing: tests/tools/deps ci'
    if os.path.exists(root + '.packages'):
        os.unlink(root + '.packages')
    subprocess.run(['rm', '-rf', '--one-file-system', root], check=True)
    # In a namespace, so that no mount of its stays when it is interrupted.
    with open(root + '.log', 'w') as log:
        r = subprocess.run(
            ['unshare', '--mount', 'mmdebstrap', '--quiet', '--variant=apt',
             '--include=' + ','.join(wanted.split()), suite, root],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=enclosure.dies_with_its_parent)
    if r.returncode:
        return f'no root of {suite} could be made: {root}.log tells why'
    for unit in MASKED:
        os.symlink('/dev/null', f'{root}/etc/systemd/system/{unit}')
    # Nothing is fetched any more, and autopkgtest need not try.
    for sources in glob.glob(f'{root}/etc/apt/sources.list.d/*'):
        os.unlink(sources)
    with open(f'{root}/etc/apt/sources.list', 'w'):
        pass
    # The last one: a root that was not finished has no such list.
    with open(root + '.packages', 'w') as f:
        f.write(wanted)
    return None
