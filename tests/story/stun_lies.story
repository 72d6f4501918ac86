# SCENARIOS N10: what STUN says while the registrar keeps seeing us elsewhere is
# not followed, and never ends a flow.
account udp policy auto local 10.0.0.2:40000
pass 1s
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 mapped 203.0.113.7:61000
expect register fresh
reply 200 lease 3600 stun-allowed mapped 203.0.113.7:61000
expect reachable yes
expect stun within 0..1s
seen stun 198.51.100.66:1
expect register within 4s..5s
expect contact 198.51.100.66:1
# the registrar knows better: one rewrite, and STUN is not believed any more
reply 200 lease 3600 stun-allowed mapped 203.0.113.7:61000
expect register
expect contact 203.0.113.7:61000
reply 200 lease 3600 stun-allowed mapped 203.0.113.7:61000
expect reachable yes
expect stun within 10s..25s
seen stun 198.51.100.66:2
expect stun within 20s..25s
seen stun 198.51.100.66:3
expect nothing for 15s
expect flow proven
expect reachable yes
expect registers 4
