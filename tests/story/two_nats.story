# SCENARIOS N5: a second NAT, the provider's (RFC 6598), is seen between.
account udp policy auto local 100.64.7.8:40000 ponging
come-up 300s mapped 203.0.113.7:61000
expect note cgnat
expect reachable yes
# a registrar that is in there with us is no reason to say so
account udp policy auto local 100.64.7.8:40000 registrar 100.64.0.1:5060 ponging
come-up 300s mapped 100.64.7.8:40000
expect note none
