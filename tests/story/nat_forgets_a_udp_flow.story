# SCENARIOS N3. The NAT had forgotten us: the same socket appears at another
# port now. The old Contact is removed at once, and pings come more often than
# the silence lasted.
account udp policy auto local 10.0.0.2:40000 expires 3600
pass 1s
come-up 3600s mapped 203.0.113.7:61000
expect options within 0..1s
seen via 203.0.113.7:61000
expect options within 20s..25s
seen via 203.0.113.7:61001
expect register reused
expect contact 203.0.113.7:61001
expect named 1
expect interval 15s..18.8s
expect interval-reason learned
reply 200 lease 3600 mapped 203.0.113.7:61001
expect reachable yes
expect options within 10s..18.8s
seen via 203.0.113.7:61001
expect options within 12s..18.8s
seen via 203.0.113.7:61001
# with outbound nothing is rewritten, but the edge has a token of the old one
account udp policy auto local 10.0.0.2:40000 expires 3600
pass 1s
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 3600 outbound mapped 203.0.113.7:61000
expect contact 10.0.0.2:40000
expect reachable yes
expect registers 1
expect options within 0..1s
seen via 203.0.113.7:61000
expect options within 20s..25s
seen via 203.0.113.7:61001
expect register
expect contact 10.0.0.2:40000
expect named 0
reply 200 lease 3600 outbound mapped 203.0.113.7:61001
expect reachable yes
expect registers 2
