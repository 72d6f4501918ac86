"""Another wall clock for a program: wallclock.c, preloaded."""

import os
import subprocess

import lab


class WallClock:
    """`wrap` goes before the command that is to have it."""

    def __init__(self, it):
        self.it = it
        library = it.path('wallclock.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-o', library,
                        os.path.join(lab.HERE, 'wallclock.c')], check=True)
        self.set(0)
        self.wrap = ' '.join((
            'env', f'LD_PRELOAD={library}', f'WALLCLOCK={it.path("clock")}',
            # it comes before the sanitizer's own library
            'ASAN_OPTIONS=verify_asan_link_order=0:' +
            os.environ.get('ASAN_OPTIONS', '')))

    def set(self, seconds):
        """It is so much ahead of the machine's, or behind it."""
        self.it.write('clock.new', f'{seconds:.0f}\n')
        os.rename(self.it.path('clock.new'), self.it.path('clock'))
