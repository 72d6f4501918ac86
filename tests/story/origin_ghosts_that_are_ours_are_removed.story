# SCENARIOS T1, the origin: sipsorcery#1375. Earlier runs left three bindings at
# the registrar, one of them of a container. The first authenticated REGISTER
# says what the 401 taught and removes them: one round, and calls arrive.
account udp policy auto local 192.168.88.33:51629 token ponging
restored 100
old 3
start
expect resolve
resolved 1
expect open
connected
expect register none
expect contact 192.168.88.33:51629
expect named 3
reply 401 mapped 194.64.145.30:51629
expect register fresh
expect contact 194.64.145.30:51629
expect named 3
reply 200 lease 600 mapped 194.64.145.30:51629
expect state bound
expect ghosts 0
expect foreign 0
expect registered yes
expect reachable yes
expect reason ok
expect registers 2
# and they are not named again
expect register within 270s..330s
expect named 0

# the registrar asks for no password: the 200 is verbatim that of the origin, so
# one more REGISTER with the public Contact names the private one and the ghosts
account udp policy auto local 192.168.88.33:51629 token ponging
restored 100
start
expect resolve
resolved 1
expect open
connected
expect register none
expect contact 192.168.88.33:51629
expect named 0
reply 200 lease 600 ghost 1 ghost 2 ghost 3 mapped 194.64.145.30:51629
expect reachable no
expect reason binding-private
expect ghosts 3
expect register none
expect contact 194.64.145.30:51629
expect named 3
reply 200 lease 600 mapped 194.64.145.30:51629 ghost 1
expect reachable yes
expect reason ok
expect ghosts 1
# three at a time: the one that found no room goes with the refresh
expect register within 270s..330s
expect named 1
reply 200 lease 600 mapped 194.64.145.30:51629
expect ghosts 0
