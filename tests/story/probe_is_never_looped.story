# SCENARIOS T17: two silent tries teach that this registrar loops nothing. No
# alarm, and no more probes until the Contact changes.
account udp probe 600 ponging policy auto local 10.0.0.2:40000
pass 1s
come-up 2h mapped 203.0.113.7:61000
expect reachable yes
expect probe within 1s..3s
probe-answer 200
expect probe within 5s..5s
expect probe-close within 8s..8s
expect proof not-looped
expect note no-loop
expect reachable yes
expect reason ok
expect register within 500s..600s
reply 200 lease 7200 mapped 203.0.113.7:61000
expect register within 500s..600s
reply 200 lease 7200 mapped 203.0.113.7:62000
expect register
reply 200 lease 7200 mapped 203.0.113.7:62000
expect probe within 1s..3s
