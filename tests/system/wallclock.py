"""Another wall clock for a program: wallclock.c, preloaded."""

import os
import subprocess

import lab


class WallClock:
    """`wrap` goes before the command that is to have it, or `env` into its
    environment."""

    def __init__(self, it):
        self.it = it
        library = it.path('wallclock.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-o', library,
                        os.path.join(lab.HERE, 'wallclock.c')], check=True)
        self.set(0)
        self.env = {
            'LD_PRELOAD': library, 'WALLCLOCK': it.path('clock'),
            # it comes before the sanitizer's own library
            'ASAN_OPTIONS': 'verify_asan_link_order=0:' +
            os.environ.get('ASAN_OPTIONS', '')}
        self.wrap = ' '.join(('env', *map('='.join, self.env.items())))

    def set(self, seconds):
        """It is so much ahead of the machine's, or behind it."""
        self.tell(f'{seconds:.0f}\n')

    def stop(self, at):
        """It stands still at this time."""
        self.tell(f'={at:.0f}\n')

    def tell(self, text):
        self.it.write('clock.new', text)
        os.rename(self.it.path('clock.new'), self.it.path('clock'))
