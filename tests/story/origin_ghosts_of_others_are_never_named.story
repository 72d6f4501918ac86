# SCENARIOS T1, the other half: the same list, but nothing in it is known as
# ours. All are foreign: shown, never named, and ours is not among them.
account udp policy auto local 192.168.88.33:51629 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 mapped 194.64.145.30:51629
expect register fresh
expect named 0
reply 200 absent foreign 4 mapped 194.64.145.30:51629
expect foreign 4
expect ghosts 0
expect registered no
expect reachable unknown
expect reason binding-absent
# once more at once
expect register
expect named 0
reply 200 absent foreign 4 mapped 194.64.145.30:51629
expect state wait
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
expect named 0
