#!/usr/bin/python3
"""What is shipped to be copied works: the configuration of a fresh
installation, the examples, those of the manuals and of README, and each
preset."""

import glob
import os
import re
import subprocess
import textwrap

import lab

ETC = os.path.join(lab.ROOT, 'etc')
MANUAL = os.path.join(lab.ROOT, 'man', 'sipregd.conf.5')
CONFIGURATION = re.compile(r'^ *(accounts|defaults|hooks|metrics) = ', re.M)
ESCAPES = {r'\e': '\\', r'\(dq': '"', r'\&': '', r'\-': '-'}


def read(path):
    with open(path) as f:
        return f.read()


def name_of(path):
    return os.path.splitext(os.path.basename(path))[0]


class Site:
    """A directory as /etc/sipregd would be, with one main file."""

    def __init__(self, it, name, text):
        self.dir = it.path(name)
        os.makedirs(os.path.join(self.dir, 'credentials'))
        os.symlink(os.path.join(ETC, 'presets'),
                   os.path.join(self.dir, 'presets'))
        self.file = self.put('sipregd.conf', text)
        for key, value in re.findall(
                r'^[^#\n]*?(password_file|credential) *= *"([^"]*)"', text,
                re.M):
            if key == 'credential':
                self.put('credentials/' + value, 'secret\n')
                continue
            # %d is the number of one of these groups, whichever it is
            for first, count in self.numbers(text):
                for n in range(first, first + count):
                    self.put(value.replace('%d', str(n)), 'secret\n')

    @staticmethod
    def numbers(text):
        groups = re.findall(r'count = (\d+);(?: first = (\d+);)?', text)
        return [(int(first or 1), int(count))
                for count, first in groups] or [(1, 1)]

    def put(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path

    def sipregd(self, option):
        env = dict(os.environ, CREDENTIALS_DIRECTORY=os.path.join(
            self.dir, 'credentials'))
        return subprocess.run(
            [lab.SIPREGD, option, '-c', self.file], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def accepted(it, what, text):
    """-t says nothing at all; what -n prints."""
    site = Site(it, re.sub(r'\W', '-', what), text)
    done = site.sipregd('-t')
    lab.check(f'{what}: sipregd -t has no error and no warning',
              done.returncode == 0 and not done.stderr + done.stdout,
              done.stderr + done.stdout)
    return site.sipregd('-n').stdout


def accounts(printed):
    return re.findall(r'^    name = "(.*)";$', printed, re.M)


def account(preset, more=''):
    return (f'accounts = ( {{ name = "a"; preset = "{preset}"; '
            f'aor = "sip:alice@example.com"; {more} }} );\n')


def fresh(it):
    text = read(os.path.join(ETC, 'sipregd.conf'))
    lab.check('a fresh installation has no accounts',
              not accounts(accepted(it, 'etc/sipregd.conf', text)))

    example = re.search(r'^#accounts = \(\n(#.*\n)+?#\);\n', text, re.M)
    lines = re.sub(r'^#', '', example[0], flags=re.M)
    text = text.replace(example[0], lines)
    lab.check('and one as soon as its comment marks are removed',
              accounts(accepted(it, 'without comment marks', text)) ==
              ['home'])


def examples(it):
    files = sorted(glob.glob(os.path.join(ETC, 'examples', '*.conf')))
    for path in files:
        name = os.path.relpath(path, lab.ROOT)
        lab.check(f'{name}: has accounts', accounts(
            accepted(it, name, read(path))))

    # and one that is Icinga's
    known = set(files + presets() + [os.path.join(ETC, 'sipregd.conf'),
                                     os.path.join(ETC, 'icinga2',
                                                  'sipregd.conf')])
    found = set(glob.glob(os.path.join(ETC, '**', '*.conf'), recursive=True))
    lab.check('no other file is shipped as configuration', known == found,
              found - known)


def blocks(path):
    """What of a page is shown letter by letter."""
    text = read(path)
    if path.endswith('.md'):
        # a file that a command writes is one by itself
        return re.findall(r'^```\n(.*?)^```', text, re.M | re.S) + [
            textwrap.dedent(t) for t in
            re.findall(r"<<'EOF'\n(.*?)^ *EOF", text, re.M | re.S)]
    found = re.findall(r'^\.Bd -literal.*?\n(.*?)^\.Ed', text, re.M | re.S)
    for escape, char in ESCAPES.items():
        found = [t.replace(escape, char) for t in found]
    return found


def pages(it):
    """Each block that is a configuration is one of a main file."""
    seen = ''
    for path in sorted(glob.glob(os.path.join(lab.ROOT, 'man', '*.[1-9]'))
                       + [os.path.join(lab.ROOT, 'README.md')]):
        page, number = os.path.basename(path), 0
        for text in filter(CONFIGURATION.search, blocks(path)):
            number += 1
            what = f'{page}, example {number}'
            text = text.replace('"/etc/sipregd/', '"')
            lab.check(f'{what}: has accounts',
                      accounts(accepted(it, what, text)))
            seen += page + text
    lab.check('hooks, metrics, many accounts and README have examples', all(
        w in seen for w in ('hooks = (', 'metrics = {', 'count = ',
                            'README.md', 'sipregd.conf.5')))


def asides(it):
    """What a file for another program says about ours."""
    found = 0
    for path in glob.glob(os.path.join(ETC, '**', '*'), recursive=True):
        if not os.path.isfile(path):
            continue
        for line in re.findall(r'sipregd\.conf: +(.*;)$', read(path), re.M):
            found += 1
            name = os.path.relpath(path, lab.ROOT)
            accepted(it, f'{name}, {line}', line + '\n' + account('sipgate'))
    lab.check('how to be scraped is said where it is scraped', found)


def presets():
    return sorted(glob.glob(os.path.join(ETC, 'presets', '*.conf')))


def settings(text):
    """As (key, value) of a preset, (group.key, value) of its groups."""
    for key, group, value in re.findall(
            r'^(\w+) = (?:\{(.*)\}|(.*));$', text, re.M):
        if not group:
            yield key, value
        for inner, v in re.findall(r'(\w+) = ([^;]*);', group):
            yield f'{key}.{inner}', v


def shows(printed, key, value):
    if '.' not in key:
        return f'    {key} = {value};\n' in printed
    group, inner = key.split('.')
    line = re.search(rf'^    {group} = {{(.*)}};$', printed, re.M)
    return line and f' {inner} = {value};' in line[1]


def preset(it, path):
    name, text = name_of(path), read(path)
    printed = accepted(it, f'preset {name}', account(name))
    missing = [k for k, v in settings(text) if not shows(printed, k, v)]
    lab.check(f'preset {name}: sipregd -n shows its values',
              not missing and list(settings(text)), (missing, printed))

    example = re.search(r'^#  \{ name = .*?^#  \}\n', text, re.M | re.S)
    group = re.sub(r'^#', '', example[0], flags=re.M)
    printed = accepted(it, f'preset {name}, its example',
                       f'accounts = (\n{group});\n')
    lab.check(f'preset {name}: its example uses it',
              f'    preset = "{name}";' in printed, printed)


def list_of_presets(it):
    names = [name_of(p) for p in presets()]
    section = re.search(r'^\.Sh PRESETS\n(.*?)^\.Sh ', read(MANUAL),
                        re.M | re.S)[1]
    listed = re.findall(r'^\.It Cm (\S+)', section, re.M)
    lab.check('the manual lists the presets that there are',
              sorted(listed) == names, (listed, names))

    site = Site(it, 'wrong', account('telecom'))
    done = site.sipregd('-t')
    lab.check('a wrong name is told the right one, and all there are',
              done.returncode == 1 and
              'sipregd.conf:1: preset: there is no "telecom" in ' in
              done.stderr and
              'did you mean "telekom"?' in done.stderr and
              all(n in done.stderr for n in names), done.stderr)


def test(it):
    fresh(it)
    examples(it)
    pages(it)
    asides(it)
    for path in presets():
        preset(it, path)
    list_of_presets(it)


lab.run(test)
