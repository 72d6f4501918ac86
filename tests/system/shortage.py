"""A daemon whose allocations fail when told to: shortage.c and its driver."""

import mmap
import os
import struct
import subprocess

import lab

FRAMES = 64                 # as in shortage.c
HEAD = struct.Struct('5Q')  # nth, count, failed, base, framec
SIZE = HEAD.size + 8 * FRAMES


def sanitized():
    """A sanitizer has an allocator of its own, and lets nobody before it."""
    with open(lab.SIPREGD, 'rb') as f:
        return b'__asan_init' in f.read()


class Shortage:
    """`wrap` in front of a daemon makes it one that this can starve."""

    def __init__(self, it):
        library = it.path('shortage.so')
        subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-o', library,
                        os.path.join(lab.HERE, 'shortage.c')], check=True)
        path = it.path('shortage')
        with open(path, 'wb') as f:
            f.truncate(SIZE)
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), SIZE)
        self.wrap = f'env LD_PRELOAD={library} SHORTAGE={path}'

    def arm(self, nth):
        self.map[:SIZE] = HEAD.pack(0, 0, 0, 0, 0) + bytes(8 * FRAMES)
        self.map[:8] = struct.pack('Q', nth)

    def disarm(self):
        """(how many it counted, did one fail?)"""
        self.map[:8] = struct.pack('Q', 0)
        _, count, failed, _, _ = HEAD.unpack(self.map[:HEAD.size])
        return count, bool(failed)

    def where(self):
        """Who asked for the one that failed, as far as it is the program's
        own."""
        _, _, _, base, count = HEAD.unpack(self.map[:HEAD.size])
        frames = struct.unpack(f'{count}Q',
                               self.map[HEAD.size:HEAD.size + 8 * count])
        top = base + os.stat(lab.SIPREGD).st_size
        at = [f'{f - base - 1:#x}' for f in frames if base <= f < top]
        if not at:
            return 'before the program'
        r = subprocess.run(['addr2line', '-fpse', lab.SIPREGD, *at],
                           capture_output=True, text=True)
        return '\n'.join(r.stdout.splitlines()[:6])
