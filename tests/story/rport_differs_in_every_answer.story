# SCENARIOS T4: another rport in every answer. Followed once a round at first;
# then it is no NAT's mapping: named, and the Contact stays what it is.
account udp policy auto local 10.0.0.2:40000 expires 3600 method crlf
pass 1s
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 mapped 203.0.113.7:1001
expect register fresh
expect contact 203.0.113.7:1001
reply 200 lease 3600 mapped 203.0.113.7:1002
expect register
expect contact 203.0.113.7:1002
reply 200 lease 3600 mapped 203.0.113.7:1003
expect state bound
expect reason mapping-moved
kick
expect register
expect contact 203.0.113.7:1003
reply 200 lease 3600 mapped 203.0.113.7:1004
expect register
reply 200 lease 3600 mapped 203.0.113.7:1005
expect note flapping
expect state bound
expect reachable unknown
expect reason unproven
expect registers 5
expect contact 203.0.113.7:1004
kick
expect register
expect contact 203.0.113.7:1004
reply 200 lease 3600 mapped 203.0.113.7:1006
expect state bound
expect registers 6
# refreshes go on meanwhile, and a quarter of an hour without a move ends it
expect register within 540s..600s
expect contact 203.0.113.7:1004
reply 200 lease 3600 mapped 203.0.113.7:1006
expect note flapping
expect register within 540s..600s
expect note none
expect contact 203.0.113.7:1006
reply 200 lease 3600 mapped 203.0.113.7:1006
expect reachable yes

# the same of the keepalive's answers: no REGISTER for each of them
account udp policy auto local 10.0.0.2:40000
pass 1s
come-up 3600s mapped 203.0.113.7:1001
expect options within 0..1s
seen via 203.0.113.7:1002
expect register within 4s..5s
expect contact 203.0.113.7:1002
reply 200 lease 3600 mapped 203.0.113.7:1003
expect register
expect contact 203.0.113.7:1003
reply 200 lease 3600 mapped 203.0.113.7:1004
expect options within 10s..25s
seen via 203.0.113.7:1005
expect register
reply 200 lease 3600 mapped 203.0.113.7:1006
expect note flapping
expect reachable unknown
expect state bound
expect options within 10s..25s
seen via 203.0.113.7:1007
expect options within 20s..25s
seen via 203.0.113.7:1008
expect nothing for 20s
expect registers 5
