# SCENARIOS O5b: another machine with our instance. A ghost that we removed and
# that comes back twice: named, and no purging until the operator says so.
account tcp ponging token
pass 1s
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 3600 ghost 77
expect register
expect named 1
reply 200 lease 3600
expect ghosts 0
kick
expect register
expect named 0
reply 200 lease 3600 ghost 77
expect register
expect named 1
expect note none
reply 200 lease 3600
kick
expect register
reply 200 lease 3600 ghost 77
expect note clone
expect state bound
expect ghosts 1
kick
expect register
expect named 0
reply 200 lease 3600 ghost 77
expect state bound
expect registers 6
purge
expect note none
kick
expect register
reply 200 lease 3600 ghost 77
expect register
expect named 1
reply 200 lease 3600
expect ghosts 0
