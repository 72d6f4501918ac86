#!/usr/bin/python3
"""The package's own test, as Debian runs it on an installed system."""

import os
import shutil

import debs
import enclosure
import scene
from scene import lab

TREE = '/srv/sipregd'


def test(s):
    os.mkdir(s.box.host(TREE))
    shutil.copytree(os.path.join(enclosure.ROOT, 'debian'),
                    s.box.host(TREE + '/debian'))
    deb = os.path.join('/srv', os.path.basename(debs.find(s.suite)))
    s.box.copy(debs.find(s.suite), deb)
    r = s.box.run('autopkgtest', '--no-built-binaries', deb, TREE, '--',
                  'null', timeout=300)
    lab.check('autopkgtest passes, and skips nothing', r.returncode == 0,
              '\n'.join((r.stdout + r.stderr).splitlines()[-60:]))


scene.run(test)
