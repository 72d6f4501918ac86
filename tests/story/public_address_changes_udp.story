# SCENARIOS N4: the public address changes. The answer to the next keepalive
# shows it; REGISTER at once, with the old Contact removed.
account udp policy auto local 10.0.0.2:40000 expires 3600
pass 1s
come-up 3600s mapped 203.0.113.7:61000
expect reachable yes
expect options within 0..1s
seen via 203.0.113.7:61000
expect nothing for 19s
expect options within 1s..7s
seen via 198.51.100.77:61000
expect reachable no
expect reason mapping-moved
expect register reused
expect contact 198.51.100.77:61000
expect named 1
reply 200 lease 3600 mapped 198.51.100.77:61000
expect reachable yes
expect registers 3
# that is no NAT that forgets
expect interval 25s..25s
