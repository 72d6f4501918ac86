# SCENARIOS T22: a message that is not whole 10 s after its first byte.
account tcp ponging
come-up 300s
pass 2s
partial
pass 9s
traffic
expect flow proven
partial
expect resolve within 10s..10.3s
expect reason flow-lost
