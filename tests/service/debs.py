"""The package under test, as tests/tools/package builds it for each suite."""

import glob
import os
import re
import subprocess

import enclosure

NAME = 'sipregd'
SUITES = ('bookworm', 'trixie')
TOOL = os.path.join(enclosure.ROOT, 'tests/tools/package')
# What a package is made of: when one of these is newer it is built anew.
SOURCES = ('Makefile', 'install.mk', 'debian', 'etc', 'man', 'src',
           'systemd')


def find(suite):
    """The path of its .deb, or None."""
    found = glob.glob(os.path.join(enclosure.BUILD, 'package', suite,
                                   NAME + '_*.deb'))
    return max(found, key=os.path.getmtime, default=None)


def build(suite):
    """Builds it if it is absent or older than its sources; None, or a sentence
    on what is wrong."""
    deb = find(suite)
    if deb and os.path.getmtime(deb) > max(_times()):
        return None
    os.makedirs(enclosure.DIR, exist_ok=True)
    log = os.path.join(enclosure.DIR, f'package-{suite}.log')
    with open(log, 'w') as out:
        r = subprocess.run([TOOL, 'build', suite], cwd=enclosure.ROOT,
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                           env={**os.environ, 'BUILD': enclosure.BUILD},
                           preexec_fn=enclosure.dies_with_its_parent)
    if r.returncode or not find(suite):
        return f'no package of {suite} could be built: {log} tells why'
    return None


def _times():
    for name in SOURCES:
        top = os.path.join(enclosure.ROOT, name)
        if os.path.isfile(top):
            yield os.path.getmtime(top)
        for path, _, files in os.walk(top):
            for f in files:
                yield os.path.getmtime(os.path.join(path, f))


def control(deb):
    """Its control file as text."""
    return subprocess.run(['dpkg-deb', '--field', deb], check=True, text=True,
                          capture_output=True).stdout


def newer(deb, directory):
    """The same package with a higher version; the path of it."""
    tree = os.path.join(directory, 'newer')
    subprocess.run(['dpkg-deb', '--raw-extract', deb, tree], check=True)
    path = os.path.join(tree, 'DEBIAN/control')
    with open(path) as f:
        text = f.read()
    with open(path, 'w') as f:
        f.write(re.sub(r'^(Version: .*)$', r'\1+newer', text, flags=re.M))
    result = os.path.join(directory, NAME + '_newer.deb')
    subprocess.run(['dpkg-deb', '--root-owner-group', '--build', tree,
                    result], check=True, stdout=subprocess.DEVNULL)
    return result
