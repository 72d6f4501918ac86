# SCENARIOS T16: IPv6 swallows everything; calls come by IPv4 within a second.
account tcp ponging
start
expect resolve
resolved 2 families
expect open
expect nothing for 249ms
expect race within 1ms..1ms
expect open-rival
pass 50ms
rival-connected
expect address 1
expect register none
pass 50ms
reply 401
expect register fresh
pass 50ms
reply 200 lease 3600 contact 192.0.2.1 mapped 192.0.2.1
# 400 ms in all; the loser is let go of without a word
expect registered yes
expect reachable yes
expect flow up
expect nothing for 20s
expect flow proven
