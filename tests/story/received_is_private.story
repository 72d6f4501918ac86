# SCENARIOS T5: a router in between rewrites what the registrar says. A Contact
# never changes from a public address to a private one, and ALG is named.
account udp policy auto local 10.0.0.2:40000 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 mapped 203.0.113.7:61000
expect register fresh
reply 200 lease 3600 mapped 192.168.1.1:5060
expect state bound
expect registers 2
expect contact 203.0.113.7:61000
expect mapping 203.0.113.7:61000
expect note alg
expect reachable yes
expect register within 540s..600s
expect contact 203.0.113.7:61000
reply 200 lease 3600 mapped 192.168.1.1:5060
expect registers 3

# from the start: nothing can be learned, and what the router shows us is not
# what the registrar holds
account udp policy auto local 10.0.0.2:40000 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 mapped 192.168.1.1:5060
expect register fresh
expect contact 10.0.0.2:40000
reply 200 lease 3600 mapped 192.168.1.1:5060
expect state bound
expect note alg
expect reachable unknown
expect reason unproven

# a Via that came back changed says so as well
account udp ponging
come-up 300s
expect note none
rewritten
expect note alg
