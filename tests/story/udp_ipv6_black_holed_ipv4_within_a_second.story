# SCENARIOS T16 on UDP, where only an answer shows that a flow leads anywhere.
account udp
start
expect resolve
resolved 2 families
expect open
connected
expect address 0
expect register none
expect nothing for 799ms
expect open within 1ms..1ms
connected
expect address 1
expect register none
pass 50ms
reply 401
expect register fresh
pass 50ms
reply 200 lease 3600
# 900 ms in all
expect registered yes
# without the other family another host is given 4 s
account udp
start
expect resolve
resolved 2
expect open
connected
expect register none
expect open within 4s..4s
